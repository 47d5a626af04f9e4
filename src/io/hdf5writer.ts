import { mkdir, open as openFile, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { temporaryPath } from '../core/files.ts';
import { writingProblem } from './hdf5errors.ts';
import { BLOCK_BYTES, h5wasm, ready } from './hdf5library.ts';

/** What an attribute may hold here. */
export type AttributeValue = string | number | string[] | number[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Up to this size a dataset lies in one piece unless told otherwise. */
const WHOLE_BYTES = 64 * 2 ** 20;
/** Numbers a chunk of larger ones, 256 kB. */
const CHUNK = 2 ** 16;

export interface DatasetOptions {
  attributes?: Attributes;
  /** Rows a chunk; without it the data lies in one piece. */
  chunkRows?: number;
}

/** The rows of a dataset, written one after the other. */
export class RowWriter {
  readonly #dataset: h5wasm.Dataset;
  readonly #rows: number;
  readonly #width: number;
  #written = 0;

  constructor(dataset: h5wasm.Dataset, rows: number, width: number) {
    this.#dataset = dataset;
    this.#rows = rows;
    this.#width = width;
  }

  /** Rows written so far. */
  get written(): number {
    return this.#written;
  }

  /** @param data whole rows, [n, ...row shape]; the caller may use the array again */
  append(data: Float32Array | Int32Array): void {
    const count = this.#width === 0 ? 0 : data.length / this.#width;
    if (!Number.isInteger(count) || this.#written + count > this.#rows) {
      throw new Error(`dataset ${this.#dataset.path}: ${data.length} values after ${this.#written} of ${this.#rows} rows of ${this.#width}`);
    }
    const step = Math.max(1, Math.floor(BLOCK_BYTES / (4 * Math.max(1, this.#width))));
    for (let row = 0; row < count; row += step) {
      const stop = Math.min(count, row + step);
      this.#dataset.write_slice([[this.#written + row, this.#written + stop]], data.subarray(row * this.#width, stop * this.#width));
    }
    this.#written += count;
  }
}

/** An HDF5 file being written, inside `writeHdf5`. Shapes default to one dimension. */
export class Hdf5Writer {
  readonly #file: h5wasm.File;

  constructor(file: h5wasm.File) {
    this.#file = file;
  }

  /** Writes float32 or int32 values; large data goes row block by row block. */
  numbers(name: string, data: Float32Array | Int32Array, shape: readonly number[] = [data.length], options: DatasetOptions = {}): void {
    const [rows = 0, ...rest] = shape;
    const width = rest.reduce((a, b) => a * b, 1);
    if (rows * width !== data.length) throw new Error(`dataset ${name}: shape [${shape}] for ${data.length} values`);
    const dtype = data instanceof Float32Array ? '<f' : '<i';
    if (data.byteLength > WHOLE_BYTES) {
      this.#growing(name, shape, dtype, options).append(data);
      return;
    }
    const chunks = options.chunkRows === undefined || data.length === 0 ? null : [Math.min(rows, options.chunkRows), ...rest];
    this.#attributes(this.#file.create_dataset({ name, data, shape: [...shape], dtype, chunks, maxshape: null }), options.attributes);
  }

  /** A float32 dataset whose rows are handed over part by part: any number of them, in the memory of one block. */
  rows(name: string, shape: readonly number[], options: DatasetOptions = {}): RowWriter {
    return this.#growing(name, shape, '<f', options);
  }

  #growing(name: string, shape: readonly number[], dtype: '<f' | '<i', options: DatasetOptions): RowWriter {
    const [rows = 0, ...rest] = shape;
    const width = rest.reduce((a, b) => a * b, 1);
    const chunkRows = options.chunkRows ?? Math.max(1, Math.min(rows, Math.ceil(CHUNK / Math.max(1, width))));
    const chunks = width === 0 ? null : [chunkRows, ...rest];
    const data = dtype === '<f' ? new Float32Array(0) : new Int32Array(0);
    const dataset = this.#file.create_dataset({ name, data, shape: [0, ...rest], dtype, chunks, maxshape: chunks && [null, ...rest] });
    this.#attributes(dataset, options.attributes);
    // Nothing is written by this: only the rows that are appended take room.
    if (chunks !== null) dataset.resize([...shape]);
    return new RowWriter(dataset, rows, width);
  }

  /** Writes texts of variable length, UTF-8, given flat. */
  strings(name: string, data: readonly string[], shape: readonly number[] = [data.length], options: DatasetOptions = {}): void {
    this.#attributes(this.#file.create_dataset({ name, data: [...data], shape: [...shape], dtype: 'S' }), options.attributes);
  }

  /** Attributes of the file itself. */
  attributes(attributes: Attributes): void {
    this.#attributes(this.#file, attributes);
  }

  #attributes(owner: h5wasm.File | h5wasm.Dataset, attributes: Attributes = {}): void {
    for (const [name, value] of Object.entries(attributes)) owner.create_attribute(name, value);
  }
}

/** Writes an HDF5 file whole or not at all: `fill` works on a file beside it, which then takes its name. */
export async function writeHdf5(path: string, fill: (file: Hdf5Writer) => void | Promise<void>): Promise<void> {
  await ready();
  const temporary = temporaryPath(resolve(path));
  try {
    await mkdir(dirname(temporary), { recursive: true });
    const file = new h5wasm.File(temporary, 'w');
    try {
      await fill(new Hdf5Writer(file));
    } finally {
      file.close();
    }
    const written = await openFile(temporary, 'r+');
    await written.sync().finally(() => written.close());
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw writingProblem(path, error);
  }
}
