import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ShapeError, UserError } from '../../src/core/errors.ts';
import { Random } from '../../src/core/random.ts';
import type { Metric } from '../../src/evaluation/metric.ts';
import { bestSystem, bootstrapP, compareSystems, holm, PAIRED_TEST_NAMES, pairP, randomisationP } from '../../src/evaluation/significance.ts';
import type { PairedTest, TestedPair } from '../../src/evaluation/significance.ts';

/** Mean of a number a segment, and a ratio whose two parts both vary, as BLEU's do. */
const METRIC: Metric = {
  columns: ['mean', 'ratio'], width: 4, measure: () => undefined, segmentScore: (one) => [one[0]!, one[2]! / one[3]!],
  score: (sums) => [sums[0]! / sums[1]!, (100 * sums[2]!) / sums[3]!],
};

/** @param quality added to every segment's number, a tenth of it to the chance of a match */
function system(random: Random, segments: number, quality = 0): Float64Array {
  return Float64Array.from(Array.from({ length: segments }, () => {
    const words = 5 + random.int(20);
    const matches = Array.from({ length: words }, () => random.uniform()).filter((x) => x < 0.3 + quality / 10).length;
    return [random.normal() + quality, 1, matches, words];
  }).flat());
}

const QUICK = { resamples: 200, trials: 400 };
const pValue = (a: Float64Array, b: Float64Array, test: PairedTest, options = {}): number =>
  compareSystems(METRIC, [a, b], { ...QUICK, ...options, test })[0]!.pairs[0]!.p;

test('Holm, an example worked by hand', () => {
  // 0.01 * 4, 0.02 * 3, 0.03 * 2 = 0.06 again, 0.04 * 1 held up to 0.06.
  expect(holm([0.04, 0.01, 0.03, 0.02])).toEqual([expect.closeTo(0.06, 12), 0.04, 0.06, 0.06]);
  expect(holm([0.5, 0.9])).toEqual([1, 1]);
  expect(holm([0.03])).toEqual([0.03]);
  expect(holm([])).toEqual([]);
});

describe('p-values', () => {
  test('shares of the trials, one more on both sides', () => {
    expect(randomisationP(Float64Array.of(1, 2, 3, 4), 2.5)).toBe(3 / 5);
    expect(randomisationP(Float64Array.of(1, 2, 3, 4), -2.5)).toBe(3 / 5);
    expect(randomisationP(Float64Array.of(1, 2, 3, 4), 9)).toBe(1 / 5);
    // Equal but for the last digits of a sum.
    expect(randomisationP(Float64Array.of(0.1 + 0.2, 0), 0.3)).toBe(2 / 3);
    expect(randomisationP(Float64Array.of(0.3, 0), 0.1 + 0.2)).toBe(2 / 3);
  });

  test('the bootstrap by hand', () => {
    const zeros = new Float64Array(4);
    // |d| = 1 3 5 7, less 4: -3 -1 1 3. d = -1 3 5 7, less 2: 3 1 3 5 away.
    expect(bootstrapP(Float64Array.of(-1, 3, 5, 7), zeros, 2, 'paired-bs')).toBe(2 / 5);
    expect(bootstrapP(Float64Array.of(-1, 3, 5, 7), zeros, 2, 'two-sided-bs')).toBe(4 / 5);
    expect(bootstrapP(zeros, Float64Array.of(-1, 3, 5, 7), -2, 'two-sided-bs')).toBe(4 / 5);
  });

  test('of all ways to swap three segments, two in eight differ as much', () => {
    const better = Float64Array.of(3, 1, 0, 1, 4, 1, 0, 1, 5, 1, 0, 1);
    const p = pValue(better, Float64Array.of(1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1), 'paired-ar', { trials: 20_000 });
    expect(Math.abs(p - 0.25)).toBeLessThan(0.013);
  });

  test('the sign of a difference and the order of the systems change nothing', () => {
    const random = new Random(4);
    const [a, b] = [system(random, 80, 0.2), system(random, 80)];
    for (const test of PAIRED_TEST_NAMES) expect(pValue(a, b, test)).toBe(pValue(b, a, test));
  });
});

