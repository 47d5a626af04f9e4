import type { DType } from '../../core/hosttensor.ts';
import type { GraphBuilder, Value } from '../graph.ts';
import type { KernelTable, Lowering } from './table.ts';
import { cast, input, normaliseAxes } from './table.ts';

function reducedShape(x: Value, axes: readonly number[], keepDims: boolean): number[] {
  return x.shape.flatMap((n, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [n]));
}

function reduce(op: string, through?: DType): Lowering {
  return (graph, inputs, attributes) => {
    const x = input(inputs, 'x');
    // tfjs calls the axes of Max by another name than those of its siblings.
    const axes = normaliseAxes(attributes['axis'] ?? attributes['reductionIndices'], x.shape.length);
    const keepDims = Boolean(attributes['keepDims']);
    if (axes.length === 0) return x;
    const counted = through && x.dtype === 'bool' ? cast(graph, x, through) : x;
    const type = { dtype: counted.dtype, shape: reducedShape(x, axes, keepDims) };
    return graph.op(op, [counted, graph.sizes(axes)], type, { keepdims: keepDims ? 1 : 0 });
  };
}

function argument(op: string): Lowering {
  return (graph, inputs, attributes) => {
    const x = input(inputs, 'x');
    const [axis] = normaliseAxes(attributes['axis'] ?? 0, x.shape.length) as [number];
    const found = graph.op(op, [x], { dtype: 'int64', shape: reducedShape(x, [axis], false) }, { axis, keepdims: 0 });
    return cast(graph, found, 'int32');
  };
}

function alongLastAxis(op: string): Lowering {
  return (graph, inputs) => {
    const x = inputs['logits'] ?? input(inputs, 'x');
    return graph.op(op, [x], x, { axis: x.shape.length - 1 });
  };
}

const topK: Lowering = (graph, inputs, attributes) => {
  const x = input(inputs, 'x');
  const k = Number(attributes['k']);
  const shape = [...x.shape.slice(0, -1), k];
  const types = [{ dtype: x.dtype, shape }, { dtype: 'int64' as const, shape }];
  const order = { axis: -1, largest: 1, sorted: attributes['sorted'] === false ? 0 : 1 };
  const [values, indices] = graph.node('TopK', [x, graph.sizes([k])], order, types) as [Value, Value];
  return [values, cast(graph, indices, 'int32')];
};

const cumulativeSum: Lowering = (graph, inputs, attributes) => {
  const x = input(inputs, 'x');
  const flags = { exclusive: attributes['exclusive'] ? 1 : 0, reverse: attributes['reverse'] ? 1 : 0 };
  return graph.op('CumSum', [x, axisConstant(graph, Number(attributes['axis']))], x, flags);
};

function axisConstant(graph: GraphBuilder, axis: number): Value {
  return graph.constant(BigInt64Array.of(BigInt(axis)), []);
}

export const reduction: KernelTable = {
  Sum: reduce('ReduceSum', 'int32'),
  Mean: reduce('ReduceMean'),
  Max: reduce('ReduceMax'),
  Min: reduce('ReduceMin'),
  Prod: reduce('ReduceProd'),
  ArgMax: argument('ArgMax'),
  ArgMin: argument('ArgMin'),
  Softmax: alongLastAxis('Softmax'),
  LogSoftmax: alongLastAxis('LogSoftmax'),
  TopK: topK,
  Cumsum: cumulativeSum,
};
