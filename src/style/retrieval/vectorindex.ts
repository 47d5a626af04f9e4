import { join } from 'node:path';
import { UserError } from '../../core/errors.ts';
import { exists } from '../../core/files.ts';
import { TensorFile } from '../../io/tensorfile.ts';
import type { Coding } from './codes.ts';
import { BOUNDS, quantiseQuery } from './codes.ts';
import { CodeTable, GROUP } from './codetable.ts';
import type { IndexFile } from './indexfile.ts';
import { checkMemory, CODES_FILE, freeMemory, IDS_FILE, indexMemory, readIndexFile, TEXTS_FILE, VECTORS_FILE } from './indexfile.ts';
import { rescore } from './rescoring.ts';
import type { Neighbour, Similarity } from './scoring.ts';
import { checkCount, queryOf } from './scoring.ts';
import { Survivors } from './survivors.ts';
import { TextRows } from './textrows.ts';
import { checkShape, VectorRows } from './vectorrows.ts';

/** A near row, its text, and its id where the index has ids. */
export interface Found extends Neighbour {
  readonly text: string;
  readonly id?: string;
}

/** How an index is opened. */
export interface OpenOptions {
  /** Of the encoder that queries will come from: another one's index is refused. */
  readonly fingerprint?: string;
  /** Told how many rows are in memory. */
  readonly onProgress?: (rows: number) => void;
  /** Bytes of memory that may be taken. @default what is free */
  readonly memory?: number;
}

interface Parts {
  readonly index: IndexFile;
  readonly table: CodeTable;
  readonly coding: Coding;
  readonly texts: TextRows;
  readonly ids: TextRows | undefined;
  readonly vectors: VectorRows;
}

/** Codes read at a time: progress is told after each. */
const CHUNK_BYTES = 2 ** 26;

/**
 * The vectors of a folder that `writeVectorIndex` has written, and the exactly nearest of them. A quarter of the vectors'
 * bytes is in memory: all rows are compared in 8 bits, whose error is bounded (`codes.ts`), and those that may be among the
 * nearest are read from the file and scored in double precision.
 */
export class VectorIndex {
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * @throws UserError when a file is missing, cut or changed, when there is too little memory, or when the vectors are of
   * another encoder
   */
  static async open(given: string, { fingerprint, onProgress, memory = freeMemory() }: OpenOptions = {}): Promise<VectorIndex> {
    const { folder, index } = await readIndexFile(given);
    if (fingerprint !== undefined && fingerprint !== index.fingerprint) {
      throw new UserError(`${folder}: its vectors are of another encoder (${index.fingerprint}, not ${fingerprint}); make the index again with this one`);
    }
    checkMemory(folder, index, memory);
    const vectors = await VectorRows.open(join(folder, VECTORS_FILE), index.rows, index.size);
    try {
      const texts = await TextRows.open(join(folder, TEXTS_FILE), index.rows);
      const ids = index.files[IDS_FILE] && (await TextRows.open(join(folder, IDS_FILE), index.rows));
      const table = await allocate(folder, index);
      const codes = join(folder, CODES_FILE);
      const coding = (await exists(codes)) ? await readCodes(codes, table, index, onProgress) : await makeCodes(vectors, table, index, onProgress);
      return new VectorIndex({ index, table, coding, texts, ids, vectors });
    } catch (error) {
      await vectors.close();
      throw error;
    }
  }

  get rows(): number {
    return this.#parts.index.rows;
  }

  /** Numbers of a vector. */
  get size(): number {
    return this.#parts.index.size;
  }

  get similarity(): Similarity {
    return this.#parts.index.similarity;
  }

  get fingerprint(): string {
    return this.#parts.index.fingerprint;
  }

