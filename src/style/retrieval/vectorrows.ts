import { UserError } from '../../core/errors.ts';
import type { TensorPlace } from '../../io/tensorfile.ts';
import { TensorFile } from '../../io/tensorfile.ts';
import type { Coding } from './codes.ts';
import { BOUNDS, codingFor, quantiseRows } from './codes.ts';
import type { Similarity } from './scoring.ts';
import { refuseNotFinite } from './scoring.ts';

/** Rows whose mean is the centre. */
const SAMPLE = 4096;
const CHUNK_BYTES = 2 ** 24;

/** The vectors of `vectors.safetensors`, read by rows. */
export class VectorRows {
  readonly rows: number;
  readonly size: number;
  readonly #file: TensorFile;
  readonly #place: TensorPlace;
  #held = new Float32Array(0);

  private constructor(file: TensorFile, place: TensorPlace) {
    this.rows = place.shape[0]!;
    this.size = place.shape[1]!;
    this.#file = file;
    this.#place = place;
  }

  /** @throws UserError when the file is not what it should be, or its shape is not [rows, size] */
  static async open(path: string, rows: number, size: number): Promise<VectorRows> {
    const file = await TensorFile.open(path);
    try {
      const place = file.tensor('vectors', 'F32', 2);
      checkShape(file, place, [rows, size]);
      return new VectorRows(file, place);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get path(): string {
    return this.#file.path;
  }

  /** [count, size], which holds until the next call. */
  read(first: number, count: number): Float32Array {
    const { size } = this;
    if (this.#held.length < count * size) this.#held = new Float32Array(count * size);
    const rows = this.#held.subarray(0, count * size);
    this.#file.readNow(new Uint8Array(rows.buffer, 0, rows.byteLength), this.#place.start + first * size * 4);
    return rows;
  }

  /** How rows are coded: around the mean of some that lie evenly apart. @throws UserError when one holds NaN or an infinity */
  coding(similarity: Similarity): Coding {
    const count = Math.min(SAMPLE, this.rows);
    const sample = new Float32Array(count * this.size);
    for (let i = 0; i < count; i++) {
      const row = Math.floor((i * this.rows) / count);
      sample.set(this.#finite(row, 1), i * this.size);
    }
    return codingFor(sample, this.size, similarity);
  }

  /** Rows that are coded together. */
  get together(): number {
    return Math.max(1, Math.floor(CHUNK_BYTES / (this.size * 4)));
  }

  /** Codes rows; whatever else waits has its turn. @param bounds of all rows @throws UserError when one holds NaN or an infinity */
  async code(first: number, count: number, coding: Coding, codes: Int8Array, bounds: Float64Array): Promise<void> {
    quantiseRows(this.#finite(first, count), coding, codes, bounds.subarray(first * BOUNDS, (first + count) * BOUNDS));
    await new Promise(setImmediate);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #finite(first: number, count: number): Float32Array {
    const rows = this.read(first, count);
    refuseNotFinite(rows, this.size, first, `${this.path}: vector`);
    return rows;
  }
}

/** @throws UserError when a tensor of an index has not the shape that goes with the others */
export function checkShape(file: TensorFile, { shape }: TensorPlace, wanted: readonly number[]): void {
  if (shape.join() !== wanted.join()) throw new UserError(`${file.path}: its shape is [${shape.join(', ')}], [${wanted.join(', ')}] was expected; make the index again`);
}
