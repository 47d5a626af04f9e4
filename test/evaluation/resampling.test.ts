import { expect, test } from 'vitest';
import { ShapeError, UserError } from '../../src/core/errors.ts';
import { Random } from '../../src/core/random.ts';
import type { Metric } from '../../src/evaluation/metric.ts';
import { bootstrapScores, percentileInterval, randomisedDifferences, sumSegments } from '../../src/evaluation/resampling.ts';

/** Keeps what it is asked to score: with statistics that say which segment they are of, the draws themselves. */
function spy(width: number): Metric & { seen: number[][] } {
  const seen: number[][] = [];
  return { columns: ['calls'], width, seen, measure: () => undefined, segmentScore: () => [0], score: (sums) => [seen.push([...sums])] };
}

const identity = (n: number): Float64Array => Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Mean of the first column, and of the second. */
const MEANS: Metric = {
  columns: ['a', 'b'], width: 3, measure: () => undefined, segmentScore: (one) => [one[0]!, one[1]!],
  score: (sums) => [sums[0]! / sums[2]!, sums[1]! / sums[2]!],
};

test('sums of segments', () => {
  expect([...sumSegments(Float64Array.of(1, 2, 3, 4, 5, 6), 2)]).toEqual([9, 12]);
});

test('the bootstrap draws as many segments as there are, with replacement, each as often as another', () => {
  const metric = spy(50);
  bootstrapScores(metric, identity(50), { resamples: 2000, seed: 3 });
  expect(metric.seen).toHaveLength(2000);
  expect(metric.seen.every((counts) => sum(counts) === 50)).toBe(true);
  // A segment is left out of a resample with chance (1 - 1/50)^50 = 0.364.
  const left = metric.seen.flat().filter((count) => count === 0).length / (50 * 2000);
  expect(left).toBeGreaterThan(0.36);
  expect(left).toBeLessThan(0.368);
  const drawn = metric.seen.reduce((totals, counts) => totals.map((total, i) => total + counts[i]!));
  // 2,000 expected, standard deviation 44.3.
  expect(Math.max(...drawn.map((count) => Math.abs(count - 2000)))).toBeLessThan(4 * 44.3);
});

test('approximate randomisation moves each segment with chance one half, and only between the two', () => {
  // 2,100 trials: more than a block. 37 segments: no multiple of what is handled together.
  const metric = spy(37);
  randomisedDifferences(metric, identity(37), identity(37).map((x) => 3 * x), { trials: 2100, seed: 3 });
  expect(metric.seen).toHaveLength(4200);
  const second = metric.seen.filter((_, i) => i % 2 === 0);
  const first = metric.seen.filter((_, i) => i % 2 === 1);
  expect(first.every((sums, trial) => sums.every((x, i) => (x === 1 || x === 3) && x + second[trial]![i]! === 4))).toBe(true);
  const swaps = Array.from({ length: 37 }, (_, i) => first.filter((sums) => sums[i] === 3).length);
  // 1,050 expected, standard deviation 22.9.
  expect(Math.max(...swaps.map((count) => Math.abs(count - 1050)))).toBeLessThan(4 * 22.9);
  expect(new Set(first.map(String)).size).toBe(2100);
  // Neighbours are swapped independently of each other.
  const together = Array.from({ length: 36 }, (_, i) => first.filter((sums) => sums[i] === sums[i + 1]).length);
  expect(Math.max(...together.map((count) => Math.abs(count - 1050)))).toBeLessThan(4 * 22.9);
});

