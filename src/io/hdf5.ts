import { resolve } from 'node:path';
import { UserError } from '../core/errors.ts';
import { openingProblem, readingProblem } from './hdf5errors.ts';
import { BLOCK_BYTES, h5wasm, ready } from './hdf5library.ts';
import { decodeStrings, readableKind, toFloat32, toInt32 } from './hdf5values.ts';
import type { RawValues } from './hdf5values.ts';
import type { AttributeValue } from './hdf5writer.ts';

export { Hdf5Writer, RowWriter, writeHdf5 } from './hdf5writer.ts';
export type { Attributes, DatasetOptions } from './hdf5writer.ts';

/** First row and the row after the last. */
export type RowRange = readonly [start: number, stop: number];

/** `rank`: the number of dimensions the dataset must have; `rows`: only these, without loading the others. */
export interface ReadOptions {
  rank?: number;
  rows?: RowRange;
}

/**
 * An HDF5 file open for reading. Prefer `readHdf5`, which closes it in every case.
 * Every method throws a UserError that names the file and the dataset.
 */
export class Hdf5Reader {
  readonly path: string;
  #file: h5wasm.File | undefined;
  /** Looking a dataset up costs as much as reading a few rows of it. */
  readonly #datasets = new Map<string, h5wasm.Dataset>();

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
    return this.#numbers(name, options, Float32Array, toFloat32);
  }

  /** An integer dataset as int32. @throws UserError when it holds fractions or a value beyond 32 bits. */
  ints(name: string, options: ReadOptions = {}): Int32Array {
    return this.#numbers(name, options, Int32Array, (raw, out, at) => toInt32(raw, out, at, `${this.path}: dataset ${name}`));
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
    this.#datasets.clear();
  }

  #numbers<T extends Float32Array | Int32Array>(
    name: string,
    options: ReadOptions,
    kind: new (length: number) => T,
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
      if (start === stop || width === 0) return new kind(0);
      const step = Math.max(1, Math.floor(BLOCK_BYTES / (width * dataset.metadata.size)));
      if (stop - start <= step) {
        const value = dataset.slice([[start, stop]]);
        // A copy of its own already, out of WebAssembly memory.
        if (value instanceof kind) return value;
      }
      const out = new kind((stop - start) * width);
      for (let row = start; row < stop; row += step) {
        const value = dataset.slice([[row, Math.min(stop, row + step)]]);
        convert((ArrayBuffer.isView(value) ? value : [value]) as RawValues, out, (row - start) * width);
      }
      return out;
    });
  }

  #dataset(name: string): h5wasm.Dataset {
    const known = this.#datasets.get(name);
    if (known !== undefined) return known;
    const entity = this.has(name) ? this.#file!.get(name) : null;
    if (entity instanceof h5wasm.Dataset) {
      this.#datasets.set(name, entity);
      return entity;
    }
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
