import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { UserError } from '../core/errors.ts';
import { systemReason } from '../core/files.ts';

/** A photo file; its id is the file's name without the ending, as VIST names its photos. */
export interface Photo {
  readonly id: string;
  readonly path: string;
}

const ENDINGS = new Set(['.jpg', '.jpeg', '.png', '.webp']);

/**
 * Photos in folders (searched with their subfolders), single files, and `.txt` lists with a path a line, relative to
 * the list. Sorted by path within a folder; a file named twice counts once.
 * @throws UserError when something is missing, nothing is found, or two files would have the same id
 */
export async function listPhotos(places: readonly string[]): Promise<Photo[]> {
  const photos = new Map<string, Photo>();
  for (const place of places) {
    for (const path of await pathsOf(place)) {
      const id = basename(path, extname(path));
      const known = photos.get(id);
      if (known && resolve(known.path) !== resolve(path)) {
        throw new UserError(`${path} and ${known.path} would both have the id "${id}": rename one, or extract them apart`);
      }
      if (!known) photos.set(id, { id, path });
    }
  }
  if (photos.size === 0) throw new UserError(`${places.join(', ')}: no photos found (files ending in ${[...ENDINGS].join(', ')})`);
  return [...photos.values()];
}

async function pathsOf(place: string): Promise<string[]> {
  try {
    const info = await stat(place);
    if (info.isDirectory()) return await photosUnder(place);
    if (!place.toLowerCase().endsWith('.txt')) return [place];
    const lines = (await readFile(place, 'utf8')).split(/\r?\n/).map((line) => line.trim());
    return lines.filter((line) => line !== '').map((line) => resolve(dirname(place), line));
  } catch (error) {
    throw new UserError(`${place}: cannot read photos there: ${systemReason(error)}`);
  }
}

/** Hidden files are left out: macOS leaves `._name.jpg` files that are no photos. */
async function photosUnder(folder: string): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await stat(path)).isDirectory());
    if (isFolder) found.push(...(await photosUnder(path)));
    else if (ENDINGS.has(extname(entry.name).toLowerCase())) found.push(path);
  }
  return found;
}
