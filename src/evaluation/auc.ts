import { ShapeError, UserError } from '../core/errors.ts';
import { Random } from '../core/random.ts';

/**
 * The area under the ROC curve, exactly: the chance that a positive scores above a negative, an equal score counting half
 * (Mann and Whitney 1947). NaN when a side is empty or holds a NaN. Both arrays are sorted in place.
 */
export function aucOf(positives: Float64Array, negatives: Float64Array): number {
  positives.sort();
  negatives.sort();
  // NaN sorts last.
  if (positives.length === 0 || negatives.length === 0 || Number.isNaN(positives.at(-1)) || Number.isNaN(negatives.at(-1))) return Number.NaN;
  let [below, upTo, wins] = [0, 0, 0];
  for (let i = 0; i < positives.length; i++) {
    const score = positives[i]!;
    while (below < negatives.length && negatives[below]! < score) below++;
    upTo = Math.max(upTo, below);
    while (upTo < negatives.length && negatives[upTo]! === score) upTo++;
    wins += below + (upTo - below) / 2;
  }
  return wins / positives.length / negatives.length;
}

/** The same of scores with a flag each. */
export function rocAuc(scores: ArrayLike<number>, positive: ArrayLike<boolean | number>): number {
  if (scores.length !== positive.length) throw new ShapeError(`AUC: ${scores.length} scores for ${positive.length} flags`);
  const parts: [number[], number[]] = [[], []];
  for (let i = 0; i < scores.length; i++) parts[positive[i] ? 0 : 1].push(scores[i]!);
  return aucOf(Float64Array.from(parts[0]), Float64Array.from(parts[1]));
}

