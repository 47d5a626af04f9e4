import { UserError } from '../core/errors.ts';
import type { Hdf5Reader } from '../io/hdf5.ts';

/** Where the rows of one features file lie. Plain values: it can be sent to another thread. */
export interface RowFile {
  readonly path: string;
  /** The dataset that holds the rows; `perRow` photos lie in each of its first dimension's rows. */
  readonly name: string;
  readonly perRow: number;
  /** Numbers a photo. */
  readonly size: number;
}

/** One photo to be read: its row in the file, and the row of the array it goes to. */
export interface WantedRow {
  readonly id: string;
  readonly place: number;
  readonly to: number;
}

/** Where the rows of a table lie on disk, so that another thread can read them. */
export interface RowStore {
  /** Everything is in memory already. */
  readonly inMemory: boolean;
  readonly files: readonly RowFile[];
  /** File and row of a photo. @throws UserError when the photo is not there */
  locate(id: string): { readonly file: number; readonly place: number };
}

/** Rows between two photos that are rather read than skipped: about as much as another read costs. */
const GAP_BYTES = 2 ** 16;
/** At most so much at once: it stays in the cache while it is checked and copied. */
const RUN_BYTES = 2 ** 20;

/**
 * Reads photos in file order, neighbours together, into rows `to` of `out` [.., size].
 * @throws UserError naming the photo when a value is NaN or infinite
 */
export function readRows(file: Hdf5Reader, { path, name, perRow, size }: RowFile, wanted: readonly WantedRow[], out: Float32Array): void {
  const bytes = 4 * size;
  const sorted = wanted.toSorted((a, b) => a.place - b.place);
  for (let from = 0; from < sorted.length;) {
    const first = sorted[from]!.place;
    let end = from + 1;
    while (end < sorted.length && (sorted[end]!.place - sorted[end - 1]!.place - 1) * bytes <= GAP_BYTES && (sorted[end]!.place - first + 1) * bytes <= RUN_BYTES) end++;
    const start = Math.floor(first / perRow);
    const block = file.floats(name, { rows: [start, Math.floor(sorted[end - 1]!.place / perRow) + 1] });
    for (const { id, place, to } of sorted.slice(from, end)) {
      const at = (place - start * perRow) * size;
      const row = block.subarray(at, at + size);
      checkFinite(path, row, size, () => id);
      out.set(row, to * size);
    }
    from = end;
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
