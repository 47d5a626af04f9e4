import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../core/errors.ts';
import { exists, resolveAtomicFolder, systemReason } from '../core/files.ts';
import { readSentenceBlocks } from '../data/books/corpus.ts';
import { readCaptions } from '../data/captions/captionset.ts';
import { recogniseText } from '../data/captions/textcaptions.ts';
import { encoderWords } from './encoders/encoderwords.ts';
import type { NearWord } from './encoders/nearestwords.ts';
import { nearestWords } from './encoders/nearestwords.ts';
import type { SentenceEncoder } from './encoders/sentenceencoder.ts';
import { tokensOf } from './encoders/skipthoughtsencoder.ts';
import { INDEX_FILE } from './retrieval/indexfile.ts';
import { nearestOf } from './retrieval/nearestof.ts';
import { normAt } from './retrieval/scoring.ts';
import { VectorIndex } from './retrieval/vectorindex.ts';
import { writeVectorIndex } from './retrieval/writeindex.ts';

type OnProgress = (what: string, done: number, total: number) => void;

/** A sentence near to another. */
export interface NearSentence {
  readonly text: string;
  /** Cosine of the angle between the two vectors. */
  readonly similarity: number;
}

export interface NearestTo<N> {
  readonly query: string;
  /** Best first; equal ones in the order in which they were read. */
  readonly neighbours: readonly N[];
}

export interface NearestJob {
  /** Among which to look: corpora, text files of a sentence a line, caption files; parallel caption files joined by "+". */
  readonly sources: readonly string[];
  readonly queries: readonly string[];
  readonly k: number;
  /** Folder of an index of vectors: used where there is one, else written. */
  readonly index?: string | undefined;
  readonly onProgress?: OnProgress | undefined;
}

export interface NearestSentences {
  /** Different sentences that were compared. */
  readonly sentences: number;
  readonly results: readonly NearestTo<NearSentence>[];
}

/** Sentences encoded at a time: memory does not grow with their number. */
const CHUNK = 4096;

/**
 * The k sentences nearest to each query by cosine. Of sentences with the same words the first counts; one with the words of
 * the query is not its neighbour.
 * @throws UserError when there is nothing to look among, a query's vector is zero, or the index is of another encoder or of other sentences
 */
export async function nearestSentences(encoder: SentenceEncoder, { sources, queries, k, index, onProgress }: NearestJob): Promise<NearestSentences> {
  const found = index === undefined ? undefined : await existingIndex(index);
  if (sources.length === 0 && found === undefined) throw new UserError(`${index === undefined ? '' : `${index}: there is no index yet: `}say among which sentences to look: --in with a corpus, a text file or captions`);
  const vectors = await queryVectors(encoder, queries);
  if (index === undefined) return scanned(encoder, await readSentences(sources), { queries, vectors, k, onProgress });
  if (found === undefined) await writeIndex(encoder, index, await readSentences(sources), onProgress);
  const opened = await VectorIndex.open(index, { fingerprint: encoder.fingerprint });
  try {
    if (found !== undefined && sources.length > 0) requireSentences(index, opened, await readSentences(sources));
    const isSelf = selfTest(queries);
    const near = await opened.nearestAll(vectors, k, { barred: (query, row) => isSelf(query, opened.text(row)), onProgress: (done) => onProgress?.('comparing', done, queries.length) });
    return { sentences: opened.rows, results: near.map((rows, i) => ({ query: queries[i]!, neighbours: rows.map(({ text, score }) => ({ text, similarity: score })) })) };
  } finally {
    await opened.close();
  }
}

/** The k words nearest to each word in an encoder's table, expansion included. @param path of the encoder @throws UserError when it has no words, or not these */
export async function nearestEncoderWords(path: string, queries: readonly string[], k: number, onProgress?: OnProgress): Promise<{ words: number; results: NearestTo<NearWord>[] }> {
  const table = await encoderWords(path, onProgress);
  return { words: table.words.length, results: queries.map((query) => ({ query, neighbours: nearestWords(table, query, k) })) };
}

/** The sentences of all sources in order, as they stand there; of those with the same words the first. @throws UserError when there is none */
export async function readSentences(sources: readonly string[]): Promise<string[]> {
  const [seen, texts] = [new Set(['']), [] as string[]];
  const add = (text: string): void => {
    const words = tokensOf(text).join(' ');
    if (seen.has(words)) return;
    seen.add(words);
    texts.push(text);
  };
  for (const source of sources) {
    if (await isPlain(source)) {
      for await (const block of readSentenceBlocks(source)) block.forEach(add);
      continue;
    }
    const { photos } = await readCaptions(source.split('+').map((path) => path.trim()));
    for (const { captions } of photos) for (const caption of captions) add(caption.replace(/\s+/g, ' ').trim());
  }
  if (texts.length === 0) throw new UserError(`${sources.join(', ')}: there is no sentence in it`);
  return texts;
}

