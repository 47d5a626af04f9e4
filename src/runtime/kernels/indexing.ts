import { slice_util } from '@tensorflow/tfjs-core';
import type { DType } from '../../core/hosttensor.ts';
import { sizeOf } from '../../core/hosttensor.ts';
import type { GraphBuilder, Value } from '../graph.ts';
import type { KernelTable, Lowering } from './table.ts';
import { cast, filled, input, normaliseAxes, reshape, scalarOf, transpose } from './table.ts';

const reshapeLowering: Lowering = (graph, inputs, attributes) => {
  const x = input(inputs, 'x');
  const wanted = attributes['shape'] as number[];
  const known = wanted.reduce((product, n) => (n === -1 ? product : product * n), 1);
  return reshape(graph, x, wanted.map((n) => (n === -1 ? sizeOf(x.shape) / known : n)));
};

const expandDims: Lowering = (graph, inputs, attributes) => {
  const x = input(inputs, 'input');
  const dim = Number(attributes['dim']);
  const at = dim < 0 ? x.shape.length + dim + 1 : dim;
  return reshape(graph, x, x.shape.toSpliced(at, 0, 1));
};

const transposeLowering: Lowering = (graph, inputs, attributes) => transpose(graph, input(inputs, 'x'), attributes['perm'] as number[]);

function sliceRange(graph: GraphBuilder, x: Value, begin: readonly number[], size: readonly number[]): Value {
  if (size.every((n, i) => n === x.shape[i])) return x;
  const axes = begin.flatMap((_, i) => (size[i] === x.shape[i] ? [] : [i]));
  const starts = graph.sizes(axes.map((i) => begin[i]!));
  const ends = graph.sizes(axes.map((i) => begin[i]! + size[i]!));
  return graph.op('Slice', [x, starts, ends, graph.sizes(axes)], { dtype: x.dtype, shape: size });
}

const slice: Lowering = (graph, inputs, attributes) => {
  const x = input(inputs, 'x');
  const given = attributes as { begin: number | number[]; size: number | number[] };
  const [begin, size] = slice_util.parseSliceParams({ shape: [...x.shape] } as never, given.begin, given.size) as [number[], number[]];
  return sliceRange(graph, x, begin, size);
};

function concatenate(graph: GraphBuilder, parts: readonly Value[], axis: number): Value {
  const filledParts = parts.filter((part) => sizeOf(part.shape) > 0);
  if (filledParts.length === 1) return filledParts[0]!;
  const first = parts[0]!;
  const total = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
  const type = { dtype: first.dtype, shape: first.shape.with(axis, total) };
  return filledParts.length === 0 ? filled(graph, type.shape, 0, type.dtype) : graph.op('Concat', filledParts, type, { axis });
}

const concat: Lowering = (graph, inputs, attributes) => {
  const parts = Object.values(inputs);
  const [axis] = normaliseAxes(Number(attributes['axis']), parts[0]!.shape.length) as [number];
  return concatenate(graph, parts, axis);
};

const pack: Lowering = (graph, inputs, attributes) => {
  const parts = Object.values(inputs);
  const axis = Number(attributes['axis']);
  return concatenate(graph, parts.map((part) => reshape(graph, part, part.shape.toSpliced(axis, 0, 1))), axis);
};

const unpack: Lowering = (graph, inputs, attributes) => {
  const x = input(inputs, 'value');
  const [axis] = normaliseAxes(Number(attributes['axis']), x.shape.length) as [number];
  const sizes = Array.from({ length: x.shape[axis]! }, () => 1);
  return splitInto(graph, x, sizes, axis).map((part) => reshape(graph, part, x.shape.toSpliced(axis, 1)));
};

function splitInto(graph: GraphBuilder, x: Value, sizes: readonly number[], axis: number): Value[] {
  if (sizes.length === 1) return [x];
  const types = sizes.map((n) => ({ dtype: x.dtype, shape: x.shape.with(axis, n) }));
  return graph.node('Split', [x, graph.sizes(sizes)], { axis }, types);
}

const splitV: Lowering = (graph, inputs, attributes) => {
  const x = input(inputs, 'x');
  const [axis] = normaliseAxes(Number(attributes['axis']), x.shape.length) as [number];
  const given = attributes['numOrSizeSplits'] as number | number[];
  const total = x.shape[axis]!;
  if (typeof given === 'number') return splitInto(graph, x, Array.from({ length: given }, () => total / given), axis);
  const known = given.reduce((sum, n) => sum + Math.max(n, 0), 0);
  return splitInto(graph, x, given.map((n) => (n === -1 ? total - known : n)), axis);
};

