import type { z } from 'zod';
import type { Runtime, RuntimeOptions } from '../runtime/jit.ts';
import type { DataRecord } from '../tracking/environment.ts';
import type { RunFolder } from '../tracking/runfolder.ts';
import type { Learner, LoopConfig, Trainer } from './trainer.ts';

/** What every training's configuration has. */
export interface RunConfig extends LoopConfig {
  readonly task: string;
  readonly name: string;
  readonly runtime: Pick<RuntimeOptions, 'backend' | 'device' | 'threads'>;
}

/** A kind of model that can be trained: what its configuration looks like, and what opens it. */
export interface TrainingKind<C extends RunConfig = RunConfig, T extends OpenTask = OpenTask> {
  /** The `task` key of its configurations. */
  readonly task: string;
  readonly schema: z.ZodType<C>;
  /**
   * Reads the data and makes the model.
   * @param checkpoint folder of the one to go on from; undefined for a run that begins
   * @throws UserError when inputs do not fit: nothing is written yet
   */
  open(config: C, runtime: Runtime, checkpoint: string | undefined): Promise<T>;
}

/** A model with its data, ready to be trained. */
export interface OpenTask {
  readonly learner: Learner;
  /** What is trained on what, in words: `attention, 2280 stories`. */
  readonly title: string;
  /** False where the loss is no log-likelihood: then there is no perplexity. Default: true. */
  readonly likelihood?: boolean;
  /** What was read that decides the numbers, by its key in the configuration. */
  records(): Promise<Record<string, DataRecord>>;
  /** Puts what later use needs into the folder of a run that begins. */
  keep(folder: string): Promise<void>;
  /** What the model makes of some validation data, a line each; kept in the run folder, where that is of use. @param epoch from 1 */
  samples?(folder: RunFolder, epoch: number): Promise<readonly string[]>;
  /** Ends what the data hold open. */
  close(): Promise<void>;
}

/** A training about to begin, with everything that it uses. */
export interface OpenTraining<C extends RunConfig = RunConfig, T extends OpenTask = OpenTask> {
  readonly config: C;
  readonly folder: RunFolder;
  readonly task: T;
  readonly runtime: Runtime;
  readonly trainer: Trainer;
  /** Epochs done before, in a resumed run. */
  readonly resumedFrom: number;
  /** What may change the numbers, against the run that is repeated or resumed; a line each. */
  readonly changes: readonly string[];
}
