import { mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { checkConfig, formatConfig } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import { exists, readJson, writeFileAtomic } from '../core/files.ts';
import { makeFolder } from '../tracking/runfolder.ts';
import type { Rung } from './halving.ts';
import { METRICS } from './metric.ts';
import type { Settings } from './parameters.ts';
import type { Plan, Trial } from './trials.ts';

const headSchema = z.strictObject({
  format: z.literal('fabula sweep'),
  version: z.literal(1),
  name: z.string(),
  /** ISO time. */
  started: z.string(),
  search: z.enum(['grid', 'random', 'halving']),
  metric: z.enum(METRICS),
  /** The most that a trial uses. */
  threads: z.int().min(1),
  parallel: z.int().min(1),
  /** Empty unless the search is halving. */
  rungs: z.array(z.strictObject({ trials: z.int().min(1), epochs: z.int().min(1) })),
  trials: z.array(z.strictObject({ id: z.string(), settings: z.custom<Settings>((value) => typeof value === 'object' && value !== null) })).min(1),
  /** The sweep file as it was understood. */
  sweep: z.unknown(),
});
/** sweep.json: everything that is decided before the first trial starts. */
export type SweepHead = z.infer<typeof headSchema>;

const noteSchema = z.strictObject({
  status: z.enum(['running', 'failed']),
  reason: z.string().optional(),
  pid: z.int().optional(),
  host: z.string().optional(),
  /** Slurm's number of the task; a task that was put back into the queue keeps it. */
  job: z.string().optional(),
});
/** trials/ID.json: what the files of the run itself cannot say. */
export type TrialNote = z.infer<typeof noteSchema>;

/**
 * The folder of one sweep: sweep.json, trials/ID.{yaml,json,log} (configuration, state, what the trial printed), runs/
 * (a run folder a trial) and the results trials.jsonl, table.csv, best.json, best.yaml. It can be moved, and so can
 * what is in runs/ within it.
 */
export class SweepFolder {
  readonly path: string;
  readonly head: SweepHead;

  private constructor(path: string, head: SweepHead) {
    this.path = path;
    this.head = head;
  }

  /** Makes `runs/sweep-NAME-TIME` with all that is planned. @throws UserError when it cannot be made */
  static async create(runs: string, plan: Plan, about: Pick<SweepHead, 'name' | 'search' | 'metric' | 'threads' | 'parallel' | 'sweep'>, now = new Date()): Promise<SweepFolder> {
    const started = now.toISOString();
    const path = await makeFolder(runs, `sweep-${about.name}-${started.slice(0, 19).replaceAll(':', '-')}`);
    const head: SweepHead = {
      format: 'fabula sweep', version: 1, ...about, started,
      rungs: plan.rungs.map((rung) => ({ ...rung })), trials: plan.trials.map(({ id, settings }) => ({ id, settings })),
    };
    const folder = new SweepFolder(path, head);
    await mkdir(folder.runs);
    for (const { id, config } of plan.trials) await writeFileAtomic(folder.configFile(id), formatConfig(config));
    // Last: a folder with it is whole.
    await folder.writeJson('sweep.json', head);
    return folder;
  }

  /** @throws UserError when it is no sweep */
  static async open(path: string): Promise<SweepFolder> {
    const file = join(path, 'sweep.json');
    if (!(await exists(file))) throw new UserError(`${path}: not a sweep: it has no sweep.json; give the folder that fabula sweep made, runs/sweep-NAME-TIME`);
    return new SweepFolder(path, checkConfig(headSchema, await readJson(file, 'the sweep'), file));
  }

  get name(): string {
    return basename(resolve(this.path));
  }

  /** Where the run folders of the trials are. */
  get runs(): string {
    return this.file('runs');
  }

  get trials(): readonly Trial[] {
    return this.head.trials;
  }

  get rungs(): readonly Rung[] {
    return this.head.rungs;
  }

  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  configFile(id: string): string {
    return this.file('trials', `${id}.yaml`);
  }

  logFile(id: string): string {
    return this.file('trials', `${id}.log`);
  }

  /** Name of a trial in its configuration. */
  runName(id: string): string {
    return `${this.head.name}-${id}`;
  }

  /** undefined when there is none. */
  async readNote(id: string): Promise<TrialNote | undefined> {
    const file = this.file('trials', `${id}.json`);
    if (!(await exists(file))) return undefined;
    return checkConfig(noteSchema.nullable(), await readJson(file, 'the state of the trial'), file) ?? undefined;
  }

  /** @param note null: nothing that the run's files do not say */
  writeNote(id: string, note: TrialNote | null): Promise<void> {
    return this.writeJson(`trials/${id}.json`, note);
  }

  writeJson(name: string, content: unknown): Promise<void> {
    return writeFileAtomic(this.file(name), `${JSON.stringify(content, null, 2)}\n`);
  }
}
