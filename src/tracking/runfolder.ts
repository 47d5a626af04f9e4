import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../core/errors.ts';
import { exists, readJson, systemReason, writeFileAtomic } from '../core/files.ts';
import { formatCsv } from '../io/csv.ts';
import type { EnvironmentDetails } from './environment.ts';
import { describeEnvironment } from './environment.ts';
import { appendJsonLines, filterJsonLines, readJsonLines } from './jsonlines.ts';

export { describeEnvironment } from './environment.ts';

/** One line of metrics.jsonl: of a step (loss, gradient_norm, learning_rate, words) or of an epoch (train_loss, val_loss). */
export interface Metric {
  readonly step: number;
  readonly epoch: number;
  readonly [name: string]: number;
}

/** One line of history.csv, in the columns that Keras' CSVLogger writes: epoch, loss, val_loss. Epochs count from 0. */
export interface HistoryRow {
  readonly epoch: number;
  readonly loss: number;
  readonly val_loss: number;
}

/** How far a training is. */
export interface Position {
  readonly step: number;
  /** The epoch under way, or just done, from 1; 0 before the first step. */
  readonly epoch: number;
  /** Of training, over all sittings. */
  readonly seconds: number;
}

/** One line of timeline.jsonl: when a step was done. Steps between two lines are spread evenly over their time. */
export interface TimelineRow extends Position {
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** One line of samples.jsonl: what the model told after an epoch, counted from 1. */
export interface SampleRow {
  readonly epoch: number;
  readonly stories: readonly { readonly id: string; readonly image_ids: readonly string[]; readonly sentences: readonly string[] }[];
}

/** run.json: what the run is and where it comes from. */
export interface RunHead {
  readonly kind: 'train' | 'evaluate';
  /** ISO time. */
  readonly started: string;
  /** Name of the run that it repeats. */
  readonly from?: string;
  /** Name of the sweep it belongs to. */
  readonly parent?: string;
  /** Why it stopped, where an error stopped it. */
  readonly failed?: string;
  /** False where its losses are no log-likelihoods: then there is no perplexity. */
  readonly likelihood?: false;
}

export interface RunCreation extends EnvironmentDetails {
  readonly from?: string | undefined;
  readonly parent?: string | undefined;
  /** Whether its losses are log-likelihoods. Default: true. */
  readonly likelihood?: boolean | undefined;
  readonly now?: Date;
}

/**
 * The folder of one run: config.json, environment.json, run.json, metrics.jsonl, timeline.jsonl, history.csv,
 * samples.jsonl, checkpoints/, scores/, result.json. Nothing in it names its own place, so that it can be moved.
 */
export class RunFolder {
  readonly path: string;
  #pending: Metric[] = [];

  constructor(path: string) {
    this.path = path;
  }

  /** A new folder `base/NAME-TIME` of a training; a number is added when two runs start in the same second. */
  static create(base: string, name: string, config: unknown, creation: RunCreation = {}): Promise<RunFolder> {
    return createFolder('train', base, name, config, creation);
  }

  /** A new folder `base/NAME-TIME` of an evaluation: its scores go to scores/. */
  static createEvaluation(base: string, name: string, config: unknown, creation: RunCreation = {}): Promise<RunFolder> {
    return createFolder('evaluate', base, name, config, creation);
  }

  /** @throws UserError when there is no run in it */
  static async open(path: string): Promise<RunFolder> {
    if (!(await exists(join(path, 'config.json')))) throw new UserError(`${path}: not a run folder: it has no config.json`);
    return new RunFolder(path);
  }

  /** Path of something in the folder. */
  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** config.json, not checked. @throws UserError when it is missing or no JSON */
  readConfig(): Promise<unknown> {
    return readJson(this.file('config.json'), 'the configuration of the run');
  }

  /** Writes a JSON file into the folder, whole or not at all. */
  writeJson(name: string, content: unknown): Promise<void> {
    return writeFileAtomic(this.file(name), `${JSON.stringify(content, null, 2)}\n`);
  }

  /** run.json; of an older run, which has none, what can be said. */
  async readHead(): Promise<RunHead> {
    const path = this.file('run.json');
    if (!(await exists(path))) return { kind: 'train', started: '' };
    return (await readJson(path, 'the description of the run')) as RunHead;
  }

  /** Notes why an error stopped the run, or with undefined that it goes on. */
  async markFailed(reason: string | undefined): Promise<void> {
    const { failed, ...head } = await this.readHead();
    if (failed !== reason) await this.writeJson('run.json', { ...head, ...(reason !== undefined && { failed: reason }) });
  }

