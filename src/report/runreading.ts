import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf, UserError } from '../core/errors.ts';
import { resolveAtomicFolder } from '../core/files.ts';
import { groupOf } from '../core/groups.ts';
import { readJsonLines } from '../tracking/jsonlines.ts';
import type { RunRecord } from '../tracking/runrecord.ts';
import { listRuns } from '../tracking/runrecord.ts';
import type { HistoryRow } from '../tracking/runfolder.ts';
import { scoreFile } from './scorefile.ts';
import type { ScoreFile } from './scorefile.ts';

/** What was measured at an update; `epoch` counts from 1. */
export interface StepValues {
  readonly step: number;
  readonly epoch: number;
  /** Mean loss per word of the batch, in nats. */
  readonly loss: number;
  readonly learningRate: number | null;
  /** Words of the batch; older runs do not say. */
  readonly words: number | null;
}

/** A story that a run wrote while it was trained. */
export interface SampleStory {
  readonly id: string;
  readonly imageIds: readonly string[];
  readonly sentences: readonly string[];
}

/** A run as tables and reports show it: what its folder says, and whatever of that is missing. */
export interface RunReading {
  /** Where it is. */
  readonly path: string;
  /** Its folder's name, with folders before it where several runs have the same. */
  readonly name: string;
  readonly kind: 'train' | 'evaluate';
  /** The resolved configuration; empty where it cannot be read. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, unknown>>;
  /** Such as `attention`. */
  readonly model: string | null;
  /** Whether losses are log-likelihoods, in nats per word. */
  readonly likelihood: boolean;
  /** Epochs count from 0, as in history.csv. */
  readonly history: readonly HistoryRow[];
  /** From 1. */
  readonly bestEpoch: number | null;
  readonly steps: readonly StepValues[];
  /** Steps trained, of which a damaged file may hold fewer. */
  readonly trainedSteps: number;
  readonly parameters: number | null;
  /** Seconds of training. */
  readonly seconds: number | null;
  /** Size of the weights in bytes. */
  readonly weightBytes: number | null;
  /** Those of the last epoch that told some. */
  readonly samples: { readonly epoch: number; readonly stories: readonly SampleStory[] } | null;
  readonly scores: readonly ScoreFile[];
  /** Paths of stories*.jsonl. */
  readonly storyFiles: readonly string[];
  /** A phrase for each thing that is missing or cannot be read. */
  readonly missing: readonly string[];
}

/**
 * Reads runs, in the order given. A folder of runs stands for those in it.
 * @throws UserError when a path is no run and holds none, or a run is named twice
 */
export async function readRuns(paths: readonly string[]): Promise<RunReading[]> {
  const records: RunRecord[] = [];
  for (const path of paths) {
    const found = await listRuns([path]);
    if (found.length === 0) throw new UserError(`${path}: no run is here; give run folders, or a folder of them`);
    records.push(...shown(found, path));
  }
  const folders = records.map(({ path }) => resolve(path));
  const twice = records.find((_, i) => folders.indexOf(folders[i]!) < i);
  if (twice !== undefined) throw new UserError(`${twice.path}: the run is named twice; name it once`);
  const names = distinctNames(folders);
  return Promise.all(records.map((record, i) => readRun(record, names[i]!)));
}

/** Of a folder of runs the trainings: what evaluations found stands in the runs they scored. One named by itself is shown. */
function shown(found: readonly RunRecord[], path: string): readonly RunRecord[] {
  const trainings = found.filter(({ kind }) => kind === 'train');
  const isNamed = found.length === 1 && resolve(found[0]!.path) === resolve(path);
  return isNamed || trainings.length === 0 ? found : trainings;
}

/** The folders' names, with as many folders before them as make them different. */
function distinctNames(folders: readonly string[]): string[] {
  const tail = (folder: string, depth: number): string => (depth === 0 ? basename(folder) : `${tail(dirname(folder), depth - 1)}/${basename(folder)}`);
  return folders.map((folder) => {
    let depth = 0;
    while (depth < 16 && folders.some((other) => other !== folder && tail(other, depth) === tail(folder, depth))) depth++;
    return tail(folder, depth);
  });
}

