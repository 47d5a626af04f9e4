import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { UserError } from '../core/errors.ts';
import { readText, systemReason } from '../core/files.ts';

/** Words with vectors of one length, in the file's order. */
export class WordVectors {
  readonly words: readonly string[];
  readonly dimension: number;
  /** [words, dimension], row by row. */
  readonly data: Float32Array;
  readonly #rows = new Map<string, number>();

  constructor(words: readonly string[], dimension: number, data: Float32Array) {
    if (data.length !== words.length * dimension) {
      throw new Error(`word vectors: ${data.length} numbers for ${words.length} words of ${dimension}`);
    }
    this.words = words;
    this.dimension = dimension;
    this.data = data;
    for (const [row, word] of words.entries()) if (!this.#rows.has(word)) this.#rows.set(word, row);
  }

  get size(): number {
    return this.words.length;
  }

  /** The vector of a word, a view; a bracket tag such as `[male]` is looked up as `male`. */
  lookup(word: string): Float32Array | undefined {
    const row = this.#rows.get(word) ?? this.#rows.get(/^\[(.+)\]$/u.exec(word)?.[1] ?? word);
    return row === undefined ? undefined : this.data.subarray(row * this.dimension, (row + 1) * this.dimension);
  }
}

/** Which word vectors to read. */
export interface WordVectorOptions {
  /** Keep only these words; bracket tags count as the word inside. Saves memory on the large GloVe files. */
  only?: Iterable<string>;
}

/**
 * Word vectors from a GloVe text file (`word v1 v2 ...` a line), or from a pair `vectors_NAME_xD.f32` (little-endian
 * float32) and `words_NAME.txt` (a word a line): give the `.f32` file or the folder that holds one pair.
 */
export async function readWordVectors(path: string, options: WordVectorOptions = {}): Promise<WordVectors> {
  const info = await stat(path).catch((error: unknown) => {
    throw new UserError(`${path}: cannot read word vectors: ${systemReason(error)}`);
  });
  const only = options.only === undefined ? undefined : new Set([...options.only].map((word) => word.replace(/^\[(.+)\]$/u, '$1')));
  if (info.isDirectory()) {
    const pairs = (await readdir(path)).filter((name) => PAIR.test(name));
    if (pairs.length !== 1) throw new UserError(`${path}: expected one vectors_NAME_xD.f32 file, found ${pairs.length}; name the file`);
    return readPair(join(path, pairs[0]!), only);
  }
  return path.endsWith('.f32') ? readPair(path, only) : readGloveText(path, only);
}

const PAIR = /^vectors_(.+)_x(\d+)\.f32$/;

async function readPair(path: string, only: ReadonlySet<string> | undefined): Promise<WordVectors> {
  const match = PAIR.exec(basename(path));
  if (match === null) throw new UserError(`${path}: expected a name such as vectors_40k_x100.f32, which says where its words are`);
  const dimension = Number(match[2]);
  const wordsPath = join(dirname(path), `words_${match[1]}.txt`);
  const words = (await readText(wordsPath, 'words of the vectors')).replace(/\r?\n$/, '').split(/\r?\n/);
  const bytes = await readFile(path);
  if (bytes.length !== words.length * dimension * 4) {
    throw new UserError(`${path}: ${bytes.length} bytes, but ${words.length} words of ${wordsPath} x ${dimension} need ${words.length * dimension * 4}`);
  }
  const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new UserError(`${path}: the vector of ${JSON.stringify(words[Math.floor(bad / dimension)])} holds ${data[bad]}`);
  if (only === undefined) return new WordVectors(words, dimension, data);
  const rows = words.flatMap((word, row) => (only.has(word) ? [row] : []));
  const kept = new Float32Array(rows.length * dimension);
  rows.forEach((row, i) => kept.set(data.subarray(row * dimension, (row + 1) * dimension), i * dimension));
  return new WordVectors(rows.map((row) => words[row]!), dimension, kept);
}

/**
 * Reads GloVe's text line by line. Words may hold spaces (the 840B file has some), so the numbers are counted from the
 * end; word2vec's first line of two counts is skipped; of a word given twice the first counts.
 */
async function readGloveText(path: string, only: ReadonlySet<string> | undefined): Promise<WordVectors> {
  const input = createReadStream(path, 'utf8');
  const words: string[] = [];
  const rows: Float32Array[] = [];
  let dimension = 0;
  let number = 0;
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number++;
      if (line === '' || (number === 1 && /^\d+ \d+$/.test(line))) continue;
      const fields = line.trimEnd().split(' ');
      if (dimension === 0) dimension = countNumbers(fields);
      const word = fields.slice(0, -dimension).join(' ');
      if (dimension === 0 || word === '') {
        throw new UserError(`${path}: line ${number}: expected a word and ${dimension || 'its'} numbers; is it a GloVe text file, whole?`);
      }
      if (only !== undefined && !only.has(word)) continue;
      const vector = Float32Array.from(fields.slice(-dimension), Number);
      if (!vector.every(Number.isFinite)) throw new UserError(`${path}: line ${number}: the vector of ${JSON.stringify(word)} has a field that is not a number`);
      words.push(word);
      rows.push(vector);
    }
  } finally {
    input.destroy();
  }
  if (number === 0) throw new UserError(`${path}: empty; expected GloVe text`);
  const data = new Float32Array(words.length * dimension);
  rows.forEach((row, i) => data.set(row, i * dimension));
  return new WordVectors(words, dimension, data);
}

/** How many fields at the end of a line are numbers; the first field is the word, whatever it looks like. */
function countNumbers(fields: readonly string[]): number {
  const first = fields.findLastIndex((field, i) => i === 0 || field === '' || !Number.isFinite(Number(field)));
  return fields.length - 1 - first;
}
