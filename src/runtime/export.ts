import { ShapeError } from '../core/errors.ts';
import type { HostData, HostTensor } from '../core/hosttensor.ts';
import type { RecordedGraph } from './freesizes.ts';
import type { Value } from './graph.ts';
import { prune } from './graph.ts';
import { modelBytes } from './onnx.ts';

export interface ExportOptions {
  /** Inputs that become part of the file, by their name in the graph (`0.conv0.kernel`). */
  readonly constants: Readonly<Record<string, HostTensor>>;
  /** What the inputs that remain are called in the file, by their name in the graph. Each must be listed. */
  readonly inputs: Readonly<Record<string, string>>;
  /** What outputs are called in the file; those not listed keep their name. */
  readonly outputs?: Readonly<Record<string, string>>;
  /** Texts kept in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * A compiled function with its parameters as the bytes of a plain `.onnx` file, which needs nothing of Fabula to run.
 * @param recorded from `Compiled.graph`; sizes that are free in it (`FreeSizes`, with `axes`) stay free in the file
 * @throws ShapeError when a constant does not have the shape or type of its input; Error for a name that the graph does not have
 */
export function exportModel({ graph, dims }: RecordedGraph, options: ExportOptions): Uint8Array {
  checkNames('input', graph.inputs, [...Object.keys(options.constants), ...Object.keys(options.inputs)]);
  checkNames('output', graph.outputs, Object.keys(options.outputs ?? {}));
  const replaced = new Map<Value, Value>();
  const inputs: Value[] = [];
  const constants = new Map(graph.constants);
  const freed = new Map(dims);
  for (const value of graph.inputs) {
    const constant = options.constants[value.name];
    const name = options.inputs[value.name];
    if (constant) constants.set(value, dataFor(value, constant));
    else if (name === undefined) throw new Error(`input ${value.name} is neither a constant nor given a name`);
    else {
      const renamed = { ...value, name };
      replaced.set(value, renamed);
      if (dims.has(value)) freed.set(renamed, dims.get(value)!);
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
  return modelBytes(exported, { metadata: options.metadata ?? {}, dims: freed });
}

function checkNames(kind: string, known: readonly { readonly name: string }[], names: readonly string[]): void {
  const unknown = names.find((name) => !known.some((value) => value.name === name));
  if (unknown !== undefined) throw new Error(`the graph has no ${kind} ${unknown}: it has ${known.map(({ name }) => name).join(', ')}`);
}

function dataFor(value: Value, { dtype, shape, data }: HostTensor): HostData {
  if (dtype === value.dtype && shape.length === value.shape.length && shape.every((n, i) => n === value.shape[i])) return data;
  throw new ShapeError(`${value.name} is ${value.dtype} [${value.shape.join(', ')}] in the graph, the constant is ${dtype} [${shape.join(', ')}]`);
}
