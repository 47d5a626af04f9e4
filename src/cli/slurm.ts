import type { Options } from 'yargs';
import { UserError } from '../core/errors.ts';
import { DEFAULT_MAX_ARRAY_SIZE, isActive, maxArraySize, submit, taskStates } from '../sweep/slurm/cluster.ts';
import type { Stage } from '../sweep/slurm/jobs.ts';
import { submittedArrays, writeJobs } from '../sweep/slurm/jobs.ts';
import type { SlurmOptions } from '../sweep/slurm/options.ts';
import { readSlurmOptions, threadsOf } from '../sweep/slurm/options.ts';
import { PROGRAM } from './mainfile.ts';

/** Options of commands that can run as Slurm job arrays. */
export const SLURM_FLAGS = {
  'slurm-options': { type: 'string', requiresArg: true, default: '', describe: 'for sbatch: "partition=gpu; time=12:00:00; mem=16G"' },
  'write-only': { type: 'boolean', default: false, describe: '--slurm: write the scripts and submit nothing' },
} as const satisfies Record<string, Options>;

export interface SlurmArguments {
  slurm: boolean;
  slurmOptions: string;
  writeOnly: boolean;
}

/** @throws UserError when an option is given that only --slurm reads */
export function checkSlurmArguments({ slurm, slurmOptions, writeOnly }: SlurmArguments): void {
  if (!slurm && (writeOnly || slurmOptions !== '')) throw new UserError(`--${writeOnly ? 'write-only' : 'slurm-options'} belongs to --slurm: add it`);
}

/** What is known of a cluster before anything is written. */
export interface Cluster {
  readonly options: SlurmOptions;
  /** Threads of a task, unless what it runs asks for more. */
  readonly threads: number;
  readonly maxArraySize: number;
  /** Slurm could not be asked for it. */
  readonly isAssumed: boolean;
}

/** @throws UserError when options are wrong, or Slurm is not here and more than scripts is wanted */
export async function clusterOf({ slurmOptions, writeOnly }: Pick<SlurmArguments, 'slurmOptions' | 'writeOnly'>): Promise<Cluster> {
  const options = readSlurmOptions(slurmOptions);
  const size = await maxArraySize().catch((error: unknown) => {
    if (!writeOnly) throw error;
    return undefined;
  });
  return { options, threads: threadsOf(options), maxArraySize: size ?? DEFAULT_MAX_ARRAY_SIZE, isAssumed: size === undefined };
}

export interface SubmitArguments {
  /** Tasks at once; undefined leaves it to Slurm. */
  readonly parallel: number | undefined;
  readonly writeOnly: boolean;
  readonly json: boolean;
}

export interface SubmitRequest extends SubmitArguments {
  readonly cluster: Cluster;
  readonly threads: number;
  /** The command that collects the results. */
  readonly collect: string;
  /** Added to what --json prints. */
  readonly about: Readonly<Record<string, unknown>>;
}

/** Writes job arrays below `base` and submits them. @throws UserError when earlier ones are still in the queue */
export async function submitJobs(base: string, stages: readonly Stage[], request: SubmitRequest): Promise<void> {
  const { cluster, threads, parallel, writeOnly, json, collect, about } = request;
  await refuseWhileActive(base);
  const { options, maxArraySize: size, isAssumed } = cluster;
  const written = await writeJobs(base, stages, { command: [process.execPath, PROGRAM], folder: process.cwd(), threads, options, maxArraySize: size, parallel });
  const jobs = writeOnly ? [] : await submit(written.script);
  if (json) return console.log(JSON.stringify({ ...about, ...written, submitted: jobs, collect }));
  const arrays = `${written.arrays} job ${written.arrays === 1 ? 'array' : 'arrays'}`;
  console.log([`${written.tasks} tasks in ${arrays}; an array holds up to ${size} tasks${isAssumed ? ': no Slurm to ask is here, and this is its default' : ' on this cluster'}`, ...jobs].join('\n'));
  console.log(`${writeOnly ? `submit with: bash ${written.script}\n` : ''}collect with: ${collect}`);
}

async function refuseWhileActive(base: string): Promise<void> {
  const jobs = [...new Set((await submittedArrays(base)).map(({ job }) => job))];
  const active = [...(await taskStates(jobs))].filter(([, state]) => isActive(state)).map(([task]) => task.split('_')[0]!);
  const names = [...new Set(active)];
  if (names.length > 0) throw new UserError(`${base}: Slurm still has ${names.length === 1 ? 'job' : 'jobs'} ${names.join(', ')} of it: wait, or end with scancel ${names.join(' ')}`);
}
