import { hostname } from 'node:os';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCK_FILE, runHolder } from '../tracking/lock.ts';
import { RunFolder } from '../tracking/runfolder.ts';
import type { SweepFolder } from './folder.ts';
import { promote } from './halving.ts';
import type { Ended, Launch } from './process.ts';
import type { TrialState } from './state.ts';
import { readState, readStates } from './state.ts';
import type { TrialConfig } from './trials.ts';
import { withEpochs } from './trials.ts';

/** Read by training: the sweep that a run belongs to. */
export const PARENT_VARIABLE = 'FABULA_PARENT_RUN';

export interface RunnerOptions {
  readonly launch: Launch;
  /** Trials at once. */
  readonly parallel: number;
  /** Try failed trials again. */
  readonly retry: boolean;
  readonly stop?: AbortSignal;
  readonly kill?: AbortSignal;
  /** Slurm's number of this task; trials then stay in its process group. */
  readonly job?: string;
  /** Told of every trial that has come to an end, also of those that had before. */
  readonly onTrial?: (state: TrialState, epochs: number | undefined) => void;
}

/** Runs what is left of a sweep. @returns false when it was stopped on the way */
export async function runSweep(folder: SweepFolder, options: RunnerOptions): Promise<boolean> {
  if (folder.rungs.length === 0) return runAll(folder, folder.trials.map(({ id }) => id), undefined, options);
  for (const [i, { epochs }] of folder.rungs.entries()) {
    if (!(await runAll(folder, await trialsOfRung(folder, i), epochs, options))) return false;
  }
  return true;
}

/**
 * The trials of a rung, best first: decided by the losses after the epochs of the rung before, so that it does not
 * matter whether some have gone on already. The first rung has all of them.
 */
export async function trialsOfRung(folder: SweepFolder, rung: number): Promise<string[]> {
  let ids = folder.trials.map(({ id }) => id);
  for (let i = 1; i <= rung; i++) {
    const states = new Map((await readStates(folder, folder.rungs[i - 1]!.epochs)).map((state) => [state.id, state]));
    const scores = new Map(ids.map((id) => {
      const { status, losses } = states.get(id)!;
      return [id, status === 'done' ? losses?.[folder.head.metric] : undefined] as const;
    }));
    ids = promote(scores, folder.rungs[i]!.trials);
  }
  return ids;
}

async function runAll(folder: SweepFolder, ids: readonly string[], epochs: number | undefined, options: RunnerOptions): Promise<boolean> {
  const left = [...ids];
  let whole = true;
  const work = async (): Promise<void> => {
    for (let id = left.shift(); id !== undefined; id = left.shift()) {
      if (options.stop?.aborted) return void (whole = false);
      const state = await runTrial(folder, id, epochs, options);
      if (state.status !== 'done' && state.status !== 'failed') whole = false;
      options.onTrial?.(state, epochs);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.parallel, ids.length) }, work));
  return whole;
}

/**
 * Brings one trial to its end or to so many epochs: a new run, or its run resumed. A crash becomes its state `failed`,
 * with the reason.
 * @param epochs undefined: what its configuration says
 */
export async function runTrial(folder: SweepFolder, id: string, epochs: number | undefined, options: RunnerOptions): Promise<TrialState> {
  const { launch, stop, kill, job, retry } = options;
  await takeOver(await readState(folder, id, epochs), job);
  const before = await readState(folder, id, epochs);
  // A trial that still runs was left by a sweep that was killed.
  if (before.status === 'done' || before.status === 'running' || (before.status === 'failed' && !retry)) return before;
  if (before.run && epochs !== undefined && before.run.epochs < epochs) await raiseEpochs(before.run.path, epochs);
  await folder.writeNote(id, { status: 'running', pid: process.pid, host: hostname(), ...(job !== undefined && { job }) });
  const words = before.run ? ['train', '--resume', before.run.path, '--json'] : ['train', folder.configFile(id), '--runs', folder.runs, '--json'];
  const ended = await launch(words, { log: folder.logFile(id), env: { [PARENT_VARIABLE]: folder.name }, stop, kill, apart: job === undefined });
  const after = await readState(folder, id, epochs);
  const reason = after.status === 'done' ? undefined : failureOf(ended, stop?.aborted ?? false);
  await folder.writeNote(id, reason === undefined ? null : { status: 'failed', reason });
  return readState(folder, id, epochs);
}

/** Why a process that has not done its work ended; undefined when it was asked to stop. */
function failureOf({ code, signal, lastLine }: Ended, stopping: boolean): string | undefined {
  if (code === 130 || signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGHUP' || stopping) return undefined;
  if (signal === 'SIGKILL') return 'ended by SIGKILL: perhaps there was not enough memory';
  if (signal !== null) return `ended by ${signal}`;
  const said = lastLine.replace(/^fabula: /, '');
  return said === '' ? `ended with exit code ${code} and said nothing` : said;
}

/**
 * Schedules count steps and patience counts epochs without improvement: neither knows the last epoch, so a run that
 * goes on after its configuration was given more epochs is the run that had them from the start.
 */
async function raiseEpochs(run: string, epochs: number): Promise<void> {
  const folder = await RunFolder.open(run);
  await folder.writeJson('config.json', withEpochs((await folder.readConfig()) as TrialConfig, epochs));
}

/**
 * A task that Slurm put back into the queue after its node went down finds the lock of its own former process, on a
 * host that cannot be asked. Slurm runs a task only once at a time, so the same number means that it has ended.
 */
async function takeOver({ run, note }: TrialState, job: string | undefined): Promise<void> {
  if (job === undefined || note?.job !== job || run === undefined) return;
  const holder = await runHolder(run.path);
  if (holder !== undefined && holder.host !== hostname()) await rm(join(run.path, LOCK_FILE), { force: true });
}

