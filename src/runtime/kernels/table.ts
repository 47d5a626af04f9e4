import { backend_util } from '@tensorflow/tfjs-core';
import type { DType } from '../../core/hosttensor.ts';
import type { GraphBuilder, Value } from '../graph.ts';

/** Inputs of a tfjs kernel by name (`a`, `b`, `x`, ...); kernels over a list use `0`, `1`, ... */
export type KernelInputs = Readonly<Record<string, Value>>;
export type KernelAttributes = Readonly<Record<string, unknown>>;

/** How one tfjs kernel becomes ONNX nodes. */
export type Lowering = (graph: GraphBuilder, inputs: KernelInputs, attributes: KernelAttributes) => Value | Value[];
export type KernelTable = Readonly<Record<string, Lowering>>;

/** The input of that name. @throws when tfjs passed none: a change in tfjs-core. */
export function input(inputs: KernelInputs, name: string): Value {
  const value = inputs[name];
  if (!value) throw new Error(`kernel input ${name} is missing`);
  return value;
}

export function broadcastShape(a: Value, b: Value): number[] {
  return backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
}

/** Axes as non-negative numbers; all axes when none are given. */
export function normaliseAxes(axis: unknown, rank: number): number[] {
  const all = Array.from({ length: rank }, (_, i) => i);
  if (axis === undefined || axis === null) return all;
  const list = Array.isArray(axis) ? (axis as number[]) : [axis as number];
  return list.length === 0 ? all : list.map((a) => (a < 0 ? a + rank : a)).sort((a, b) => a - b);
}

export function cast(graph: GraphBuilder, x: Value, dtype: DType): Value {
  const code = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 }[dtype];
  return x.dtype === dtype ? x : graph.op('Cast', [x], { dtype, shape: x.shape }, { to: code });
}

export function reshape(graph: GraphBuilder, x: Value, shape: readonly number[]): Value {
  if (shape.length === x.shape.length && shape.every((n, i) => n === x.shape[i])) return x;
  return graph.op('Reshape', [x, graph.sizes(shape)], { dtype: x.dtype, shape });
}

/** A tensor filled with one value, stored as that value alone. */
export function filled(graph: GraphBuilder, shape: readonly number[], value: number, dtype: DType): Value {
  const one = scalarOf(graph, value, dtype);
  return shape.length === 0 ? one : graph.op('Expand', [one, graph.sizes(shape)], { dtype, shape });
}

export function scalarOf(graph: GraphBuilder, value: number, dtype: DType): Value {
  if (dtype === 'float32') return graph.constant(Float32Array.of(value), []);
  if (dtype === 'int32') return graph.constant(Int32Array.of(value), []);
  if (dtype === 'int64') return graph.constant(BigInt64Array.of(BigInt(value)), []);
  return graph.constant(Uint8Array.of(value ? 1 : 0), []);
}

/**
 * Swaps axes. A transpose of a transpose is folded, so that a chain of convolutions (channels last in tfjs, channels
 * first in ONNX) does not shuffle memory between them.
 */
export function transpose(graph: GraphBuilder, x: Value, perm: readonly number[]): Value {
  const before = graph.producerOf(x);
  if (before?.op === 'Transpose') {
    const first = before.attributes['perm'] as number[];
    return transpose(graph, before.inputs[0]!, perm.map((axis) => first[axis]!));
  }
  if (perm.every((axis, i) => axis === i)) return x;
  return graph.op('Transpose', [x], { dtype: x.dtype, shape: perm.map((axis) => x.shape[axis]!) }, { perm: [...perm] });
}
