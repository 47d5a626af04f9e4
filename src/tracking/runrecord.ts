import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { messageOf, UserError } from '../core/errors.ts';
import { exists, readJson, readText, systemReason } from '../core/files.ts';
import { parseCsv } from '../io/csv.ts';
import { readJsonLines } from './jsonlines.ts';
import { runHolder } from './lock.ts';
import type { LockHolder } from './lock.ts';
import type { HistoryRow, Metric, RunHead } from './runfolder.ts';
import type { ScoreRecord } from './scores.ts';
import { readScores } from './scores.ts';

/** How far a run is: `interrupted` can be resumed, `failed` stopped with an error, `broken` cannot be read. */
export type RunStatus = 'finished' | 'interrupted' | 'running' | 'failed' | 'broken';

const number = z.number().nullish();
const resultSchema = z.looseObject({ parameters: number, steps: number, seconds: number, stopped: z.string().nullish(), perplexity: number });
const stateSchema = z.looseObject({ step: number, seconds: number });
const headSchema = z.looseObject({ kind: z.enum(['train', 'evaluate']), started: z.string().default(''), from: z.string().optional(), parent: z.string().optional(), failed: z.string().optional(), likelihood: z.boolean().optional() });

/** What a run folder says of its run; null for what it does not say. Losses are means per word in nats. */
export interface RunRecord {
  /** Of the folder now. */
  readonly name: string;
  readonly path: string;
  readonly kind: RunHead['kind'];
  readonly status: RunStatus;
  readonly model: string | null;
  /** Done, and asked for. */
  readonly epochs: number;
  readonly planned: number | null;
  /** From 1. */
  readonly best_epoch: number | null;
  /** Whether losses are log-likelihoods; a run that says nothing of it has such. */
  readonly likelihood: boolean;
  /** Training and validation loss of the best epoch, and exp of the latter where it is a log-likelihood. */
  readonly loss: number | null;
  readonly val_loss: number | null;
  readonly perplexity: number | null;
  readonly parameters: number | null;
  readonly steps: number | null;
  /** Of training, over all sittings. */
  readonly seconds: number | null;
  /** ISO time. */
  readonly started: string | null;
  readonly from: string | null;
  readonly parent: string | null;
  readonly failed: string | null;
  /** Where a published row comes from; null for a run folder. */
  readonly source: string | null;
  readonly holder: LockHolder | null;
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly environment: Readonly<Record<string, unknown>> | null;
  readonly history: readonly HistoryRow[];
  readonly scores: readonly ScoreRecord[];
  /** Files that are missing or cut, a line each. */
  readonly problems: readonly string[];
}

/** Reads a run folder, whatever of it is there. @throws UserError when it is no run at all */
export async function readRun(path: string): Promise<RunRecord> {
  if (!(await isRunFolder(path))) throw new UserError(`${path}: not a run folder: ${(await exists(path)) ? 'it has no config.json' : 'there is no such folder'}`);
  const problems: string[] = [];
  const at = (...parts: string[]): string => join(path, ...parts);
  const config = await readObject(at('config.json'), z.record(z.string(), z.unknown()), problems);
  if (config === null && !(await exists(at('config.json')))) problems.push('config.json: missing');
  const head = await readObject(at('run.json'), headSchema, problems);
  const environment = await readObject(at('environment.json'), z.record(z.string(), z.unknown()), problems);
  const result = await readObject(at('result.json'), resultSchema, problems);
  const state = await readObject(at('checkpoints/last/state.json'), stateSchema, problems);
  const history = await readHistory(path, problems);
  const found = await readScores(path);
  const holder = (await runHolder(path)) ?? null;
  const kind = head?.kind ?? 'train';
  const best = bestOf(history);
  // Where run.json was lost, result.json tells by its null; it has null too for what is no finite number.
  const likelihood = head?.likelihood ?? !(result?.perplexity === null && best !== undefined && Number.isFinite(Math.exp(best.val_loss)));
  const training = config?.['training'] as { epochs?: unknown } | undefined;
  const model = config?.['model'] as { name?: unknown } | undefined;
  return {
    name: basename(resolve(path)), path, kind, source: null, holder, config, environment, history, scores: found.scores, likelihood,
    status: statusOf(kind, config, head?.failed, result?.stopped, holder, found.scores.length),
    model: typeof model?.name === 'string' ? model.name : taskOf(config),
    epochs: history.length,
    planned: typeof training?.epochs === 'number' ? training.epochs : null,
    best_epoch: best === undefined ? null : best.epoch + 1,
    loss: best?.loss ?? null, val_loss: best?.val_loss ?? null,
    perplexity: best === undefined || !likelihood ? null : Math.exp(best.val_loss),
    parameters: result?.parameters ?? null,
    steps: result?.steps ?? state?.step ?? null,
    seconds: result?.seconds ?? state?.seconds ?? null,
    started: head?.started || null, from: head?.from ?? null, parent: head?.parent ?? null, failed: head?.failed ?? null,
    problems: [...problems, ...found.problems],
  };
}

/**
 * The runs in folders, by the time they were started: each is a run itself, or holds runs, or folders with runs in
 * `runs/` as a sweep has them.
 * @throws UserError when a folder cannot be read
 */
