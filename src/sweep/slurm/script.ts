import type { TaskArray } from './arrays.ts';
import { formatPlaces } from './arrays.ts';
import type { SlurmOptions } from './options.ts';

/** What the tasks of several arrays have in common. */
export interface ArrayJob {
  /** Shown by squeue. */
  readonly name: string;
  /** Node and the program, absolute. */
  readonly command: readonly [node: string, program: string];
  /** Words after it; `{task}` stands for the number of the task, from 1. */
  readonly words: readonly string[];
  /** Folder the commands run in, absolute: paths in configurations are taken from it. */
  readonly folder: string;
  /** Folder of what tasks print, absolute. */
  readonly logs: string;
  readonly threads: number;
  readonly options: SlurmOptions;
  /** Tasks at once; undefined leaves it to Slurm. */
  readonly parallel: number | undefined;
}

/** Seconds before its time limit at which a task saves and goes back into the queue. */
const GRACE = 60;

/**
 * The script of one job array, one task a piece of work. The time limit comes as SIGUSR1 to the shell alone: SIGTERM,
 * which reaches every process of a task, also means scancel and preemption, and those must not be answered by a requeue.
 */
export function arrayScript(job: ArrayJob, { offset, places }: TaskArray): string {
  const throttle = job.parallel === undefined ? '' : `%${job.parallel}`;
  const options = new Map([['cpus-per-task', String(job.threads)], ...job.options]);
  if (job.options.has('c')) options.delete('cpus-per-task');
  const words = job.words.map((word) => (word.includes('{task}') ? word.split('{task}').map(inQuotes).join('"$task"') : inQuotes(word)));
  return `#!/bin/bash
#SBATCH --job-name="${job.name}"
#SBATCH --array=${formatPlaces(places)}${throttle}
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:USR1@${GRACE}
#SBATCH --chdir="${job.folder}"
#SBATCH --output="${job.logs}/%A_%a.log"
${[...options].map(([name, value]) => `#SBATCH ${directive(name, value)}\n`).join('')}
task=$((SLURM_ARRAY_TASK_ID + ${offset + 1}))
${job.command.map(inQuotes).join(' ')} ${words.join(' ')} &
work=$!

# ${GRACE} s before the time limit: what is done is saved, and the task goes back into the queue. It is named by the array's
# number, because the number of the job itself can stand for the whole array.
again() {
  kill -INT "$work" 2> /dev/null
  wait "$work"
  local code=$?
  [ "$code" -eq 130 ] || exit "$code"
  echo "the time is up: saved, and back into the queue"
  scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"
  exit
}
trap again USR1
# Slurm sends this to the work itself too, which saves and ends.
trap : TERM

wait "$work"
code=$?
while kill -0 "$work" 2> /dev/null; do
  wait "$work"
  code=$?
done
exit "$code"
`;
}

/** One script among those that are submitted. */
export interface Submission {
  /** Its file's name. */
  readonly file: string;
  /** Place, from 0, of scripts that must have ended before. */
  readonly after: readonly number[];
  /** What jobs.jsonl says of it besides the number that Slurm gives. */
  readonly about: Readonly<Record<string, number>>;
}

/** The script that submits them all; what was submitted is in jobs.jsonl, and left out when it is run again. */
export function submitScript(submissions: readonly Submission[]): string {
  const lines = submissions.map(({ file, after, about }, i) => {
    const dependency = after.length === 0 ? '' : ` --dependency=afterany${after.map((n) => `:$job${n}`).join('')}`;
    return `submit ${i} ${inQuotes(JSON.stringify(about).slice(1, -1))}${dependency} ${inQuotes(file)}\njob${i}=$job\n`;
  });
  return `#!/bin/bash
# Submits the job arrays beside it. Run again, it goes on with those that were not submitted yet.
set -eu
cd "$(dirname "$0")"
touch jobs.jsonl
submit() { # place, what is known of it, arguments of sbatch
  local place=$1 about=$2
  shift 2
  job=$(sed -n "s/^{\\"script\\":$place,\\"job\\":\\"\\([0-9]*\\)\\".*/\\1/p" jobs.jsonl)
  if [ -n "$job" ]; then return; fi
  job=$(sbatch --parsable "$@")
  job=\${job%%;*}
  echo "{\\"script\\":$place,\\"job\\":\\"$job\\",$about}" >> jobs.jsonl
  echo "job $job: \${*: -1}"
}
${lines.join('')}`;
}

function directive(name: string, value: string): string {
  const dashed = name.length === 1 ? `-${name}` : `--${name}`;
  if (value === '') return dashed;
  const quoted = /[^\w.,:/%@+=-]/.test(value) ? `"${value}"` : value;
  return name.length === 1 ? `${dashed} ${quoted}` : `${dashed}=${quoted}`;
}

/** One word for bash, whatever is in it. */
function inQuotes(word: string): string {
  if (word === '') return '';
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
