import { ShapeError } from '../core/errors.ts';
import type { HostData, HostTensor } from '../core/hosttensor.ts';
import type { Graph, GraphNode, Value } from './graph.ts';
import { prune } from './graph.ts';
import { modelBytes } from './onnx.ts';

export interface ExportOptions {
  /** Inputs that become part of the file, by their name in the graph (`0.conv0.kernel`). */
  readonly constants: Readonly<Record<string, HostTensor>>;
  /** What the inputs that remain are called in the file, by their name in the graph. Each must be listed. */
  readonly inputs: Readonly<Record<string, string>>;
  /** What outputs are called in the file; those not listed keep their name. */
  readonly outputs?: Readonly<Record<string, string>>;
  /**
   * The name of a batch axis: the first axis of every remaining input may then have any length. The graph must be
   * traced with a batch of two or more and treat each row by itself.
   */
  readonly batch?: string;
  /** Texts kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * A compiled function with its parameters as the bytes of a plain `.onnx` file, which needs nothing of Fabula to run.
 * @param graph from `Compiled.graph`
 * @throws ShapeError when a constant does not have the shape or type of its input; Error for a name that the graph does not have
 */
export function exportModel(graph: Graph, options: ExportOptions): Uint8Array {
  checkNames('input', graph.inputs, [...Object.keys(options.constants), ...Object.keys(options.inputs)]);
  checkNames('output', graph.outputs, Object.keys(options.outputs ?? {}));
  const replaced = new Map<Value, Value>();
  const inputs: Value[] = [];
  const constants = new Map(graph.constants);
  for (const value of graph.inputs) {
    const constant = options.constants[value.name];
    const name = options.inputs[value.name];
    if (constant) constants.set(value, dataFor(value, constant));
    else if (name === undefined) throw new Error(`input ${value.name} is neither a constant nor given a name`);
    else {
      const renamed = { ...value, name };
      replaced.set(value, renamed);
      inputs.push(renamed);
    }
  }
  const swap = (value: Value): Value => replaced.get(value) ?? value;
  const exported = prune({
    inputs,
    constants,
    nodes: graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map((value) => value && swap(value)) })),
    outputs: graph.outputs.map(({ name, value }) => ({ name: options.outputs?.[name] ?? name, value: swap(value) })),
  });
  const metadata = options.metadata ?? {};
  if (options.batch === undefined) return modelBytes(exported, { metadata });
  const { graph: freed, values } = freeBatch(exported);
  return modelBytes(freed, { metadata, free: { name: options.batch, values } });
}

function checkNames(kind: string, known: readonly { readonly name: string }[], names: readonly string[]): void {
  const unknown = names.find((name) => !known.some((value) => value.name === name));
  if (unknown !== undefined) throw new Error(`the graph has no ${kind} ${unknown}: it has ${known.map(({ name }) => name).join(', ')}`);
}

function dataFor(value: Value, { dtype, shape, data }: HostTensor): HostData {
  if (dtype === value.dtype && shape.length === value.shape.length && shape.every((n, i) => n === value.shape[i])) return data;
  throw new ShapeError(`${value.name} is ${value.dtype} [${value.shape.join(', ')}] in the graph, the constant is ${dtype} [${shape.join(', ')}]`);
}

/** Sizes are fixed while a graph is traced; here they are taken out of the only operator that has the batch's in it. */
function freeBatch(graph: Graph): { graph: Graph; values: Set<Value> } {
  const size = graph.inputs[0]?.shape[0] ?? 0;
  if (size < 2) throw new Error('a batch axis can be left free only in a graph traced with a batch of two or more');
  for (const { name, shape } of graph.inputs) if (shape[0] !== size) throw new Error(`input ${name} does not begin with the batch axis`);
  const values = new Set<Value>(graph.inputs);
  const constants = new Map(graph.constants);
  const made = new Map<Value, Value>();
  const nodes = graph.nodes.map((node) => {
    if (!node.inputs.some((value) => value && values.has(value))) return node;
    for (const output of node.outputs) {
      if (output.shape[0] !== size) throw new Error(`the batch axis cannot be left free: ${node.op} gives [${output.shape.join(', ')}]`);
      values.add(output);
    }
    const spread = node.inputs.find((value) => value && graph.nodes.some((other) => other.op === 'Expand' && other.outputs[0] === value));
    if (spread?.shape[0] === size && !values.has(spread)) throw new Error(`the batch axis cannot be left free: ${node.op} reads a tensor filled for it`);
    return node.op === 'Reshape' ? freeReshape(node, constants, made) : node;
  });
  return { graph: prune({ ...graph, nodes, constants }), values };
}

/** [batch, 5, 5, 64] -> [-1, 1600]: the leading size is left to ONNX Runtime. */
function freeReshape(node: GraphNode, constants: Map<Value, HostData>, made: Map<Value, Value>): GraphNode {
  const [x, sizes] = node.inputs as [Value, Value];
  let open = made.get(sizes);
  if (!open) {
    open = { ...sizes, name: `${sizes.name}.open` };
    made.set(sizes, open);
    constants.set(open, BigInt64Array.from(constants.get(sizes) as BigInt64Array, (n, i) => (i === 0 ? -1n : n)));
  }
  return { ...node, inputs: [x, open] };
}
