import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../../core/errors.ts';
import { sha256, sha256File } from '../../core/files.ts';
import type { HostTensor } from '../../core/hosttensor.ts';
import { floats } from '../../core/hosttensor.ts';
import { withRows } from '../../data/batchsizes.ts';
import type { FeatureInfo } from '../../data/features.ts';
import { embedPhotos, embedSentences, imageSentenceParameters, imageSentenceSchema } from '../../models/imagesentence.ts';
import type { ImageSentenceOptions } from '../../models/imagesentence.ts';
import type { FloatTensors } from '../../runtime/arena.ts';
import type { Compiled, Runtime, RuntimeOptions } from '../../runtime/jit.ts';
import { openRuntime } from '../../runtime/jit.ts';
import { END_ID, SPECIALS } from '../../text/vocabulary.ts';
import type { Vocabulary } from '../../text/vocabulary.ts';
import { readWeights } from '../../training/checkpointfiles.ts';
import { readTaskCheckpoint } from '../../training/networklearner.ts';
import { tokensOf, wordTable } from './skipthoughtsencoder.ts';
import { VectorProgram } from './vectorprogram.ts';

type Named = Record<string, tf.Tensor>;

/** The CNN that photos must have gone through. */
export interface PhotoNeeds {
  readonly fingerprint: string;
  readonly info: FeatureInfo | null;
}

/** Photos and sentences a batch at a time. */
const PHOTOS_TOGETHER = 1024;

/** The compiled parts of an image-sentence embedding. */
export class JointPrograms {
  readonly #size: number;
  readonly #parameters: FloatTensors;
  readonly #photos: Compiled<[Named, tf.Tensor], tf.Tensor>;
  readonly #sentences: VectorProgram;
  readonly #maxWords: number;

  /** @param frozen whether the parameters will not change any more @param maxWords captions are cut after so many */
  constructor(runtime: Runtime, model: ImageSentenceOptions, values: FloatTensors, vocabulary: Vocabulary, maxWords: number, frozen: boolean) {
    const { embedding, ...parameters } = values;
    this.#size = model.units;
    this.#parameters = parameters;
    this.#maxWords = maxWords;
    this.#photos = runtime.jit((p: Named, photos: tf.Tensor): tf.Tensor => embedPhotos(p, model, photos), {
      constants: frozen ? [0] : [],
      free: { of: ([, photos]) => [photos.shape[0]!], standIn: ([p, photos], draw) => [p, withRows(photos, draw())] },
    });
    this.#sentences = new VectorProgram({
      runtime, parameters, frozen, size: model.units, both: false, words: wordTable(embedding!.data, model.embedding.size, vocabulary),
      reader: (p, sentences, words) => embedSentences(p, model, sentences, words),
    });
  }

  /** @param features [photos, features] @returns [photos, units], each of length 1 */
  async photos(features: Float32Array, size: number): Promise<Float32Array> {
    const count = features.length / size;
    const out = new Float32Array(count * this.#size);
    for (let from = 0; from < count; from += PHOTOS_TOGETHER) {
      const to = Math.min(from + PHOTOS_TOGETHER, count);
      const result: HostTensor = await this.#photos(this.#parameters, floats(features.slice(from * size, to * size), [to - from, size]));
      out.set(result.data as Float32Array, from * this.#size);
    }
    return out;
  }

  /** @param sentences tokens of each @returns [sentences, units], each of length 1 */
  sentences(sentences: readonly (readonly string[])[], onProgress?: (done: number) => void): Promise<Float32Array> {
    return this.#sentences.vectors(sentences.map((tokens) => [...tokens.slice(0, this.#maxWords), SPECIALS[END_ID]]), onProgress);
  }
}

/** A trained image-sentence embedding: photos and sentences as vectors of one space. */
export class JointSpace {
  readonly folder: string;
  /** Equal for embeddings that give equal vectors. */
  readonly fingerprint: string;
  /** Numbers of a vector. */
  readonly size: number;
  readonly photoNeeds: PhotoNeeds;
  readonly #programs: JointPrograms;
  readonly #features: number;
  readonly #runtime: Runtime;

  private constructor(folder: string, fingerprint: string, size: number, photoNeeds: PhotoNeeds, programs: JointPrograms, features: number, runtime: Runtime) {
    this.folder = folder;
    this.fingerprint = fingerprint;
    this.size = size;
    this.photoNeeds = photoNeeds;
    this.#programs = programs;
    this.#features = features;
    this.#runtime = runtime;
  }

  /** @param path of a run folder or a checkpoint folder @throws UserError when it is of another task, or damaged */
  static async open(path: string, options: Partial<RuntimeOptions> = {}): Promise<JointSpace> {
    const { folder, head, vocabulary } = await readTaskCheckpoint(path, 'image-sentence', imageSentenceSchema);
    const { features, vocabulary: words } = head.sizes as { features: number; vocabulary: number };
    const weights = await readWeights(folder, imageSentenceParameters(head.model, { features, vocabulary: words }));
    const runtime = await openRuntime(options);
    const { photos, max_words } = head.needs as { photos: PhotoNeeds; max_words: number };
    const programs = new JointPrograms(runtime, head.model, weights, vocabulary, max_words, true);
    const fingerprint = sha256(`image-sentence ${await sha256File(join(folder, 'weights.safetensors'))} ${head.vocabulary_fingerprint}`);
    return new JointSpace(folder, fingerprint, head.model.units, photos, programs, features, runtime);
  }

  /**
   * @param features [photos, features] as of a feature table
   * @param source names them, for errors
   * @throws UserError when they are of another CNN
   */
  photos(features: Float32Array, source: { readonly path: string; readonly size: number; readonly fingerprint: string }): Promise<Float32Array> {
    if (source.size !== this.#features || source.fingerprint !== this.photoNeeds.fingerprint) {
      const { info } = this.photoNeeds;
      throw new UserError(`${source.path}: features of another CNN, layer or preprocessing than those that ${this.folder} was trained on (${info?.cnn ?? 'unknown'}, ${info?.layer ?? 'unknown'}, ${this.#features} numbers)`);
    }
    return this.#programs.photos(features, source.size);
  }

  /** @returns [sentences, size] */
  sentences(sentences: readonly string[], onProgress?: (done: number) => void): Promise<Float32Array> {
    return this.#programs.sentences(sentences.map(tokensOf), onProgress);
  }

  /** Ends its programs. */
  dispose(): Promise<void> {
    return this.#runtime.dispose();
  }
}
