import { createHash } from 'node:crypto';
import { UserError } from '../core/errors.ts';
import { sizeOf } from '../core/hosttensor.ts';
import { Random } from '../core/random.ts';
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
export interface Extent {
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

/** What a layer makes of maps of this extent. */
export function extentAfter(layer: Layer, { channels, side }: Extent): Extent {
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
