import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UserError } from '../core/errors.ts';
import { exists, readJson, temporaryPath, writeFileAtomic } from '../core/files.ts';
import { csvLine } from '../io/csv.ts';

/** One line of metrics.jsonl. */
export interface Metric {
  readonly step: number;
  readonly epoch: number;
  readonly [name: string]: number;
}

/** One line of history.csv, in the columns that Keras' CSVLogger writes: epoch, loss, val_loss. */
export interface HistoryRow {
  readonly epoch: number;
  readonly loss: number;
  readonly val_loss: number;
}

/**
 * The folder of one run: config.json, environment.json, metrics.jsonl, history.csv, checkpoints/, result.json.
 * Nothing in it names its own place, so that it can be moved.
 */
export class RunFolder {
  readonly path: string;
  #pending: string[] = [];

  constructor(path: string) {
    this.path = path;
  }

  /** A new folder `base/NAME-TIME`; a number is added when two runs start in the same second. */
  static async create(base: string, name: string, config: unknown, now = new Date()): Promise<RunFolder> {
    const time = now.toISOString().slice(0, 19).replaceAll(':', '-');
    await mkdir(base, { recursive: true });
    for (let n = 1; ; n++) {
      const path = join(base, `${name}-${time}${n === 1 ? '' : `-${n}`}`);
      try {
        await mkdir(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
        throw new UserError(`${base}: a run folder cannot be made here: ${(error as Error).message}`);
      }
      const folder = new RunFolder(path);
      await folder.writeJson('config.json', config);
      await folder.writeJson('environment.json', await describeEnvironment());
      return folder;
    }
  }

  /** @throws UserError when there is no run in it */
  static async open(path: string): Promise<RunFolder> {
    if (!(await exists(join(path, 'config.json')))) throw new UserError(`${path}: not a run folder: it has no config.json`);
    return new RunFolder(path);
  }

  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  readConfig(): Promise<unknown> {
    return readJson(this.file('config.json'), 'the configuration of the run');
  }

  writeJson(name: string, content: unknown): Promise<void> {
    return writeFileAtomic(this.file(name), `${JSON.stringify(content, null, 2)}\n`);
  }

  /** Notes a metric; it reaches the disk at the next `flush`. */
  metric(metric: Metric): void {
    this.#pending.push(JSON.stringify(metric));
  }

  async flush(): Promise<void> {
    if (this.#pending.length === 0) return;
    const lines = this.#pending.splice(0).map((line) => `${line}\n`).join('');
    await appendFile(this.file('metrics.jsonl'), lines);
  }

  /** Rewrites history.csv. */
  writeHistory(rows: readonly HistoryRow[]): Promise<void> {
    const lines = [['epoch', 'loss', 'val_loss'], ...rows.map((row) => [row.epoch, row.loss, row.val_loss])];
    return writeFileAtomic(this.file('history.csv'), lines.map((line) => `${csvLine(line.map(String)).trimEnd()}\n`).join(''));
  }

  /**
   * Forgets what was measured after a step, and validations after that many epochs: a resumed run measures them again,
   * also the validation that follows the last step of an epoch. A line cut by a crash goes too.
   */
  async truncateMetrics(step: number, epochs: number): Promise<void> {
    const path = this.file('metrics.jsonl');
    if (!(await exists(path))) return;
    const kept = (await readFile(path, 'utf8')).split('\n').filter((line) => {
      try {
        const metric = JSON.parse(line) as Metric;
        return metric.step <= step && !('val_loss' in metric && metric.epoch > epochs);
      } catch {
        return false;
      }
    });
    const temporary = temporaryPath(path);
    await writeFile(temporary, kept.map((line) => `${line}\n`).join(''));
    await rename(temporary, path);
  }

  async readMetrics(): Promise<Metric[]> {
    const path = this.file('metrics.jsonl');
    if (!(await exists(path))) return [];
    return (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Metric);
  }
}

/** What a run ran on: enough to judge whether another run can give the same numbers. */
export async function describeEnvironment(): Promise<Record<string, unknown>> {
  return {
    fabula: await packageVersion('../../package.json'),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory_gib: Math.round(totalmem() / 2 ** 30),
    onnxruntime: installedVersion('onnxruntime-node'),
    git_commit: await gitCommit(),
  };
}

async function packageVersion(relative: string): Promise<string> {
  try {
    return (JSON.parse(await readFile(new URL(relative, import.meta.url), 'utf8')) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}

function installedVersion(name: string): string {
  try {
    return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version;
  } catch {
    return 'unknown';
  }
}

async function gitCommit(): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { timeout: 5000 });
    return stdout.trim();
  } catch {
    return null;
  }
}
