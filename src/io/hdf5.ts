import { mkdir, open as openFile, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import * as h5wasm from 'h5wasm/node';
import { UserError } from '../core/errors.ts';
import { temporaryPath } from '../core/files.ts';
import { openingProblem, readingProblem, writingProblem } from './hdf5errors.ts';
import { decodeStrings, readableKind, toFloat32, toInt32 } from './hdf5values.ts';
import type { RawValues } from './hdf5values.ts';

/** What an attribute may hold here. */
export type AttributeValue = string | number | string[] | number[];
export type Attributes = Readonly<Record<string, AttributeValue>>;
/** First row and the row after the last. */
export type RowRange = readonly [start: number, stop: number];

/** `rank`: the number of dimensions the dataset must have; `rows`: only these, without loading the others. */
export interface ReadOptions {
  rank?: number;
  rows?: RowRange;
}

/** Bytes moved through WebAssembly memory at once: it ends at 2 GB, feature files need not. */
const BLOCK_BYTES = 64 * 2 ** 20;

let module: Promise<unknown> | undefined;
/** Loads HDF5; its own error handler, which prints a stack on standard error, is replaced by exceptions. */
function ready(): Promise<unknown> {
  module ??= h5wasm.ready.then((loaded) => loaded.activate_throwing_error_handler());
  return module;
}

/**
 * An HDF5 file open for reading. Prefer `readHdf5`, which closes it in every case.
 * Every method throws a UserError that names the file and the dataset.
 */
export class Hdf5Reader {
  readonly path: string;
  #file: h5wasm.File | undefined;

  constructor(path: string, file: h5wasm.File) {
    this.path = path;
    this.#file = file;
  }

  /** Names at the root, sorted. */
  keys(): string[] {
    return this.#guard('/', (file) => file.keys());
  }

  has(name: string): boolean {
    return this.keys().includes(name);
  }

  shape(name: string): number[] {
    return this.#guard(name, () => [...(this.#dataset(name).shape ?? [])]);
  }

  /** The attributes of a dataset, or of the file when no name is given. Kinds this project does not use are left out. */
  attributes(name?: string): Record<string, AttributeValue> {
    return this.#guard(name ?? '/', (file) => {
      const owner = name === undefined ? file : this.#dataset(name);
      const result: Record<string, AttributeValue> = {};
      for (const [key, attribute] of Object.entries(owner.attrs)) {
        const value = attribute.json_value;
        if (typeof value === 'string' || typeof value === 'number') result[key] = value;
        else if (Array.isArray(value)) result[key] = value as string[] | number[];
      }
      return result;
    });
  }

  /**
   * A number dataset as float32, all of it or some rows (first dimension); float64 and integers are converted.
   */
  floats(name: string, options: ReadOptions = {}): Float32Array {
    return this.#numbers(name, options, (length) => new Float32Array(length), toFloat32);
  }

  /** An integer dataset as int32. @throws UserError when it holds fractions or a value beyond 32 bits. */
  ints(name: string, options: ReadOptions = {}): Int32Array {
    return this.#numbers(name, options, (length) => new Int32Array(length), (raw, out, at) =>
      toInt32(raw, out, at, `${this.path}: dataset ${name}`));
  }

  /** Texts of fixed or variable length, flat; integers become their decimal digits (ids are often stored so). */
  strings(name: string, options: ReadOptions = {}): string[] {
    return this.#guard(name, () => {
      const dataset = this.#checked(name, ['string', 'integer'], options.rank);
      if (dataset.shape?.includes(0)) return [];
      const value = options.rows === undefined ? dataset.value : dataset.slice([[...options.rows]]);
      return decodeStrings(value, dataset.metadata);
    });
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #numbers<T extends Float32Array | Int32Array>(
    name: string,
    options: ReadOptions,
    allocate: (length: number) => T,
    convert: (raw: RawValues, out: T, at: number) => void,
  ): T {
    return this.#guard(name, () => {
      const dataset = this.#checked(name, ['float', 'integer'], options.rank);
      const [total = 1, ...rest] = dataset.shape ?? [];
      const [start, stop] = options.rows ?? [0, total];
      if (start < 0 || stop > total || start > stop) {
        throw new RangeError(`rows ${start} to ${stop} of ${total} in dataset ${name}`);
      }
      const width = rest.reduce((a, b) => a * b, 1);
      const out = allocate((stop - start) * width);
      if (out.length === 0) return out;
      const step = Math.max(1, Math.floor(BLOCK_BYTES / (width * dataset.metadata.size)));
      for (let row = start; row < stop; row += step) {
        const value = dataset.slice([[row, Math.min(stop, row + step)]]);
        convert((ArrayBuffer.isView(value) ? value : [value]) as RawValues, out, (row - start) * width);
      }
      return out;
    });
  }

  #dataset(name: string): h5wasm.Dataset {
    const entity = this.has(name) ? this.#file!.get(name) : null;
    if (entity instanceof h5wasm.Dataset) return entity;
    throw new UserError(`${this.path}: no dataset ${name}; it holds ${this.keys().join(', ') || 'nothing'}`);
  }

  #checked(name: string, kinds: readonly string[], rank: number | undefined): h5wasm.Dataset {
    const dataset = this.#dataset(name);
    const kind = readableKind(dataset.metadata);
    if (!kinds.includes(kind)) {
      throw new UserError(`${this.path}: dataset ${name} holds ${kind} values; ${kinds.join(' or ')} values are needed`);
    }
    const shape = dataset.shape ?? [];
    if (rank !== undefined && shape.length !== rank) {
      throw new UserError(`${this.path}: dataset ${name} has shape [${shape.join(', ')}]; ${rank} dimension(s) are needed`);
    }
    return dataset;
  }

  #guard<T>(name: string, read: (file: h5wasm.File) => T): T {
    if (this.#file === undefined) throw new Error(`${this.path}: read after close`);
    try {
      return read(this.#file);
    } catch (error) {
      if (error instanceof UserError || error instanceof RangeError) throw error;
      throw readingProblem(this.path, name, error);
    }
  }
}

