import { cp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../core/errors.ts';
import { exists, readJson, resolveAtomicFolder, writeFolderAtomic } from '../core/files.ts';
import { sizeOf } from '../core/hosttensor.ts';
import { readSafetensors } from '../io/safetensors.ts';
import { filterJsonLines, readJsonLines } from '../tracking/jsonlines.ts';
import { holdingRun } from '../tracking/lock.ts';
import type { Metric } from '../tracking/runfolder.ts';
import { RunFolder } from '../tracking/runfolder.ts';
import { historyOf, readRun } from '../tracking/runrecord.ts';
import { loadCheckpoint } from './checkpoint.ts';
import type { TrainingState } from './checkpointfiles.ts';
import { readState, taskOf, tidyCheckpoints } from './checkpointfiles.ts';
import type { LoopOptions } from './config.ts';
import { loopShape, trainSchema } from './config.ts';
import { reasonToStop, resultOf } from './result.ts';

/** Something wrong with a file of a run folder. */
export interface Finding {
  /** In the run folder. */
  readonly file: string;
  /** What is wrong with it. */
  readonly what: string;
  /** What can be saved and how, or that it is lost. */
  readonly remedy: string;
  /** Saves what can be; undefined where nothing can be done to the folder. */
  readonly repair?: () => Promise<void>;
}

/** A checkpoint that is whole, of whatever model. */
interface Checkpoint {
  readonly folder: string;
  readonly state: TrainingState;
  /** Trainable values. */
  readonly parameters: number;
}

/** What a checkpoint folder came to. */
interface Found {
  /** Without a reason it is whole; without both it is not there. */
  readonly checkpoint?: Checkpoint;
  readonly reason?: string;
}

/** What is missing or cut in a run folder, and what can be saved of it. Nothing is changed. @throws UserError when it is no run */
export async function inspectRun(path: string): Promise<Finding[]> {
  const { kind } = await readRun(path);
  const findings = await inspectDescriptions(path);
  if (kind === 'evaluate') return findings;
  const [best, last] = [await readCheckpoint(path, 'best'), await readCheckpoint(path, 'last')];
  const config = await readConfig(path);
  return [
    ...(config === undefined ? [configFinding(best.checkpoint !== undefined || last.checkpoint !== undefined)] : []),
    ...findings,
    ...checkpointFindings(path, best, last),
    ...(await inspectMetrics(path, last.checkpoint ?? best.checkpoint)),
    ...(await inspectResult(path, config, last.checkpoint)),
    ...(await inspectLeftovers(path)),
  ];
}

/** Saves what can be. @returns what was done, and what could not be helped. @throws UserError when a process works on the run */
export async function rescueRun(path: string): Promise<{ done: Finding[]; left: Finding[] }> {
  await readRun(path);
  return holdingRun(path, async () => {
    const found = await inspectRun(path);
    for (const { repair } of found) await repair?.();
    return { done: found.filter(({ repair }) => repair), left: found.filter(({ repair }) => !repair) };
  });
}

/** What this needs of any training's configuration. */
const runSchema = z.looseObject({ training: z.looseObject(loopShape) });

async function readConfig(path: string): Promise<{ training: LoopOptions } | undefined> {
  const file = join(path, 'config.json');
  const config = await readJson(file, 'the configuration').catch(() => undefined);
  const schema = taskOf(config) === 'story' ? trainSchema : runSchema;
  const result = schema.safeParse(config);
  return result.success ? result.data : undefined;
}

function configFinding(weights: boolean): Finding {
  const kept = weights ? 'the checkpoints work without it, for fabula tell and generate; ' : '';
  return { file: 'config.json', what: 'missing, cut or not the configuration of a training', remedy: `${kept}to resume the run, write it again: fabula train CONFIG --dry-run prints all keys` };
}

/** The small JSON files and the tables of lines. */
async function inspectDescriptions(path: string): Promise<Finding[]> {
  const { problems } = await readRun(path);
  const findings: Finding[] = [];
  const reasonFor = (file: string): string | undefined => problems.find((problem) => problem.startsWith(`${file}: `))?.slice(file.length + 2);
  const head = reasonFor('run.json');
  if (head !== undefined) {
    const repair = (): Promise<void> => new RunFolder(path).writeJson('run.json', { kind: 'train', started: '' });
    findings.push({ file: 'run.json', what: head, remedy: 'written again, without start and origin of the run', repair });
  }
  const environment = reasonFor('environment.json');
  if (environment !== undefined) {
    findings.push({ file: 'environment.json', what: environment, remedy: 'put aside: what the run was made with is no longer known', repair: () => putAside(path, 'environment.json') });
  }
  for (const file of ['metrics.jsonl', 'timeline.jsonl', 'samples.jsonl']) {
    const { damaged } = await readJsonLines(join(path, file));
    const repair = (): Promise<void> => filterJsonLines(join(path, file), () => true);
    if (damaged.length > 0) findings.push({ file, what: cutLines(damaged), remedy: 'the other lines are whole; the cut ones go', repair });
  }
  for (const problem of problems.filter((text) => text.startsWith('scores/'))) {
    const [file, ...rest] = problem.split(': ');
    findings.push({ file: file!, what: rest.join(': '), remedy: 'score the stories again with fabula evaluate' });
  }
  for (const file of (await readdir(path)).filter((name) => /^stories.*\.jsonl$/.test(name))) {
    const { damaged } = await readJsonLines(join(path, file));
    if (damaged.length > 0) findings.push({ file, what: cutLines(damaged), remedy: 'tell the stories again with fabula generate' });
  }
  return findings;
}

function cutLines(damaged: readonly number[]): string {
  return `line${damaged.length === 1 ? '' : 's'} ${damaged.slice(0, 5).join(', ')}${damaged.length > 5 ? ', ...' : ''} cut`;
}

async function readCheckpoint(path: string, which: 'best' | 'last'): Promise<Found> {
  const folder = await resolveAtomicFolder(join(path, 'checkpoints', which));
  if (!(await exists(folder))) return {};
  try {
    const head = await readJson(join(folder, 'config.json'), 'the checkpoint\'s configuration');
    // Of a story model every shape is known here; the files of others must be whole.
    if (taskOf(head) === 'story') await loadCheckpoint(folder);
    else await readSafetensors(join(folder, 'weights.safetensors'));
    return { checkpoint: { folder, state: await readState(folder), parameters: await countTrainable(folder) } };
  } catch (error) {
    return { reason: messageOf(error).replaceAll(`${folder}/`, '').replaceAll(folder, `checkpoints/${which}`) };
  }
}

/** Trainable values: those that the optimiser keeps something for. */
async function countTrainable(folder: string): Promise<number> {
  const { tensors } = await readSafetensors(join(folder, 'optimizer.safetensors'));
  const first = [...tensors.keys()][0]?.split('/')[0];
  return [...tensors].filter(([name]) => name.startsWith(`${first}/`)).reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0);
}

