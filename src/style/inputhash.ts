import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256, sha256File } from '../core/files.ts';

/** Where files are and what counts of them: `names` takes names and sizes for what would take long to read, such as photos. */
export interface InputFiles {
  readonly paths: readonly string[];
  readonly by?: 'contents' | 'names';
}

/**
 * The hash of files, and of all files below folders. Neither their folders' place nor their times count, so that copies
 * are the same. What is not there counts as such: who reads it says so.
 */
export async function hashOfFiles(inputs: readonly InputFiles[]): Promise<string> {
  const parts: string[] = [];
  for (const { paths, by = 'contents' } of inputs) {
    for (const path of paths) parts.push(...(await entriesOf(path, '', by)), '');
  }
  return sha256(JSON.stringify(parts));
}

async function entriesOf(path: string, name: string, by: 'contents' | 'names'): Promise<string[]> {
  const facts = await stat(path).catch(() => undefined);
  if (facts === undefined) return [`${name} missing`];
  if (!facts.isDirectory()) return [`${name} ${by === 'contents' ? await sha256File(path) : facts.size}`];
  const entries: string[] = [];
  for (const inside of (await readdir(path)).sort()) {
    if (!inside.startsWith('.')) entries.push(...(await entriesOf(join(path, inside), `${name}/${inside}`, by)));
  }
  return entries;
}
