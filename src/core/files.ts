import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, UserError } from './errors.ts';
import { decodeUtf8 } from './utf8.ts';

/** A name beside `path` to write to before renaming: on the same file system, so that the rename is atomic. */
export function temporaryPath(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
}

/** Writes a file, or its parts one after the other as they are made, whole or not at all: a reader sees the old content or the new, also after a crash. */
export async function writeFileAtomic(path: string, content: string | Uint8Array | Iterable<Uint8Array>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = temporaryPath(path);
  try {
    const file = await open(temporary, 'w');
    try {
      for (const part of typeof content === 'string' || content instanceof Uint8Array ? [content] : content) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Fills a folder whole or not at all. `fill` writes into a fresh folder, which then takes the place of `path`;
 * an existing `path` is kept aside until the new one stands.
 */
export async function writeFolderAtomic(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  // Without a slash at its end: the temporary folder must stand beside it.
  const path = resolve(target);
  await mkdir(dirname(path), { recursive: true });
  const fresh = temporaryPath(path);
  const old = `${path}.old`;
  try {
    await mkdir(fresh);
    await fill(fresh);
    // Where a crash has left only the old one, it stays until the new one stands.
    if (await exists(path)) {
      await rm(old, { recursive: true, force: true });
      await rename(path, old);
    }
    await rename(fresh, path);
    await rm(old, { recursive: true, force: true });
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** The folder written by `writeFolderAtomic`, also when a crash fell between its two renames. */
export async function resolveAtomicFolder(path: string): Promise<string> {
  if (!(await exists(path)) && (await exists(`${path}.old`))) return `${path}.old`;
  return path;
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(() => true, () => false);
}

/** SHA-256 of a file, hexadecimal, read as a stream. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 22 })) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Reads a text file in UTF-8, without a byte-order mark. @throws UserError naming `what` when the file is missing or unreadable, or the line that is not UTF-8. */
export async function readText(path: string, what: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new UserError(`${path}: cannot read ${what}: ${systemReason(error)}`);
  });
  return decodeUtf8(bytes, path, { skipMark: true });
}

/** Reads and parses JSON. @throws UserError with the parser's place in the file. */
export async function readJson(path: string, what: string): Promise<unknown> {
  const text = await readText(path, what);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new UserError(`${path}: ${what} is not valid JSON: ${messageOf(error).replace(/\s+/g, ' ')}`);
  }
}

/** `no such file` and the like, without the path and code that Node puts around it. */
export function systemReason(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  const known: Record<string, string> = {
    ENOENT: 'no such file or folder',
    EACCES: 'permission denied',
    EISDIR: 'it is a folder',
    ENOTDIR: 'a part of its path is not a folder',
    ENOSPC: 'the disk is full',
  };
  return known[code ?? ''] ?? messageOf(error);
}
