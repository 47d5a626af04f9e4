import { readdir, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { exists, readJson } from '../../core/files.ts';
import { groupOf, leaves } from '../../core/groups.ts';
import type { Group } from '../../core/groups.ts';
import { readJsonLines } from '../jsonlines.ts';
import { readScores } from '../scores.ts';
import type { MlflowPair, MlflowStatus } from './client.ts';
import { LIMITS } from './client.ts';
import { readState } from './state.ts';

type Json = Readonly<Group>;

/** A score of scores/: one number, whose step is 0. */
export interface SentScore {
  readonly key: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** What the files of a folder say of its run, in MLflow's terms. */
export interface RunDescription {
  readonly params: readonly MlflowPair[];
  readonly tags: readonly MlflowPair[];
  readonly scores: readonly SentScore[];
}

/** A folder of a sweep: its trials stand in its runs/. */
export async function isSweep(folder: string): Promise<boolean> {
  return (await exists(join(folder, 'sweep.json'))) && !(await exists(join(folder, 'config.json')));
}

/** @throws UserError when the configuration is missing or damaged; what else is missing is left out */
export async function describeRun(folder: string): Promise<RunDescription> {
  const sweep = await isSweep(folder);
  const content = groupOf(await readJson(join(folder, sweep ? 'sweep.json' : 'config.json'), 'the configuration of the run'));
  // A sweep's list of trials is an artifact, and each is a run of its own.
  const config = Object.fromEntries(Object.entries(content).filter(([key]) => !sweep || !['format', 'version', 'trials'].includes(key)));
  const [environment, head] = [await readOptional(folder, 'environment.json'), await readOptional(folder, 'run.json')];
  const kind = sweep ? 'sweep' : String(head['kind'] ?? 'train');
  return { params: leaves(config).map(param), tags: tagsOf(kind, config, environment, head), scores: [...(await sentScores(folder)), ...(sweep ? await readBest(folder) : [])] };
}

/** When the run was begun, in milliseconds since 1970. */
export async function begunAt(folder: string): Promise<number> {
  const started = Date.parse(String((await readOptional(folder, 'run.json'))['started'] ?? ''));
  if (!Number.isNaN(started)) return started;
  // Older runs: their names hold the time.
  const named = /(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\d)/.exec(basename(resolve(folder)));
  if (named !== null) return Date.parse(`${named[1]}:${named[2]}:${named[3]}Z`);
  return Math.round((await stat((await isSweep(folder)) ? join(folder, 'sweep.json') : join(folder, 'config.json'))).mtimeMs);
}

/** When a run without a timeline wrote its results, in milliseconds since 1970; undefined where there are none. */
export async function resultsAt(folder: string): Promise<number | undefined> {
  const scores = (await readdir(join(folder, 'scores')).catch(() => [])).map((name) => join('scores', name));
  const times = await Promise.all(['trials.jsonl', 'result.json', ...scores].map((name) => stat(join(folder, name)).then(({ mtimeMs }) => [Math.round(mtimeMs)], () => [])));
  return times.flat().length === 0 ? undefined : Math.max(...times.flat());
}

/** How a run that writes no more has ended. */
export async function finalStatus(folder: string): Promise<MlflowStatus> {
  const head = await readOptional(folder, 'run.json');
  if (head['failed'] !== undefined) return 'FAILED';
  if (await isSweep(folder)) return sweepStatus(folder);
  if (await exists(join(folder, 'result.json'))) return (await readOptional(folder, 'result.json'))['stopped'] === 'interrupted' ? 'KILLED' : 'FINISHED';
  return head['kind'] === 'evaluate' && (await exists(join(folder, 'scores'))) ? 'FINISHED' : 'KILLED';
}

/** The MLflow run that a trial is nested in: that of the sweep around its folder. */
export async function sweepRunId(folder: string): Promise<string | undefined> {
  const around = dirname(dirname(resolve(folder)));
  return (await isSweep(around)) ? ((await readState(around))?.run_id ?? undefined) : undefined;
}

function tagsOf(kind: string, config: Json, environment: Json, head: Json): MlflowPair[] {
  const { fabula, git_commit, command_line, ...rest } = environment;
  const tags: Record<string, unknown> = {
    'mlflow.user': userName(), 'mlflow.source.type': 'LOCAL', 'mlflow.source.git.commit': git_commit,
    'mlflow.source.name': Array.isArray(command_line) ? ['fabula', ...command_line.slice(1)].join(' ') : `fabula ${kind}`,
    'fabula.kind': kind, 'fabula.version': fabula, 'fabula.model': groupOf(config['model'])['name'], 'fabula.from': head['from'], 'fabula.parent': head['parent'],
    ...Object.fromEntries(leaves(rest, '', 2).map(([key, value]) => [`fabula.${key}`, value])),
  };
  return Object.entries(tags).flatMap(([key, value]) => (value === undefined || value === null ? [] : [{ key: cut(plainKey(key), LIMITS.key), value: cut(textOf(value), LIMITS.tagValue) }]));
}

/** Containers may run under a number that has no name. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

function param([key, value]: readonly [string, unknown]): MlflowPair {
  return { key: cut(plainKey(key), LIMITS.key), value: cut(textOf(value), LIMITS.paramValue) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** MLflow's names: letters, digits and a few signs. */
function plainKey(key: string): string {
  return key.replace(/[^\w./:\- ]/g, '-');
}

/** At most so many characters, never half of one. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
}

/** `scores/NAME/METEOR` for each number of scores/NAME.json. */
async function sentScores(folder: string): Promise<SentScore[]> {
  const sent: SentScore[] = [];
  for (const { file, scores } of (await readScores(folder)).scores) {
    const timestamp = Math.round((await stat(join(folder, 'scores', file))).mtimeMs);
    for (const [column, { value }] of Object.entries(scores)) {
      sent.push({ key: cut(plainKey(`scores/${basename(file, '.json')}/${column}`), LIMITS.key), value, timestamp });
    }
  }
  return sent;
}

/** `best_val_loss` of a sweep of which a trial is done. */
async function readBest(folder: string): Promise<SentScore[]> {
  const { metric, value } = await readOptional(folder, 'best.json');
  if (typeof metric !== 'string' || typeof value !== 'number') return [];
  return [{ key: plainKey(`best_${metric}`), value, timestamp: Math.round((await stat(join(folder, 'best.json'))).mtimeMs) }];
}

/** Trials on a cluster go on when the program that submitted them has ended. */
async function sweepStatus(folder: string): Promise<MlflowStatus> {
  const { rows } = await readJsonLines<Json>(join(folder, 'trials.jsonl'));
  if (rows.some(({ status }) => status === 'interrupted')) return 'KILLED';
  return rows.length > 0 && rows.every(({ status }) => status === 'done' || status === 'failed') ? 'FINISHED' : 'RUNNING';
}

/** Empty where the file is missing or damaged. */
async function readOptional(folder: string, name: string): Promise<Json> {
  return groupOf(await readJson(join(folder, name), 'the file').catch(() => undefined));
}
