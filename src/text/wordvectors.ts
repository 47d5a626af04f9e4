import { stat } from 'node:fs/promises';
import { UserError } from '../core/errors.ts';
import { systemReason } from '../core/files.ts';
import type { FloatPair } from './wordvectors/floatpair.ts';
import { findPair, pairOfFolder, readPair } from './wordvectors/floatpair.ts';
import { readGloveText } from './wordvectors/glovetext.ts';
import type { VectorLayout } from './wordvectors/layout.ts';
import { findLayout } from './wordvectors/layout.ts';
import { tableBytes } from './wordvectors/memory.ts';
import type { WordVectorOptions } from './wordvectors/selection.ts';
import { Selection } from './wordvectors/selection.ts';
import type { WordVectors } from './wordvectors/table.ts';
import { readWord2vec } from './wordvectors/word2vec.ts';

export { WordVectors } from './wordvectors/table.ts';
export { formatBytes, requireMemory } from './wordvectors/memory.ts';
export type { WordVectorOptions } from './wordvectors/selection.ts';

/** What reading word vectors would take. */
export interface WordVectorsSize {
  readonly format: 'word2vec binary' | 'text' | 'float32 pair';
  /** Words that would be kept. */
  readonly words: number;
  /** Numbers of a vector. */
  readonly dimension: number;
  /** Bytes of memory, words and their index counted. */
  readonly bytes: number;
  /** False where `words` is an estimate (text without a first line of counts) or the most that there can be. */
  readonly exact: boolean;
}

/**
 * Word vectors from any of three forms, each recognised by its content, the first two also packed with gzip:
 * GloVe text (`word v1 v2 ...` a line, with or without word2vec's first line of counts); word2vec binary (Google News);
 * or a pair `vectors_NAME_xD.f32` (little-endian float32) and `words_NAME.txt` (a word a line): give the `.f32` file or the
 * folder that holds one pair. Files are read as streams: what is kept, and little more, is in memory.
 * @throws UserError naming file, line or entry, and what is wrong with it
 */
export async function readWordVectors(path: string, options: WordVectorOptions = {}): Promise<WordVectors> {
  const found = await find(path, options);
  const selection = new Selection(options);
  if ('wordsPath' in found) return readPair(found, selection);
  return found.format === 'text' ? readGloveText(found, selection) : readWord2vec(found, selection);
}

/**
 * What `readWordVectors` with the same options would take, from first line, file length and samples, in milliseconds.
 * `requireMemory(path, size.bytes, 'give a limit')` states it and refuses what does not fit.
 * @throws UserError when the file is of no known form, or visibly cut
 */
export async function wordVectorsSize(path: string, options: WordVectorOptions = {}): Promise<WordVectorsSize> {
  const found = await find(path, options);
  const selection = new Selection(options);
  const words = selection.most(found.words);
  const known = 'wordsPath' in found || found.exact || words < found.words;
  return {
    format: 'wordsPath' in found ? 'float32 pair' : found.format,
    words,
    dimension: found.dimension,
    bytes: tableBytes(words, found.dimension),
    exact: known && selection.keepsAll,
  };
}

/** The file that holds the vectors: of a folder, the `.f32` file in it. @throws UserError when it is not there */
export async function wordVectorsFile(path: string): Promise<string> {
  const info = await stat(path).catch((error: unknown) => {
    throw new UserError(`${path}: cannot read word vectors: ${systemReason(error)}`);
  });
  return info.isDirectory() ? pairOfFolder(path) : path;
}

async function find(path: string, { dimension }: WordVectorOptions): Promise<VectorLayout | FloatPair> {
  const file = await wordVectorsFile(path);
  const found = file.endsWith('.f32') ? await findPair(file) : await findLayout(file);
  if (dimension !== undefined && found.dimension !== dimension) {
    throw new UserError(`${file}: its vectors have ${found.dimension} numbers; ${dimension} are needed`);
  }
  return found;
}
