import { checkConfig } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import type { DecodingOptions } from '../decoding/options.ts';
import { decodingSchema } from '../decoding/options.ts';
import { Teller } from '../decoding/teller.ts';
import { openExtractor, specFromInfo } from '../features/extractor.ts';
import { PHOTOS } from '../models/options.ts';
import type { FeatureTable } from '../data/features.ts';
import type { RuntimeOptions } from '../runtime/jit.ts';
import { openRuntime } from '../runtime/jit.ts';
import type { Checkpoint } from '../training/checkpoint.ts';
import { keptCnn, loadCheckpoint } from '../training/checkpoint.ts';
import { checkFits } from '../training/fitting.ts';
import { previousForm } from '../training/network.ts';

/** A story in words. */
export interface WordedStory {
  /** Five sentences, tokens apart. */
  readonly sentences: readonly string[];
  /** Log-probability of each sentence under the model. */
  readonly scores: readonly number[];
}

/** A trained model ready to tell: from features, or straight from photos through the CNN it was trained with. */
export class Storyteller {
  readonly checkpoint: Checkpoint;
  readonly #teller: Teller;
  readonly #runtimeOptions: RuntimeOptions;
  readonly #dispose: () => Promise<void>;

  private constructor(checkpoint: Checkpoint, teller: Teller, runtimeOptions: RuntimeOptions, dispose: () => Promise<void>) {
    this.checkpoint = checkpoint;
    this.#teller = teller;
    this.#runtimeOptions = runtimeOptions;
    this.#dispose = dispose;
  }

  /** @param path of a run folder or a checkpoint folder @throws UserError when it cannot be read */
  static async open(path: string, options: Partial<RuntimeOptions> = {}, which: 'best' | 'last' = 'best'): Promise<Storyteller> {
    const checkpoint = await loadCheckpoint(path, which);
    const runtime = await openRuntime(options);
    const { model, sizes } = checkpoint.head;
    const teller = new Teller({ runtime, options: model, sizes, parameters: checkpoint.weights, previous: previousForm(model), frozen: true });
    return new Storyteller(checkpoint, teller, runtime.options, () => runtime.dispose());
  }

  /** Stories from features in memory. @param photos [stories * 5, features] @param decoding what is left out has its default */
  async tellFeatures(photos: Float32Array, stories: number, decoding: Partial<DecodingOptions> = {}, onStory?: (done: number) => void): Promise<WordedStory[]> {
    const told = await this.#teller.tell(photos, stories, checkConfig(decodingSchema, decoding, 'the decoding options'), { ...(onStory && { onStory }) });
    return told.map(({ sentences }) => ({
      sentences: sentences.map(({ ids }) => this.checkpoint.vocabulary.decode(ids).join(' ')),
      scores: sentences.map(({ logProbability }) => logProbability),
    }));
  }

  /** Stories for sequences whose features lie in a table. @throws UserError when it belongs to another CNN or lacks a photo */
  async tellSequences(features: FeatureTable, sequences: readonly (readonly string[])[], decoding: Partial<DecodingOptions> = {}, onStory?: (done: number) => void): Promise<WordedStory[]> {
    checkFits(this.checkpoint, undefined, features);
    const missing = sequences.flat().find((id) => !features.has(id));
    if (missing !== undefined) throw new UserError(`${features.path}: no features for photo ${missing}`);
    return this.tellFeatures(features.rows(sequences.flat()), sequences.length, decoding, onStory);
  }

  /**
   * A story for five photo files, prepared exactly as in training.
   * @param cnn file of the CNN; by default the one kept with the run
   * @throws UserError naming the photo that cannot be read, or the CNN that is needed
   */
  async tellPhotos(files: readonly string[], decoding: Partial<DecodingOptions> = {}, cnn?: string): Promise<WordedStory> {
    if (files.length !== PHOTOS) throw new UserError(`a story is told of five photos, ${files.length} given`);
    const { head, folder } = this.checkpoint;
    if (head.features.info === null) {
      throw new UserError(`${folder}: the checkpoint does not say which CNN made its features, so photos cannot be prepared for it`);
    }
    const spec = specFromInfo(head.features.info, cnn ?? (await keptCnn(folder)));
    const { device, threads } = this.#runtimeOptions;
    const extractor = await openExtractor(spec, { device, threads, batch: PHOTOS });
    try {
      checkFits(this.checkpoint, undefined, { path: spec.weights, size: extractor.size, fingerprint: extractor.fingerprint });
      const [story] = await this.tellFeatures(await extractor.extract(files), 1, decoding);
      return story!;
    } finally {
      await extractor.dispose();
    }
  }

  /** Ends its programs; it cannot tell any more. */
  dispose(): Promise<void> {
    return this.#dispose();
  }
}
