import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { exists, readJson } from '../core/files.ts';
import type { LockHolder } from '../tracking/lock.ts';
import type { HistoryRow } from '../tracking/runfolder.ts';
import { isRunFolder, readRun } from '../tracking/runrecord.ts';
import type { SweepFolder, TrialNote } from './folder.ts';
import type { Losses } from './metric.ts';
import { lossesAfter } from './metric.ts';

/** What the sweep reads of a run's result.json; it has other keys too. */
const resultSchema = z.object({ epochs: z.int(), stopped: z.string(), seconds: z.number(), parameters: z.number() });
const configSchema = z.object({ name: z.string(), training: z.object({ epochs: z.int() }) });

/** A trial's run folder, read. */
export interface TrialRun {
  readonly path: string;
  /** What its configuration asks for now; halving raises it. */
  readonly epochs: number;
  readonly history: readonly HistoryRow[];
  /** Whether its losses are log-likelihoods. */
  readonly likelihood: boolean;
  readonly holder: LockHolder | null;
  readonly result: z.infer<typeof resultSchema> | undefined;
}

export interface TrialState {
  readonly id: string;
  readonly status: 'done' | 'failed' | 'running' | 'interrupted' | 'waiting';
  /** Why it failed, or where it runs. */
  readonly reason?: string;
  readonly run?: TrialRun;
  readonly losses?: Losses;
  readonly note?: TrialNote;
}

/**
 * The runs of a sweep by the name in their configuration, so that a folder may be renamed. Of several with one name the
 * latest counts.
 */
export async function indexRuns(folder: SweepFolder): Promise<ReadonlyMap<string, string>> {
  const names = (await readdir(folder.runs).catch((): string[] => [])).sort();
  const found = await Promise.all(names.map(async (name) => {
    const path = join(folder.runs, name);
    const config = (await isRunFolder(path)) ? await readMaybe(join(path, 'config.json'), configSchema) : undefined;
    return config === undefined ? [] : [[config.name, path] as const];
  }));
  return new Map(found.flat());
}

/** Where all trials stand. @param epochs what each is to be trained for; undefined: what its configuration says */
export async function readStates(folder: SweepFolder, epochs?: number): Promise<TrialState[]> {
  const runs = await indexRuns(folder);
  return Promise.all(folder.trials.map(({ id }) => readState(folder, id, epochs, runs)));
}

/** Where one trial stands on its way to so many epochs. */
export async function readState(folder: SweepFolder, id: string, epochs?: number, runs?: ReadonlyMap<string, string>): Promise<TrialState> {
  const path = (runs ?? (await indexRuns(folder))).get(folder.runName(id));
  const note = await folder.readNote(id);
  const run = path === undefined ? undefined : await readTrial(path);
  const losses = run && lossesAfter(run.history, epochs ?? Infinity, run.likelihood);
  const known = { id, ...(note && { note }), ...(run && { run }), ...(losses && { losses }) };
  if (run && losses && hasReached(run, epochs ?? run.epochs)) {
    const loss = losses[folder.head.metric];
    // It has an end, but nothing that can be compared.
    return Number.isFinite(loss) ? { ...known, status: 'done' } : { ...known, status: 'failed', reason: `its ${folder.head.metric} is ${loss}` };
  }
  if (note?.status === 'failed') return { ...known, status: 'failed', reason: note.reason ?? 'failed' };
  const holder = run?.holder;
  if (holder) return { ...known, status: 'running', reason: `process ${holder.pid} on ${holder.host}` };
  return { ...known, status: run ? 'interrupted' : 'waiting' };
}

/** A run that stopped because it no longer improved is done for every number of epochs. */
function hasReached({ result, history, epochs: asked }: TrialRun, epochs: number): boolean {
  if (result !== undefined && result.stopped !== 'interrupted' && (result.epochs >= epochs || result.stopped === 'no improvement')) return true;
  // On its way to a later rung: result.json is written again at its end.
  return asked > epochs && history.length >= epochs;
}

async function readTrial(path: string): Promise<TrialRun> {
  const config = (await readMaybe(join(path, 'config.json'), configSchema))!;
  // Of a history that is missing or cut, what metrics.jsonl says: the run, resumed, writes it anew from its checkpoint.
  const { history, likelihood, holder } = await readRun(path);
  return { path, epochs: config.training.epochs, history, likelihood, holder, result: await readMaybe(join(path, 'result.json'), resultSchema) };
}

/** undefined when the file is missing, cut or something else. */
async function readMaybe<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  if (!(await exists(file))) return undefined;
  return schema.safeParse(await readJson(file, 'a file of the run').catch(() => undefined)).data;
}
