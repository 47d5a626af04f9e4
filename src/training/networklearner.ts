import { join } from 'node:path';
import { z } from 'zod';
import { checkConfig } from '../core/config.ts';
import { readJson } from '../core/files.ts';
import type { OptimizerName } from '../optim/optimizer.ts';
import { OPTIMIZER_SLOTS } from '../optim/optimizer.ts';
import type { FloatTensors, ParameterArena } from '../runtime/arena.ts';
import type { Host, Runtime } from '../runtime/jit.ts';
import type { Vocabulary } from '../text/vocabulary.ts';
import type { TrainingState } from './checkpointfiles.ts';
import { findCheckpoint, readCheckpointVocabulary, readState, readWeights, requireTask, restoreSlots, writeCheckpoint } from './checkpointfiles.ts';
import { checkSameOptions } from './fitting.ts';
import type { LossProgram } from './lossnetwork.ts';
import { LossNetwork } from './lossnetwork.ts';
import type { EpochBatches, Learner } from './trainer.ts';

/** config.json of a checkpoint: what must be known to use the weights. M = options of the model. */
export interface TaskHead<M = unknown> {
  readonly format: 'fabula checkpoint';
  readonly version: 1;
  readonly task: string;
  readonly model: M;
  readonly sizes: Readonly<Record<string, number>>;
  readonly vocabulary_fingerprint: string;
  readonly optimizer: OptimizerName;
  /** Fingerprints and names of what the model works with: the CNN of its photos, the encoder of its vectors. */
  readonly needs: Readonly<Record<string, unknown>>;
}

function headSchema<M>(task: string, model: z.ZodType<M>): z.ZodType<TaskHead<M>> {
  return z.strictObject({
    format: z.literal('fabula checkpoint'),
    version: z.literal(1),
    task: z.literal(task),
    model,
    sizes: z.record(z.string(), z.int()),
    vocabulary_fingerprint: z.string(),
    optimizer: z.enum(Object.keys(OPTIMIZER_SLOTS) as [OptimizerName, ...OptimizerName[]]),
    needs: z.record(z.string(), z.unknown()),
  }) as unknown as z.ZodType<TaskHead<M>>;
}

/** A checkpoint's description and words, without its weights. */
export interface TaskCheckpoint<M> {
  readonly folder: string;
  readonly head: TaskHead<M>;
  readonly vocabulary: Vocabulary;
}

/**
 * Reads what a checkpoint is: of its folder, or of a run folder (then the best one, or `which`).
 * @throws UserError when it is of another task, or damaged
 */
export async function readTaskCheckpoint<M>(path: string, task: string, model: z.ZodType<M>, which: 'best' | 'last' = 'best'): Promise<TaskCheckpoint<M>> {
  const folder = await findCheckpoint(path, which);
  const file = join(folder, 'config.json');
  const found = await readJson(file, 'the checkpoint\'s configuration');
  requireTask(found, task, folder);
  const head = checkConfig(headSchema(task, model), found, file);
  return { folder, head, vocabulary: await readCheckpointVocabulary(folder, head.sizes['vocabulary']!, head.vocabulary_fingerprint) };
}

/** What a `NetworkLearner` is made of. B = a batch of tensors. */
export interface NetworkSetup<B, M> {
  readonly runtime: Runtime;
  readonly program: LossProgram<B>;
  readonly head: TaskHead<M>;
  readonly vocabulary: Vocabulary;
  readonly seed: number;
  /** Batches of an epoch, from 1, each made when its turn comes. */
  epoch(epoch: number): readonly (() => Promise<Host<B>> | Host<B>)[];
  validation(): readonly (() => Promise<Host<B>> | Host<B>)[];
  /** How many words (or pairs) a batch counts: as `LossProgram.count`. */
  count(batch: Host<B>): number;
  /** Sets what does not start at random: word vectors, means. */
  start?(values: FloatTensors): Promise<void>;
}

/** Learns by one loss over batches of one kind, over a vocabulary. */
export class NetworkLearner<B, M> implements Learner<Host<B>> {
  readonly head: TaskHead<M>;
  readonly network: LossNetwork<B>;
  readonly #setup: NetworkSetup<B, M>;

  constructor(setup: NetworkSetup<B, M>) {
    this.#setup = setup;
    this.head = setup.head;
    this.network = new LossNetwork(setup.runtime, setup.program, OPTIMIZER_SLOTS[setup.head.optimizer].length);
  }

  get arena(): ParameterArena {
    return this.network.arena;
  }

  async initialise(): Promise<void> {
    this.network.initialise(this.#setup.seed);
    await this.#setup.start?.(this.arena.values);
  }

  async restore(folder: string): Promise<TrainingState> {
    const { head } = this;
    const found = await readJson(join(folder, 'config.json'), 'the checkpoint\'s configuration');
    requireTask(found, head.task, folder);
    checkSameOptions(join(folder, '..', '..', 'config.json'), head, found as TaskHead);
    const weights = await readWeights(folder, this.arena.values);
    for (const [name, tensor] of Object.entries(weights)) this.arena.values[name]!.data.set(tensor.data);
    await restoreSlots(folder, head.optimizer, this.arena);
    return readState(folder);
  }

  epoch(epoch: number): EpochBatches<Host<B>> {
    const batches = this.#setup.epoch(epoch);
    return { length: batches.length, from: (first) => madeInTurn(batches.slice(first)) };
  }

  async lossAndGradients(batch: Host<B>, seed: number): Promise<{ loss: number; words: number }> {
    return { loss: await this.network.lossAndGradients(batch, seed), words: this.#setup.count(batch) };
  }

  async validationLoss(): Promise<number> {
    let [sum, words] = [0, 0];
    for await (const batch of madeInTurn(this.#setup.validation())) {
      sum += await this.network.summedLoss(batch);
      words += this.#setup.count(batch);
    }
    return sum / words;
  }

  save(folder: string, state: TrainingState): Promise<void> {
    return writeCheckpoint(folder, { head: this.head, vocabulary: this.#setup.vocabulary, arena: this.arena, state });
  }

  async close(): Promise<void> {}
}

async function* madeInTurn<T>(makers: readonly (() => Promise<T> | T)[]): AsyncGenerator<T, void, undefined> {
  for (const make of makers) yield await make();
}
