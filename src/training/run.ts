import { checkConfig } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import { exists, sha256File } from '../core/files.ts';
import { Random } from '../core/random.ts';
import { openFeatureFiles } from '../data/featureset.ts';
import type { FeatureTable } from '../data/features.ts';
import { readStories } from '../data/stories.ts';
import { checkModelOptions } from '../models/options.ts';
import type { Runtime } from '../runtime/jit.ts';
import { openRuntime } from '../runtime/jit.ts';
import { embeddingTable } from '../text/embedding.ts';
import { readWordVectors } from '../text/wordvectors.ts';
import { RunFolder } from '../tracking/runfolder.ts';
import { checkpointToResume, keepCnn, tidyCheckpoints } from './checkpoint.ts';
import type { TrainConfig, TrainSettings } from './config.ts';
import { trainSchema } from './config.ts';
import { checkData, checkSameModel } from './fitting.ts';
import type { TrainingData, TrainingEvents, TrainingResult } from './trainer.ts';
import { Trainer } from './trainer.ts';

export interface TrainRequest {
  /** Keys left out have their defaults. */
  readonly config: TrainSettings;
  /** Where run folders are made. */
  readonly runs: string;
  /** Told once everything is open; what it returns is told of the training. */
  readonly events?: (open: OpenTraining) => TrainingEvents;
  readonly signal?: AbortSignal;
}

export interface OpenTraining {
  readonly config: TrainConfig;
  readonly folder: RunFolder;
  readonly data: TrainingData;
  readonly runtime: Runtime;
  readonly trainer: Trainer;
  /** Epochs done before, in a resumed run. */
  readonly resumedFrom: number;
}

export interface TrainOutcome {
  readonly folder: string;
  readonly result: TrainingResult;
}

/** Trains a model into a new run folder. @throws UserError before anything is written when inputs do not fit */
export async function train(request: TrainRequest): Promise<TrainOutcome> {
  const config = checkConfig(trainSchema, request.config, 'the configuration');
  checkModelOptions(config.model);
  return withData(config, async (data, runtime) => {
    checkData(config, data);
    await checkCnn(config, data.features);
    const words = await readWords(config, data);
    const folder = await RunFolder.create(request.runs, config.name, config);
    if (config.data.cnn !== null) await keepCnn(folder.path, config.data.cnn);
    const trainer = await Trainer.open(config, folder, data, runtime);
    if (words) setWords(trainer, words);
    return finish(request, { config, folder, data, runtime, trainer, resumedFrom: 0 });
  });
}

/** Continues a run from its last checkpoint, exactly as if it had never stopped. */
export async function resume(path: string, request: Omit<TrainRequest, 'config' | 'runs'>): Promise<TrainOutcome> {
  const folder = await RunFolder.open(path);
  const config = checkConfig(trainSchema, await folder.readConfig(), folder.file('config.json'));
  return withData(config, async (data, runtime) => {
    const checkpoint = await checkpointToResume(path);
    if (checkpoint) checkSameModel(folder.file('config.json'), config, checkpoint.head);
    const trainer = await Trainer.open(config, folder, data, runtime, checkpoint);
    if (!checkpoint) await beginAgain(config, folder, data, trainer);
    await tidyCheckpoints(path);
    return finish(request, { config, folder, data, runtime, trainer, resumedFrom: checkpoint?.state.epoch ?? 0 });
  });
}

/** A run stopped before its first checkpoint. */
async function beginAgain(config: TrainConfig, folder: RunFolder, data: TrainingData, trainer: Trainer): Promise<void> {
  if (config.data.cnn !== null) await keepCnn(folder.path, config.data.cnn);
  const words = await readWords(config, data);
  if (words) setWords(trainer, words);
  await folder.truncateMetrics(0, 0);
}

async function finish(request: Pick<TrainRequest, 'events' | 'signal'>, open: OpenTraining): Promise<TrainOutcome> {
  try {
    const result = await open.trainer.run(request.events?.(open), request.signal);
    await open.folder.writeJson('result.json', result);
    return { folder: open.folder.path, result };
  } finally {
    await open.trainer.close();
  }
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