function checkpointFindings(path: string, best: Found, last: Found): Finding[] {
  const findings: Finding[] = [];
  const aside = (which: 'best' | 'last'): Promise<void> => putAside(path, join('checkpoints', which));
  const replace = async (which: 'best' | 'last', from: Checkpoint): Promise<void> => {
    await aside(which);
    await writeFolderAtomic(join(path, 'checkpoints', which), (fresh) => cp(from.folder, fresh, { recursive: true }));
  };
  if (last.reason !== undefined) {
    const { checkpoint } = best;
    findings.push(checkpoint === undefined
      ? { file: 'checkpoints/last', what: last.reason, remedy: 'put aside: fabula train --resume begins again from the first step', repair: () => aside('last') }
      : { file: 'checkpoints/last', what: last.reason, remedy: `put aside: fabula train --resume goes on from the best, after epoch ${checkpoint.state.epoch}`, repair: () => replace('last', checkpoint) });
  }
  if (best.reason !== undefined) {
    const { checkpoint } = last;
    const same = checkpoint !== undefined && checkpoint.state.best_epoch === checkpoint.state.epoch && checkpoint.state.batch === 0;
    findings.push(same
      ? { file: 'checkpoints/best', what: best.reason, remedy: 'the last holds the same weights: copied', repair: () => replace('best', checkpoint) }
      : { file: 'checkpoints/best', what: best.reason, remedy: `put aside: ${lostBest(checkpoint)}`, repair: () => aside('best') });
  }
  return findings;
}