  /** Bytes in memory. */
  get memory(): number {
    return indexMemory(this.#parts.index);
  }

  /** The text of a row. */
  text(row: number): string {
    return this.#parts.texts.at(row);
  }

  /**
   * The k rows nearest to a query, best first, equal scores by lower row; fewer where there are fewer. Scores are sums in
   * double precision over the vectors as they are.
   * @param query [size]
   * @param barred rows that are not wanted; asked of few rows, maybe twice
   * @throws ShapeError when the query has another size; UserError when it holds NaN or an infinity
   */
  nearest(query: Float32Array, k: number, { barred }: { readonly barred?: (row: number) => boolean } = {}): Found[] {
    return this.#group([query], k, barred && ((_, row) => barred(row)))[0]!;
  }

  /**
   * `nearest` for many queries, `GROUP` at a time.
   * @param queries [size] each
   * @param barred rows that are not wanted for a query
   */
  async nearestAll(
    queries: readonly Float32Array[], k: number,
    { barred, onProgress }: { readonly barred?: (query: number, row: number) => boolean; readonly onProgress?: (queries: number) => void } = {},
  ): Promise<Found[][]> {
    const all: Found[][] = [];
    for (let from = 0; from < queries.length; from += GROUP) {
      all.push(...this.#group(queries.slice(from, from + GROUP), k, barred && ((query, row) => barred(from + query, row))));
      onProgress?.(all.length);
      // A group takes a third of a second at 600,000 rows: whatever else waits has its turn.
      await new Promise(setImmediate);
    }
    return all;
  }

  /** Closes the file of vectors; nothing can be asked afterwards. */
  async close(): Promise<void> {
    await this.#parts.vectors.close();
  }

  #group(given: readonly Float32Array[], k: number, barred?: (query: number, row: number) => boolean): Found[][] {
    checkCount(k);
    const { table, coding, texts, ids, vectors } = this.#parts;
    const queries = given.map((vector) => queryOf(vector, this.size));
    const codes = queries.map((query) => quantiseQuery(query, coding));
    const survivors = codes.map((code, i) => new Survivors(code, k, barred && ((row) => barred(i, row))));
    table.scan(codes.map((code) => code.codes), (query, first, products, count) => survivors[query]!.add(first, products, count, table.bounds));
    return queries.map((query, i) => {
      const best = rescore(survivors[i]!.sorted(), k, query, this.similarity, vectors, (row) => {
        throw new UserError(`${vectors.path}: vector ${row + 1} is not the one in ${CODES_FILE}; delete ${CODES_FILE}, it is made again, or make the index again`);
      });
      return best.map(({ row, score }) => ({ row, score, text: texts.at(row), ...(ids && { id: ids.at(row) }) }));
    });
  }
}

async function allocate(folder: string, index: IndexFile): Promise<CodeTable> {
  try {
    return await CodeTable.allocate(index.rows, index.size);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UserError(`${folder}: ${Math.ceil(indexMemory(index) / 1e6)} MB of memory for its vectors cannot be had; end other programs, or make an index of fewer vectors`);
  }
}

async function readCodes(path: string, table: CodeTable, { size, similarity }: IndexFile, onProgress?: (rows: number) => void): Promise<Coding> {
  const file = await TensorFile.open(path);
  try {
    const codes = file.tensor('codes', 'I8', 2);
    const bounds = file.tensor('bounds', 'F64', 2);
    const middle = file.tensor('centre', 'F64', 1);
    checkShape(file, codes, [table.rows, table.stride]);
    checkShape(file, bounds, [table.rows, BOUNDS]);
    checkShape(file, middle, [size]);
    const centre = new Float64Array(size);
    await file.read(new Uint8Array(centre.buffer), middle.start);
    await file.read(new Uint8Array(table.bounds.buffer), bounds.start);
    for (const { first, rows, codes: piece } of table.pieces(Math.ceil(CHUNK_BYTES / table.stride))) {
      await file.read(new Uint8Array(piece.buffer, piece.byteOffset, piece.length), codes.start + first * table.stride);
      onProgress?.(first + rows);
    }
    return { size, similarity, centre };
  } finally {
    await file.close();
  }
}

async function makeCodes(vectors: VectorRows, table: CodeTable, { similarity }: IndexFile, onProgress?: (rows: number) => void): Promise<Coding> {
  const coding = vectors.coding(similarity);
  for (const { first, rows, codes } of table.pieces(vectors.together)) {
    await vectors.code(first, rows, coding, codes, table.bounds);
    onProgress?.(first + rows);
  }
  return coding;
}
