import { ShapeError, UserError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import type { Metric } from './metric.ts';

export interface BootstrapOptions {
  /** Corpora drawn from the segments, with replacement. Default 1,000. */
  readonly resamples?: number;
  /** Equal seeds draw the same segments for every system and metric. Default 12345, sacreBLEU's. */
  readonly seed?: number;
}

export interface RandomisationOptions {
  /** Ways to swap segments between two systems that are tried. Default 10,000. */
  readonly trials?: number;
  /** As in `BootstrapOptions`. */
  readonly seed?: number;
}

export interface Interval {
  /** Mean of the resampled scores. */
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export const RESAMPLES = 1000;
export const TRIALS = 10_000;
export const SEED = 12345;

/** Segments whose swaps share a table: 256 sums instead of additions segment by segment. */
const TOGETHER = 8;
/** Trials handled at once, so that their sums stay in the processor's cache. */
const BLOCK = 2048;

/**
 * @param statistics [segments, width]
 * @throws ShapeError when that is not their shape
 */
export function segmentCount(statistics: Float64Array, width: number): number {
  if (statistics.length > 0 && statistics.length % width === 0) return statistics.length / width;
  throw new ShapeError(`statistics: ${statistics.length} numbers are not [segments, ${width}] with a segment or more`);
}

/** @returns the sum over the segments [width] of `statistics` [segments, width]. */
export function sumSegments(statistics: Float64Array, width: number): Float64Array {
  const sums = new Float64Array(width);
  const segments = segmentCount(statistics, width);
  for (let i = 0; i < segments; i++) addRow(sums, 0, statistics, i * width, width);
  return sums;
}

/**
 * Scores of corpora drawn from the segments with replacement (Efron 1979; for BLEU Koehn 2004).
 * @param statistics [segments, width], what `metric` measured
 * @returns a column each: [resamples]. Resample i has the same segments for every system and metric, if the seed is the same.
 */
export function bootstrapScores(metric: Metric, statistics: Float64Array, options: BootstrapOptions = {}): Float64Array[] {
  const { resamples = RESAMPLES, seed = SEED } = options;
  checkCount('resamples', resamples);
  const { width } = metric;
  const segments = segmentCount(statistics, width);
  const random = new Random(seed).fork('bootstrap');
  const scores = metric.columns.map(() => new Float64Array(resamples));
  const sums = new Float64Array(width);
  for (let resample = 0; resample < resamples; resample++) {
    sums.fill(0);
    for (let i = 0; i < segments; i++) addRow(sums, 0, statistics, random.int(segments) * width, width);
    metric.score(sums).forEach((score, column) => (scores[column]![resample] = score));
  }
  return scores;
}

/**
 * Percentile interval, with the ranks of sacreBLEU 2.6: of 1,000 scores in order and 95 %, those with 25 below and above.
 * @param scores [resamples] of one column
 * @param confidence above 0 and below 1
 */
export function percentileInterval(scores: Float64Array, confidence = 0.95): Interval {
  if (!(confidence > 0 && confidence < 1)) throw new UserError(`confidence ${confidence}: give a number above 0 and below 1, such as 0.95`);
  const sorted = scores.toSorted();
  // Without the small addition 1 - 0.9 would cut one score too few.
  const cut = Math.floor((sorted.length * (1 - confidence)) / 2 + 1e-9);
  return {
    mean: sorted.reduce((sum, score) => sum + score, 0) / sorted.length,
    low: sorted[cut]!,
    high: sorted[sorted.length - 1 - cut]!,
  };
}

/**
 * What the difference of two systems is when, segment by segment, a coin says which system wrote which text
 * (approximate randomisation; Noreen 1989, Riezler and Maxwell 2005).
 * @param first [segments, width], what `metric` measured of a system
 * @param second the same segments of the other
 * @returns a column each: the absolute differences [trials]. Trial i swaps the same segments for every pair and metric, if the seed is the same.
 * @throws ShapeError when the systems differ in their number of segments
 */
export function randomisedDifferences(metric: Metric, first: Float64Array, second: Float64Array, options: RandomisationOptions = {}): Float64Array[] {
  const { trials = TRIALS, seed = SEED } = options;
  checkCount('trials', trials);
  const { width } = metric;
  checkAlike([first, second], width);
  const totals = [sumSegments(first, width), sumSegments(second, width)] as const;
  const random = new Random(seed).fork('approximate randomisation');
  const differences = metric.columns.map(() => new Float64Array(trials));
  const sums = [new Float64Array(width), new Float64Array(width)] as const;
  for (let start = 0; start < trials; start += BLOCK) {
    const block = Math.min(BLOCK, trials - start);
    const moved = movedSums(first, second, width, block, random);
    for (let trial = 0; trial < block; trial++) {
      for (let k = 0; k < width; k++) {
        const moving = moved[trial * width + k]!;
        sums[0][k] = totals[0][k]! - moving;
        sums[1][k] = totals[1][k]! + moving;
      }
      const other = metric.score(sums[1]);
      metric.score(sums[0]).forEach((score, column) => (differences[column]![start + trial] = Math.abs(score - other[column]!)));
    }
  }
  return differences;
}

/** @throws ShapeError when systems [segments, width] differ in their number of segments. */
export function checkAlike(systems: readonly Float64Array[], width: number): void {
  const counts = systems.map((statistics) => segmentCount(statistics, width));
  const other = counts.findIndex((count) => count !== counts[0]);
  if (other > 0) throw new ShapeError(`statistics: system 0 has ${counts[0]} segments, system ${other} has ${counts[other]}; paired tests need the same segments of all`);
}

/**
 * Draws which segments change sides, a bit a segment, and adds up what leaves the first system: first - second.
 * @returns [trials, width]
 */
function movedSums(first: Float64Array, second: Float64Array, width: number, trials: number, random: Random): Float64Array {
  const segments = first.length / width;
  const moved = new Float64Array(trials * width);
  const bits = new Uint32Array(trials);
  const table = new Float64Array(2 ** TOGETHER * width);
  for (let start = 0; start < segments; start += 32) {
    for (let trial = 0; trial < trials; trial++) bits[trial] = random.uint32();
    for (let shift = 0; shift < 32 && start + shift < segments; shift += TOGETHER) {
      if (!fillTable(table, first, second, width, start + shift)) continue;
      for (let trial = 0; trial < trials; trial++) {
        addRow(moved, trial * width, table, ((bits[trial]! >>> shift) & (2 ** TOGETHER - 1)) * width, width);
      }
    }
  }
  return moved;
}

/**
 * Sums of first - second over every subset of the eight segments from `start`: row b has those whose bit is set in b.
 * @returns whether any is not zero
 */
function fillTable(table: Float64Array, first: Float64Array, second: Float64Array, width: number, start: number): boolean {
  let any = false;
  for (let bit = 0; bit < TOGETHER; bit++) {
    const half = 2 ** bit * width;
    // Rows with this bit are those without it plus this segment; past the last segment there is nothing to add.
    table.copyWithin(half, 0, half);
    if (bit === 0) table.fill(0, 0, 2 * width);
    const from = (start + bit) * width;
    if (from >= first.length) continue;
    for (let k = 0; k < width; k++) {
      const difference = first[from + k]! - second[from + k]!;
      if (difference === 0) continue;
      any = true;
      for (let row = half + k; row < 2 * half; row += width) table[row]! += difference;
    }
  }
  return any;
}

function addRow(sums: Float64Array, at: number, rows: Float64Array, from: number, width: number): void {
  for (let k = 0; k < width; k++) sums[at + k]! += rows[from + k]!;
}

function checkCount(name: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 1) throw new UserError(`${name} ${count}: give a whole number, 1 or more`);
}
