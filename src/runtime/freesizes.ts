import type { HostData } from '../core/hosttensor.ts';
import type { Graph, GraphNode, Value } from './graph.ts';
import { prune } from './graph.ts';
import type { MaskInput, Trace } from './trace.ts';
import type { Host } from './tree.ts';

/**
 * Sizes that may differ from call to call without a new compilation: rows of a batch, sentences in it.
 *
 * Sizes are plain numbers while a function is traced. It is traced twice with different stand-ins; where the two graphs
 * differ, a free size has gone in, and the pair of numbers tells which. There the graph reads it when it runs.
 */
export interface FreeSizes<A extends unknown[]> {
  /** The sizes of these arguments, always in the same order. */
  of(args: Host<A>): readonly number[];
  /** The same arguments with sizes from `draw` (each less than the one before) for the free ones; data are not looked at. */
  standIn(args: Host<A>, draw: () => number): Host<A>;
  /**
   * Where each size is the length of an axis of an input (or a `times`-th of it): then it is read there, and exported
   * files need nothing beside their inputs. `name` is what the axis is called in such a file.
   */
  readonly axes?: readonly { readonly name: string; readonly input: string; readonly axis: number; readonly times?: number }[];
}

/** The input that free sizes come in by. */
export const SIZES_INPUT = 'sizes';

/** Axes of free length have a name in place of a number. */
export type Dims = ReadonlyMap<Value, readonly (number | string)[]>;

/** times * (sizes[plus] - sizes[minus]) */
interface SizeExpression {
  readonly plus: number;
  readonly minus?: number;
  readonly times: number;
}

/** A shape of a mask whose free axes are known when the function is called. */
export type FreeShape = readonly (number | SizeExpression)[];

/** A graph, and which axes of its tensors have any length. */
export interface RecordedGraph {
  readonly graph: Graph;
  readonly dims: Dims;
}

export interface FreeTrace extends RecordedGraph {
  readonly masks: readonly (MaskInput & { readonly freeShape: FreeShape })[];
}

export function shapeFor(shape: FreeShape, sizes: readonly number[]): number[] {
  return shape.map((n) => (typeof n === 'number' ? n : n.times * (sizes[n.plus]! - (n.minus === undefined ? 0 : sizes[n.minus]!))));
}

/** Gap between neighbouring sizes of the first trace, and the least of the second, where every gap is one more than that before. */
const GAP = 4;
const LEAST_GAP = 9;

/**
 * Stand-in sizes of one of the two traces: falling. Over any two of them the first trace tells how far apart they stand, and
 * the second, whose gaps grow, which they are; it never gives the same number as the first, which would look like a fixed one.
 * @param count sizes needed
 */
export function standInSizes(trace: 0 | 1, count: number): () => number {
  const fall = trace === 0 ? GAP * count : LEAST_GAP * count + (count * (count - 1)) / 2;
  // Twice as far down as they fall, and more: then none is a multiple of another, and no difference is as great as a size.
  // A multiple of four in the first trace, of two alone in the second: a function that looks at that goes two ways, which shows.
  let [size, drawn] = [4 * Math.ceil(fall / 2) + 100 + 2 * trace, 0];
  return () => {
    if (drawn >= count) throw new Error(`${count} free sizes, but more stand-ins for them are drawn`);
    const now = size;
    size -= trace === 0 ? GAP : LEAST_GAP + drawn;
    drawn++;
    return now;
  };
}

/**
 * Frees the sizes in which two traces of one function differ.
 * @param sizes the stand-ins of the first and of the second trace, in the order of `FreeSizes.of`
 * @throws Error when the traces differ in more than sizes: the function looked at one and went another way
 */
export function freeSizes(first: Trace, second: Trace, sizes: readonly [readonly number[], readonly number[]], axes?: FreeSizes<never>['axes']): FreeTrace {
  return new Freer(first, second, new SizePairs(...sizes), axes).run();
}

/** Which expression of the sizes a pair of numbers is. */
class SizePairs {
  readonly #pairs: readonly (readonly [number, number])[];
  /** By the pair of numbers; null where two differences have the same. */
  readonly #differences = new Map<string, SizeExpression | null>();

  constructor(first: readonly number[], second: readonly number[]) {
    this.#pairs = first.map((n, i) => [n, second[i]!] as const);
    // Equal sizes are one: the rows of a batch may be asked for in several places.
    const distinct = this.#pairs.map((pair, i) => [pair, i] as const).filter(([[p, q]], i, all) => all.findIndex(([[r, s]]) => p === r && q === s) === i);
    for (const [[p, q], plus] of distinct) {
      for (const [[r, s], minus] of distinct) {
        const key = `${p - r} ${q - s}`;
        this.#differences.set(key, this.#differences.has(key) ? null : { plus, minus, times: 1 });
      }
    }
  }