/** Which pairs are compared. */
export interface GroupAucOptions {
  /** Pairs drawn of either kind, with replacement. Default: all pairs up to 5,000 vectors, and a million of either kind beyond. */
  readonly pairs?: number;
  /** Of the draws; default 1234. */
  readonly seed?: number;
  /** Told how many products are done, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** The area under the curve, and what it was measured on. */
export interface GroupAuc {
  readonly auc: number;
  /** Whether all pairs were compared. */
  readonly exact: boolean;
  readonly groups: number;
  /** Pairs compared within groups and across. */
  readonly same: number;
  readonly different: number;
  readonly meanSame: number;
  readonly meanDifferent: number;
}

/** Up to so many vectors all pairs are compared: 12.5 million, which take 100 MB. */
export const ALL_PAIRS = 5000;
const SAMPLE = 1_000_000;
const SEED = 1234;
/** Vectors on either side that the inner loop takes at once. */
const ROWS = 4;
const COLUMNS = 2;

/**
 * Whether vectors of one group, such as captions of one photo, lie nearer to each other than those of different groups: AUC of the
 * cosine over pairs. All pairs of 5,000 vectors take about 12.5 million x size products, some 1,500 million a second.
 * @param vectors [rows, size]
 * @param groups [rows] any names
 * @throws UserError when no two vectors share a group, all do, or a vector is zero or not finite
 */
export function sameGroupAuc(vectors: Float32Array, size: number, groups: readonly (string | number)[], options: GroupAucOptions = {}): GroupAuc {
  if (vectors.length !== groups.length * size) throw new ShapeError(`AUC: ${groups.length} groups for ${vectors.length / size} vectors`);
  const members = new Map<string | number, number[]>();
  for (const [row, name] of groups.entries()) {
    const found = members.get(name);
    if (found === undefined) members.set(name, [row]);
    else found.push(row);
  }
  const same = [...members.values()].reduce((sum, { length }) => sum + (length * (length - 1)) / 2, 0);
  if (same === 0) throw new UserError(`no two of the ${groups.length} vectors are of one group; give groups of two or more`);
  if (members.size < 2) throw new UserError('all vectors are of one group; give two groups or more');
  const unit = normalise(vectors, size);
  const numbers = new Map([...members.keys()].map((name, i) => [name, i]));
  const group = Int32Array.from(groups, (name) => numbers.get(name)!);
  const exact = options.pairs === undefined && groups.length <= ALL_PAIRS;
  const { positives, negatives } = exact ? allPairs(unit, size, group, same, options) : drawnPairs(unit, size, group, [...members.values()], options);
  const means = { meanSame: mean(positives), meanDifferent: mean(negatives) };
  return { auc: aucOf(positives, negatives), exact, groups: members.size, same: positives.length, different: negatives.length, ...means };
}

interface Cosines {
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
}

function allPairs(unit: Float64Array, size: number, group: Int32Array, same: number, { onProgress }: GroupAucOptions): Cosines {
  const rows = group.length;
  const total = (rows * (rows - 1)) / 2;
  const [positives, negatives] = [new Float64Array(same), new Float64Array(total - same)];
  let [p, n] = [0, 0];
  const block = new Float64Array(ROWS * COLUMNS);
  for (let i = 0; i < rows; i += ROWS) {
    for (let j = i; j < rows; j += COLUMNS) {
      products(unit, size, i, j, rows, block);
      for (let a = i; a < Math.min(i + ROWS, rows); a++) {
        for (let b = Math.max(j, a + 1); b < Math.min(j + COLUMNS, rows); b++) {
          const cosine = rounded(block[(a - i) * COLUMNS + b - j]!);
          if (group[a] === group[b]) positives[p++] = cosine;
          else negatives[n++] = cosine;
        }
      }
    }
    onProgress?.(p + n, total);
  }
  return { positives, negatives };
}

/** To 12 decimals: pairs of equal vectors must tie at 1, which rounding in the last bits would put in some order. */
function rounded(cosine: number): number {
  return Math.round(cosine * 1e12) / 1e12;
}

/** Cosines of four rows from `i` with two from `j`. */
function products(unit: Float64Array, size: number, i: number, j: number, rows: number, out: Float64Array): void {
  const last = rows - 1;
  const [a, b, c, d] = [i * size, Math.min(i + 1, last) * size, Math.min(i + 2, last) * size, Math.min(i + 3, last) * size];
  const [x, y] = [j * size, Math.min(j + 1, last) * size];
  let a0 = 0, a1 = 0, b0 = 0, b1 = 0, c0 = 0, c1 = 0, d0 = 0, d1 = 0;
  for (let k = 0; k < size; k++) {
    const u = unit[x + k]!, v = unit[y + k]!;
    let w = unit[a + k]!;
    a0 += w * u, a1 += w * v;
    w = unit[b + k]!;
    b0 += w * u, b1 += w * v;
    w = unit[c + k]!;
    c0 += w * u, c1 += w * v;
    w = unit[d + k]!;
    d0 += w * u, d1 += w * v;
  }
  out[0] = a0, out[1] = a1, out[2] = b0, out[3] = b1, out[4] = c0, out[5] = c1, out[6] = d0, out[7] = d1;
}

/** As many pairs of either kind, each kind's pairs with equal chances. */
function drawnPairs(unit: Float64Array, size: number, group: Int32Array, members: readonly (readonly number[])[], options: GroupAucOptions): Cosines {
  const { pairs = SAMPLE, seed = SEED, onProgress } = options;
  if (!Number.isInteger(pairs) || pairs < 1) throw new UserError(`${pairs} pairs: give a whole number, 1 or more`);
  const random = new Random(seed);
  const [positives, negatives] = [new Float64Array(pairs), new Float64Array(pairs)];
  // Where each group's pairs end among all.
  let sum = 0;
  const ends = Float64Array.from(members, ({ length }) => (sum += (length * (length - 1)) / 2));
  for (let i = 0; i < pairs; i++) {
    const chosen = members[firstAbove(ends, random.uniform() * sum)]!;
    const first = random.int(chosen.length);
    const second = (first + 1 + random.int(chosen.length - 1)) % chosen.length;
    positives[i] = rounded(product(unit, size, chosen[first]!, chosen[second]!));
    let [a, b] = [0, 0];
    do [a, b] = [random.int(group.length), random.int(group.length)]; while (group[a] === group[b]);
    negatives[i] = rounded(product(unit, size, a, b));
    if (i % 8192 === 0) onProgress?.(2 * i, 2 * pairs);
  }
  return { positives, negatives };
}

function firstAbove(ends: Float64Array, value: number): number {
  let [low, high] = [0, ends.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

function product(unit: Float64Array, size: number, a: number, b: number): number {
  let sum = 0;
  for (let k = 0, i = a * size, j = b * size; k < size; k++, i++, j++) sum += unit[i]! * unit[j]!;
  return sum;
}

function normalise(vectors: Float32Array, size: number): Float64Array {
  const unit = Float64Array.from(vectors);
  for (let start = 0; start < unit.length; start += size) {
    const row = unit.subarray(start, start + size);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (!(length > 0 && length < Infinity)) throw new UserError(`vector ${start / size} ${length === 0 ? 'is all zeros, which is similar to nothing' : 'holds numbers that are not finite'}; leave it out or encode it again`);
    for (let i = 0; i < size; i++) row[i]! /= length;
  }
  return unit;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
