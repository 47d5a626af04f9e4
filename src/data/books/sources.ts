import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../core/errors.ts';
import { systemReason } from '../../core/files.ts';

const BOOK = /\.txt(?:\.gz)?$/i;

/**
 * Files of books: files as they are named, folders with all that is below them in the order of names (`.txt` and
 * `.txt.gz`; hidden ones are left out). A file that is reached twice is there once.
 * @throws UserError when a source is missing, or a folder has no book
 */
export async function listBooks(sources: readonly string[]): Promise<string[]> {
  const seen = new Set<string>();
  const books: string[] = [];
  for (const source of sources) {
    const found = (await isFolder(source)) ? await walk(source, seen) : [source];
    if (found.length === 0) throw new UserError(`${source}: there is no .txt or .txt.gz file in this folder; name the files themselves if they are called otherwise`);
    for (const path of found) {
      const real = await realpath(path);
      if (!seen.has(real)) books.push(path);
      seen.add(real);
    }
  }
  return books;
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch((error: unknown) => {
    throw new UserError(`${path}: cannot read the text: ${systemReason(error)}`);
  })).isDirectory();
}

async function walk(folder: string, seen: Set<string>): Promise<string[]> {
  const real = await realpath(folder);
  // Links may lead back.
  if (seen.has(`${real}/`)) return [];
  seen.add(`${real}/`);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new UserError(`${folder}: cannot list the folder: ${systemReason(error)}`);
  });
  const books: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    const kind = await kindOf(entry, path);
    if (kind === 'folder') books.push(...(await walk(path, seen)));
    else if (kind === 'file' && BOOK.test(entry.name)) books.push(path);
  }
  return books;
}

async function kindOf(entry: Dirent, path: string): Promise<'file' | 'folder' | 'other'> {
  const facts = entry.isSymbolicLink() ? await stat(path).catch(() => undefined) : entry;
  if (facts?.isDirectory()) return 'folder';
  return facts?.isFile() ? 'file' : 'other';
}
