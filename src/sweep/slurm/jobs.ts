import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../core/files.ts';
import { readJsonLines } from '../../tracking/jsonlines.ts';
import { splitTasks } from './arrays.ts';
import type { SlurmOptions } from './options.ts';
import type { Submission } from './script.ts';
import { arrayScript, submitScript } from './script.ts';

/** Tasks that may run side by side. Stages come one after the other. */
export interface Stage {
  /** Shown by squeue. */
  readonly name: string;
  /** Begin of its scripts' names. */
  readonly file: string;
  /** Words after `fabula`; `{task}` stands for the number of the task, from 1. */
  readonly words: readonly string[];
  /** Tasks to be run, numbers from 0, rising. */
  readonly tasks: readonly number[];
}

export interface JobRequest {
  /** Node and the program, absolute. */
  readonly command: readonly [node: string, program: string];
  /** Folder that the commands run in, absolute. */
  readonly folder: string;
  /** Threads of a task. */
  readonly threads: number;
  readonly options: SlurmOptions;
  readonly maxArraySize: number;
  /** Tasks at once, over all arrays; undefined leaves it to Slurm. */
  readonly parallel: number | undefined;
}

/** Scripts that were written. */
export interface WrittenJobs {
  /** The one that submits the others. */
  readonly script: string;
  readonly tasks: number;
  readonly arrays: number;
}

const arraySchema = z.object({ job: z.string(), stage: z.int(), offset: z.int() });
/** A job array that was submitted: line of jobs.jsonl. Task t of a stage is at place t - offset of one of its arrays. */
export type SubmittedArray = z.infer<typeof arraySchema>;

/**
 * Writes `base/N/`, N counting what was written before: a script for each job array, and submit.sh. What tasks print
 * goes there too.
 */
export async function writeJobs(base: string, stages: readonly Stage[], request: JobRequest): Promise<WrittenJobs> {
  const logs = resolve(base, String((await submissionsIn(base)).length + 1));
  const submissions: Submission[] = [];
  let before: number[] = [];
  for (const [stage, { name, file, words, tasks }] of stages.entries()) {
    const arrays = splitTasks(tasks, request.maxArraySize);
    const first = submissions.length;
    for (const [i, array] of arrays.entries()) {
      const script = `${file}-${i + 1}.sh`;
      await writeFileAtomic(join(logs, script), arrayScript({ ...request, name, words, logs }, array));
      // A limit on tasks at once holds for all arrays together: they run one after the other.
      const after = request.parallel === undefined || i === 0 ? before : [first + i - 1];
      submissions.push({ file: script, after, about: { stage, offset: array.offset } });
    }
    if (arrays.length > 0) before = arrays.map((_, i) => first + i);
  }
  const script = join(logs, 'submit.sh');
  await writeFileAtomic(script, submitScript(submissions));
  return { script, tasks: stages.reduce((sum, { tasks }) => sum + tasks.length, 0), arrays: submissions.length };
}

/** Everything below `base` that was submitted, oldest first. */
export async function submittedArrays(base: string): Promise<SubmittedArray[]> {
  const files = await Promise.all((await submissionsIn(base)).map((name) => readJsonLines<unknown>(join(base, name, 'jobs.jsonl'))));
  return files.flatMap(({ rows }) => rows).flatMap((row) => arraySchema.safeParse(row).data ?? []);
}

async function submissionsIn(base: string): Promise<string[]> {
  const names = await readdir(base).catch((): string[] => []);
  return names.filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(a) - Number(b));
}