/** Opens a file for reading; the caller closes it. @throws UserError when missing, not HDF5 or truncated. */
export async function openHdf5(path: string): Promise<Hdf5Reader> {
  await ready();
  try {
    return new Hdf5Reader(path, new h5wasm.File(resolve(path), 'r'));
  } catch (error) {
    throw await openingProblem(path, error);
  }
}

/** Opens a file, hands it to `use` and closes it in every case. */
export async function readHdf5<T>(path: string, use: (file: Hdf5Reader) => T | Promise<T>): Promise<T> {
  const file = await openHdf5(path);
  try {
    return await use(file);
  } finally {
    file.close();
  }
}

export interface DatasetOptions {
  attributes?: Attributes;
  /** Rows a chunk; without it the data lies in one piece. */
  chunkRows?: number;
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
    const step = Math.max(1, Math.floor(BLOCK_BYTES / (4 * Math.max(1, width))));
    const whole = rows <= step;
    const chunkRows = options.chunkRows ?? (whole ? undefined : Math.max(1, Math.ceil(2 ** 16 / width)));
    const chunks = chunkRows === undefined || data.length === 0 ? null : [Math.min(rows, chunkRows), ...rest];
    const dataset = this.#file.create_dataset({
      name,
      data: whole ? data : data.subarray(0, 0),
      shape: whole ? [...shape] : [0, ...rest],
      dtype,
      chunks,
      maxshape: whole ? null : [null, ...rest],
    });
    for (let row = 0; !whole && row < rows; row += step) {
      const stop = Math.min(rows, row + step);
      dataset.resize([stop, ...rest]);
      dataset.write_slice([[row, stop]], data.subarray(row * width, stop * width));
    }
    this.#attributes(dataset, options.attributes);
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
