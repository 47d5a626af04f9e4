import { basename, resolve as resolvePath } from 'node:path';
import { checkConfig, loadConfig } from '../core/config.ts';
import { messageOf, UserError } from '../core/errors.ts';
import { exists, readJson, resolveAtomicFolder } from '../core/files.ts';
import type { Runtime } from '../runtime/jit.ts';
import { openRuntime } from '../runtime/jit.ts';
import { holdingRun } from '../tracking/lock.ts';
import { RunFolder } from '../tracking/runfolder.ts';
import { findCheckpoint, readState, taskOf, tidyCheckpoints } from './checkpointfiles.ts';
import type { TrainConfig, TrainSettings } from './config.ts';
import { changesSince, environmentDetails, noteChanges } from './datarecords.ts';
import type { TrainingResult } from './result.ts';
import type { StoryTask } from './storytask.ts';
import { storyTraining } from './storytask.ts';
import type { OpenTask, OpenTraining, RunConfig, TrainingKind } from './task.ts';
import type { TrainingEvents } from './trainer.ts';
import { Trainer } from './trainer.ts';

/** What to train, where, and who is told of it. */
export interface TaskRequest<C extends RunConfig = RunConfig, T extends OpenTask = OpenTask> {
  /** Keys left out have their defaults. */
  readonly config: unknown;
  /** Where run folders are made. */
  readonly runs: string;
  /** Folder of the run that this one repeats: noted by its name, and compared with for `OpenTraining.changes`. */
  readonly from?: string | undefined;
  /** Name of the sweep that this run belongs to, noted in run.json. */
  readonly parent?: string | undefined;
  /** Told once everything is open; what it returns is told of the training. */
  readonly events?: (open: OpenTraining<C, T>) => TrainingEvents;
  readonly signal?: AbortSignal;
}

/** A request to train a story model. */
export interface TrainRequest extends TaskRequest<TrainConfig, StoryTask> {
  /** Keys left out have their defaults. */
  readonly config: TrainSettings;
}

/** A request to go on with a run. */
export type ResumeRequest<C extends RunConfig, T extends OpenTask> = Omit<TaskRequest<C, T>, 'config' | 'runs' | 'from' | 'parent'>;

/** A training that has ended. */
export interface TrainOutcome {
  readonly folder: string;
  readonly result: TrainingResult;
}

/** Trains a story model into a new run folder. @throws UserError before anything is written when inputs do not fit */
export function train(request: TrainRequest): Promise<TrainOutcome> {
  return trainTask(storyTraining, request);
}

/**
 * Continues the run of a story model from its last checkpoint, exactly as if it had never stopped.
 * @throws UserError when another process works on it, or its files do not fit together
 */
export function resume(path: string, request: ResumeRequest<TrainConfig, StoryTask> = {}): Promise<TrainOutcome> {
  return resumeTask(storyTraining, path, request);
}

/** The configuration of a story model's run with settings changed, to train it again. @throws UserError when there is no training in the folder */
export function configOf(path: string, sets: readonly string[] = []): Promise<TrainConfig> {
  return taskConfigOf(storyTraining, path, sets);
}

/** Trains a model of any kind into a new run folder. @throws UserError before anything is written when inputs do not fit */
export async function trainTask<C extends RunConfig, T extends OpenTask>(kind: TrainingKind<C, T>, request: TaskRequest<C, T>): Promise<TrainOutcome> {
  const config = checkConfig(kind.schema, request.config, 'the configuration');
  const { from, parent } = request;
  return withTask(kind, config, undefined, async (task, runtime) => {
    const details = await environmentDetails(config, task);
    const changes = from === undefined ? [] : await changesSince(from, details);
    const folder = await RunFolder.create(request.runs, config.name, config, { ...details, parent, likelihood: task.likelihood, from: from === undefined ? undefined : basename(resolvePath(from)) });
    return holdingRun(folder.path, async () => {
      await task.keep(folder.path);
      const trainer = await Trainer.open(config, folder, task.learner, undefined, task.likelihood);
      return runToEnd(request, { config, folder, task, runtime, trainer, resumedFrom: 0, changes });
    });
  });
}

