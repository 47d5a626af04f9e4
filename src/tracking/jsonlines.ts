import { appendFile, readFile } from 'node:fs/promises';
import { UserError } from '../core/errors.ts';
import { systemReason, writeFileAtomic } from '../core/files.ts';

/** What a file of JSON lines holds. */
export interface JsonLines<T> {
  readonly rows: readonly T[];
  /** Numbers, from 1, of lines that are no JSON object: the last is cut when a process is killed while it writes. */
  readonly damaged: readonly number[];
}

/**
 * Reads JSON lines leniently: a line that cannot be read is counted and left out. A file that is not there holds none.
 * @throws UserError when the system does not let it be read
 */
export async function readJsonLines<T>(path: string): Promise<JsonLines<T>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new UserError(`${path}: cannot be read: ${systemReason(error)}`);
  });
  const rows: T[] = [];
  const damaged: number[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const row = parseObject(line);
    if (row === undefined) damaged.push(i + 1);
    else rows.push(row as T);
  }
  return { rows, damaged };
}

/** Rewrites a file of JSON lines with those that `keep` accepts; damaged lines go. Nothing happens to a file that is not there. */
export async function filterJsonLines<T>(path: string, keep: (row: T) => boolean): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const kept = text.split('\n').filter((line) => {
    const row = parseObject(line);
    return row !== undefined && keep(row as T);
  }).map((line) => `${line}\n`).join('');
  if (kept !== text) await writeFileAtomic(path, kept);
}

export function jsonLine(row: unknown): string {
  return `${JSON.stringify(row)}\n`;
}

/** Appends rows in one write. */
export async function appendJsonLines(path: string, rows: readonly unknown[]): Promise<void> {
  if (rows.length > 0) await appendFile(path, rows.map(jsonLine).join(''));
}

function parseObject(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
