import { StoryBatches } from '../data/batches.ts';
import type { PackedStories } from '../data/batches.ts';
import type { FeatureTable } from '../data/features.ts';
import { PhotoReader } from '../data/readahead.ts';
import { shufflePhotos } from '../data/shuffle.ts';
import type { StorySet } from '../data/stories.ts';
import { OPTIMIZER_SLOTS } from '../optim/optimizer.ts';
import type { Runtime } from '../runtime/jit.ts';
import type { CheckpointHead } from './checkpoint.ts';
import { headOf, loadCheckpoint, restore, saveCheckpoint, sizesOf } from './checkpoint.ts';
import type { TrainingState } from './checkpointfiles.ts';
import type { TrainConfig } from './config.ts';
import { checkData, checkFits } from './fitting.ts';
import { previousForm, StoryNetwork } from './network.ts';
import type { EpochBatches, Learner } from './trainer.ts';

/** What is trained on. */
export interface TrainingData {
  readonly train: StorySet;
  readonly validation: StorySet;
  readonly features: FeatureTable;
}

/** A story model that learns from stories and the features of their photos. */
export class StoryLearner implements Learner<PackedStories> {
  readonly network: StoryNetwork;
  readonly #config: TrainConfig;
  readonly #head: CheckpointHead;
  readonly #data: TrainingData;
  readonly #batches: StoryBatches;
  readonly #validation: StoryBatches;
  readonly #reader: PhotoReader;
  readonly #words: Float32Array | undefined;

  /**
   * @param words the word vectors to start from, [words, size]
   * @throws UserError when stories, features and vocabulary do not fit together
   */
  constructor(config: TrainConfig, given: TrainingData, runtime: Runtime, words?: Float32Array) {
    checkData(config, given);
    const data = arrangePhotos(config, given);
    const { vocabulary, steps } = data.train;
    const sizes = sizesOf(data.features.size, vocabulary, steps);
    const { name } = config.optimizer;
    this.#config = config;
    this.#data = data;
    this.#words = words;
    this.network = new StoryNetwork(runtime, config.model, sizes, OPTIMIZER_SLOTS[name].length);
    this.#head = headOf(config.model, sizes, { fingerprint: data.features.fingerprint, info: data.features.info ?? null }, vocabulary, name);
    const options = { storiesPerBatch: config.training.stories_per_batch, previous: previousForm(config.model), seed: config.seed };
    this.#batches = new StoryBatches(data.train, data.features, options);
    this.#validation = new StoryBatches(data.validation, data.features, options);
    this.#reader = new PhotoReader(data.features);
  }

  get arena(): StoryNetwork['arena'] {
    return this.network.arena;
  }

  async initialise(): Promise<void> {
    const standardise = this.#config.model.photos.normalise === 'standardise';
    const statistics = standardise ? this.#reader.statistics(this.#data.train.imageIds.flat()) : undefined;
    this.network.initialise(this.#config.seed);
    if (this.#words) this.arena.values['embedding']!.data.set(this.#words);
    if (!statistics) return;
    const { mean, scale } = await statistics;
    this.arena.values['photos.mean']!.data.set(mean);
    this.arena.values['photos.scale']!.data.set(scale);
  }

  async restore(folder: string): Promise<TrainingState> {
    const checkpoint = await loadCheckpoint(folder);
    checkFits(checkpoint, this.#data.train, this.#data.features);
    await restore(checkpoint, this.arena);
    return checkpoint.state;
  }

  epoch(epoch: number): EpochBatches<PackedStories> {
    const order = this.#batches.epoch(epoch);
    return { length: order.length, from: (first) => this.#packed(this.#batches, order.slice(first)) };
  }

  async lossAndGradients(batch: PackedStories, seed: number): Promise<{ loss: number; words: number }> {
    const words = (batch.weights.data as Float32Array).reduce((sum, weight) => sum + weight, 0);
    return { loss: await this.network.lossAndGradients(batch, seed), words };
  }

  async validationLoss(): Promise<number> {
    let sum = 0;
    for await (const batch of this.#packed(this.#validation, this.#validation.inOrder())) sum += await this.network.summedLoss(batch);
    return sum / this.#validation.tokenCount;
  }

  save(folder: string, state: TrainingState): Promise<void> {
    return saveCheckpoint(folder, this.#head, this.#data.train.vocabulary, this.arena, state);
  }

  /** Ends the thread that reads photos. */
  close(): Promise<void> {
    return this.#reader.close();
  }

  async *#packed(batches: StoryBatches, order: readonly (readonly number[])[]): AsyncGenerator<PackedStories, void, undefined> {
    let batch = 0;
    for await (const photos of this.#reader.inTurn(order.map((numbers) => batches.photoIds(numbers)))) yield batches.pack(order[batch++]!, photos);
  }
}

function arrangePhotos(config: TrainConfig, data: TrainingData): TrainingData {
  const { train, validation } = data;
  if (!config.data.shuffle_photos) return data;
  return { ...data, train: shufflePhotos(train, config.seed), validation: shufflePhotos(validation, config.seed + 1) };
}
