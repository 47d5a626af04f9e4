import { GraphBuilder } from '../runtime/graph.ts';
import type { Graph, Value } from '../runtime/graph.ts';
import { cast } from '../runtime/kernels/table.ts';
import type { ConvNet, ConvNetParameters, Layer, LayerParameters } from './convnet.ts';
import { extentAfter, layersUpTo } from './convnet.ts';
import type { Preprocessing } from './preprocess.ts';

/** Photos that go through the convolutions together: their maps stay in the cache from one layer to the next. */
const TOGETHER = 8;

/**
 * The layers up to `output` as a graph: input `photos` [batch, 3, side, side], or with `pixels` [batch, side, side, 3]
 * bytes, red first, which the graph normalises so; output `features` [batch, units] or [batch, channels, side, side].
 * Dense layers take the whole batch at once, since their weights are what costs.
 */
export function convNetGraph(net: ConvNet, output: string, parameters: ConvNetParameters, batch: number, pixels?: Preprocessing): Graph {
  const layers = layersUpTo(net, output);
  const maps = layers.filter(({ kind }) => kind !== 'dense');
  const builder = new GraphBuilder();
  const constants = new Constants(builder);
  const photos = pixels ? builder.input('photos', 'uint8', [batch, net.side, net.side, 3]) : builder.input('photos', 'float32', [batch, 3, net.side, net.side]);
  const prepared = (part: Value): Value => (pixels ? addNormalisation(builder, constants, part, pixels) : part);
  const parts = portions(builder, photos).map((part) => maps.reduce((x, layer) => addLayer(builder, constants, layer, x, parameters.get(layer.name)), prepared(part)));
  const together = parts.length === 1 ? parts[0]! : builder.op('Concat', parts, { dtype: 'float32', shape: [batch, ...parts[0]!.shape.slice(1)] }, { axis: 0 });
  const result = layers.slice(maps.length).reduce((x, layer) => addLayer(builder, constants, layer, x, parameters.get(layer.name)), together);
  builder.output(result, 'features');
  return builder.finish();
}

/** A batch cut into portions of `TOGETHER` photos and what is left. */
function portions(builder: GraphBuilder, photos: Value): Value[] {
  const [batch, ...rest] = photos.shape as [number, ...number[]];
  const sizes = Array.from({ length: Math.ceil(batch / TOGETHER) }, (_, i) => Math.min(TOGETHER, batch - i * TOGETHER));
  if (sizes.length === 1) return [photos];
  return builder.node('Split', [photos, builder.sizes(sizes)], { axis: 0 }, sizes.map((n) => ({ dtype: photos.dtype, shape: [n, ...rest] })));
}

/** What `normalise` computes, inside the graph: bytes [n, side, side, 3] to numbers [n, 3, side, side]. */
function addNormalisation(builder: GraphBuilder, constants: Constants, bytes: Value, { order, mean, std, scale }: Preprocessing): Value {
  const [n, height, width] = bytes.shape as [number, number, number];
  const planes = builder.op('Transpose', [cast(builder, bytes, 'float32')], { dtype: 'float32', shape: [n, 3, height, width] }, { perm: [0, 3, 1, 2] });
  const ordered = order === 'rgb' ? planes : builder.op('Gather', [planes, builder.constant(BigInt64Array.of(2n, 1n, 0n), [3])], planes, { axis: 1 });
  const perChannel = (name: string, values: readonly number[]): Value => constants.get(`normalise.${name}`, [3, 1, 1], () => Float32Array.from(values));
  const factors = std.map((s) => scale / s);
  const scaled = factors.every((factor) => factor === 1) ? ordered : builder.op('Mul', [ordered, perChannel('factors', factors)], ordered);
  return builder.op('Sub', [scaled, perChannel('means', mean.map((m, c) => m / std[c]!))], scaled);
}

/** Weights by name, made once for all portions. */
class Constants {
  readonly #builder: GraphBuilder;
  readonly #made = new Map<string, Value>();

  constructor(builder: GraphBuilder) {
    this.#builder = builder;
  }

  get(name: string, shape: readonly number[], make: () => Float32Array): Value {
    let value = this.#made.get(name);
    if (!value) this.#made.set(name, (value = this.#builder.constant(make(), shape, name)));
    return value;
  }
}