async function readRun(record: RunRecord, name: string): Promise<RunReading> {
  const { path, kind, config, environment, model, likelihood, history, best_epoch: bestEpoch, parameters, seconds } = record;
  const missing = [...record.problems];
  const lines = async (file: string): Promise<readonly Record<string, unknown>[]> => {
    const { rows, damaged } = await readJsonLines<Record<string, unknown>>(join(path, file)).catch((error: unknown) => {
      if (!missing.some((problem) => problem.startsWith(file))) missing.push(messageOf(error).replace(join(path, '/'), ''));
      return { rows: [], damaged: [] };
    });
    if (damaged.length > 0 && !missing.some((problem) => problem.startsWith(file))) missing.push(`${file}: line ${damaged.join(', ')} cut or no JSON, and left out`);
    return rows;
  };
  const metrics = kind === 'train' ? await lines('metrics.jsonl') : [];
  const steps = metrics.flatMap(stepOf);
  if (kind === 'train') missing.push(...absent(record, steps));
  const files = (await readdir(path).catch(() => [])).filter((file) => /^stories.*\.jsonl$/.test(file)).sort();
  return {
    path, name, kind, model, likelihood, history, bestEpoch, steps, trainedSteps: Math.max(record.steps ?? 0, steps.length), parameters, seconds, missing,
    config: config ?? {}, environment: environment ?? {},
    weightBytes: await weightBytes(path),
    samples: lastSamples(await lines('samples.jsonl')),
    scores: record.scores.map(scoreFile),
    storyFiles: files.map((file) => join(path, file)),
  };
}

/** What every training has sooner or later, and this one has not. */
function absent({ status, history, parameters, problems, steps: all }: RunRecord, steps: readonly StepValues[]): string[] {
  const named = (file: string): boolean => problems.some((problem) => problem.startsWith(file));
  return [
    ...(steps.length > 0 && all !== null && steps.length < all && !named('metrics.jsonl') ? [`metrics.jsonl: ${steps.length} of ${all} steps are there`] : []),
    ...(steps.length === 0 && !named('metrics.jsonl') ? ['metrics.jsonl: no training step is in it, or it is missing'] : []),
    ...(history.length === 0 && !named('history.csv') ? ['history.csv: no epoch is in it, or it is missing'] : []),
    ...(parameters === null && !named('result.json') ? [`result.json: missing: the run is ${status}`] : []),
  ];
}

function stepOf(line: Readonly<Record<string, unknown>>): StepValues[] {
  const [step, epoch, loss] = [numberOf(line['step']), numberOf(line['epoch']), numberOf(line['loss'])];
  if (step === null || epoch === null || loss === null) return [];
  return [{ step, epoch, loss, learningRate: numberOf(line['learning_rate']), words: numberOf(line['words']) }];
}

async function weightBytes(folder: string): Promise<number | null> {
  for (const which of ['best', 'last']) {
    const checkpoint = await resolveAtomicFolder(join(folder, 'checkpoints', which));
    const size = await stat(join(checkpoint, 'weights.safetensors')).then((found) => found.size, () => null);
    if (size !== null) return size;
  }
  return null;
}

function lastSamples(lines: readonly Readonly<Record<string, unknown>>[]): RunReading['samples'] {
  for (const { epoch, stories } of lines.toReversed() as { epoch?: unknown; stories?: unknown }[]) {
    const told = (Array.isArray(stories) ? stories : []).flatMap(sampleOf);
    if (told.length > 0) return { epoch: numberOf(epoch) ?? 0, stories: told };
  }
  return null;
}

function sampleOf(value: unknown): SampleStory[] {
  const { id, image_ids: imageIds, sentences } = groupOf(value);
  const strings = (list: unknown): list is string[] => Array.isArray(list) && list.every((item) => typeof item === 'string');
  return typeof id === 'string' && strings(imageIds) && strings(sentences) ? [{ id, imageIds, sentences }] : [];
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