/** Continues a run of this kind from its last checkpoint. @throws UserError when another process works on it, or its files do not fit together */
export async function resumeTask<C extends RunConfig, T extends OpenTask>(kind: TrainingKind<C, T>, path: string, request: ResumeRequest<C, T> = {}): Promise<TrainOutcome> {
  const folder = await openTrainingRun(path);
  return holdingRun(path, async () => {
    const config = checkConfig(kind.schema, await folder.readConfig(), folder.file('config.json'));
    const checkpoint = await checkpointToResume(path);
    return withTask(kind, config, checkpoint, async (task, runtime) => {
      const changes = await changesSince(path, await environmentDetails(config, task));
      const resumedFrom = checkpoint === undefined ? 0 : (await readState(checkpoint)).epoch;
      const trainer = await Trainer.open(config, folder, task.learner, checkpoint, task.likelihood);
      return runToEnd(request, { config, folder, task, runtime, trainer, resumedFrom, changes }, async () => {
        if (checkpoint === undefined) await beginAgain(folder, task);
        await tidyCheckpoints(path);
        await noteChanges(folder, trainer.step, changes);
        await forgetInterruption(folder);
      });
    });
  });
}

/** The configuration of a run of this kind with settings changed. @throws UserError when there is no training in the folder */
export async function taskConfigOf<C extends RunConfig>(kind: Pick<TrainingKind<C>, 'schema'>, path: string, sets: readonly string[] = []): Promise<C> {
  const folder = await openTrainingRun(path);
  return loadConfig(kind.schema, folder.file('config.json'), sets);
}

/** The task that a run trains: the `task` key of its configuration. @throws UserError when there is no training in the folder */
export async function taskOfRun(path: string): Promise<string> {
  return taskOf(await (await openTrainingRun(path)).readConfig());
}

async function openTrainingRun(path: string): Promise<RunFolder> {
  const folder = await RunFolder.open(path);
  if ((await folder.readHead()).kind !== 'train') throw new UserError(`${path}: an evaluation, not a training`);
  return folder;
}

/**
 * What a run goes on from: its last checkpoint, or the best where a stop fell between the two; undefined when it was
 * stopped before the first.
 */
async function checkpointToResume(path: string): Promise<string | undefined> {
  for (const which of ['last', 'best']) {
    const folder = await resolveAtomicFolder(`${path}/checkpoints/${which}`);
    if (await exists(folder)) return findCheckpoint(folder);
  }
  return undefined;
}

/** A run stopped before its first checkpoint. */
async function beginAgain(folder: RunFolder, task: OpenTask): Promise<void> {
  await task.keep(folder.path);
  await folder.truncateMetrics(0, 0);
}

/** @param prepare what a resumed run still needs before it goes on */
async function runToEnd<C extends RunConfig, T extends OpenTask>(request: Pick<TaskRequest<C, T>, 'events' | 'signal'>, open: OpenTraining<C, T>, prepare?: () => Promise<void>): Promise<TrainOutcome> {
  const { folder, trainer } = open;
  try {
    await prepare?.();
    await folder.markFailed(undefined);
    const result = await trainer.run(request.events?.(open), request.signal);
    await folder.writeJson('result.json', result);
    return { folder: folder.path, result };
  } catch (error) {
    // A full disk may be why: then this fails too, and the first error is the one to tell.
    await folder.markFailed(messageOf(error).replaceAll(folder.path, '.')).catch(() => undefined);
    throw error;
  }
}

/** What an interrupted run came to no longer holds once it goes on; a kill must not leave it behind. */
async function forgetInterruption(folder: RunFolder): Promise<void> {
  const path = folder.file('result.json');
  if (!(await exists(path))) return;
  const { stopped } = ((await readJson(path, 'the result of the run').catch(() => null)) ?? {}) as { stopped?: unknown };
  if (stopped !== 'all epochs' && stopped !== 'no improvement') await folder.removeResult();
}

async function withTask<C extends RunConfig, T extends OpenTask>(kind: TrainingKind<C, T>, config: C, checkpoint: string | undefined, use: (task: T, runtime: Runtime) => Promise<TrainOutcome>): Promise<TrainOutcome> {
  const runtime = await openRuntime(config.runtime);
  try {
    const task = await kind.open(config, runtime, checkpoint);
    try {
      return await use(task, runtime);
    } finally {
      await task.learner.close();
      await task.close();
    }
  } finally {
    await runtime.dispose();
  }
}
