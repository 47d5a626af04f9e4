import { createHash } from 'node:crypto';
import { UserError } from '../core/errors.ts';
import { sizeOf } from '../core/hosttensor.ts';
import { Random } from '../core/random.ts';
import { GraphBuilder } from '../runtime/graph.ts';
import type { Graph, Value } from '../runtime/graph.ts';
import type { LayerWeights } from './npy.ts';

/** One layer of a feed-forward CNN; every convolution and all dense layers but the last are followed by ReLU. */
export type Layer =
  | { readonly kind: 'conv'; readonly name: string; readonly kernel: number; readonly stride: number; readonly pad: number;
      readonly filters: number; readonly groups: number }
  | { readonly kind: 'norm'; readonly name: string }
  | { readonly kind: 'pool'; readonly name: string; readonly kernel: number; readonly stride: number }
  | { readonly kind: 'dense'; readonly name: string; readonly units: number; readonly relu: boolean };

/** A CNN as a table. `side` is that of its square RGB or BGR input. */
export interface ConvNet {
  readonly name: string;
  readonly side: number;
  readonly layers: readonly Layer[];
}

/** Weights of one layer: convolutions [height, width, in / groups, out], dense [in, out]; biases [out]. */
export interface LayerParameters {
  readonly weights: Float32Array;
  readonly biases: Float32Array;
}

export type ConvNetParameters = ReadonlyMap<string, LayerParameters>;

/** Channels and side after a layer; `dense` gives side 1. */
interface Extent {
  readonly channels: number;
  readonly side: number;
}

/**
 * The layers up to `output`.
 * @throws UserError naming the layers there are
 */
export function layersUpTo(net: ConvNet, output: string): Layer[] {
  const last = net.layers.findIndex((layer) => layer.name === output);
  if (last < 0) throw new UserError(`${net.name} has no layer "${output}": choose one of ${net.layers.map((l) => l.name).join(', ')}`);
  return net.layers.slice(0, last + 1);
}

/** Shape of each layer's weights, in the order of the layers; layers without weights are left out. */
export function weightShapes(net: ConvNet, output: string): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  let extent: Extent = { channels: 3, side: net.side };
  for (const layer of layersUpTo(net, output)) {
    if (layer.kind === 'conv') shapes.set(layer.name, [layer.kernel, layer.kernel, extent.channels / layer.groups, layer.filters]);
    if (layer.kind === 'dense') shapes.set(layer.name, [extent.channels * extent.side ** 2, layer.units]);
    extent = extentAfter(layer, extent);
  }
  return shapes;
}

/**
 * Weights as caffe-tensorflow stores them, checked against the table.
 * @throws UserError naming the file and the layer that is missing or has another shape
 */
export function parametersFrom(net: ConvNet, output: string, file: LayerWeights, path: string): ConvNetParameters {
  const parameters = new Map<string, LayerParameters>();
  for (const [name, shape] of weightShapes(net, output)) {
    const [weights, biases] = file.get(name) ?? [];
    if (!weights || !biases) throw new UserError(`${path}: layer ${name} of ${net.name} is missing: is it the file of another CNN?`);
    if (weights.shape.join() !== shape.join() || sizeOf(biases.shape) !== shape.at(-1)) {
      throw new UserError(`${path}: layer ${name}: expected weights [${shape.join(', ')}] as in ${net.name}, found [${weights.shape.join(', ')}]`);
    }
    parameters.set(name, { weights: weights.floats(), biases: biases.floats() });
  }
  return parameters;
}

/**
 * Seeded random weights: He-normal (He et al. 2015, arXiv:1502.01852), biases zero. Even an untrained CNN of this
 * kind keeps apart photos of different colours and shapes, which is what tests and generated scenes need.
 */
export function randomParameters(net: ConvNet, output: string, seed: number): ConvNetParameters {
  const parameters = new Map<string, LayerParameters>();
  for (const [name, shape] of weightShapes(net, output)) {
    const deviation = Math.sqrt(2 / sizeOf(shape.slice(0, -1)));
    const weights = normals(sizeOf(shape), deviation, new Random(`${net.name} ${seed} ${name}`));
    parameters.set(name, { weights, biases: new Float32Array(shape.at(-1)!) });
  }
  return parameters;
}

