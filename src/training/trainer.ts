import { join } from 'node:path';
import { exists } from '../core/files.ts';
import { StoryBatches } from '../data/batches.ts';
import type { FeatureTable } from '../data/features.ts';
import { PhotoReader } from '../data/readahead.ts';
import { shufflePhotos } from '../data/shuffle.ts';
import type { StorySet } from '../data/stories.ts';
import { OPTIMIZER_SLOTS, Optimizer } from '../optim/optimizer.ts';
import type { Runtime } from '../runtime/jit.ts';
import type { HistoryRow, Position, RunFolder } from '../tracking/runfolder.ts';
import type { Checkpoint, CheckpointHead, TrainingState } from './checkpoint.ts';
import { headOf, restore, saveCheckpoint, sizesOf } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';
import { checkData, checkFits } from './fitting.ts';
import { previousForm, stepSeed, StoryNetwork } from './network.ts';
import type { TrainingResult } from './result.ts';
import { reasonToStop, resultOf } from './result.ts';

/** What is trained on. */
export interface TrainingData {
  readonly train: StorySet;
  readonly validation: StorySet;
  readonly features: FeatureTable;
}

/** Told as training goes on; all optional. */
export interface TrainingEvents {
  /** After each update: share of the epoch done, mean loss of the epoch so far, words per second. */
  onStep?(progress: { step: number; epoch: number; batch: number; batches: number; loss: number; wordsPerSecond: number }): void;
  /** After each epoch, checkpoints and history written: mean losses per word in nats, and whether it is the best so far. */
  onEpoch?(row: HistoryRow & { seconds: number; best: boolean }, network: StoryNetwork): Promise<void> | void;
}

/** Training went wrong in a way that no more steps can mend. Exit code 1: the data were fine. */
export class TrainingFailure extends Error {
  override readonly name = 'TrainingFailure';
}

/** Measured values wait in memory at most so long, milliseconds: they show while an epoch goes on, and survive a kill. */
const FLUSH_EVERY = 10_000;

/** One training run: state, and the loop over epochs and batches. */
export class Trainer {
  readonly network: StoryNetwork;
  readonly #config: TrainConfig;
  readonly #folder: RunFolder;
  readonly #head: CheckpointHead;
  readonly #data: TrainingData;
  readonly #batches: StoryBatches;
  readonly #validation: StoryBatches;
  readonly #reader: PhotoReader;
  readonly #optimizer: Optimizer;
  #state: TrainingState = { step: 0, epoch: 0, batch: 0, epoch_loss: 0, epoch_words: 0, best_loss: null, best_epoch: null, history: [], seconds: 0 };
  #started = performance.now();
  #saved = performance.now();
  #flushed = performance.now();

  private constructor(config: TrainConfig, folder: RunFolder, data: TrainingData, network: StoryNetwork, optimizer: Optimizer, head: CheckpointHead) {
    this.#config = config;
    this.#folder = folder;
    this.#data = data;
    this.network = network;
    this.#optimizer = optimizer;
    this.#head = head;
    const options = { storiesPerBatch: config.training.stories_per_batch, previous: previousForm(config.model), seed: config.seed };
    this.#batches = new StoryBatches(data.train, data.features, options);
    this.#validation = new StoryBatches(data.validation, data.features, options);
    this.#reader = new PhotoReader(data.features);
  }

  /** @throws UserError when stories, features and vocabulary do not fit together */
  static async open(config: TrainConfig, folder: RunFolder, given: TrainingData, runtime: Runtime, checkpoint?: Checkpoint): Promise<Trainer> {
    checkData(config, given);
    const data = arrangePhotos(config, given);
    const { vocabulary, steps } = data.train;
    const sizes = sizesOf(data.features.size, vocabulary, steps);
    const { name } = config.optimizer;
    const features = { fingerprint: data.features.fingerprint, info: data.features.info ?? null };
    const network = new StoryNetwork(runtime, config.model, sizes, OPTIMIZER_SLOTS[name].length);
    const optimizer = await Optimizer.open(network.arena, config.optimizer);
    const trainer = new Trainer(config, folder, data, network, optimizer, headOf(config.model, sizes, features, vocabulary, name));
    if (checkpoint) await trainer.#restore(checkpoint);
    else await trainer.#initialise();
    return trainer;
  }

