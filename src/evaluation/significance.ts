import { UserError } from '../core/errors.ts';
import type { Metric } from './metric.ts';
import { bootstrapScores, checkAlike, percentileInterval, randomisedDifferences, segmentCount, sumSegments } from './resampling.ts';
import type { BootstrapOptions, Interval, RandomisationOptions } from './resampling.ts';

/** Tests of whether two systems differ, with a line for legends. The p-values of all are (c + 1) / (n + 1), two-sided. */
export const PAIRED_TESTS = {
  'paired-ar': 'paired approximate randomisation',
  'paired-bs': 'paired bootstrap as sacreBLEU counts it',
  'two-sided-bs': 'paired bootstrap, both tails',
} as const;

/**
 * `paired-ar` is the one to use: over systems that do not differ it finds a difference at 0.05 in a twentieth of cases.
 * `paired-bs` is sacreBLEU's and Moses' figure, for comparing with theirs: it subtracts the mean from absolute
 * differences, which leaves one tail, so that it finds one in about a tenth. `two-sided-bs` is Koehn's idea with both tails.
 */
export type PairedTest = keyof typeof PAIRED_TESTS;

export const PAIRED_TEST_NAMES = Object.keys(PAIRED_TESTS) as PairedTest[];

/** Whether a higher or a lower score is better. */
export type Direction = 'higher' | 'lower';

/** How intervals are made and systems tested. */
export interface ComparisonOptions extends BootstrapOptions, RandomisationOptions {
  /** Default `paired-ar`. */
  readonly test?: PairedTest;
  /** Of the intervals; default 0.95. */
  readonly confidence?: number;
  /** A best system is significantly better below this; default 0.05. */
  readonly alpha?: number;
  /** Index of the system that every other is tested against, besides the best of each column. */
  readonly baseline?: number;
  /** Test every pair. Default false: only those with the best of a column or with the baseline. */
  readonly everyPair?: boolean;
  /** Which scores of this metric are better; default `higher`. */
  readonly direction?: Direction;
}

/** A system's score with its interval. */
export interface SystemScore extends Interval {
  /** Of all segments. */
  readonly score: number;
}

/** Two systems by their indices, `first` the smaller. */
export interface TestedPair {
  readonly first: number;
  readonly second: number;
  /** Score of `first` less that of `second`. */
  readonly difference: number;
  readonly p: number;
}

/** The best system of a column, and whether tests hold it apart. */
export interface BestSystem {
  /** Index; the first of those that score the same. */
  readonly system: number;
  /** Index of the second best; undefined where there is one system. */
  readonly runnerUp: number | undefined;
  /** p-value against the runner-up after Holm's correction over all others; undefined where there is one system. */
  readonly p: number | undefined;
  /** Whether it is better than every other system, each p-value below alpha after Holm's correction. */
  readonly significant: boolean;
}

/** One column of scores: each system with its interval, and tests between systems. */
export interface ComparedColumn {
  readonly column: string;
  /** In the order of the systems. */
  readonly systems: readonly SystemScore[];
  readonly pairs: readonly TestedPair[];
  readonly best: BestSystem;
}

/** Scores this near, in points, are the same: sums of fractions differ in their last digits with their order. */
const TIE = 1e-9;

/**
 * Scores systems, with bootstrap intervals, and tests which differences are more than chance.
 * @param systems statistics [segments, width] that `metric` measured of each, of the same segments in the same order
 * @returns the columns of the metric
 * @throws ShapeError when systems differ in their number of segments; UserError for options out of range
 */
export function compareSystems(metric: Metric, systems: readonly Float64Array[], options: ComparisonOptions = {}): ComparedColumn[] {
  const { alpha = 0.05, baseline, everyPair = false, direction = 'higher' } = options;
  check(systems.length, alpha, baseline);
  checkAlike(systems, metric.width);
  const scores = systems.map((statistics) => metric.score(sumSegments(statistics, metric.width)));
  const samples = systems.map((statistics) => bootstrapScores(metric, statistics, options));
  const ranks = metric.columns.map((_, column) => ranking(scores.map((all) => all[column]!), direction));
  const wanted = everyPair ? scores.map((_, i) => i) : [...ranks.map((rank) => rank[0]!), ...(baseline === undefined ? [] : [baseline])];
  const pairs = pairsWith(wanted, systems.length).map((pair) => testPair(metric, systems, scores, samples, pair, options));
  return metric.columns.map((column, c) => {
    const tested = pairs.map((columns) => columns[c]!);
    return {
      column,
      systems: scores.map((all, i) => ({ score: all[c]!, ...percentileInterval(samples[i]![c]!, options.confidence) })),
      pairs: tested,
      best: bestOf(ranks[c]!, tested, alpha),
    };
  });
}

/** The p-value of a pair; undefined where it was not tested. */
export function pairP(pairs: readonly TestedPair[], a: number, b: number): number | undefined {
  return pairs.find(({ first, second }) => first === Math.min(a, b) && second === Math.max(a, b))?.p;
}