describe('systems that do not differ', () => {
  test('are never significant: the same, or but for one segment', () => {
    fc.assert(fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), fc.constantFrom(...PAIRED_TEST_NAMES), (seed, segments, name) => {
      const random = new Random(seed);
      const a = system(random, segments);
      const one = a.with(0, a[0]! + 5);
      const columns = compareSystems(METRIC, [a, a, Float64Array.from(a)], { seed, test: name, resamples: 60, trials: 60, everyPair: true });
      for (const { pairs, best } of columns) {
        expect(pairs.map(({ p }) => p)).toEqual([1, 1, 1]);
        expect(best).toEqual({ system: 0, runnerUp: 1, p: 1, significant: false });
      }
      if (name === 'paired-ar') expect(pValue(a, one, name)).toBe(1);
      // sacreBLEU's subtracts a mean that is itself a draw: for a handful of segments it may find anything.
      if (name === 'two-sided-bs') expect(pValue(a, one, name)).toBeGreaterThan(0.2);
    }), { numRuns: 60, seed: 5 });
  });

  test('are found to differ as often as the level says: exchangeable systems, 600 studies', () => {
    const found = { 'paired-ar': 0, 'paired-bs': 0, 'two-sided-bs': 0 };
    const random = new Random('exchangeable');
    for (let study = 0; study < 600; study++) {
      const [a, b] = [system(random, 50), system(random, 50)];
      for (const name of PAIRED_TEST_NAMES) if (pValue(a, b, name, { seed: study, resamples: 200, trials: 200 }) < 0.05) found[name]++;
    }
    // 30 expected, standard deviation 5.3. sacreBLEU's bootstrap has one tail and finds twice as many.
    expect(Math.abs(found['paired-ar'] - 30)).toBeLessThan(3 * 5.3);
    expect(Math.abs(found['two-sided-bs'] - 30)).toBeLessThan(3 * 5.3);
    expect(found['paired-bs']).toBeGreaterThan(45);
    expect(found['paired-bs']).toBeLessThan(90);
  });
});

test('a difference that is there is found, by every test', () => {
  const random = new Random(9);
  const systems = [system(random, 300), system(random, 300, 0.5)];
  for (const name of PAIRED_TEST_NAMES) {
    for (const { best, systems: [low, high] } of compareSystems(METRIC, systems, { ...QUICK, test: name })) {
      expect(best).toEqual({ system: 1, runnerUp: 0, p: expect.closeTo(1 / ((name === 'paired-ar' ? 400 : 200) + 1), 9) as number, significant: true });
      expect(low!.high).toBeLessThan(high!.low);
      expect(low!.low).toBeLessThan(low!.score);
      expect(low!.high).toBeGreaterThan(low!.score);
    }
  }
});

test('the order of the segments changes the figures by chance only', () => {
  const random = new Random(21);
  const [a, b] = [system(random, 200, 0.12), system(random, 200)];
  const order = random.shuffle(Array.from({ length: 200 }, (_, i) => i));
  const shuffled = [a, b].map((rows) => Float64Array.from(order.flatMap((i) => [...rows.subarray(4 * i, 4 * i + 4)])));
  const [before, after] = [[a, b], shuffled].map((systems) => compareSystems(METRIC, systems, { resamples: 2000, trials: 2000 }));
  before!.forEach(({ systems, pairs }, c) => {
    const other = after![c]!;
    expect(other.systems[0]!.score).toBeCloseTo(systems[0]!.score, 9);
    const width = systems[0]!.high - systems[0]!.low;
    expect(Math.abs(other.systems[0]!.low - systems[0]!.low)).toBeLessThan(0.1 * width);
    expect(Math.abs(other.systems[0]!.high - systems[0]!.high)).toBeLessThan(0.1 * width);
    const { p } = pairs[0]!;
    expect(Math.abs(other.pairs[0]!.p - p)).toBeLessThan(4 * Math.sqrt((2 * p * (1 - p)) / 2000) + 0.002);
  });
});

