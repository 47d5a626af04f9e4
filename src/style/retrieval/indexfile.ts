import { stat } from 'node:fs/promises';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import { readJson, resolveAtomicFolder, sha256File } from '../../core/files.ts';
import { tableBytes } from './codetable.ts';
import { SIMILARITIES } from './scoring.ts';
import { textRowsBytes } from './textrows.ts';

export const INDEX_FILE = 'index.json';
export const VECTORS_FILE = 'vectors.safetensors';
export const TEXTS_FILE = 'texts.txt';
export const IDS_FILE = 'ids.txt';
export const CODES_FILE = 'quantised.safetensors';

const count = z.int().min(1);
const fileSchema = z.strictObject({ bytes: z.int().min(0), sha256: z.string() });

const indexSchema = z.strictObject({
  format: z.literal('fabula vectors 1'),
  rows: count.max(2 ** 31 - 1),
  size: count.max(2 ** 20),
  similarity: z.enum(SIMILARITIES),
  /** Of the encoder that made the vectors. */
  fingerprint: z.string(),
  files: z.strictObject({
    [VECTORS_FILE]: fileSchema,
    [TEXTS_FILE]: fileSchema,
    [IDS_FILE]: fileSchema.optional(),
    /** Can be left out where the folder is copied: it is made again when the index is opened. */
    [CODES_FILE]: fileSchema.optional(),
  }),
});

/** What `index.json` says. */
export type IndexFile = z.infer<typeof indexSchema>;

/**
 * Reads `index.json` and compares the lengths of the files with it.
 * @returns the folder that holds them (another one after a crash while writing), and what is in it
 * @throws UserError
 */
export async function readIndexFile(given: string): Promise<{ folder: string; index: IndexFile }> {
  const folder = await resolveAtomicFolder(given);
  const path = join(folder, INDEX_FILE);
  const parsed = indexSchema.safeParse(await readJson(path, 'the index of vectors'));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new UserError(`${path}: ${issue.path.join('.') || 'the file'}: ${issue.message}; make the index again`);
  }
  for (const [name, { bytes }] of listed(parsed.data)) {
    const stats = await stat(join(folder, name)).catch(() => undefined);
    if (stats === undefined && name === CODES_FILE) continue;
    if (stats === undefined) throw new UserError(`${join(folder, name)}: it is missing; copy or make the index again`);
    if (stats.size !== bytes) throw new UserError(`${join(folder, name)}: ${stats.size} bytes, ${INDEX_FILE} says ${bytes}: it was cut or changed; copy or make the index again`);
  }
  return { folder, index: parsed.data };
}

/** Reads all files of an index and compares their SHA-256. @throws UserError naming the first that differs */
export async function verifyVectorIndex(given: string): Promise<void> {
  const { folder, index } = await readIndexFile(given);
  for (const [name, { sha256 }] of listed(index)) {
    const path = join(folder, name);
    if (name === CODES_FILE && (await stat(path).catch(() => undefined)) === undefined) continue;
    if ((await sha256File(path)) !== sha256) throw new UserError(`${path}: its SHA-256 is not the one in ${INDEX_FILE}; copy or make the index again`);
  }
}

function listed({ files }: IndexFile): [string, z.infer<typeof fileSchema>][] {
  return Object.entries(files).filter((entry): entry is [string, z.infer<typeof fileSchema>] => entry[1] !== undefined);
}

/** Bytes of memory that an index takes once it is open. */
export function indexMemory({ rows, size, files }: IndexFile): number {
  return tableBytes(rows, size) + [files[TEXTS_FILE], files[IDS_FILE]].reduce((sum, file) => sum + (file ? textRowsBytes(rows, file.bytes) : 0), 0);
}

/** Bytes of memory that are free: of the machine, and of what this process may have. */
export function freeMemory(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(freemem(), limit - process.memoryUsage.rss()) : freemem();
}

/** @throws UserError when an index does not fit into `free` bytes of memory */
export function checkMemory(folder: string, index: IndexFile, free: number): void {
  const needed = indexMemory(index);
  if (needed <= free) return;
  throw new UserError(`${folder}: its ${index.rows} vectors of ${index.size} numbers need ${megabytes(needed)} MB of memory, ${megabytes(free)} MB are free; end other programs, or make an index of fewer vectors`);
}

function megabytes(bytes: number): number {
  return Math.ceil(Math.max(0, bytes) / 1e6);
}
