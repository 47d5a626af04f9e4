import type { DType, HostData, HostTensor } from '../core/hosttensor.ts';
import { sizeOf } from '../core/hosttensor.ts';

export type Attribute = number | readonly number[] | string | { readonly float: number };
export type Attributes = Readonly<Record<string, Attribute>>;

/** One tensor of the graph. Its shape is known while the graph is built. */
export interface Value {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
  /** Whether it computes results or gradients: what a profile is sorted by. */
  readonly phase?: Phase;
}

export type Phase = 'forward' | 'backward';

export interface ValueType {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** A finished graph: what `onnx.ts` writes and the passes rewrite. */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly constants: ReadonlyMap<Value, HostData>;
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly { readonly name: string; readonly value: Value }[];
}

const SMALL_CONSTANT = 64;

/**
 * Collects inputs, constants and nodes in execution order. The same node asked for twice is made once (all ONNX
 * operators used here are pure), and so are small equal constants.
 */
export class GraphBuilder {
  /** Of the nodes made from now on. */
  phase: Phase = 'forward';
  readonly #inputs: Value[] = [];
  readonly #constants = new Map<Value, HostData>();
  readonly #nodes: GraphNode[] = [];
  readonly #outputs: { name: string; value: Value }[] = [];
  readonly #producers = new Map<Value, GraphNode>();
  readonly #known = new Map<string, readonly Value[]>();
  #count = 0;

  input(name: string, dtype: DType, shape: readonly number[]): Value {
    const value: Value = { name, dtype, shape: [...shape] };
    this.#inputs.push(value);
    return value;
  }

  constant(data: HostData, shape: readonly number[], name?: string, dtype: DType = dtypeOf(data)): Value {
    const key = name === undefined && data.length <= SMALL_CONSTANT ? `${dtype}[${shape.join()}]=${Array.from(data as Float32Array, exactText).join()}` : undefined;
    const known = key === undefined ? undefined : this.#known.get(key)?.[0];
    if (known) return known;
    const value: Value = { name: name ?? this.#fresh('c'), dtype, shape: [...shape] };
    this.#constants.set(value, data);
    if (key !== undefined) this.#known.set(key, [value]);
    return value;
  }

  /** A float32 scalar. */
  scalar(x: number): Value {
    return this.constant(Float32Array.of(x), []);
  }

  /** An int64 vector: the form in which ONNX wants shapes, axes and sizes. */
  sizes(values: readonly number[]): Value {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  node(op: string, inputs: readonly (Value | null)[], attributes: Attributes, outputs: readonly ValueType[]): Value[] {
    const key = `${op}(${inputs.map((v) => v?.name ?? '').join()})${JSON.stringify(attributes)}#${outputs.length}`;
    const known = this.#known.get(key);
    if (known) return [...known];
    const values = outputs.map(({ dtype, shape }) => ({ name: this.#fresh('t'), dtype, shape: [...shape] }));
    const node: GraphNode = { op, inputs: [...inputs], outputs: values, attributes, phase: this.phase };
    this.#nodes.push(node);
    for (const value of values) this.#producers.set(value, node);
    this.#known.set(key, values);
    return values;
  }

  /** A node with one output. */
  op(op: string, inputs: readonly (Value | null)[], type: ValueType, attributes: Attributes = {}): Value {
    return this.node(op, inputs, attributes, [type])[0]!;
  }

  /** The node that makes a value; undefined for inputs and constants. */
  producerOf(value: Value): GraphNode | undefined {
    return this.#producers.get(value);
  }

  output(value: Value, name: string): void {
    this.#outputs.push({ name, value });
  }

  /** The graph without what no output needs. */
  finish(): Graph {
    return prune({ inputs: this.#inputs, constants: this.#constants, nodes: this.#nodes, outputs: this.#outputs });
  }

  #fresh(prefix: string): string {
    return `${prefix}${this.#count++}`;
  }
}

/** Drops nodes and constants that no output depends on. Inputs stay: they are the caller's signature. */
export function prune(graph: Graph): Graph {
  const needed = new Set<Value>(graph.outputs.map(({ value }) => value));
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((value) => needed.has(value))) continue;
    nodes.push(node);
    for (const input of node.inputs) if (input) needed.add(input);
  }
  const constants = new Map([...graph.constants].filter(([value]) => needed.has(value)));
  return { ...graph, nodes: nodes.reverse(), constants };
}

/** The graph with some inputs turned into constants, by their names. */
export function withConstants(graph: Graph, known: ReadonlyMap<string, HostTensor>): Graph {
  if (known.size === 0) return graph;
  const constants = new Map(graph.constants);
  for (const input of graph.inputs) if (known.has(input.name)) constants.set(input, known.get(input.name)!.data);
  return prune({ ...graph, inputs: graph.inputs.filter(({ name }) => !known.has(name)), constants });
}

/** Bytes held by the constants. */
export function constantBytes(graph: Graph): number {
  let bytes = 0;
  for (const data of graph.constants.values()) bytes += data.byteLength;
  return bytes;
}

export function elements(value: Value): number {
  return sizeOf(value.shape);
}

function dtypeOf(data: HostData): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof BigInt64Array) return 'int64';
  return 'bool';
}

/** -0 and 0 are different constants; String() would merge them. */
function exactText(x: number | bigint): string {
  return Object.is(x, -0) ? '-0' : String(x);
}