  find(a: number, b: number): SizeExpression {
    const times = this.#pairs.map(([p, q]) => (a % p === 0 && b % q === 0 && a / p === b / q ? a / p : Infinity));
    const least = Math.min(...times);
    if (least < Infinity) return { plus: times.indexOf(least), times: least };
    const difference = this.#differences.get(`${a} ${b}`);
    if (difference) return difference;
    throw new Error(`a size is ${a} in one trace and ${b} in the other: not one free size, a multiple or the difference of two`);
  }

  shape(a: readonly number[], b: readonly number[]): FreeShape {
    return a.map((n, i) => (n === b[i] ? n : this.find(n, b[i]!)));
  }
}

class Freer {
  readonly #first: Trace;
  readonly #second: Trace;
  readonly #pairs: SizePairs;
  readonly #axes: FreeSizes<never>['axes'];
  readonly #constants: Map<Value, HostData>;
  readonly #made: GraphNode[] = [];
  readonly #vectors = new Map<string, Value>();
  /** By the vector of the first trace and what the second has in its place: equal ones are one value in a trace. */
  readonly #replaced = new Map<string, Value>();
  readonly #source: Value;

  constructor(first: Trace, second: Trace, pairs: SizePairs, axes: FreeSizes<never>['axes']) {
    this.#first = first;
    this.#second = second;
    this.#pairs = pairs;
    this.#axes = axes;
    this.#constants = new Map(first.graph.constants);
    this.#source = { name: SIZES_INPUT, dtype: 'int64', shape: [0] };
  }

