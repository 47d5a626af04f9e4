import { join } from 'node:path';
import { exists } from '../core/files.ts';
import type { OptimizerOptions } from '../optim/optimizer.ts';
import { Optimizer } from '../optim/optimizer.ts';
import type { ParameterArena } from '../runtime/arena.ts';
import type { HistoryRow, Position, RunFolder } from '../tracking/runfolder.ts';
import type { TrainingState } from './checkpointfiles.ts';
import { NOT_BEGUN } from './checkpointfiles.ts';
import type { LoopOptions } from './config.ts';
import { stepSeed } from './network.ts';
import type { TrainingResult } from './result.ts';
import { reasonToStop, resultOf } from './result.ts';

/** A model with its data, as the loop sees it. B = a batch ready to be computed. */
export interface Learner<B = unknown> {
  readonly arena: ParameterArena;
  /** Sets every parameter to its value before the first step. */
  initialise(): Promise<void>;
  /** Puts weights and optimiser state of the checkpoint in `folder` into the arena. @returns where that training stood */
  restore(folder: string): Promise<TrainingState>;
  /** The batches of an epoch, counted from 1: always the same ones for the same seed and epoch. */
  epoch(epoch: number): EpochBatches<B>;
  /** Mean loss per word (or whatever is counted) of a batch, and how many; the gradients are left in the arena. @param seed of the dropout masks */
  lossAndGradients(batch: B, seed: number): Promise<{ loss: number; words: number }>;
  /** Mean loss per word on the validation data, without dropout. */
  validationLoss(): Promise<number>;
  /** Writes a checkpoint folder, whole or not at all. */
  save(folder: string, state: TrainingState): Promise<void>;
  /** Ends what reads ahead. */
  close(): Promise<void>;
}

/** Batches of one epoch. */
export interface EpochBatches<B> {
  readonly length: number;
  /** Those from number `first` on; each holds until the next is asked for. */
  from(first: number): AsyncIterable<B> | Iterable<B>;
}

/** Told as training goes on; all optional. */
export interface TrainingEvents {
  /** After each update: share of the epoch done, mean loss of the epoch so far, words per second. */
  onStep?(progress: { step: number; epoch: number; batch: number; batches: number; loss: number; wordsPerSecond: number }): void;
  /** After each epoch, checkpoints and history written: mean losses per word in nats, and whether it is the best so far. */
  onEpoch?(row: HistoryRow & { seconds: number; best: boolean }): Promise<void> | void;
}

/** What the loop reads of a configuration. */
export interface LoopConfig {
  readonly seed: number;
  readonly optimizer: OptimizerOptions;
  readonly training: LoopOptions;
}

/** Training went wrong in a way that no more steps can mend. Exit code 1: the data were fine. */
export class TrainingFailure extends Error {
  override readonly name = 'TrainingFailure';
}

/** Measured values wait in memory at most so long, milliseconds: they show while an epoch goes on, and survive a kill. */
const FLUSH_EVERY = 10_000;

/** One training run: state, and the loop over epochs and batches. */
export class Trainer<L extends Learner = Learner> {
  readonly learner: L;
  readonly #config: LoopConfig;
  readonly #folder: RunFolder;
  readonly #optimizer: Optimizer;
  readonly #likelihood: boolean;
  #state: TrainingState = NOT_BEGUN;
  #started = performance.now();
  #saved = performance.now();
  #flushed = performance.now();

  private constructor(config: LoopConfig, folder: RunFolder, learner: L, optimizer: Optimizer, likelihood: boolean) {
    this.#config = config;
    this.#folder = folder;
    this.learner = learner;
    this.#optimizer = optimizer;
    this.#likelihood = likelihood;
  }

  /**
   * @param checkpoint folder of the one to go on from
   * @param likelihood whether the loss is a log-likelihood, so that there is a perplexity
   * @throws UserError when the checkpoint does not fit the data
   */
  static async open<L extends Learner>(config: LoopConfig, folder: RunFolder, learner: L, checkpoint?: string, likelihood = true): Promise<Trainer<L>> {
    const trainer = new Trainer(config, folder, learner, await Optimizer.open(learner.arena, config.optimizer), likelihood);
    if (checkpoint !== undefined) await trainer.#restore(checkpoint);
    else await learner.initialise();
    return trainer;
  }

  async #restore(checkpoint: string): Promise<void> {
    this.#state = await this.learner.restore(checkpoint);
    this.#optimizer.step = this.#state.step;
    await this.#folder.truncateMetrics(this.#state.step, this.#state.epoch);
    await this.#folder.writeHistory(this.#state.history);
  }

  /** Trains until the epochs are over, the validation loss no longer falls, or `signal` asks to stop. */
  async run(events: TrainingEvents = {}, signal?: AbortSignal): Promise<TrainingResult> {
    this.#started = this.#saved = this.#flushed = performance.now();
    const before = this.#state.seconds;
    if (reasonToStop(this.#state, this.#config.training) === undefined) await this.#folder.markTime(this.#position());
    for (;;) {
      const over = reasonToStop(this.#state, this.#config.training);
      if (over !== undefined) return resultOf(this.#state, this.learner.arena.trainableCount, over, this.#likelihood);
      const finished = await this.#epoch(events, before, signal);
      if (!finished) return resultOf(this.#state, this.learner.arena.trainableCount, 'interrupted', this.#likelihood);
    }
  }

  /** @returns false when interrupted; the state is saved either way */
  async #epoch(events: TrainingEvents, secondsBefore: number, signal: AbortSignal | undefined): Promise<boolean> {
    const batches = this.learner.epoch(this.#state.epoch + 1);
    const begun = performance.now();
    let words = 0;
    for await (const batch of batches.from(this.#state.batch)) {
      words += await this.#step(batch);
      this.#tick(secondsBefore);
      events.onStep?.({
        step: this.#state.step, epoch: this.#state.epoch + 1, batch: this.#state.batch, batches: batches.length,
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
  async #step(batch: unknown): Promise<number> {
    const { loss, words } = await this.learner.lossAndGradients(batch, stepSeed(this.#config.seed, this.#state.step));
    const { gradientNorm, learningRate } = Number.isFinite(loss) ? this.#optimizer.update() : { gradientNorm: NaN, learningRate: NaN };
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) throw await this.#failure('the loss', loss);
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
    await events.onEpoch?.({ ...row, seconds: (performance.now() - begun) / 1000, best });
  }

  /** Mean loss per word on the validation data, without dropout. */
  async validationLoss(): Promise<number> {
    const loss = await this.learner.validationLoss();
    if (!Number.isFinite(loss)) throw await this.#failure('the validation loss', loss);
    return loss;
  }

  /** Updates made. */
  get step(): number {
    return this.#state.step;
  }

  /** Ends what reads ahead. */
  async close(): Promise<void> {
    await this.learner.close();
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
    await this.learner.save(join(this.#folder.path, 'checkpoints', which), this.#state);
    this.#saved = performance.now();
  }
}
