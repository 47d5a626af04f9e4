import { open } from 'node:fs/promises';
import { UserError } from '../../core/errors.ts';
import type { Head, VectorFile } from './bytes.ts';
import { openVectorFile, readHead } from './bytes.ts';
import { countNumbers } from './glovetext.ts';

/** What a file of word vectors is and holds, found from its beginning. */
export interface VectorLayout {
  readonly file: VectorFile;
  readonly format: 'word2vec binary' | 'text';
  readonly dimension: number;
  /** Entries; for text without a header an estimate from samples unless `exact`. */
  readonly words: number;
  readonly exact: boolean;
  /** Bytes of word2vec's first line; 0 without one. */
  readonly header: number;
}

const SAMPLE = 2 ** 18;
/** Wider vectors than any in use: a header beyond is not one. */
const MOST_NUMBERS = 100_000;

/**
 * Finds out what a file holds without reading it: word2vec's first line of two counts, or text's lines in samples.
 * @throws UserError when it is neither, is empty, or is shorter than its first line says
 */
export async function findLayout(path: string): Promise<VectorLayout> {
  const file = await openVectorFile(path);
  const head = await readHead(file, 4 * SAMPLE);
  const [line = '', words, dimension] = /^(\d+)[ \t](\d+)[ \t]*\r?\n/.exec(head.bytes.toString('latin1', 0, 64)) ?? [];
  const counts = words === undefined ? undefined : { words: Number(words), dimension: Number(dimension) };
  if (isText(head.bytes.subarray(line.length, line.length + SAMPLE))) return textLayout(file, head, counts, line.length);
  if (counts === undefined) {
    throw new UserError(`${path}: neither text nor word2vec binary: its first line should be two counts, words and numbers a word; is it whole and unpacked?`);
  }
  if (!(counts.words >= 1 && counts.dimension >= 1 && counts.dimension <= MOST_NUMBERS)) {
    throw new UserError(`${path}: line 1 promises ${counts.words} words of ${counts.dimension} numbers; is it a word2vec file?`);
  }
  // A word has a letter and a space before its numbers, at least.
  const least = line.length + counts.words * (4 * counts.dimension + 2);
  if (!file.packed && file.size < least) {
    throw new UserError(`${path}: ${file.size} bytes, but ${counts.words} words of ${counts.dimension} numbers, as line 1 promises, need ${least}; copy or download it again`);
  }
  return { file, format: 'word2vec binary', ...counts, exact: true, header: line.length };
}

/** Float32 numbers are full of bytes that no text has: about one in ten is a control character. */
function isText(bytes: Uint8Array): boolean {
  let strange = 0;
  for (const byte of bytes) if (byte < 9 || (byte > 13 && byte < 32) || byte === 127) strange++;
  return strange * 100 <= bytes.length;
}

async function textLayout(file: VectorFile, head: Head, counts: { words: number; dimension: number } | undefined, header: number): Promise<VectorLayout> {
  if (head.bytes.length === 0) throw new UserError(`${file.path}: empty; expected word vectors, as GloVe text or word2vec binary`);
  const lines = head.bytes.toString('utf8', header).replace(/^\uFEFF/, '').split('\n');
  const first = lines.findIndex((line) => line.trim() !== '');
  const numbers = first < 0 ? 0 : countNumbers(lines[first]!.trimEnd().split(' '));
  // A first word such as `room 101` looks like a word and one number more: where there are counts they decide.
  const dimension = counts?.dimension ?? numbers;
  if (dimension === 0 || numbers < dimension) {
    throw new UserError(`${file.path}: line ${Math.max(first, 0) + (header > 0 ? 2 : 1)}: expected a word and ${dimension || 'its'} numbers; is it a GloVe text file, whole?`);
  }
  const layout = { file, format: 'text', dimension, header } as const;
  if (counts !== undefined) return { ...layout, words: counts.words, exact: true };
  if (head.whole) return { ...layout, words: lines.filter((line) => line.trim() !== '').length, exact: true };
  const total = file.packed ? file.size * (head.bytes.length / head.used) : file.size;
  const samples = file.packed ? [head.bytes] : [head.bytes.subarray(0, SAMPLE), ...(await samplesAt(file, [0.5, 0.95]))];
  const ends = samples.reduce((sum, sample) => sum + countLineFeeds(sample), 0);
  const bytes = samples.reduce((sum, sample) => sum + sample.length, 0);
  return { ...layout, words: Math.max(1, Math.round((total * ends) / bytes)), exact: false };
}

async function samplesAt({ path, size }: VectorFile, places: readonly number[]): Promise<Buffer[]> {
  const handle = await open(path);
  try {
    return await Promise.all(places.map(async (place) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(SAMPLE), 0, SAMPLE, Math.floor(place * size));
      return buffer.subarray(0, bytesRead);
    }));
  } finally {
    await handle.close();
  }
}

function countLineFeeds(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte === 10) count++;
  return count;
}
