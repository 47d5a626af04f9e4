import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ShapeError, UserError } from '../../core/errors.ts';
import { writeFolderAtomic } from '../../core/files.ts';
import { tensorHeader } from '../../io/tensorfile.ts';
import { BOUNDS, strideOf } from './codes.ts';
import type { IndexFile } from './indexfile.ts';
import { CODES_FILE, IDS_FILE, INDEX_FILE, TEXTS_FILE, VECTORS_FILE } from './indexfile.ts';
import type { Similarity } from './scoring.ts';
import { refuseNotFinite } from './scoring.ts';
import { VectorRows } from './vectorrows.ts';

/** What an index is made from. */
export interface VectorIndexSource {
  /** One a vector, without line ends. */
  readonly texts: readonly string[];
  /** One a vector, where texts have names of their own. */
  readonly ids?: readonly string[];
  /** The vectors in the order of their texts, any number of whole rows at a time. */
  readonly vectors: AsyncIterable<Float32Array> | Iterable<Float32Array>;
  /** Numbers of a vector. */
  readonly size: number;
  /** Of the encoder that made them. */
  readonly fingerprint: string;
  /** @default 'cosine' */
  readonly similarity?: Similarity;
  /** Told the rows written. */
  readonly onProgress?: (rows: number) => void;
}

/** Texts joined for one write. */
const LINES = 8192;

/**
 * Writes an index of vectors as a folder, whole or not at all: `vectors.safetensors` (`vectors`, F32 [rows, size]),
 * `quantised.safetensors` (`codes`, I8 [rows, stride], `bounds`, F64 [rows, 3], `centre`, F64 [size]), `texts.txt`, `ids.txt`
 * where there are ids, `index.json`. Of the vectors only the rows at hand are in memory, and 24 bytes a row.
 * @throws UserError when a vector holds NaN or an infinity, a text holds a line end, or `folder` holds something else
 * @throws ShapeError when there are not as many vectors or ids as texts
 */
export async function writeVectorIndex(folder: string, source: VectorIndexSource): Promise<void> {
  const { texts, ids, size, similarity = 'cosine', fingerprint } = source;
  if (texts.length === 0) throw new UserError(`${folder}: there are no texts to make an index of`);
  if (ids !== undefined && ids.length !== texts.length) throw new ShapeError(`${texts.length} texts with ${ids.length} ids`);
  await refuseOther(folder);
  await writeFolderAtomic(folder, async (fresh) => {
    const files: IndexFile['files'] = {
      [TEXTS_FILE]: await writeLines(join(fresh, TEXTS_FILE), texts, 'text'),
      ...(ids && { [IDS_FILE]: await writeLines(join(fresh, IDS_FILE), ids, 'id') }),
      ...(await writeVectors(fresh, source, similarity)),
    };
    const index: IndexFile = { format: 'fabula vectors 1', rows: texts.length, size, similarity, fingerprint, files };
    await writeFile(join(fresh, INDEX_FILE), `${JSON.stringify(index, null, 2)}\n`);
  });
}

/** The folder is replaced as a whole, so that nothing of the user's may be in it. */
async function refuseOther(folder: string): Promise<void> {
  const inside = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new UserError(`${folder}: it is not a folder; give the index another name`);
  });
  const known = [INDEX_FILE, VECTORS_FILE, CODES_FILE, TEXTS_FILE, IDS_FILE];
  const other = inside.find((name) => !known.includes(name));
  if (other !== undefined) throw new UserError(`${folder}: it holds ${other}, which an index of vectors would replace; give the index another name`);
}

type Written = IndexFile['files'][typeof TEXTS_FILE];

async function writeLines(path: string, lines: readonly string[], what: string): Promise<Written> {
  const wrong = lines.findIndex((line) => /[\n\r]/.test(line));
  if (wrong >= 0) throw new UserError(`${what} ${wrong + 1} of ${lines.length} holds a line end: ${JSON.stringify(lines[wrong]).slice(0, 80)}; replace it with a space`);
  return writing(path, async (file) => {
    for (let from = 0; from < lines.length; from += LINES) await file.write(Buffer.from(`${lines.slice(from, from + LINES).join('\n')}\n`));
  });
}

type VectorFiles = { readonly [VECTORS_FILE]: Written; readonly [CODES_FILE]: Written };

async function writeVectors(folder: string, { texts: { length: rows }, vectors, size, onProgress }: VectorIndexSource, similarity: Similarity): Promise<VectorFiles> {
  const vectorsFile = await writing(join(folder, VECTORS_FILE), async (file) => {
    await file.write(tensorHeader({ vectors: { dtype: 'F32', shape: [rows, size] } }));
    let done = 0;
    for await (const chunk of vectors) {
      const count = countRows(chunk, size, done, rows);
      await file.write(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
      done += count;
      onProgress?.(done);
    }
    if (done !== rows) throw new ShapeError(`${rows} texts with ${done} vectors`);
  });
  const written = await VectorRows.open(join(folder, VECTORS_FILE), rows, size);
  try {
    return { [VECTORS_FILE]: vectorsFile, [CODES_FILE]: await writing(join(folder, CODES_FILE), (file) => writeCodes(file, written, similarity)) };
  } finally {
    await written.close();
  }
}

/** Codes come first: so each is written when it is made, and bounds wait. */
async function writeCodes(file: Sink, vectors: VectorRows, similarity: Similarity): Promise<void> {
  const { rows, size, together } = vectors;
  const stride = strideOf(size);
  await file.write(tensorHeader({ codes: { dtype: 'I8', shape: [rows, stride] }, bounds: { dtype: 'F64', shape: [rows, BOUNDS] }, centre: { dtype: 'F64', shape: [size] } }));
  const coding = vectors.coding(similarity);
  const bounds = new Float64Array(rows * BOUNDS);
  for (let first = 0; first < rows; first += together) {
    const count = Math.min(together, rows - first);
    const codes = new Int8Array(count * stride);
    await vectors.code(first, count, coding, codes, bounds);
    await file.write(new Uint8Array(codes.buffer));
  }
  await file.write(new Uint8Array(bounds.buffer));
  await file.write(new Uint8Array(coding.centre.buffer));
}

function countRows(chunk: Float32Array, size: number, done: number, rows: number): number {
  const count = chunk.length / size;
  if (!Number.isInteger(count)) throw new ShapeError(`${chunk.length} numbers are not rows of ${size}`);
  if (done + count > rows) throw new ShapeError(`${rows} texts with ${done + count} vectors or more`);
  refuseNotFinite(chunk, size, done, 'vector');
  return count;
}

interface Sink {
  write(bytes: Uint8Array): Promise<void>;
}

/** A file being written, and what is to be known of it. */
async function writing(path: string, fill: (file: Sink) => Promise<void>): Promise<Written> {
  const hash = createHash('sha256');
  let bytes = 0;
  const file: FileHandle = await open(path, 'w');
  try {
    await fill({
      async write(part) {
        hash.update(part);
        bytes += part.length;
        await file.writeFile(part);
      },
    });
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest('hex') };
}