  run(): FreeTrace {
    const [a, b] = [this.#first.graph, this.#second.graph];
    requireAlike(this.#first, this.#second);
    const nodes = a.nodes.map((node, i) => this.#freed(node, b.nodes[i]!));
    const inputs = this.#axes ? a.inputs : [...a.inputs, this.#source];
    const dims = this.#dims(a, b);
    if (!this.#axes) dims.set(this.#source, ['sizes']);
    return {
      graph: prune({ ...a, inputs, constants: this.#constants, nodes: [...this.#made, ...nodes] }),
      dims,
      masks: this.#first.masks.map((mask, i) => ({ ...mask, freeShape: this.#pairs.shape(mask.shape, this.#second.masks[i]!.shape) })),
    };
  }

  /** The node with every shape, range or width that holds a free size replaced by one that is put together at run time. */
  #freed(node: GraphNode, other: GraphNode): GraphNode {
    const inputs = node.inputs.map((value, i) => {
      const [mine, theirs] = [value && this.#first.graph.constants.get(value), other.inputs[i] && this.#second.graph.constants.get(other.inputs[i])];
      if (!value || !mine || !theirs || sameData(mine, theirs)) return value;
      if (!(mine instanceof BigInt64Array && theirs instanceof BigInt64Array)) throw new Error(`${node.op} computes with a free size as a number`);
      return this.#vector(value, node.op, Array.from(mine, Number), Array.from(theirs, Number));
    });
    return { ...node, inputs };
  }

  #vector(value: Value, op: string, mine: readonly number[], theirs: readonly number[]): Value {
    const key = `${value.name} ${theirs.join()}`;
    const known = this.#replaced.get(key);
    if (known) return known;
    const free = mine.flatMap((n, i) => (n === theirs[i] ? [] : [i]));
    // A reshape finds one size by itself.
    const made = op === 'Reshape' && free.length === 1
      ? this.#constant(mine.with(free[0]!, -1)) : this.#joined(mine.map((n, i) => (n === theirs[i] ? n : this.#pairs.find(n, theirs[i]!))));
    if (op !== 'Reshape') this.#replaced.set(key, made);
    return made;
  }

  #joined(entries: FreeShape): Value {
    const parts: Value[] = [];
    for (let i = 0; i < entries.length;) {
      const from = i;
      const entry = entries[i++]!;
      if (typeof entry === 'number') {
        while (typeof entries[i] === 'number') i++;
        parts.push(this.#constant(entries.slice(from, i) as number[]));
      } else {
        while (follows(entries[i - 1]!, entries[i])) i++;
        parts.push(this.#expression(entry, i - from));
      }
    }
    return parts.length === 1 ? parts[0]! : this.#node('Concat', parts, [entries.length], { axis: 0 });
  }

  /** `count` sizes that stand together, from `entry` on. */
  #expression({ plus, minus, times }: SizeExpression, count: number): Value {
    let value = this.#sizes(plus, count);
    if (minus !== undefined) value = this.#node('Sub', [value, this.#sizes(minus, 1)], [1]);
    return times === 1 ? value : this.#node('Mul', [value, this.#constant([times])], [1]);
  }

  #sizes(from: number, count: number): Value {
    if (!this.#axes) return this.#node('Slice', [this.#source, this.#constant([from]), this.#constant([from + count])], [count]);
    if (count > 1) return this.#node('Concat', Array.from({ length: count }, (_, i) => this.#sizes(from + i, 1)), [count], { axis: 0 });
    const { input, axis, times = 1 } = this.#axes[from]!;
    const length = this.#node('Shape', [this.#first.graph.inputs.find(({ name }) => name === input)!], [1], { start: axis, end: axis + 1 });
    return times === 1 ? length : this.#node('Div', [length, this.#constant([times])], [1]);
  }

  #constant(values: readonly number[]): Value {
    const key = values.join();
    let value = this.#vectors.get(key);
    if (!value) {
      value = { name: `sizes.c${this.#vectors.size}`, dtype: 'int64', shape: [values.length] };
      this.#vectors.set(key, value);
      this.#constants.set(value, BigInt64Array.from(values, BigInt));
    }
    return value;
  }

  #node(op: string, inputs: readonly Value[], shape: readonly number[], attributes: GraphNode['attributes'] = {}): Value {
    const key = `${op}(${inputs.map(({ name }) => name).join()})${JSON.stringify(attributes)}`;
    const known = this.#vectors.get(key);
    if (known) return known;
    const value: Value = { name: `sizes.t${this.#vectors.size}`, dtype: 'int64', shape };
    this.#vectors.set(key, value);
    this.#made.push({ op, inputs, outputs: [value], attributes });
    return value;
  }

  /** Names of the free axes. Equal sizes have equal names, so that ONNX Runtime sees which memory can be used again. */
  #dims(a: Graph, b: Graph): Map<Value, (number | string)[]> {
    const dims = new Map<Value, (number | string)[]>();
    const note = (value: Value, other: Value): void => {
      const named = value.shape.map((n, i) => (n === other.shape[i] ? n : this.#nameOf(n, other.shape[i]!)));
      if (named.some((n) => typeof n === 'string')) dims.set(value, named);
    };
    a.inputs.forEach((value, i) => note(value, b.inputs[i]!));
    a.nodes.forEach((node, i) => node.outputs.forEach((value, o) => note(value, b.nodes[i]!.outputs[o]!)));
    return dims;
  }

  #nameOf(mine: number, theirs: number): string {
    if (!this.#axes) return `n${mine}x${theirs}`;
    const { plus, times } = this.#pairs.find(mine, theirs);
    return `${times === 1 ? '' : `${times} `}${this.#axes[plus]!.name}`;
  }
}

function follows(before: number | SizeExpression, after: number | SizeExpression | undefined): boolean {
  return typeof before === 'object' && typeof after === 'object' && before.times === 1 && after.times === 1
    && before.minus === undefined && after.minus === undefined && after.plus === before.plus + 1;
}

function sameData(a: HostData, b: HostData): boolean {
  return a.length === b.length && (a as Float32Array).every((x, i) => Object.is(x, b[i]));
}

/** Both traces must compute the same from the same, in all but sizes. */
function requireAlike(a: Trace, b: Trace): void {
  const [mine, theirs] = [wiring(a), wiring(b)];
  const at = mine.findIndex((line, i) => line !== theirs[i]);
  if (at >= 0 || mine.length !== theirs.length) {
    throw new Error(`with other sizes the function takes another way (${mine[at] ?? theirs[mine.length]}): a free size must not decide what is computed`);
  }
}

/** A line for every node, result and mask: what it is, and where what it reads comes from. */
function wiring({ graph, masks }: Trace): string[] {
  const source = new Map<Value, string>(graph.inputs.map((value) => [value, value.name]));
  graph.nodes.forEach((node, i) => node.outputs.forEach((value, o) => source.set(value, `node ${i}.${o}`)));
  const from = (value: Value | null): string => (value === null ? '' : (source.get(value) ?? `a constant ${value.dtype}`));
  return [
    ...graph.nodes.map((node) => `${node.op}(${node.inputs.map(from).join(', ')}) ${JSON.stringify(node.attributes)}`),
    ...graph.outputs.map(({ name, value }) => `${name} = ${from(value)}`),
    ...masks.map(({ name, keep }) => `${name} keeps ${keep}`),
  ];
}