  async #initialise(): Promise<void> {
    const standardise = this.#config.model.photos.normalise === 'standardise';
    const statistics = standardise ? this.#reader.statistics(this.#data.train.imageIds.flat()) : undefined;
    this.network.initialise(this.#config.seed);
    if (!statistics) return;
    const { mean, scale } = await statistics;
    this.network.arena.values['photos.mean']!.data.set(mean);
    this.network.arena.values['photos.scale']!.data.set(scale);
  }

  async #restore(checkpoint: Checkpoint): Promise<void> {
    checkFits(checkpoint, this.#data.train, this.#data.features);
    await restore(checkpoint, this.network.arena);
    this.#state = checkpoint.state;
    this.#optimizer.step = checkpoint.state.step;
    await this.#folder.truncateMetrics(checkpoint.state.step, checkpoint.state.epoch);
    await this.#folder.writeHistory(checkpoint.state.history);
  }

  /** Trains until the epochs are over, the validation loss no longer falls, or `signal` asks to stop. */
  async run(events: TrainingEvents = {}, signal?: AbortSignal): Promise<TrainingResult> {
    this.#started = this.#saved = this.#flushed = performance.now();
    const before = this.#state.seconds;
    if (reasonToStop(this.#state, this.#config.training) === undefined) await this.#folder.markTime(this.#position());
    for (;;) {
      const over = reasonToStop(this.#state, this.#config.training);
      if (over !== undefined) return resultOf(this.#state, this.network.arena.trainableCount, over);
      const finished = await this.#epoch(events, before, signal);
      if (!finished) return resultOf(this.#state, this.network.arena.trainableCount, 'interrupted');
    }
  }

  /** @returns false when interrupted; the state is saved either way */
  async #epoch(events: TrainingEvents, secondsBefore: number, signal: AbortSignal | undefined): Promise<boolean> {
    const order = this.#batches.epoch(this.#state.epoch + 1);
    const begun = performance.now();
    let words = 0;
    const left = order.slice(this.#state.batch);
    for await (const photos of this.#reader.inTurn(left.map((numbers) => this.#batches.photoIds(numbers)))) {
      words += await this.#step(order[this.#state.batch]!, photos);
      this.#tick(secondsBefore);
      events.onStep?.({
        step: this.#state.step, epoch: this.#state.epoch + 1, batch: this.#state.batch, batches: order.length,
        loss: this.#state.epoch_loss / this.#state.epoch_words, wordsPerSecond: words / ((performance.now() - begun) / 1000),
      });
      // ONNX Runtime blocks the thread: give Ctrl-C and timers their turn.
      await new Promise(setImmediate);
      if (signal?.aborted) {
        await this.#save('last');
        return false;
      }
      if (performance.now() - this.#flushed > FLUSH_EVERY) await this.#flush();
      if (performance.now() - this.#saved > this.#config.training.checkpoint_seconds * 1000) await this.#save('last');
    }
    await this.#endEpoch(events, begun, secondsBefore);
    return true;
  }

  /** One update. @returns words in it */
  async #step(storyNumbers: readonly number[], photos: Float32Array): Promise<number> {
    const batch = this.#batches.pack(storyNumbers, photos);
    const loss = await this.network.lossAndGradients(batch, stepSeed(this.#config.seed, this.#state.step));
    const { gradientNorm, learningRate } = Number.isFinite(loss) ? this.#optimizer.update() : { gradientNorm: NaN, learningRate: NaN };
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) throw await this.#failure('the loss', loss);
    const words = (batch.weights.data as Float32Array).reduce((sum, weight) => sum + weight, 0);
    const state = this.#state;
    this.#state = { ...state, step: state.step + 1, batch: state.batch + 1, epoch_loss: state.epoch_loss + loss * words, epoch_words: state.epoch_words + words };
    this.#folder.metric({ step: this.#state.step, epoch: state.epoch + 1, loss, gradient_norm: gradientNorm, learning_rate: learningRate, words });
    return words;
  }

  /** The losses that led here are kept: they show when it began. */
  async #failure(name: string, loss: number): Promise<TrainingFailure> {
    await this.#flush();
    const { epoch, step } = this.#state;
    const what = Number.isFinite(loss) ? 'a gradient is not a finite number' : `${name} is ${loss}`;
    const kept = (await exists(this.#folder.file('checkpoints'))) ? `${this.#folder.file('checkpoints')} holds earlier weights` : `no checkpoint was written yet in ${this.#folder.path}`;
    return new TrainingFailure(`training stopped in epoch ${epoch + 1}, step ${step + 1}: ${what}; lower optimizer.learning_rate or set optimizer.clip_norm; ${kept}`);
  }

  async #endEpoch(events: TrainingEvents, begun: number, secondsBefore: number): Promise<void> {
    const validation = await this.validationLoss();
    const state = this.#state;
    const row: HistoryRow = { epoch: state.epoch, loss: state.epoch_loss / state.epoch_words, val_loss: validation };
    const best = state.best_loss === null || validation < state.best_loss;
    this.#state = {
      ...state, epoch: state.epoch + 1, batch: 0, epoch_loss: 0, epoch_words: 0, history: [...state.history, row],
      ...(best && { best_loss: validation, best_epoch: state.epoch + 1 }),
    };
    this.#tick(secondsBefore);
    this.#folder.metric({ step: state.step, epoch: state.epoch + 1, train_loss: row.loss, val_loss: validation });
    if (best) await this.#save('best');
    await this.#save('last');
    await this.#folder.writeHistory(this.#state.history);
    await events.onEpoch?.({ ...row, seconds: (performance.now() - begun) / 1000, best }, this.network);
  }

  /** Mean loss per word on the validation stories, without dropout. */
  async validationLoss(): Promise<number> {
    const order = this.#validation.inOrder();
    let [sum, batch] = [0, 0];
    for await (const photos of this.#reader.inTurn(order.map((numbers) => this.#validation.photoIds(numbers)))) {
      sum += await this.network.summedLoss(this.#validation.pack(order[batch++]!, photos));
    }
    const loss = sum / this.#validation.tokenCount;
    if (!Number.isFinite(loss)) throw await this.#failure('the validation loss', loss);
    return loss;
  }

  /** Updates made. */
  get step(): number {
    return this.#state.step;
  }

  /** Ends the thread that reads photos. */
  async close(): Promise<void> {
    await this.#reader.close();
  }

  #tick(secondsBefore: number): void {
    this.#state = { ...this.#state, seconds: secondsBefore + (performance.now() - this.#started) / 1000 };
  }

  /** An epoch that is done counts as under way until the next begins. */
  #position(): Position {
    const { step, epoch, batch, seconds } = this.#state;
    return { step, epoch: batch > 0 ? epoch + 1 : epoch, seconds };
  }

  async #flush(): Promise<void> {
    this.#flushed = performance.now();
    await this.#folder.flush(this.#position());
  }

  async #save(which: 'best' | 'last'): Promise<void> {
    // Measured values first: a checkpoint must never be ahead of them.
    await this.#flush();
    await saveCheckpoint(join(this.#folder.path, 'checkpoints', which), this.#head, this.#data.train.vocabulary, this.network.arena, this.#state);
    this.#saved = performance.now();
  }
}

function arrangePhotos(config: TrainConfig, data: TrainingData): TrainingData {
  const { train, validation } = data;
  if (!config.data.shuffle_photos) return data;
  return { ...data, train: shufflePhotos(train, config.seed), validation: shufflePhotos(validation, config.seed + 1) };
}
