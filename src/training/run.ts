import { basename, resolve as resolvePath } from 'node:path';
import { checkConfig, loadConfig } from '../core/config.ts';
import { messageOf, UserError } from '../core/errors.ts';
import { exists, readJson, sha256File } from '../core/files.ts';
import { Random } from '../core/random.ts';
import { openFeatureFiles } from '../data/featureset.ts';
import type { FeatureTable } from '../data/features.ts';
import { readStories } from '../data/stories.ts';
import { checkModelOptions } from '../models/options.ts';
import type { Runtime } from '../runtime/jit.ts';
import { openRuntime } from '../runtime/jit.ts';
import { embeddingTable } from '../text/embedding.ts';
import { readWordVectors } from '../text/wordvectors.ts';
import { holdingRun } from '../tracking/lock.ts';
import { RunFolder } from '../tracking/runfolder.ts';
import { checkpointToResume, keepCnn, tidyCheckpoints } from './checkpoint.ts';
import type { TrainConfig, TrainSettings } from './config.ts';
import { trainSchema } from './config.ts';
import { changesSince, environmentDetails, noteChanges } from './datarecords.ts';
import { checkData, checkSameModel } from './fitting.ts';
import type { TrainingResult } from './result.ts';
import type { TrainingData, TrainingEvents } from './trainer.ts';
import { Trainer } from './trainer.ts';

/** What to train, where, and who is told of it. */
export interface TrainRequest {
  /** Keys left out have their defaults. */
  readonly config: TrainSettings;
  /** Where run folders are made. */
  readonly runs: string;
  /** Folder of the run that this one repeats: noted by its name, and compared with for `OpenTraining.changes`. */
  readonly from?: string | undefined;
  /** Name of the sweep that this run belongs to, noted in run.json. */
  readonly parent?: string | undefined;
  /** Told once everything is open; what it returns is told of the training. */
  readonly events?: (open: OpenTraining) => TrainingEvents;
  readonly signal?: AbortSignal;
}

/** A training about to begin, with everything that it uses. */
export interface OpenTraining {
  readonly config: TrainConfig;
  readonly folder: RunFolder;
  readonly data: TrainingData;
  readonly runtime: Runtime;
  readonly trainer: Trainer;
  /** Epochs done before, in a resumed run. */
  readonly resumedFrom: number;
  /** What may change the numbers, against the run that is repeated or resumed; a line each. */
  readonly changes: readonly string[];
}

/** A training that has ended. */
export interface TrainOutcome {
  readonly folder: string;
  readonly result: TrainingResult;
}

/** Trains a model into a new run folder. @throws UserError before anything is written when inputs do not fit */
export async function train(request: TrainRequest): Promise<TrainOutcome> {
  const config = checkConfig(trainSchema, request.config, 'the configuration');
  checkModelOptions(config.model);
  const { from, parent } = request;
  return withData(config, async (data, runtime) => {
    checkData(config, data);
    await checkCnn(config, data.features);
    const words = await readWords(config, data);
    const details = await environmentDetails(config, data);
    const changes = from === undefined ? [] : await changesSince(from, details);
    const folder = await RunFolder.create(request.runs, config.name, config, { ...details, parent, from: from === undefined ? undefined : basename(resolvePath(from)) });
    return holdingRun(folder.path, async () => {
      if (config.data.cnn !== null) await keepCnn(folder.path, config.data.cnn);
      const trainer = await Trainer.open(config, folder, data, runtime);
      if (words) setWords(trainer, words);
      return runToEnd(request, { config, folder, data, runtime, trainer, resumedFrom: 0, changes });
    });
  });
}

/**
 * Continues a run from its last checkpoint, exactly as if it had never stopped.
 * @throws UserError when another process works on it, or its files do not fit together
 */
