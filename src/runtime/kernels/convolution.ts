import { backend_util } from '@tensorflow/tfjs-core';
import type { GraphBuilder, Value } from '../graph.ts';
import type { KernelAttributes, KernelTable, Lowering } from './table.ts';
import { filled, input, reshape, transpose } from './table.ts';

// tfjs keeps channels last ([n, h, w, c], filters [h, w, in, out]); ONNX wants [n, c, h, w] and [out, in, h, w].
const TO_FIRST = [0, 3, 1, 2];
const TO_LAST = [0, 2, 3, 1];
const FILTER_TO_FIRST = [3, 2, 0, 1];

type Size4 = [number, number, number, number];

function convInfo(x: readonly number[], filter: readonly number[], attributes: KernelAttributes): backend_util.Conv2DInfo {
  const { strides, pad, dimRoundingMode } = attributes as { strides: [number, number]; pad: 'same'; dimRoundingMode?: 'floor' };
  return backend_util.computeConv2DInfo([...x] as Size4, [...filter] as Size4, strides, 1, pad, dimRoundingMode);
}

function padsOf({ padInfo }: backend_util.Conv2DInfo): number[] {
  return [padInfo.top, padInfo.left, padInfo.bottom, padInfo.right];
}

function toLast(graph: GraphBuilder, x: Value): Value {
  return transpose(graph, x, TO_LAST);
}

const conv2d: Lowering = (graph, inputs, attributes) => {
  const [x, filter] = [input(inputs, 'x'), input(inputs, 'filter')];
  const info = convInfo(x.shape, filter.shape, attributes);
  const [n, h, w, c] = info.outShape as Size4;
  const y = graph.op('Conv', [transpose(graph, x, TO_FIRST), transpose(graph, filter, FILTER_TO_FIRST)],
    { dtype: 'float32', shape: [n, c, h, w] },
    { strides: [info.strideHeight, info.strideWidth], pads: padsOf(info) });
  return toLast(graph, y);
};

const conv2dBackpropInput: Lowering = (graph, inputs, attributes) => {
  const [dy, filter] = [input(inputs, 'dy'), input(inputs, 'filter')];
  const shape = attributes['inputShape'] as Size4;
  const info = convInfo(shape, filter.shape, attributes);
  const { top, bottom, left, right } = info.padInfo;
  const rest = [
    shape[1] - (info.strideHeight * (info.outHeight - 1) + info.filterHeight - top - bottom),
    shape[2] - (info.strideWidth * (info.outWidth - 1) + info.filterWidth - left - right),
  ];
  const dx = graph.op('ConvTranspose', [transpose(graph, dy, TO_FIRST), transpose(graph, filter, FILTER_TO_FIRST)],
    { dtype: 'float32', shape: [shape[0], shape[3], shape[1], shape[2]] },
    { strides: [info.strideHeight, info.strideWidth], pads: padsOf(info), output_padding: rest });
  return toLast(graph, dx);
};

/** dW = X (channels as batch) convolved with dY (channels as filters), the stride becoming a dilation. */
const conv2dBackpropFilter: Lowering = (graph, inputs, attributes) => {
  const [x, dy] = [input(inputs, 'x'), input(inputs, 'dy')];
  const shape = attributes['filterShape'] as Size4;
  const info = convInfo(x.shape, shape, attributes);
  const { top, bottom, left, right } = info.padInfo;
  const full = [
    info.inHeight + top + bottom - info.strideHeight * (info.outHeight - 1),
    info.inWidth + left + right - info.strideWidth * (info.outWidth - 1),
  ] as const;
  const all = graph.op('Conv', [transpose(graph, x, [3, 0, 1, 2]), transpose(graph, dy, [3, 0, 1, 2])],
    { dtype: 'float32', shape: [shape[2], shape[3], full[0], full[1]] },
    { dilations: [info.strideHeight, info.strideWidth], pads: padsOf(info) });
  const kept = full[0] === shape[0] && full[1] === shape[1] ? all
    : graph.op('Slice', [all, graph.sizes([0, 0]), graph.sizes([shape[0], shape[1]]), graph.sizes([2, 3])],
      { dtype: 'float32', shape: [shape[2], shape[3], shape[0], shape[1]] });
  return transpose(graph, kept, [2, 3, 0, 1]);
};

/** Pooled values and, for the gradient, where each maximum stood in the flattened [n, c, h, w] input. */
function maxPoolWithIndices(graph: GraphBuilder, x: Value, attributes: KernelAttributes): [Value, Value] {
  const { filterSize, strides, pad, dimRoundingMode } = attributes as
    { filterSize: [number, number]; strides: [number, number]; pad: 'same'; dimRoundingMode?: 'floor' };
  const info = backend_util.computePool2DInfo([...x.shape] as Size4, filterSize, strides, 1, pad, dimRoundingMode);
  const [n, h, w, c] = info.outShape as Size4;
  const shape = [n, c, h, w];
  return graph.node('MaxPool', [transpose(graph, x, TO_FIRST)],
    { kernel_shape: [info.filterHeight, info.filterWidth], strides: [info.strideHeight, info.strideWidth], pads: padsOf(info) },
    [{ dtype: 'float32', shape }, { dtype: 'int64', shape }]) as [Value, Value];
}

const maxPool: Lowering = (graph, inputs, attributes) => toLast(graph, maxPoolWithIndices(graph, input(inputs, 'x'), attributes)[0]);

const maxPoolGrad: Lowering = (graph, inputs, attributes) => {
  const [x, dy] = [input(inputs, 'input'), input(inputs, 'dy')];
  const [, indices] = maxPoolWithIndices(graph, x, attributes);
  const [n, h, w, c] = x.shape as Size4;
  const flat = (value: Value): Value => reshape(graph, value, [value.shape.reduce((a, b) => a * b, 1)]);
  const zeros = filled(graph, [n * c * h * w], 0, 'float32');
  const dx = graph.op('ScatterElements', [zeros, flat(indices), flat(transpose(graph, dy, TO_FIRST))], zeros, { axis: 0, reduction: 'add' });
  return toLast(graph, reshape(graph, dx, [n, c, h, w]));
};

export const convolution: KernelTable = {
  Conv2D: conv2d,
  Conv2DBackpropInput: conv2dBackpropInput,
  Conv2DBackpropFilter: conv2dBackpropFilter,
  MaxPool: maxPool,
  MaxPoolGrad: maxPoolGrad,
};
