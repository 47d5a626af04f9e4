import { UserError } from '../core/errors.ts';
import type { Hdf5Reader } from '../io/hdf5.ts';
import type { FeatureInfo } from './features.ts';

/** Image features by photo id. */
export interface FeatureTable {
  readonly path: string;
  /** Photos in it, in file order. */
  readonly ids: readonly string[];
  /** [D], or [L, D] for spatial features. */
  readonly rowShape: readonly number[];
  /** Numbers a photo: the product of `rowShape`. */
  readonly size: number;
  /** `featureFingerprint` of `info`, or `unknown`. */
  readonly fingerprint: string;
  readonly info: FeatureInfo | undefined;
  has(id: string): boolean;
  /** [size]; do not write to it, it may be a view. @throws UserError when the photo is not there */
  row(id: string): Float32Array;
  /** [ids.length, size], into `out` when given. */
  rows(ids: readonly string[], out?: Float32Array): Float32Array;
  close(): void;
}

export interface FeatureTableHead {
  path: string;
  /** The dataset that holds the rows; `perRow` photos lie in each of its first dimension's rows. */
  name: string;
  perRow: number;
  allIds: readonly string[];
  index: ReadonlyMap<string, number>;
  rowShape: readonly number[];
  size: number;
  info: FeatureInfo | undefined;
  fingerprint: string;
}

abstract class Features implements FeatureTable {
  readonly path: string;
  readonly ids: readonly string[];
  readonly rowShape: readonly number[];
  readonly size: number;
  readonly fingerprint: string;
  readonly info: FeatureInfo | undefined;
  readonly #index: ReadonlyMap<string, number>;

  constructor(head: FeatureTableHead) {
    this.path = head.path;
    this.ids = [...head.index.keys()];
    this.rowShape = head.rowShape;
    this.size = head.size;
    this.fingerprint = head.fingerprint;
    this.info = head.info;
    this.#index = head.index;
  }

  has(id: string): boolean {
    return this.#index.has(id);
  }

  row(id: string): Float32Array {
    return this.rowAt(this.place(id));
  }

  rows(ids: readonly string[], out: Float32Array = new Float32Array(ids.length * this.size)): Float32Array {
    if (out.length < ids.length * this.size) throw new RangeError(`features: ${ids.length} rows of ${this.size} into ${out.length}`);
    // In file order, so that a large file is read forwards.
    const order = ids.map((id, i) => [this.place(id), i] as const).sort((a, b) => a[0] - b[0]);
    for (const [place, i] of order) out.set(this.rowAt(place), i * this.size);
    return out;
  }

  abstract close(): void;
  /** Row `place` of the file. */
  protected abstract rowAt(place: number): Float32Array;

  protected place(id: string): number {
    const place = this.#index.get(id);
    if (place === undefined) throw new UserError(`${this.path}: no features for photo ${id}; extract them`);
    return place;
  }
}

/** Everything in memory; the file is closed already. */
export class LoadedFeatures extends Features {
  readonly #data: Float32Array;

  constructor(head: FeatureTableHead, data: Float32Array) {
    super(head);
    this.#data = data;
  }

  close(): void {}

  protected rowAt(place: number): Float32Array {
    return this.#data.subarray(place * this.size, (place + 1) * this.size);
  }
}

const BLOCK_BYTES = 2 ** 18;
const CACHED_BLOCKS = 512;

/** Reads blocks of about 256 kB as they are needed and keeps the 512 used last. */
export class RangedFeatures extends Features {
  readonly #file: Hdf5Reader;
  readonly #head: FeatureTableHead;
  /** Photos a block; a multiple of `perRow`. */
  readonly #step: number;
  readonly #blocks = new Map<number, Float32Array>();

  constructor(file: Hdf5Reader, head: FeatureTableHead) {
    super(head);
    this.#file = file;
    this.#head = head;
    this.#step = head.perRow * Math.max(1, Math.floor(BLOCK_BYTES / (4 * head.size * head.perRow)));
  }

  close(): void {
    this.#blocks.clear();
    this.#file.close();
  }

  protected rowAt(place: number): Float32Array {
    const offset = (place % this.#step) * this.size;
    return this.#block(Math.floor(place / this.#step)).subarray(offset, offset + this.size);
  }

  #block(number: number): Float32Array {
    const { name, perRow, allIds } = this.#head;
    let block = this.#blocks.get(number);
    if (block === undefined) {
      const start = number * this.#step;
      const stop = Math.min(allIds.length, start + this.#step);
      block = this.#file.floats(name, { rows: [start / perRow, stop / perRow] });
      checkFinite(this.path, block, this.size, (row) => allIds[start + row]!);
    }
    this.#blocks.delete(number);
    this.#blocks.set(number, block);
    if (this.#blocks.size > CACHED_BLOCKS) this.#blocks.delete(this.#blocks.keys().next().value!);
    return block;
  }
}

/** @throws UserError naming the photo of the first value that is NaN or infinite. */
export function checkFinite(path: string, data: Float32Array, size: number, idOf: (row: number) => string): void {
  let place = 0;
  while (place < data.length && Number.isFinite(data[place])) place++;
  if (place === data.length) return;
  const row = Math.floor(place / size);
  throw new UserError(`${path}: the features of photo ${idOf(row)} hold ${data[place]} at place ${place % size}; extract this photo again`);
}
