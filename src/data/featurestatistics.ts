import type { FeatureTable } from './featuretable.ts';

/** Of the photos trained on, each [size]. */
export interface FeatureStatistics {
  readonly mean: Float32Array;
  /** 1 / deviation; 1 where a feature never changes. */
  readonly scale: Float32Array;
}

/** Numbers summed at once, 1 MB: they stay in the cache between reading, checking and summing. */
const BLOCK = 2 ** 18;

/**
 * Mean and 1 / deviation of every feature over these photos, each counted once, in file order: a large file is read
 * once and forwards.
 * @throws UserError when a photo is not there
 */
export function featureStatistics(features: FeatureTable, ids: Iterable<string>): FeatureStatistics {
  const sums = new FeatureSums(features.size);
  const photos = inFileOrder(features, ids);
  for (let from = 0; from < photos.length; from += sums.rows) {
    const part = photos.slice(from, from + sums.rows);
    sums.add(features.rows(part, sums.block), part.length);
  }
  return sums.result();
}

/** The different photos among `ids`, as they stand in the table. @throws UserError when one is not there */
export function inFileOrder(features: FeatureTable, ids: Iterable<string>): string[] {
  const wanted = new Set(ids);
  const photos = features.ids.filter((id) => wanted.has(id));
  // Reading what is missing says which photo it is.
  if (photos.length < wanted.size) for (const id of wanted) if (!features.has(id)) features.row(id);
  return photos;
}

/** Sums over rows in double precision: memory does not grow with their number. */
export class FeatureSums {
  /** Rows of a block. */
  readonly rows: number;
  /** [rows, size]: where the next rows may be put. */
  readonly block: Float32Array;
  readonly #sum: Float64Array;
  readonly #squares: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.rows = Math.max(1, Math.floor(BLOCK / size));
    this.block = new Float32Array(this.rows * size);
    this.#sum = new Float64Array(size);
    this.#squares = new Float64Array(size);
  }

  /** Adds the first `count` rows; four at a time, because the sums are what such a loop waits for. */
  add(rows: Float32Array, count: number): void {
    const [sum, squares] = [this.#sum, this.#squares];
    const size = sum.length;
    const fours = count - (count % 4);
    for (let row = 0; row < fours; row += 4) {
      const at = row * size;
      for (let i = 0; i < size; i++) {
        const a = rows[at + i]!;
        const b = rows[at + size + i]!;
        const c = rows[at + 2 * size + i]!;
        const d = rows[at + 3 * size + i]!;
        sum[i]! += a + b + (c + d);
        squares[i]! += a * a + b * b + (c * c + d * d);
      }
    }
    for (let row = fours; row < count; row++) {
      for (let i = 0; i < size; i++) {
        const x = rows[row * size + i]!;
        sum[i]! += x;
        squares[i]! += x * x;
      }
    }
    this.#count += count;
  }

  result(): FeatureStatistics {
    const count = this.#count;
    const mean = Float32Array.from(this.#sum, (x) => x / count);
    const scale = Float32Array.from(this.#squares, (square, i) => {
      const variance = square / count - (this.#sum[i]! / count) ** 2;
      return variance > 1e-12 ? 1 / Math.sqrt(variance) : 1;
    });
    return { mean, scale };
  }
}
