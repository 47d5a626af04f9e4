import { UserError } from '../core/errors.ts';
import { exists, sha256File } from '../core/files.ts';
import { sizeOf } from '../core/hosttensor.ts';
import { featureFingerprint } from '../data/features.ts';
import type { FeatureInfo } from '../data/features.ts';
import type { PhotoSource } from '../io/images.ts';
import type { SessionOptions } from '../runtime/session.ts';
import { alexNet } from './alexnet.ts';
import { resolveCnn } from './cnnspec.ts';
import type { CnnSpec, ResolvedCnn } from './cnnspec.ts';
import { parametersFrom, randomParameters, randomWeightsHash } from './convnet.ts';
import { openConvNet, openOnnx } from './network.ts';
import type { Network, Photos } from './network.ts';
import { readLayerWeights } from './npy.ts';
import { arrangePlaces, featureShape } from './places.ts';
import { inputShape, loadPhoto, loadPixels } from './preprocess.ts';
import type { Preprocessing } from './preprocess.ts';
import { vgg19 } from './vgg19.ts';

/** Photos in, features out: the same for extracting a whole set and for telling a story of five photos. */
export interface Extractor {
  /** Shape of the features of one photo: [D], or [L, D] when places are kept. */
  readonly shape: readonly number[];
  /** Numbers for one photo. */
  readonly size: number;
  /** Photos run at once. */
  readonly batch: number;
  readonly info: FeatureInfo;
  /** Identifies CNN, layer, weights and preprocessing; equal to the one in the features file. */
  readonly fingerprint: string;
  /** Decodes and prepares one photo, as `forward` takes it. @throws UserError naming the photo */
  load(source: PhotoSource, name?: string): Promise<Photos>;
  /** @param photos what `load` gave, at most `batch` of them; @returns float32 [photos.length, ...shape] */
  forward(photos: readonly Photos[]): Promise<Float32Array>;
  /** Loads and runs any number of photos. @returns float32 [sources.length, ...shape] */
  extract(sources: readonly PhotoSource[]): Promise<Float32Array>;
  /** Ends its program. */
  dispose(): Promise<void>;
}

/** Where and in which batches a CNN runs. */
export interface ExtractorOptions extends SessionOptions {
  /** Photos run at once. */
  readonly batch: number;
}

/** @throws UserError when the spec, its files or the device do not do */
export async function openExtractor(spec: CnnSpec, options: ExtractorOptions): Promise<Extractor> {
  const cnn = resolveCnn(spec);
  const { network, weightsHash } = await openNetwork(cnn, options);
  const shape = featureShape(network.layerShape, cnn.preprocessing.layout, cnn.pool, cnn.layer);
  const info = describe(cnn, weightsHash);
  return new CnnExtractor(cnn, network, shape, info, options.batch);
}

class CnnExtractor implements Extractor {
  readonly size: number;
  readonly fingerprint: string;
  readonly shape: readonly number[];
  readonly info: FeatureInfo;
  readonly batch: number;
  readonly #cnn: ResolvedCnn;
  readonly #network: Network;
  readonly #inputSize: number;

  constructor(cnn: ResolvedCnn, network: Network, shape: readonly number[], info: FeatureInfo, batch: number) {
    this.#cnn = cnn;
    this.#network = network;
    this.#inputSize = sizeOf(inputShape(cnn.preprocessing));
    this.shape = shape;
    this.size = sizeOf(shape);
    this.info = info;
    this.fingerprint = featureFingerprint(info);
    this.batch = batch;
  }

  load(source: PhotoSource, name?: string): Promise<Photos> {
    const prepare = this.#network.takesPixels ? loadPixels : loadPhoto;
    return prepare(source, this.#cnn.preprocessing, name);
  }

  async forward(photos: readonly Photos[]): Promise<Float32Array> {
    const length = photos.length * this.#inputSize;
    const input = this.#network.takesPixels ? new Uint8Array(length) : new Float32Array(length);
    for (const [i, photo] of photos.entries()) input.set(photo, i * this.#inputSize);
    const rows = await this.#network.run(input, photos.length);
    return arrangePlaces(rows, this.#network.layerShape, this.#cnn.preprocessing.layout, this.#cnn.pool);
  }

  async extract(sources: readonly PhotoSource[]): Promise<Float32Array> {
    const out = new Float32Array(sources.length * this.size);
    for (let start = 0; start < sources.length; start += this.batch) {
      const photos = await Promise.all(sources.slice(start, start + this.batch).map((source) => this.load(source)));
      out.set(await this.forward(photos), start * this.size);
    }
    return out;
  }

  dispose(): Promise<void> {
    return this.#network.dispose();
  }
}

async function openNetwork(cnn: ResolvedCnn, options: ExtractorOptions): Promise<{ network: Network; weightsHash: string }> {
  const { kind, weights, layer, seed } = cnn;
  if (seed === undefined && !(await exists(weights))) throw new UserError(`${weights}: cannot read the weights: no such file`);
  if (kind === 'onnx') {
    const network = await openOnnx(weights, layer, inputShape(cnn.preprocessing), options);
    return { network, weightsHash: await sha256File(weights) };
  }
  const net = kind === 'alexnet' ? alexNet(cnn.padding) : vgg19();
  if (seed !== undefined) {
    const network = await openConvNet(net, layer, randomParameters(net, layer, seed), options.batch, options, cnn.preprocessing);
    return { network, weightsHash: randomWeightsHash(net, seed) };
  }
  const file = await readLayerWeights(weights);
  const network = await openConvNet(net, layer, parametersFrom(net, layer, file.layers, weights), options.batch, options, cnn.preprocessing);
  return { network, weightsHash: await file.sha256 };
}

/** Says in the features file all that decides the numbers. A path is no part of it, files move. */
function describe(cnn: ResolvedCnn, weightsHash: string): FeatureInfo {
  const untrained = cnn.seed === undefined ? '' : ` (untrained, seed ${cnn.seed})`;
  const padding = cnn.padding === 'same' ? ', conv1 padding same' : '';
  const pool = { none: '', mean: ', mean over places', spatial: ', places kept' }[cnn.pool];
  return {
    cnn: `${cnn.kind}${padding}${untrained}`,
    layer: `${cnn.layer}${pool}`,
    weightsSha256: weightsHash,
    preprocessing: cnn.preprocessing,
  };
}

/**
 * The spec that made features described by `info`, for the CNN file at `weights`; the reverse of `describe`. The caller
 * compares fingerprints afterwards.
 */
export function specFromInfo(info: FeatureInfo, weights: string | undefined): CnnSpec {
  const seed = /seed (\d+)/.exec(info.cnn)?.[1];
  const [layer, place] = info.layer.split(', ');
  const kind = info.cnn.split(/[ ,]/)[0] as CnnSpec['kind'];
  if (weights === undefined && seed === undefined) {
    throw new UserError(`photos must go through the CNN that the checkpoint was trained with (${info.cnn}, ${info.layer}): give its file with --cnn`);
  }
  return {
    kind,
    weights: weights ?? `random:${seed}`,
    layer: layer!,
    preprocessing: info.preprocessing as Preprocessing,
    padding: info.cnn.includes('conv1 padding same') ? 'same' : 'valid',
    pool: place === undefined ? 'none' : place.startsWith('mean') ? 'mean' : 'spatial',
  };
}
