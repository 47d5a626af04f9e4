import type { Query, Similarity } from './scoring.ts';
import { normAt } from './scoring.ts';

// A row x (for cosines: divided by its length) is kept as m + s c + r: the centre m of all rows, codes c of 8 bits, a scale
// s, and what is lost, r. A query q is t d + u with codes d of 16 bits. Then x·q = m·q + s t (c·d) + s c·u + r·q, so by
// Cauchy and Schwarz m·q + s t (c·d) is off by at most |s c| |u| + |r| |q|. Lengths are computed from the codes as they are,
// so the bound holds however they were rounded and whatever m is. Real vectors lie in a narrow cone: without m, ten times
// as many rows of mean word vectors have to be scored again.

/** Numbers kept beside a row's codes: s, |s c| and |r|. */
export const BOUNDS = 3;
const ROW_LIMIT = 127;
const QUERY_LIMIT = 32767;

/** What the codes of all rows have in common. */
export interface Coding {
  readonly size: number;
  readonly similarity: Similarity;
  /** [size] */
  readonly centre: Float64Array;
}

/** A query in 16 bits: a row's score is `base + scale * s * (c·d)`, give or take `|s c| * reachOfLoss + |r| * reach + slack`. */
export interface QueryCodes {
  /** [stride] */
  readonly codes: Int16Array;
  readonly base: number;
  readonly scale: number;
  readonly reach: number;
  readonly reachOfLoss: number;
  readonly slack: number;
}

/** Bytes of a row of codes: 16 are multiplied at a time. */
export function strideOf(size: number): number {
  return Math.ceil(size / 16) * 16;
}

/** The coding around the mean of some rows. @param sample [n, size], finite */
export function codingFor(sample: Float32Array, size: number, similarity: Similarity): Coding {
  const centre = new Float64Array(size);
  const rows = sample.length / size;
  for (let row = 0; row < rows; row++) {
    const unit = unitOf(sample, row * size, size, similarity) * rows;
    for (let i = 0; i < size; i++) centre[i]! += sample[row * size + i]! / unit;
  }
  return { size, similarity, centre };
}

/**
 * Quantises rows.
 * @param rows [n, size], finite
 * @param codes [n, stride]
 * @param bounds [n, 3]
 */
export function quantiseRows(rows: Float32Array, { size, similarity, centre }: Coding, codes: Int8Array, bounds: Float64Array): void {
  const stride = strideOf(size);
  const moved = new Float64Array(size);
  for (let row = 0; row * size < rows.length; row++) {
    const at = row * size;
    const unit = unitOf(rows, at, size, similarity);
    let largest = 0;
    for (let i = 0; i < size; i++) {
      moved[i] = rows[at + i]! / unit - centre[i]!;
      largest = Math.max(largest, Math.abs(moved[i]!));
    }
    const scale = largest / ROW_LIMIT;
    let kept = 0, lost = 0;
    for (let i = 0; i < size; i++) {
      const code = scale === 0 ? 0 : Math.round(moved[i]! / scale);
      codes[row * stride + i] = code;
      kept += code * code;
      const rest = moved[i]! - scale * code;
      lost += rest * rest;
    }
    bounds[row * BOUNDS] = scale;
    bounds[row * BOUNDS + 1] = scale * Math.sqrt(kept);
    bounds[row * BOUNDS + 2] = Math.sqrt(lost);
  }
}

/** Quantises a query, so finely that no product with a row leaves int32. */
export function quantiseQuery({ vector, norm }: Query, { size, similarity, centre }: Coding): QueryCodes {
  const unit = similarity === 'cosine' ? norm || 1 : 1;
  const length = norm / unit;
  const codes = new Int16Array(strideOf(size));
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / unit;
  // |c·d| <= |c| |d| <= 127 sqrt(size) |d|, where rounding makes d longer by half of sqrt(size) at most.
  const longest = (2 ** 31 - 1) / (ROW_LIMIT * Math.sqrt(size)) - Math.sqrt(size);
  const scale = Math.max(largest / QUERY_LIMIT, length / longest);
  let lost = 0, base = 0, around = 0;
  for (let i = 0; i < size; i++) {
    const value = vector[i]! / unit;
    const code = scale === 0 ? 0 : Math.round(value / scale);
    codes[i] = code;
    lost += (value - scale * code) ** 2;
    base += value * centre[i]!;
    around += centre[i]! * centre[i]!;
  }
  // Scores, lengths and these sums are rounded: a few times `size` errors of 2^-53 of |x| |q| at most, where |x| is 1 for
  // cosines and |m| + |s c| + |r| at most for products.
  const rounding = length * (4 * size + 64) * 2 ** -52;
  const more = 1 + 1e-6;
  return {
    codes, base, scale,
    reach: length * more + rounding,
    reachOfLoss: Math.sqrt(lost) * more + rounding,
    slack: rounding * (Math.sqrt(around) + (similarity === 'cosine' ? 1 : 0)),
  };
}

/** What a row is divided by. A row of zeros stays as it is: its cosine is 0. */
function unitOf(rows: Float32Array, at: number, size: number, similarity: Similarity): number {
  return similarity === 'cosine' ? normAt(rows, at, size) || 1 : 1;
}
