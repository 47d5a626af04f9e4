import { UserError } from '../core/errors.ts';
import type { Hdf5Reader } from '../io/hdf5.ts';
import type { RowFile, RowStore } from './featurerows.ts';
import { readRows } from './featurerows.ts';
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
  /** Whether it has a row for this photo. */
  has(id: string): boolean;
  /** [size]; do not write to it, it may be a view. @throws UserError when the photo is not there */
  row(id: string): Float32Array;
  /** [ids.length, size], into `out` when given. */
  rows(ids: readonly string[], out?: Float32Array): Float32Array;
  /** Where the rows lie, for a table from files. */
  readonly store?: RowStore;
  /** Closes the file; rows cannot be read any more. */
  close(): void;
}

export interface FeatureTableHead extends RowFile {
  readonly allIds: readonly string[];
  readonly index: ReadonlyMap<string, number>;
  readonly rowShape: readonly number[];
  readonly info: FeatureInfo | undefined;
  readonly fingerprint: string;
}

abstract class Features implements FeatureTable {
  readonly path: string;
  readonly ids: readonly string[];
  readonly rowShape: readonly number[];
  readonly size: number;
  readonly fingerprint: string;
  readonly info: FeatureInfo | undefined;
  readonly store: RowStore;
  readonly #index: ReadonlyMap<string, number>;

  constructor(head: FeatureTableHead, inMemory: boolean) {
    this.path = head.path;
    this.ids = [...head.index.keys()];
    this.rowShape = head.rowShape;
    this.size = head.size;
    this.fingerprint = head.fingerprint;
    this.info = head.info;
    this.#index = head.index;
    const { path, name, perRow, size } = head;
    this.store = { inMemory, files: [{ path, name, perRow, size }], locate: (id) => ({ file: 0, place: this.place(id) }) };
  }

  has(id: string): boolean {
    return this.#index.has(id);
  }

  rows(ids: readonly string[], out: Float32Array = new Float32Array(ids.length * this.size)): Float32Array {
    if (out.length < ids.length * this.size) throw new RangeError(`features: ${ids.length} rows of ${this.size} into ${out.length}`);
    this.fill(ids, out);
    return out;
  }

  abstract row(id: string): Float32Array;
  abstract close(): void;
  protected abstract fill(ids: readonly string[], out: Float32Array): void;

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
    super(head, true);
    this.#data = data;
  }

  row(id: string): Float32Array {
    const place = this.place(id);
    return this.#data.subarray(place * this.size, (place + 1) * this.size);
  }

  close(): void {}

  protected fill(ids: readonly string[], out: Float32Array): void {
    ids.forEach((id, i) => out.set(this.row(id), i * this.size));
  }
}

/** Reads rows from the file as they are asked for. Nothing is kept: in a shuffled epoch hardly a photo comes twice. */
export class RangedFeatures extends Features {
  readonly #file: Hdf5Reader;
  readonly #head: FeatureTableHead;

  constructor(file: Hdf5Reader, head: FeatureTableHead) {
    super(head, false);
    this.#file = file;
    this.#head = head;
  }

  row(id: string): Float32Array {
    return this.rows([id]);
  }

  close(): void {
    this.#file.close();
  }

  protected fill(ids: readonly string[], out: Float32Array): void {
    readRows(this.#file, this.#head, ids.map((id, to) => ({ id, place: this.place(id), to })), out);
  }
}