test('of five systems that do not differ one is marked in less than a twentieth of 300 studies', () => {
  const random = new Random('marks');
  let marked = 0;
  for (let study = 0; study < 300; study++) {
    const systems = Array.from({ length: 5 }, () => system(random, 40));
    if (compareSystems(METRIC, systems, { seed: study, resamples: 1, trials: 400 })[0]!.best.significant) marked++;
  }
  // Picking the best and then testing it is what the correction is for.
  expect(marked).toBeLessThan(15);
});

describe('the best of a column', () => {
  const pairs = (...p: readonly [number, number, number][]): TestedPair[] => p.map(([first, second, value]) => ({ first, second, difference: 0, p: value }));

  test('must differ from every other system after correction', () => {
    expect(bestSystem([10, 30, 20], pairs([0, 1, 0.001], [1, 2, 0.04]))).toEqual({ system: 1, runnerUp: 2, p: 0.04, significant: true });
    // Both at 0.03: together 0.06.
    expect(bestSystem([10, 30, 20], pairs([0, 1, 0.03], [1, 2, 0.03]))).toEqual({ system: 1, runnerUp: 2, p: 0.06, significant: false });
    // Surely better than the second, not surely than the third.
    expect(bestSystem([10, 30, 20], pairs([0, 1, 0.3], [1, 2, 0.001]))).toEqual({ system: 1, runnerUp: 2, p: 0.002, significant: false });
    expect(bestSystem([10, 30], pairs([0, 1, 0.05]))).toMatchObject({ significant: false });
    expect(bestSystem([10, 30], pairs([0, 1, 0.05]), 'higher', 0.1)).toMatchObject({ significant: true });
  });

  test('may be the lowest; alone it is better than nobody; untested it is not known', () => {
    expect(bestSystem([10, 30, 20], pairs([0, 1, 0.001], [0, 2, 0.001]), 'lower')).toEqual({ system: 0, runnerUp: 2, p: 0.002, significant: true });
    expect(bestSystem([10], [])).toEqual({ system: 0, runnerUp: undefined, p: undefined, significant: false });
    expect(() => bestSystem([1, 2, 3], pairs([0, 1, 0.5]))).toThrow('systems 2 and 1 were not tested');
  });

  test('has its pairs tested in every column, with the baseline\'s, or all', () => {
    const random = new Random(2);
    const rows = [0, 1.5, 0.5, 1].map((quality) => system(random, 150, quality));
    const tested = (options = {}): string[] => compareSystems(METRIC, rows, { ...QUICK, ...options })[0]!.pairs.map(({ first, second }) => `${first}${second}`);
    expect(tested()).toEqual(['01', '12', '13']);
    expect(tested({ baseline: 0 })).toEqual(['01', '02', '03', '12', '13']);
    expect(tested({ everyPair: true })).toEqual(['01', '02', '03', '12', '13', '23']);
    const [column] = compareSystems(METRIC, rows, { ...QUICK, baseline: 2 });
    expect(pairP(column!.pairs, 3, 2)).toBe(pairP(column!.pairs, 2, 3));
    expect(pairP(column!.pairs, 0, 3)).toBeUndefined();
    expect(column!.pairs[0]!.difference).toBeCloseTo(column!.systems[0]!.score - column!.systems[1]!.score, 12);
  });
});

test('one segment proves nothing, by any test', () => {
  for (const name of PAIRED_TEST_NAMES) expect(pValue(Float64Array.of(5, 1, 3, 4), Float64Array.of(1, 1, 1, 4), name)).toBe(1);
});

test('what cannot be compared is refused', () => {
  const rows = new Float64Array(8).fill(1);
  expect(() => compareSystems(METRIC, [rows, rows.slice(4)])).toThrow(ShapeError);
  expect(() => compareSystems(METRIC, [])).toThrow('no system');
  expect(() => compareSystems(METRIC, [rows], { baseline: 1 })).toThrow('baseline 1 is not one of 1 systems');
  expect(() => compareSystems(METRIC, [rows, rows], { alpha: 5 })).toThrow(new UserError('alpha 5: give a number above 0 and below 1, such as 0.05'));
});