export async function listRuns(folders: readonly string[]): Promise<RunRecord[]> {
  const paths: string[] = [];
  for (const folder of folders) paths.push(...((await isRunFolder(folder)) ? [folder] : await runsBelow(folder)));
  const records = await Promise.all([...new Map(paths.map((path) => [resolve(path), path])).values()].map(readRun));
  const order = ({ started, name }: RunRecord): string => `${started ?? ''} ${name}`;
  return records.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Also of the folder of a sweep, or of a demo, which keep theirs in `runs/`. */
async function runsBelow(folder: string): Promise<string[]> {
  const found = await runsIn(folder, true);
  return (await isFolder(join(folder, 'runs'))) ? [...found, ...(await runsIn(join(folder, 'runs'), true))] : found;
}

async function runsIn(folder: string, deeper: boolean): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new UserError(`${folder}: cannot be read: ${systemReason(error)}`);
  });
  const found: string[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink())) {
    const path = join(folder, name);
    if (await isRunFolder(path)) found.push(path);
    else if (deeper && (await isFolder(join(path, 'runs')))) found.push(...(await runsIn(join(path, 'runs'), false)));
  }
  return found;
}

/** Whether somebody would call it a run: also one whose config.json was lost, but no checkpoint. */
export async function isRunFolder(path: string): Promise<boolean> {
  const has = (name: string): Promise<boolean> => exists(join(path, name));
  if (await has('run.json')) return true;
  const marks = await Promise.all(['environment.json', 'metrics.jsonl', 'checkpoints'].map(has));
  // A checkpoint folder has a config.json too.
  if (await has('weights.safetensors')) return false;
  return (await has('config.json')) || marks.filter(Boolean).length >= 2;
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then((found) => found.isDirectory(), () => false);
}

function statusOf(kind: RunHead['kind'], config: object | null, failed: string | undefined, stopped: string | null | undefined, holder: LockHolder | null, scores: number): RunStatus {
  if (config === null) return 'broken';
  if (holder !== null) return 'running';
  if (failed !== undefined) return 'failed';
  const finished = kind === 'evaluate' ? scores > 0 : stopped != null && stopped !== 'interrupted';
  return finished ? 'finished' : 'interrupted';
}

/** The epoch with the lowest finite validation loss, the first of several. */
export function bestOf(history: readonly HistoryRow[]): HistoryRow | undefined {
  return history.filter(({ val_loss }) => Number.isFinite(val_loss))
    .reduce<HistoryRow | undefined>((best, row) => (best === undefined || row.val_loss < best.val_loss ? row : best), undefined);
}

async function readObject<T>(path: string, schema: z.ZodType<T>, problems: string[]): Promise<T | null> {
  if (!(await exists(path))) return null;
  const name = path.split(/[\\/]/).slice(path.includes('checkpoints') ? -3 : -1).join('/');
  try {
    const found = schema.safeParse(await readJson(path, 'it'));
    if (found.success) return found.data;
    const issue = found.error.issues[0]!;
    problems.push(`${name}: ${issue.path.join('.') || 'the whole'}: ${issue.message}`);
  } catch (error) {
    problems.push(`${name}: ${messageOf(error).slice(path.length + 2).replace(/^it /, '')}`);
  }
  return null;
}

/** history.csv; where it is missing or cut, the validations in metrics.jsonl say the same. */
async function readHistory(path: string, problems: string[]): Promise<HistoryRow[]> {
  const file = join(path, 'history.csv');
  if (await exists(file)) {
    try {
      const text = await readText(file, 'the history');
      const rows = parseCsv(text, file, ['epoch', 'loss', 'val_loss'])
        .map(({ epoch, loss, val_loss }) => ({ epoch: toNumber(epoch), loss: toNumber(loss), val_loss: toNumber(val_loss) }));
      // Without the end of its line, 2.71 may be left as 2.
      if (text.endsWith('\n') && rows.every((row) => Object.values(row).every((value) => !Number.isNaN(value)))) return rows;
      problems.push('history.csv: cut, or changed by hand');
    } catch (error) {
      problems.push(`history.csv: ${messageOf(error).slice(file.length + 2)}`);
    }
  }
  const metrics = join(path, 'metrics.jsonl');
  const { rows, damaged } = await readJsonLines<Metric>(metrics).catch((error: unknown) => {
    problems.push(`metrics.jsonl: ${messageOf(error).slice(metrics.length + 2)}`);
    return { rows: [], damaged: [] };
  });
  if (damaged.length > 0) problems.push(`metrics.jsonl: line ${damaged.join(', ')} cut`);
  return historyOf(rows);
}

/** The history that validations in metrics.jsonl tell: the last measurement of each epoch. JSON has null for what is no finite number. */
export function historyOf(metrics: readonly Metric[]): HistoryRow[] {
  const rows = metrics.flatMap(({ epoch, train_loss, val_loss }) => (typeof train_loss !== 'number' || typeof val_loss !== 'number' ? [] : [{ epoch: epoch - 1, loss: train_loss, val_loss }]));
  return [...new Map(rows.map((row) => [row.epoch, row])).values()].sort((a, b) => a.epoch - b.epoch);
}

function toNumber(text: string | undefined): number {
  return text === undefined || text.trim() === '' ? NaN : Number(text);
}

/** What is trained, where that is no story model: those have names. */
function taskOf(config: Readonly<Record<string, unknown>> | null): string | null {
  const task = config?.['task'];
  return typeof task === 'string' && task !== 'story' ? task : null;
}