function lostBest(last: Checkpoint | undefined): string {
  if (last === undefined) return 'its weights are lost';
  return `the weights of epoch ${last.state.best_epoch ?? '?'} are lost; fabula tell takes the last ones, of step ${last.state.step}; fabula train --from gives the best again`;
}

/** Damaged files are kept under another name: somebody may know how to read them. */
async function putAside(path: string, file: string): Promise<void> {
  const kept = join(path, `${file}.damaged`);
  await rm(kept, { recursive: true, force: true });
  await rename(await resolveAtomicFolder(join(path, file)), kept);
}

async function inspectMetrics(path: string, checkpoint: Checkpoint | undefined): Promise<Finding[]> {
  const findings: Finding[] = [];
  const { rows } = await readJsonLines<Metric>(join(path, 'metrics.jsonl'));
  const steps = new Set(rows.filter((row) => 'loss' in row).map(({ step }) => step));
  const missing = Array.from({ length: checkpoint?.state.step ?? 0 }, (_, i) => i + 1).filter((step) => !steps.has(step));
  if (missing.length > 0) findings.push({ file: 'metrics.jsonl', what: `${missing.length} of ${checkpoint!.state.step} steps are missing, step ${missing[0]} is the first of them`, remedy: 'lost: curves have a gap there; the weights do not' });
  const fromState = checkpoint?.state.history ?? [];
  const fromMetrics = historyOf(rows);
  const known = fromState.length >= fromMetrics.length ? fromState : fromMetrics;
  const { history, problems } = await readRun(path);
  const reason = problems.find((problem) => problem.startsWith('history.csv: '))?.slice('history.csv: '.length);
  const file = join(path, 'history.csv');
  const short = history.length < known.length || (known.length > 0 && !(await exists(file)));
  if (reason !== undefined || short) {
    const what = reason ?? ((await exists(file)) ? `${known.length - history.length} epochs are missing` : 'missing');
    findings.push({ file: 'history.csv', what, remedy: `written again: ${known.length} epochs are known`, repair: () => new RunFolder(path).writeHistory(known) });
  }
  return findings;
}

async function inspectResult(path: string, config: { training: LoopOptions } | undefined, last: Checkpoint | undefined): Promise<Finding[]> {
  const file = join(path, 'result.json');
  const { problems, likelihood } = await readRun(path);
  const reason = problems.find((problem) => problem.startsWith('result.json: '))?.slice('result.json: '.length);
  if (reason === undefined && (await exists(file))) return [];
  const over = config && last && reasonToStop(last.state, config.training);
  if (over && last) {
    const repair = (): Promise<void> => new RunFolder(path).writeJson('result.json', resultOf(last.state, last.parameters, over, likelihood));
    return [{ file: 'result.json', what: reason ?? 'missing', remedy: `all was trained (${over}): written again from the last checkpoint`, repair }];
  }
  if (reason === undefined) return [];
  return [{ file: 'result.json', what: reason, remedy: 'removed: the run is not over, fabula train --resume goes on', repair: () => rm(file, { force: true }) }];
}

async function inspectLeftovers(path: string): Promise<Finding[]> {
  const names = async (...folder: string[]): Promise<string[]> => (await readdir(join(path, ...folder)).catch(() => [])).map((name) => [...folder, name].join('/'));
  const left = [...(await names()), ...(await names('checkpoints'))].filter((name) => /\.tmp$|^checkpoints\/.*\.old$/.test(name));
  return left.map((file) => ({
    file, what: 'left behind by a process that was killed while it wrote', remedy: 'removed, or given its name back where it is the only one',
    repair: async () => {
      await tidyCheckpoints(path);
      if (!file.startsWith('checkpoints/')) await rm(join(path, file), { recursive: true, force: true });
    },
  }));
}