function addLayer(builder: GraphBuilder, constants: Constants, layer: Layer, x: Value, parameters: LayerParameters | undefined): Value {
  switch (layer.kind) {
    case 'norm':
      return addNorm(builder, constants, x);
    case 'pool':
      return builder.op('MaxPool', [x], after(layer, x), { kernel_shape: [layer.kernel, layer.kernel], strides: [layer.stride, layer.stride] });
    case 'conv':
      return builder.op('Relu', [addConvolution(builder, constants, layer, x, parameters!)], after(layer, x));
    case 'dense':
      return addDense(builder, constants, layer, x, parameters!);
  }
}

function after(layer: Layer, x: Value): { dtype: 'float32'; shape: number[] } {
  const { channels, side } = extentAfter(layer, { channels: x.shape[1]!, side: x.shape[2]! });
  return { dtype: 'float32', shape: [x.shape[0]!, channels, side, side] };
}

/**
 * Local response normalisation over 5 channels: x / (1 + alpha / 5 * sum of squares)^0.75. The sum over neighbouring
 * channels is a 1 x 1 convolution with a band of weights, and d^0.75 = sqrt(d) * sqrt(sqrt(d)): a seventh of the time of
 * ONNX Runtime's own LRN. Caffe's alpha is 1e-4; TensorFlow writes alpha / 5 = 2e-5.
 */
function addNorm(builder: GraphBuilder, constants: Constants, x: Value): Value {
  const channels = x.shape[1]!;
  const band = constants.get(`norm${channels}.band`, [channels, channels, 1, 1], () =>
    Float32Array.from({ length: channels * channels }, (_, i) => (Math.abs(Math.floor(i / channels) - (i % channels)) <= 2 ? 2e-5 : 0)));
  const ones = constants.get(`norm${channels}.ones`, [channels], () => new Float32Array(channels).fill(1));
  const attributes = { kernel_shape: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], group: 1 };
  const sum = builder.op('Conv', [builder.op('Mul', [x, x], x), band, ones], x, attributes);
  const root = builder.op('Sqrt', [sum], x);
  return builder.op('Div', [x, builder.op('Mul', [root, builder.op('Sqrt', [root], x)], x)], x);
}

function addConvolution(builder: GraphBuilder, constants: Constants, layer: Layer & { kind: 'conv' }, x: Value, { weights, biases }: LayerParameters): Value {
  const { name, kernel, stride, pad, filters, groups } = layer;
  const depth = x.shape[1]! / groups;
  const inputs = [
    x,
    constants.get(`${name}.weights`, [filters, depth, kernel, kernel], () => outputsFirst(weights, kernel * kernel, depth, filters)),
    constants.get(`${name}.biases`, [filters], () => biases),
  ];
  return builder.op('Conv', inputs, after(layer, x), {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
    group: groups,
  });
}

function addDense(builder: GraphBuilder, constants: Constants, layer: Layer & { kind: 'dense' }, x: Value, { weights, biases }: LayerParameters): Value {
  const flat = x.shape.length === 2 ? x : flattenChannelsLast(builder, x);
  const type = { dtype: 'float32', shape: [x.shape[0]!, layer.units] } as const;
  const w = constants.get(`${layer.name}.weights`, [flat.shape[1]!, layer.units], () => weights);
  const dense = builder.op('Gemm', [flat, w, constants.get(`${layer.name}.biases`, [layer.units], () => biases)], type);
  return layer.relu ? builder.op('Relu', [dense], type) : dense;
}

/** The stored weights of the first dense layer expect TensorFlow's order: height, width, channels. */
function flattenChannelsLast(builder: GraphBuilder, x: Value): Value {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const last = builder.op('Transpose', [x], { dtype: 'float32', shape: [n, h, w, c] }, { perm: [0, 2, 3, 1] });
  return builder.op('Reshape', [last, builder.sizes([n, h * w * c])], { dtype: 'float32', shape: [n, h * w * c] });
}

/** [area, depth, filters] to [filters, depth, area]: TensorFlow's order of a kernel to ONNX's. */
function outputsFirst(weights: Float32Array, area: number, depth: number, filters: number): Float32Array {
  const out = new Float32Array(weights.length);
  for (let a = 0; a < area; a++) {
    for (let d = 0; d < depth; d++) {
      const row = (a * depth + d) * filters;
      for (let f = 0; f < filters; f++) out[(f * depth + d) * area + a] = weights[row + f]!;
    }
  }
  return out;
}