export async function resume(path: string, request: Omit<TrainRequest, 'config' | 'runs' | 'from' | 'parent'>): Promise<TrainOutcome> {
  const folder = await openTrainingRun(path);
  return holdingRun(path, async () => {
    const config = checkConfig(trainSchema, await folder.readConfig(), folder.file('config.json'));
    return withData(config, async (data, runtime) => {
      const checkpoint = await checkpointToResume(path);
      if (checkpoint) checkSameModel(folder.file('config.json'), config, checkpoint.head);
      const changes = await changesSince(path, await environmentDetails(config, data));
      const trainer = await Trainer.open(config, folder, data, runtime, checkpoint);
      return runToEnd(request, { config, folder, data, runtime, trainer, resumedFrom: checkpoint?.state.epoch ?? 0, changes }, async () => {
        if (!checkpoint) await beginAgain(config, folder, data, trainer);
        await tidyCheckpoints(path);
        await noteChanges(folder, trainer.step, changes);
        await forgetInterruption(folder);
      });
    });
  });
}

/** The configuration of a run with settings changed, to train it again. @throws UserError when there is no training in the folder */
export async function configOf(path: string, sets: readonly string[] = []): Promise<TrainConfig> {
  const folder = await openTrainingRun(path);
  return loadConfig(trainSchema, folder.file('config.json'), sets);
}

async function openTrainingRun(path: string): Promise<RunFolder> {
  const folder = await RunFolder.open(path);
  if ((await folder.readHead()).kind !== 'train') throw new UserError(`${path}: an evaluation, not a training`);
  return folder;
}

/** A run stopped before its first checkpoint. */
async function beginAgain(config: TrainConfig, folder: RunFolder, data: TrainingData, trainer: Trainer): Promise<void> {
  if (config.data.cnn !== null) await keepCnn(folder.path, config.data.cnn);
  const words = await readWords(config, data);
  if (words) setWords(trainer, words);
  await folder.truncateMetrics(0, 0);
}

/** @param prepare what a resumed run still needs before it goes on */
async function runToEnd(request: Pick<TrainRequest, 'events' | 'signal'>, open: OpenTraining, prepare?: () => Promise<void>): Promise<TrainOutcome> {
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
  } finally {
    await trainer.close();
  }
}

/** What an interrupted run came to no longer holds once it goes on; a kill must not leave it behind. */
async function forgetInterruption(folder: RunFolder): Promise<void> {
  const path = folder.file('result.json');
  if (!(await exists(path))) return;
  const { stopped } = ((await readJson(path, 'the result of the run').catch(() => null)) ?? {}) as { stopped?: unknown };
  if (stopped !== 'all epochs' && stopped !== 'no improvement') await folder.removeResult();
}

async function withData(config: TrainConfig, use: (data: TrainingData, runtime: Runtime) => Promise<TrainOutcome>): Promise<TrainOutcome> {
  const [trainStories, validation] = [await readStories(config.data.train), await readStories(config.data.validation)];
  const features = await openFeatureFiles([config.data.features].flat());
  const runtime = await openRuntime(config.runtime);
  try {
    return await use({ train: trainStories, validation, features }, runtime);
  } finally {
    features.close();
    await runtime.dispose();
  }
}

async function checkCnn(config: TrainConfig, features: FeatureTable): Promise<void> {
  const { cnn } = config.data;
  if (cnn === null) return;
  if (!(await exists(cnn))) throw new UserError(`data.cnn: ${cnn}: no such file`);
  if (features.info && (await sha256File(cnn)) !== features.info.weightsSha256) {
    throw new UserError(`data.cnn: ${cnn} is not the CNN that made ${features.path}`);
  }
}

/** The word vectors to start from, [words, size], where the configuration names some. */
async function readWords(config: TrainConfig, data: TrainingData): Promise<Float32Array | undefined> {
  const path = config.model.embedding.vectors;
  if (path === null) return undefined;
  const vectors = await readWordVectors(path, { only: data.train.vocabulary.words });
  if (vectors.dimension !== config.model.embedding.size) {
    throw new UserError(`model.embedding.size: ${path} has vectors of ${vectors.dimension} numbers; set model.embedding.size=${vectors.dimension}`);
  }
  const table = embeddingTable(data.train.vocabulary, vectors, { random: new Random(`${config.seed}/word vectors`), missingScale: 'matched' });
  return table.data as Float32Array;
}

function setWords(trainer: Trainer, words: Float32Array): void {
  trainer.network.arena.values['embedding']!.data.set(words);
}