/** Names seeded weights: a hash of the recipe, because the last bit of a logarithm may differ between machines. */
export function randomWeightsHash(net: ConvNet, seed: number): string {
  return createHash('sha256').update(`fabula random weights 1: ${net.name}, seed ${seed}`).digest('hex');
}

/**
 * The layers up to `output` as a graph: input `photos` [batch, 3, side, side], output `features`
 * [batch, units] or [batch, channels, side, side].
 */
export function convNetGraph(net: ConvNet, output: string, parameters: ConvNetParameters, batch: number): Graph {
  const builder = new GraphBuilder();
  let extent: Extent = { channels: 3, side: net.side };
  let value = builder.input('photos', 'float32', [batch, 3, net.side, net.side]);
  for (const layer of layersUpTo(net, output)) {
    const next = extentAfter(layer, extent);
    value = addLayer(builder, layer, value, next, parameters.get(layer.name));
    extent = next;
  }
  builder.output(value, 'features');
  return builder.finish();
}

function extentAfter(layer: Layer, { channels, side }: Extent): Extent {
  switch (layer.kind) {
    case 'conv':
      return { channels: layer.filters, side: Math.floor((side + 2 * layer.pad - layer.kernel) / layer.stride) + 1 };
    case 'pool':
      return { channels, side: Math.floor((side - layer.kernel) / layer.stride) + 1 };
    case 'norm':
      return { channels, side };
    case 'dense':
      return { channels: layer.units, side: 1 };
  }
}

function addLayer(builder: GraphBuilder, layer: Layer, x: Value, after: Extent, parameters: LayerParameters | undefined): Value {
  const batch = x.shape[0]!;
  const type = { dtype: 'float32', shape: [batch, after.channels, after.side, after.side] } as const;
  switch (layer.kind) {
    case 'norm': {
      // Caffe: x / (1 + alpha / 5 * sum of squares over 5 channels)^beta, alpha 1e-4; TensorFlow writes alpha / 5 = 2e-5.
      const attributes = { size: 5, alpha: { float: 1e-4 }, beta: { float: 0.75 }, bias: { float: 1 } };
      return builder.op('LRN', [x], type, attributes);
    }
    case 'pool': {
      const attributes = { kernel_shape: [layer.kernel, layer.kernel], strides: [layer.stride, layer.stride] };
      return builder.op('MaxPool', [x], type, attributes);
    }
    case 'conv':
      return builder.op('Relu', [addConvolution(builder, layer, x, after, parameters!)], type);
    case 'dense':
      return addDense(builder, layer, x, parameters!);
  }
}

function addConvolution(builder: GraphBuilder, layer: Layer & { kind: 'conv' }, x: Value, after: Extent, { weights, biases }: LayerParameters): Value {
  const { name, kernel, stride, pad, filters, groups } = layer;
  const depth = x.shape[1]! / groups;
  const shape = [filters, depth, kernel, kernel];
  const inputs = [
    x,
    builder.constant(outputsFirst(weights, kernel * kernel, depth, filters), shape, `${name}.weights`),
    builder.constant(biases, [filters], `${name}.biases`),
  ];
  const type = { dtype: 'float32', shape: [x.shape[0]!, filters, after.side, after.side] } as const;
  return builder.op('Conv', inputs, type, {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
    group: groups,
  });
}

function addDense(builder: GraphBuilder, layer: Layer & { kind: 'dense' }, x: Value, { weights, biases }: LayerParameters): Value {
  const batch = x.shape[0]!;
  const flat = x.shape.length === 2 ? x : flattenChannelsLast(builder, x);
  const type = { dtype: 'float32', shape: [batch, layer.units] } as const;
  const w = builder.constant(weights, [flat.shape[1]!, layer.units], `${layer.name}.weights`);
  const dense = builder.op('Gemm', [flat, w, builder.constant(biases, [layer.units], `${layer.name}.biases`)], type);
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

/** Normal numbers two at a time (Box and Muller 1958): half the time of one by one, which is seconds here. */
function normals(length: number, deviation: number, random: Random): Float32Array {
  const out = new Float32Array(length);
  for (let i = 0; i < length; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - random.uniform()));
    const angle = 2 * Math.PI * random.uniform();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < length) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}