test('what a trial moves is what adding segment by segment gives', () => {
  const random = new Random(8);
  const [first, second] = [0, 1].map(() => Float64Array.from({ length: 45 * 3 }, (_, i) => (i % 3 === 2 ? 1 : random.int(9)))) as [Float64Array, Float64Array];
  const metric = spy(45);
  randomisedDifferences(metric, identity(45), new Float64Array(45 * 45), { trials: 50, seed: 1 });
  const moved = metric.seen.filter((_, i) => i % 2 === 0);
  const differences = randomisedDifferences(MEANS, first, second, { trials: 50, seed: 1 });
  moved.forEach((mask, trial) => {
    const side = (column: number, other: boolean): number => sum(mask.map((bit, i) => (Boolean(bit) === other ? first : second)[3 * i + column]!)) / 45;
    expect(differences[0]![trial]).toBeCloseTo(Math.abs(side(0, false) - side(0, true)), 12);
    expect(differences[1]![trial]).toBeCloseTo(Math.abs(side(1, false) - side(1, true)), 12);
  });
});

test('systems and metrics meet the same resamples, another seed others', () => {
  const statistics = Float64Array.from({ length: 30 * 3 }, (_, i) => (i % 3 === 2 ? 1 : i));
  const [a, b] = bootstrapScores(MEANS, statistics, { resamples: 20 });
  const single: Metric = { ...MEANS, columns: ['a'], score: (sums) => [sums[0]! / sums[2]!] };
  expect(bootstrapScores(single, statistics, { resamples: 20 })).toEqual([a]);
  expect([...b!].map((value, i) => value - a![i]!)).toEqual(Array.from({ length: 20 }, () => expect.closeTo(1, 9)));
  expect(bootstrapScores(single, statistics, { resamples: 20, seed: 2 })).not.toEqual([a]);
  expect(bootstrapScores(MEANS, statistics, { resamples: 20, seed: 12345 })).toEqual([a, b]);
});

test('percentile intervals have sacreBLEU\'s ranks', () => {
  const shuffled = (n: number): Float64Array => Float64Array.from(new Random(n).shuffle(Array.from({ length: n }, (_, i) => i)));
  expect(percentileInterval(shuffled(1000))).toEqual({ mean: 499.5, low: 25, high: 974 });
  expect(percentileInterval(shuffled(1000), 0.9)).toEqual({ mean: 499.5, low: 50, high: 949 });
  expect(percentileInterval(shuffled(39))).toMatchObject({ low: 0, high: 38 });
  expect(percentileInterval(shuffled(40))).toMatchObject({ low: 1, high: 38 });
  expect(percentileInterval(Float64Array.of(7))).toEqual({ mean: 7, low: 7, high: 7 });
});

test('an interval holds the true mean as often as it says', () => {
  const random = new Random('coverage');
  let held = 0;
  for (let study = 0; study < 300; study++) {
    const statistics = Float64Array.from({ length: 60 * 3 }, (_, i) => (i % 3 === 2 ? 1 : random.normal()));
    const { low, high } = percentileInterval(bootstrapScores(MEANS, statistics, { resamples: 200, seed: study })[0]!);
    if (low <= 0 && high >= 0) held++;
  }
  // 95 % of 300 are 285, standard deviation 3.8; the percentile bootstrap of 60 values is a little narrow.
  expect(held).toBeGreaterThan(270);
  expect(held).toBeLessThan(296);
});

test('what cannot be resampled is refused', () => {
  const good = new Float64Array(6);
  expect(() => bootstrapScores(MEANS, new Float64Array(7))).toThrow(new ShapeError('statistics: 7 numbers are not [segments, 3] with a segment or more'));
  expect(() => bootstrapScores(MEANS, new Float64Array(0))).toThrow(ShapeError);
  expect(() => randomisedDifferences(MEANS, good, new Float64Array(9))).toThrow(new ShapeError('statistics: system 0 has 2 segments, system 1 has 3; paired tests need the same segments of all'));
  for (const count of [0, -1, 1.5, Number.NaN]) {
    expect(() => bootstrapScores(MEANS, good, { resamples: count })).toThrow(new UserError(`resamples ${count}: give a whole number, 1 or more`));
    expect(() => randomisedDifferences(MEANS, good, good, { trials: count })).toThrow(UserError);
  }
  for (const confidence of [0, 1, 95, Number.NaN]) expect(() => percentileInterval(good, confidence)).toThrow(UserError);
});
