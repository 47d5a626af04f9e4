import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../core/errors.ts';
import { readText } from '../../core/files.ts';
import type { VectorFile } from './bytes.ts';
import { byteChunks, openVectorFile } from './bytes.ts';
import { VectorRows } from './rows.ts';
import type { Selection } from './selection.ts';
import type { WordVectors } from './table.ts';

const PAIR = /^vectors_(.+)_x(\d+)\.f32$/;

/** A pair `vectors_NAME_xD.f32` (little-endian float32) and `words_NAME.txt` (a word a line). */
export interface FloatPair {
  readonly file: VectorFile;
  readonly wordsPath: string;
  readonly dimension: number;
  readonly words: number;
}

/** The one such file of a folder. */
export async function pairOfFolder(folder: string): Promise<string> {
  const pairs = (await readdir(folder)).filter((name) => PAIR.test(name));
  if (pairs.length !== 1) throw new UserError(`${folder}: expected one vectors_NAME_xD.f32 file, found ${pairs.length}; name the file`);
  return join(folder, pairs[0]!);
}

export async function findPair(path: string): Promise<FloatPair> {
  const match = PAIR.exec(basename(path));
  const dimension = Number(match?.[2] ?? 0);
  if (match === null || dimension === 0) throw new UserError(`${path}: expected a name such as vectors_40k_x100.f32, which says where its words are`);
  // Numbers may happen to begin as gzip does: the name says that they are not packed.
  const file = { ...(await openVectorFile(path)), packed: false };
  return { file, wordsPath: join(dirname(path), `words_${match[1]}.txt`), dimension, words: Math.ceil(file.size / dimension / 4) };
}

/** @throws UserError when the two files do not fit together, or a number is not finite */
export async function readPair({ file, wordsPath, dimension }: FloatPair, selection: Selection): Promise<WordVectors> {
  const words = (await readText(wordsPath, 'words of the vectors')).replace(/\r?\n$/, '').split(/\r?\n/);
  const width = 4 * dimension;
  if (file.size !== words.length * width) {
    throw new UserError(`${file.path}: ${file.size} bytes, but ${words.length} words of ${wordsPath} x ${dimension} need ${words.length * width}`);
  }
  const rows = new VectorRows(file.path, dimension, selection.most(words.length));
  const wanted = Math.min(words.length, selection.limit);
  let pending: Buffer = Buffer.alloc(0);
  let row = 0;
  for await (const chunk of byteChunks(file, (done) => selection.onProgress?.(done, file.size))) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    let at = 0;
    for (; row < wanted && at + width <= pending.length; row++, at += width) {
      if (selection.keeps(words[row]!)) rows.addBytes(words[row]!, pending.subarray(at, at + width));
    }
    if (row === wanted) break;
    pending = pending.subarray(at);
  }
  if (row < wanted) throw new UserError(`${file.path}: cut to ${row} words while it was read; copy it again`);
  return rows.finish();
}
