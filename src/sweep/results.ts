import { basename } from 'node:path';
import { formatConfig } from '../core/config.ts';
import { readJson, writeFileAtomic } from '../core/files.ts';
import { formatCsv } from '../io/csv.ts';
import type { SweepFolder } from './folder.ts';
import type { Settings } from './parameters.ts';
import { trialsOfRung } from './runner.ts';
import type { TrialState } from './state.ts';
import { readStates } from './state.ts';
import { describeValue } from './trials.ts';

/** One line of trials.jsonl: a trial and where it stands. */
export interface TrialRow {
  readonly trial: string;
  readonly settings: Settings;
  readonly status: TrialState['status'];
  /** Why it failed, or where it is. */
  readonly reason: string | null;
  /** halving: the last rung that it took part in, from 1. */
  readonly rung: number | null;
  readonly epochs: number | null;
  readonly best_epoch: number | null;
  readonly val_loss: number | null;
  readonly last_val_loss: number | null;
  readonly train_loss: number | null;
  readonly perplexity: number | null;
  readonly parameters: number | null;
  /** Of training. */
  readonly seconds: number | null;
  /** Name of its folder in runs/. */
  readonly run: string | null;
}

export interface SweepResults {
  /** Best first; then those that are not finished, then those that failed. */
  readonly rows: readonly TrialRow[];
  readonly best: TrialRow | undefined;
}

/** Where every trial stands, from the files. @param elsewhere what a cluster says of trials that are not done, by id */
export async function readResults(folder: SweepFolder, elsewhere: ReadonlyMap<string, string> = new Map()): Promise<SweepResults> {
  const { metric } = folder.head;
  const rungs = await rungsReached(folder);
  const rows = await Promise.all(folder.trials.map(async ({ id, settings }) => {
    const { state, rung } = rungs.get(id)!;
    const reason = state.reason ?? (state.status === 'done' ? null : elsewhere.get(id) ?? null);
    return rowOf(state, settings, rung, reason);
  }));
  const order = ['done', 'running', 'interrupted', 'waiting', 'failed'];
  rows.sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status)
    || (b.rung ?? 0) - (a.rung ?? 0) || (a[metric] ?? Infinity) - (b[metric] ?? Infinity) || (a.trial < b.trial ? -1 : 1));
  return { rows, best: rows[0]?.status === 'done' ? rows[0] : undefined };
}

/** The last rung of each trial, and where it stands there. */
async function rungsReached(folder: SweepFolder): Promise<Map<string, { state: TrialState; rung: number | null }>> {
  if (folder.rungs.length === 0) return new Map((await readStates(folder)).map((state) => [state.id, { state, rung: null }]));
  const reached = new Map<string, { state: TrialState; rung: number | null }>();
  for (const [i, { epochs }] of folder.rungs.entries()) {
    const states = new Map((await readStates(folder, epochs)).map((state) => [state.id, state]));
    const ids = await trialsOfRung(folder, i);
    for (const id of ids) reached.set(id, { state: states.get(id)!, rung: i + 1 });
    // Who goes on is not known before all have come to an end.
    if (ids.some((id) => !['done', 'failed'].includes(states.get(id)!.status))) break;
  }
  return reached;
}

function rowOf({ id, status, losses, run }: TrialState, settings: Settings, rung: number | null, reason: string | null): TrialRow {
  return {
    trial: id, settings, status, reason, rung,
    epochs: losses?.epochs ?? null, best_epoch: losses?.best_epoch ?? null,
    val_loss: losses?.val_loss ?? null, last_val_loss: losses?.last_val_loss ?? null, train_loss: losses?.train_loss ?? null, perplexity: losses?.perplexity ?? null,
    parameters: run?.result?.parameters ?? null, seconds: run?.result?.seconds ?? null,
    run: run === undefined ? null : basename(run.path),
  };
}

/** Writes trials.jsonl and table.csv, and best.json and best.yaml once a trial is done. */
export async function writeResults(folder: SweepFolder, { rows, best }: SweepResults): Promise<void> {
  await writeFileAtomic(folder.file('trials.jsonl'), [...rows].sort((a, b) => (a.trial < b.trial ? -1 : 1)).map((row) => `${JSON.stringify(row)}\n`).join(''));
  const keys = settingKeys(rows);
  const { settings: _, ...first } = rows[0]!;
  const [trial, ...others] = Object.keys(first);
  await writeFileAtomic(folder.file('table.csv'), formatCsv([trial!, ...keys, ...others], rows.map(({ settings, ...row }) => ({ ...row, ...texts(settings) }))));
  if (best === undefined) return;
  const { metric } = folder.head;
  const config = (await readJson(folder.file('runs', best.run!, 'config.json'), 'the configuration of the run')) as object;
  await folder.writeJson('best.json', { trial: best.trial, metric, value: best[metric], settings: best.settings, run: `runs/${best.run}`, epochs: best.epochs });
  await writeFileAtomic(folder.file('best.yaml'), formatConfig({ ...config, name: `${folder.head.name}-best` }));
}

/** Every key that some trial sets, in the order of the sweep file. */
export function settingKeys(rows: readonly TrialRow[]): string[] {
  return [...new Set(rows.flatMap(({ settings }) => Object.keys(settings)))];
}

function texts(settings: Settings): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, describeValue(value)]));
}