/**
 * Which system is best in a column, and whether that is more than chance: it is when it differs from every other system
 * with a p-value below `alpha` after Holm's correction for that many tests.
 * @param scores of the systems
 * @param pairs at least those with the best system
 */
export function bestSystem(scores: readonly number[], pairs: readonly TestedPair[], direction: Direction = 'higher', alpha = 0.05): BestSystem {
  return bestOf(ranking(scores, direction), pairs, alpha);
}

/** p-values corrected for being several (Holm 1979), in their order: p < alpha then holds for all of them together. */
export function holm(pValues: readonly number[]): number[] {
  const adjusted = [...pValues];
  let largest = 0;
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a]! - pValues[b]!);
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, pValues[index]! * (pValues.length - rank)));
    adjusted[index] = largest;
  });
  return adjusted;
}

/**
 * Two-sided p-value of paired approximate randomisation.
 * sacreBLEU counts differences above the observed one only. As equal ones count here, a system against itself, or one
 * that differs in a single segment, is not significant (there it is, at p = 1 / (n + 1)); elsewhere the two agree.
 * @param randomised absolute differences [trials], of `randomisedDifferences`
 */
export function randomisationP(randomised: Float64Array, observed: number): number {
  return shareAtLeast(randomised, Math.abs(observed));
}

/**
 * p-value of the paired bootstrap (Koehn 2004), its differences shifted so that there is none on average.
 * @param first scores [resamples], of `bootstrapScores`
 * @param second scores of the same resamples
 * @param observed difference of all segments
 * @param test `paired-bs`: absolute differences less their mean, as in sacreBLEU and Moses; `two-sided-bs`: differences
 * less the observed one, then their absolute value
 */
export function bootstrapP(first: Float64Array, second: Float64Array, observed: number, test: 'paired-bs' | 'two-sided-bs'): number {
  const differences = first.map((score, i) => score - second[i]!);
  if (test === 'two-sided-bs') return shareAtLeast(differences.map((difference) => Math.abs(difference - observed)), Math.abs(observed));
  const sizes = differences.map(Math.abs);
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  return shareAtLeast(sizes.map((size) => size - mean), Math.abs(observed));
}

/** With one more on both sides, so that no p-value is zero. */
function shareAtLeast(values: Float64Array, observed: number): number {
  let count = 0;
  for (const value of values) if (value >= observed - TIE) count++;
  return (count + 1) / (values.length + 1);
}

/** Tests one pair in all columns of the metric. */
function testPair(
  metric: Metric,
  systems: readonly Float64Array[],
  scores: readonly (readonly number[])[],
  samples: readonly (readonly Float64Array[])[],
  [first, second]: readonly [number, number],
  options: ComparisonOptions,
): TestedPair[] {
  const { test = 'paired-ar' } = options;
  const randomised = test === 'paired-ar' ? randomisedDifferences(metric, systems[first]!, systems[second]!, options) : [];
  // One segment drawn again and again is always itself: the bootstrap would be sure of any difference.
  const alone = segmentCount(systems[first]!, metric.width) === 1;
  return metric.columns.map((_, c) => {
    const difference = scores[first]![c]! - scores[second]![c]!;
    if (test === 'paired-ar') return { first, second, difference, p: randomisationP(randomised[c]!, difference) };
    return { first, second, difference, p: alone ? 1 : bootstrapP(samples[first]![c]!, samples[second]![c]!, difference, test) };
  });
}

/** Each pair that has one of `members` once, the smaller index first. */
function pairsWith(members: readonly number[], systems: number): [number, number][] {
  const pairs: [number, number][] = [];
  for (let first = 0; first < systems; first++) {
    for (let second = first + 1; second < systems; second++) {
      if (members.includes(first) || members.includes(second)) pairs.push([first, second]);
    }
  }
  return pairs;
}

/** Indices from best to worst; of equals the first comes first. */
function ranking(scores: readonly number[], direction: Direction): number[] {
  const sign = direction === 'higher' ? -1 : 1;
  return scores.map((_, i) => i).sort((a, b) => sign * (scores[a]! - scores[b]!));
}

function bestOf(rank: readonly number[], pairs: readonly TestedPair[], alpha: number): BestSystem {
  const [system, ...others] = rank as [number, ...number[]];
  const corrected = holm(others.map((other) => {
    const p = pairP(pairs, system, other);
    if (p === undefined) throw new RangeError(`bestSystem: systems ${system} and ${other} were not tested`);
    return p;
  }));
  return { system, runnerUp: others[0], p: corrected[0], significant: others.length > 0 && corrected.every((p) => p < alpha) };
}

function check(systems: number, alpha: number, baseline: number | undefined): void {
  if (systems === 0) throw new RangeError('compareSystems: no system');
  if (!(alpha > 0 && alpha < 1)) throw new UserError(`alpha ${alpha}: give a number above 0 and below 1, such as 0.05`);
  if (baseline !== undefined && !(Number.isInteger(baseline) && baseline >= 0 && baseline < systems)) {
    throw new RangeError(`compareSystems: baseline ${baseline} is not one of ${systems} systems`);
  }
}