  /** Notes a metric; it reaches the disk at the next `flush`. */
  metric(metric: Metric): void {
    this.#pending.push(metric);
  }

  /** Appends what was measured since the last time, and to the timeline when that was. */
  async flush(position: Position): Promise<void> {
    if (this.#pending.length === 0) return;
    await appendJsonLines(this.file('metrics.jsonl'), this.#pending.splice(0));
    await this.markTime(position);
  }

  /** Notes the time of a position: also at the start of each sitting, so that no step seems to last over a break. */
  markTime({ step, epoch, seconds }: Position): Promise<void> {
    return appendJsonLines(this.file('timeline.jsonl'), [{ step, epoch, time: Date.now(), seconds: Math.round(seconds * 1000) / 1000 }]);
  }

  /** Appends the stories told after an epoch. */
  samples(row: SampleRow): Promise<void> {
    return appendJsonLines(this.file('samples.jsonl'), [row]);
  }

  /**
   * Writes scores/NAME.json; a number is added where the name is taken.
   * @param replaces whether these scores take the place of a file, named with its folder; default: of none
   * @returns the name taken, with its folder
   */
  async writeScores(name: string, scores: unknown, replaces: (file: string) => Promise<boolean> = async () => false): Promise<string> {
    const plain = name.replace(/[^\w.-]+/g, '-');
    for (let n = 1; ; n++) {
      const file = join('scores', `${plain}${n === 1 ? '' : `-${n}`}.json`);
      if ((await exists(this.file(file))) && !(await replaces(file))) continue;
      await this.writeJson(file, scores);
      return file;
    }
  }

  /** Rewrites history.csv. */
  writeHistory(rows: readonly HistoryRow[]): Promise<void> {
    return writeFileAtomic(this.file('history.csv'), formatCsv(['epoch', 'loss', 'val_loss'], rows.map((row) => ({ ...row }))));
  }

  /**
   * Forgets what was measured after a step, and validations and samples after that many epochs: a resumed run measures
   * them again, also the validation that follows the last step of an epoch. A line cut by a crash goes too.
   */
  async truncateMetrics(step: number, epochs: number): Promise<void> {
    await filterJsonLines<Metric>(this.file('metrics.jsonl'), (metric) => metric.step <= step && !('val_loss' in metric && metric.epoch > epochs));
    await filterJsonLines<TimelineRow>(this.file('timeline.jsonl'), (row) => row.step <= step);
    await filterJsonLines<SampleRow>(this.file('samples.jsonl'), (row) => row.epoch <= epochs);
  }

  /** Lines cut by a crash are left out. */
  async readMetrics(): Promise<readonly Metric[]> {
    return (await readJsonLines<Metric>(this.file('metrics.jsonl'))).rows;
  }

  /** Lines cut by a crash are left out. */
  async readTimeline(): Promise<readonly TimelineRow[]> {
    return (await readJsonLines<TimelineRow>(this.file('timeline.jsonl'))).rows;
  }

  /** Lines cut by a crash are left out. */
  async readSamples(): Promise<readonly SampleRow[]> {
    return (await readJsonLines<SampleRow>(this.file('samples.jsonl'))).rows;
  }

  /** Forgets result.json: the run goes on. */
  removeResult(): Promise<void> {
    return rm(this.file('result.json'), { force: true });
  }
}

async function createFolder(kind: RunHead['kind'], base: string, name: string, config: unknown, creation: RunCreation): Promise<RunFolder> {
  const { from, parent, likelihood = true, now = new Date(), ...details } = creation;
  const started = now.toISOString();
  const folder = new RunFolder(await makeFolder(base, `${name}-${started.slice(0, 19).replaceAll(':', '-')}`));
  await folder.writeJson('config.json', config);
  await folder.writeJson('run.json', { kind, started, ...(from !== undefined && { from }), ...(parent !== undefined && { parent }), ...(!likelihood && { likelihood }) } satisfies RunHead);
  await folder.writeJson('environment.json', await describeEnvironment(details));
  return folder;
}

/** Makes a new folder below `base`: NAME, or NAME-2, NAME-3, ... where that is taken. @throws UserError when it cannot be made */
export async function makeFolder(base: string, name: string): Promise<string> {
  for (let n = 1; ; n++) {
    const path = join(base, `${name}${n === 1 ? '' : `-${n}`}`);
    try {
      await mkdir(base, { recursive: true });
      await mkdir(path);
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await exists(path))) continue;
      throw new UserError(`${base}: a run folder cannot be made here: ${systemReason(error)}`);
    }
  }
}
