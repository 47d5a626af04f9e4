import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { UserError } from '../../core/errors.ts';
import type { SubmittedArray } from './jobs.ts';

/** Runs a command of Slurm. @throws what execFile throws */
export type Command = (program: string, args: readonly string[]) => Promise<string>;

export const runCommand: Command = async (program, args) => (await promisify(execFile)(program, [...args], { timeout: 60_000, maxBuffer: 2 ** 26 })).stdout;

/** Slurm's default, for scripts written where there is no Slurm. */
export const DEFAULT_MAX_ARRAY_SIZE = 1001;

/** What Slurm says of a task. */
export interface TaskState {
  /** `PENDING`, `RUNNING`, `FAILED`, ... */
  readonly state: string;
  /** Why it waits, or where it runs. */
  readonly detail: string;
}

/** In these a task has not ended yet. */
const ACTIVE = /^(PENDING|RUNNING|CONFIGURING|COMPLETING|REQUEUE|RESIZING|SUSPENDED|STOPPED|SIGNALING|STAGE_OUT|SPECIAL_EXIT)/;

export function isActive({ state }: TaskState): boolean {
  return ACTIVE.test(state);
}

/** `Slurm job 12_3: PENDING (Priority)`; undefined where Slurm says nothing of the task. */
export function describeTask({ job, offset }: SubmittedArray, task: number, states: ReadonlyMap<string, TaskState>): string | undefined {
  const found = states.get(`${job}_${task - offset}`);
  return found && `Slurm job ${job}_${task - offset}: ${found.state}${found.detail === '' ? '' : ` (${found.detail})`}`;
}

/** MaxArraySize: places of arrays are below it. @throws UserError when Slurm is not here or does not answer */
export async function maxArraySize(command: Command = runCommand): Promise<number> {
  const text = await command('scontrol', ['show', 'config']).catch((error: unknown) => {
    throw unavailable('scontrol show config', error);
  });
  const size = Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(text)?.[1] ?? NaN);
  if (size === 0) throw new UserError('scontrol show config: MaxArraySize = 0: this cluster allows no job arrays; --write-only writes scripts to change by hand');
  return Number.isNaN(size) ? DEFAULT_MAX_ARRAY_SIZE : size;
}

/**
 * States of tasks, by `JOB_PLACE`: from the queue, then from the accounting, where there is one. Empty where Slurm is
 * not here.
 */
export async function taskStates(jobs: readonly string[], command: Command = runCommand): Promise<Map<string, TaskState>> {
  if (jobs.length === 0) return new Map();
  const list = jobs.join(',');
  const [queue, accounting] = await Promise.all([
    command('squeue', ['--noheader', '--array', '--states=all', `--jobs=${list}`, '--format=%F|%K|%T|%r|%N']).catch(() => ''),
    command('sacct', ['--noheader', '--allocations', '--parsable2', '--array', `--jobs=${list}`, '--format=JobID,State,ExitCode,NodeList']).catch(() => ''),
  ]);
  return new Map([...parseAccounting(accounting), ...parseQueue(queue)]);
}

function parseQueue(text: string): [string, TaskState][] {
  return text.trim().split('\n').flatMap((line) => {
    const [job, place, state, reason, nodes] = line.split('|');
    if (state === undefined) return [];
    const detail = state === 'PENDING' ? reason : nodes;
    return [[`${job}_${place}`, { state, detail: detail === 'None' ? '' : detail ?? '' }]];
  });
}

function parseAccounting(text: string): [string, TaskState][] {
  return text.trim().split('\n').flatMap((line) => {
    const [id, state, exit, nodes] = line.split('|');
    if (state === undefined) return [];
    return [[id!, { state, detail: exit === undefined || exit === '0:0' ? nodes ?? '' : `exit code ${exit}` }]];
  });
}

/** Runs the script that `submitScript` made. @returns what it printed, a line a job */
export async function submit(script: string, command: Command = runCommand): Promise<string[]> {
  await command('sbatch', ['--version']).catch((error: unknown) => {
    throw unavailable('sbatch', error);
  });
  const text = await command('bash', [script]).catch((error: unknown) => {
    throw new UserError(`sbatch: ${firstLine(error)}; what was submitted before stays: go on with: bash ${script}`);
  });
  return text.trim().split('\n');
}

function unavailable(what: string, error: unknown): UserError {
  const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  const why = missing ? 'Slurm\'s commands are not on this machine' : firstLine(error);
  return new UserError(`${what}: ${why}; run this where Slurm is, or write the scripts only, with --write-only`);
}

/** What the program said before it failed. */
function firstLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  const said = (stderr ?? '').trim() || message;
  return said.split('\n')[0]!.replace(/^(sbatch|scontrol): error: /, '');
}
