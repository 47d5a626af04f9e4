import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { basename } from 'node:path';
import { promisify } from 'node:util';

/** What a run read. */
export interface DataRecord {
  /** SHA-256, hexadecimal, of what counts in it: files made again with the same content have the same. */
  readonly content: string;
  readonly stories?: number;
  /** Photos of a story; of features, all that they are of. */
  readonly photos?: number;
  /** Of features: of what made them. */
  readonly fingerprint?: string;
  readonly bytes?: number;
  /** Of text. */
  readonly sentences?: number;
  readonly passages?: number;
  readonly words?: number;
}

/** What only the caller knows of a run's environment. */
export interface EnvironmentDetails {
  /** Threads for one operator, counted: 0 never stands for all. */
  readonly threads?: number;
  /** By key of the configuration: `data.train`, `data.features`, ... */
  readonly data?: Readonly<Record<string, DataRecord>>;
}

/** What a run ran on: enough to judge whether another run can give the same numbers. */
export async function describeEnvironment(details: EnvironmentDetails = {}): Promise<Record<string, unknown>> {
  return {
    fabula: await packageVersion('../../package.json'),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    ...(details.threads !== undefined && { threads: details.threads }),
    memory_gib: Math.round(totalmem() / 2 ** 30),
    onnxruntime: installedVersion('onnxruntime-node'),
    git_commit: await gitCommit(),
    command_line: commandLine(process.argv),
    ...(details.data && { data: details.data }),
  };
}

/** What was typed, without the folder that the run stands in: runs move. */
export function commandLine(argv: readonly string[]): string[] {
  const words = [basename(argv[1] ?? 'fabula'), ...argv.slice(2)];
  return words.filter((word, i) => !/^--runs(=|$)/.test(word) && words[i - 1] !== '--runs');
}

/** Each can change the last digits of a loss, and with time more. */
const DECIDING: Readonly<Record<string, string>> = {
  fabula: 'Fabula', git_commit: 'git commit', onnxruntime: 'ONNX Runtime', node: 'Node', platform: 'platform', cpu: 'CPU', threads: 'threads',
};

/** What differs between two environments and may change numbers, a line each: `threads: 2 then, 4 now`. */
export function environmentDifferences(was: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(DECIDING).flatMap(([key, title]) =>
    (was[key] === undefined || now[key] === undefined || was[key] === now[key] ? [] : [`${title}: ${String(was[key])} then, ${String(now[key])} now`]));
}

/** Which data hold something else than then, a line each with the key of the configuration. */
export function dataDifferences(was: Readonly<Record<string, DataRecord>>, now: Readonly<Record<string, DataRecord>>): string[] {
  return Object.entries(now).flatMap(([key, data]) => {
    const before = was[key];
    if (before === undefined) return [`${key}: was not read then`];
    return before.content === data.content ? [] : [`${key}: another content: ${describeData(before)} then, ${describeData(data)} now`];
  });
}

function describeData({ content, stories, photos, bytes }: DataRecord): string {
  const size = stories !== undefined ? `${stories} stories` : photos !== undefined ? `${photos} photos` : bytes !== undefined ? `${bytes} bytes` : undefined;
  return [...(size === undefined ? [] : [size]), `SHA-256 ${content.slice(0, 8)}`].join(', ');
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