/** Enough of a file to tell its structure by. */
const HEAD = 4096;

/** Whether a source is a corpus or text of a sentence a line; else it is captions. */
async function isPlain(path: string): Promise<boolean> {
  const place = await resolveAtomicFolder(path);
  if (!(await exists(place))) {
    if (path.includes('+')) return false;
    throw new UserError(`${path}: no such file or folder: give a corpus, a text file of a sentence a line, or captions`);
  }
  if ((await stat(place)).isDirectory()) return true;
  if (/\.(json|gz)$/i.test(path)) return false;
  const file = await open(place).catch((error: unknown) => {
    throw new UserError(`${path}: cannot read sentences: ${systemReason(error)}`);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    const head = buffer.subarray(0, bytesRead);
    const isGzip = head[0] === 0x1f && head[1] === 0x8b;
    return !isGzip && recogniseText(path, head.toString('utf8').replace(/^\uFEFF/, '')) === 'lines';
  } finally {
    await file.close();
  }
}

/** @throws UserError when there is none of a query's words in the encoder, so that nothing is near */
async function queryVectors(encoder: SentenceEncoder, queries: readonly string[]): Promise<Float32Array[]> {
  const empty = queries.find((query) => tokensOf(query).length === 0);
  if (empty !== undefined) throw new UserError(`nearest: ${JSON.stringify(empty)}: there is no word in it; give a sentence`);
  const all = await encoder.encode(queries);
  return queries.map((query, i) => {
    if (normAt(all, i * encoder.size, encoder.size) === 0) throw new UserError(`nearest: ${JSON.stringify(query)}: its vector is zero, as ${encoder.name} knows none of its words; ask with other words`);
    return all.slice(i * encoder.size, (i + 1) * encoder.size);
  });
}

/** Whether a text has the same words as a query. */
function selfTest(queries: readonly string[]): (query: number, text: string) => boolean {
  const own = queries.map((query) => tokensOf(query).join(' '));
  return (query, text) => tokensOf(text).join(' ') === own[query];
}

interface Scan extends Pick<NearestJob, 'queries' | 'k' | 'onProgress'> {
  readonly vectors: readonly Float32Array[];
}

/** Encodes a chunk, keeps the best of it and of those before, and goes on. */
async function scanned(encoder: SentenceEncoder, texts: readonly string[], { queries, vectors, k, onProgress }: Scan): Promise<NearestSentences> {
  const isSelf = selfTest(queries);
  const best: NearSentence[][] = queries.map(() => []);
  for await (const { chunk, rows } of encodedChunks(encoder, texts, onProgress)) {
    vectors.forEach((vector, query) => {
      const near = nearestOf(rows, encoder.size, vector, k, { barred: (row) => isSelf(query, chunk[row]!) });
      const found = near.map(({ row, score }) => ({ text: chunk[row]!, similarity: score }));
      // Sorting keeps the order of equals: those read first.
      best[query] = [...best[query]!, ...found].sort((a, b) => b.similarity - a.similarity).slice(0, k);
    });
  }
  return { sentences: texts.length, results: queries.map((query, i) => ({ query, neighbours: best[i]! })) };
}

async function* encodedChunks(encoder: SentenceEncoder, texts: readonly string[], onProgress?: OnProgress): AsyncGenerator<{ chunk: readonly string[]; rows: Float32Array }, void, undefined> {
  for (let from = 0; from < texts.length; from += CHUNK) {
    const chunk = texts.slice(from, from + CHUNK);
    yield { chunk, rows: await encoder.encode(chunk, (done) => onProgress?.('encoding', from + done, texts.length)) };
  }
}

/** The folder of an index that is there; undefined where one is to be written. */
async function existingIndex(index: string): Promise<string | undefined> {
  const folder = await resolveAtomicFolder(index);
  return (await exists(join(folder, INDEX_FILE))) ? folder : undefined;
}

async function writeIndex(encoder: SentenceEncoder, folder: string, texts: readonly string[], onProgress?: OnProgress): Promise<void> {
  async function* vectors(): AsyncGenerator<Float32Array, void, undefined> {
    for await (const { rows } of encodedChunks(encoder, texts, onProgress)) yield rows;
  }
  await writeVectorIndex(folder, { texts, vectors: vectors(), size: encoder.size, fingerprint: encoder.fingerprint });
}

/** @throws UserError when an index is of other sentences than those that were named */
function requireSentences(folder: string, index: VectorIndex, texts: readonly string[]): void {
  const other = texts.length === index.rows ? texts.findIndex((text, row) => text !== index.text(row)) : Math.min(texts.length, index.rows);
  if (other < 0) return;
  const why = texts.length === index.rows ? `sentence ${other + 1} is another` : `it has ${index.rows}, there are ${texts.length}`;
  throw new UserError(`${folder}: this index is of other sentences than those of --in (${why}); leave out --in, or name another --index`);
}