const gather: Lowering = (graph, inputs, attributes) => {
  const [x, indices] = [input(inputs, 'x'), input(inputs, 'indices')];
  const [axis] = normaliseAxes(Number(attributes['axis'] ?? 0), x.shape.length) as [number];
  if (Number(attributes['batchDims'] ?? 0) !== 0) throw new Error('GatherV2 with batchDims is not compiled');
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  return graph.op('Gather', [x, indices], { dtype: x.dtype, shape }, { axis });
};

/** Sums rows into segments: the gradient of an embedding lookup. */
const unsortedSegmentSum: Lowering = (graph, inputs, attributes) => {
  const [x, ids] = [input(inputs, 'x'), input(inputs, 'segmentIds')];
  const shape = [Number(attributes['numSegments']), ...x.shape.slice(ids.shape.length)];
  const zeros = filled(graph, shape, 0, x.dtype);
  const indices = reshape(graph, cast(graph, ids, 'int64'), [...ids.shape, 1]);
  return graph.op('ScatterND', [zeros, indices, x], { dtype: x.dtype, shape }, { reduction: 'add' });
};

const gatherNd: Lowering = (graph, inputs) => {
  const [x, indices] = [input(inputs, 'params'), input(inputs, 'indices')];
  const depth = indices.shape.at(-1)!;
  const shape = [...indices.shape.slice(0, -1), ...x.shape.slice(depth)];
  return graph.op('GatherND', [x, cast(graph, indices, 'int64')], { dtype: x.dtype, shape });
};

const pad: Lowering = (graph, inputs, attributes) => {
  const x = input(inputs, 'x');
  const paddings = attributes['paddings'] as [number, number][];
  const shape = x.shape.map((n, i) => n + paddings[i]![0] + paddings[i]![1]);
  const widths = graph.sizes([...paddings.map(([before]) => before), ...paddings.map(([, after]) => after)]);
  const fill = scalarOf(graph, Number(attributes['constantValue'] ?? 0), x.dtype);
  return graph.op('Pad', [x, widths, fill], { dtype: x.dtype, shape }, { mode: 'constant' });
};

const tile: Lowering = (graph, inputs, attributes) => {
  const x = input(inputs, 'x');
  const reps = attributes['reps'] as number[];
  return graph.op('Tile', [x, graph.sizes(reps)], { dtype: x.dtype, shape: x.shape.map((n, i) => n * reps[i]!) });
};

const broadcastTo: Lowering = (graph, inputs, attributes) => {
  const x = input(inputs, 'x');
  const shape = (attributes['shape'] ?? attributes['inputShape']) as number[];
  return graph.op('Expand', [x, graph.sizes(shape)], { dtype: x.dtype, shape });
};

const fill: Lowering = (graph, _, attributes) =>
  filled(graph, attributes['shape'] as number[], Number(attributes['value']), (attributes['dtype'] as DType | undefined) ?? 'float32');

const oneHot: Lowering = (graph, inputs, attributes) => {
  const indices = cast(graph, input(inputs, 'indices'), 'int64');
  const { depth, onValue, offValue } = attributes as { depth: number; onValue: number; offValue: number };
  const pair = graph.constant(Float32Array.of(offValue, onValue), [2]);
  const hot = graph.op('OneHot', [indices, graph.sizes([depth]), pair], { dtype: 'float32', shape: [...indices.shape, depth] }, { axis: -1 });
  return cast(graph, hot, (attributes['dtype'] as DType | undefined) ?? 'float32');
};

export const indexing: KernelTable = {
  Reshape: reshapeLowering,
  ExpandDims: expandDims,
  Transpose: transposeLowering,
  Slice: slice,
  Concat: concat,
  Pack: pack,
  Unpack: unpack,
  SplitV: splitV,
  GatherV2: gather,
  GatherNd: gatherNd,
  UnsortedSegmentSum: unsortedSegmentSum,
  PadV2: pad,
  Tile: tile,
  BroadcastTo: broadcastTo,
  Fill: fill,
  OneHot: oneHot,
};
