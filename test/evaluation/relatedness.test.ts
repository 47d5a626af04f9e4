import { expect, test } from 'vitest';
import { ShapeError, UserError } from '../../src/core/errors.ts';
import { Random } from '../../src/core/random.ts';
import { averageRanks, meanSquaredError, pearson, spearman } from '../../src/evaluation/correlation.ts';
import type { RatedPairs } from '../../src/evaluation/relatedness.ts';
import { relatedness, shareOut } from '../../src/evaluation/relatedness.ts';
import { overlapFeatures, pairFeatures, pairInputs } from '../../src/evaluation/sentencepairs.ts';

test('correlations are SciPy\'s', () => {
  const [a, b] = [[1, 2, 2, 3, 5, 4], [2, 1, 3, 3, 6, 3]];
  expect(pearson(a, b)).toBeCloseTo(0.8119979429411501, 14);
  expect(spearman(a, b)).toBeCloseTo(0.8008534347238067, 14);
  expect([...averageRanks([5, 1, 5, 5, 0])]).toEqual([4, 2, 4, 4, 1]);
  expect(meanSquaredError([1, 2], [2, 4])).toBe(2.5);
  expect(pearson([1, 1], [1, 2])).toBeNaN();
  expect(pearson([1e8, 1e8 + 1, 1e8 + 2], [1, 2, 3])).toBeCloseTo(1, 12);
  expect(() => pearson([], [])).toThrow(ShapeError);
});

test('a score between two classes is shared out', () => {
  expect([...shareOut([3.6, 5, 1], [1, 5])].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([0, 0, 0.4, 0.6, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0]);
  expect(() => shareOut([3, 0.5], [1, 5])).toThrow(/pair 2 has score 0.5/);
});

test('features of a pair are |u - v| and u * v, and of shared words Socher\'s six', () => {
  expect([...pairFeatures({ first: Float32Array.of(1, -2, 3, 0), second: Float32Array.of(4, 2, 1, 5) }, 2)]).toEqual([3, 4, 4, -4, 2, 5, 3, 0]);
  const overlap = overlapFeatures([['the 3 dogs ran 5 miles', 'the 3 dogs ran'], ['a cat', 'a dog sat down'], ['in 7 days', 'in 7 days']]);
  const rounded = [...overlap].map((value) => Math.round(value * 1000) / 1000);
  expect(rounded.slice(0, 6)).toEqual([0, 0, 1, 0.667, 1, 1.083]);
  expect(rounded.slice(6, 12)).toEqual([1, 0, 1, 0.5, 0.25, 1.25]);
  expect(rounded.slice(12)).toEqual([1, 1, 1, 1, 1, 1]);
  const inputs = pairInputs({ first: Float32Array.of(1, 2), second: Float32Array.of(3, 4) }, 1, [['a', 'a'], ['b', 'c']]);
  expect(inputs.size).toBe(8);
  expect([...inputs.vectors]).toEqual([2, 3, 1, 0, 1, 1, 1, 1, 2, 8, 1, 0, 1, 0, 0, 1]);
});

/** Pairs whose score falls with the angle between their vectors. */
function rated(pairs: number, size: number, seed: string, noise: number): RatedPairs {
  const random = new Random(seed);
  const [first, second, scores]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < pairs; i++) {
    const share = random.uniform();
    const u = Array.from({ length: size }, () => random.normal());
    const length = Math.hypot(...u);
    first.push(...u.map((value) => value / length));
    second.push(...u.map((value) => (value * share + (1 - share) * random.normal()) / length));
    scores.push(Math.max(1, Math.min(5, 1 + 4 * share + noise * random.normal())));
  }
  return { first: Float32Array.from(first), second: Float32Array.from(second), scores };
}

test('relatedness is learnt from vectors and scored on pairs not seen', () => {
  const done: number[] = [];
  const [train, development, test] = [rated(300, 12, 'train', 0.2), rated(80, 12, 'development', 0.2), rated(100, 12, 'test', 0.2)];
  const result = relatedness(train, development, test, 12, { range: [1, 5], onProgress: (count) => done.push(count) });
  expect(result.test.pearson).toBeGreaterThan(0.75);
  expect(result.test.spearman).toBeGreaterThan(0.75);
  expect(result.test.mse).toBeLessThan(0.8);
  expect(result.test.pearson).toBeCloseTo(pearson(result.predictions, test.scores), 12);
  expect(result).toMatchObject({ range: [1, 5], test: { pairs: 100 }, development: { pairs: 80 } });
  expect(done[0]).toBe(1);
  expect(relatedness(train, development, test, 12, { range: [1, 5] })).toEqual(result);
});

test('the strength is the one that does best on the development set', () => {
  const [train, development, test] = [rated(60, 20, 'a', 1.5), rated(100, 20, 'b', 1.5), rated(50, 20, 'c', 1.5)];
  const strengths = [0.01, 0.1, 1, 10, 100, 1000];
  const chosen = relatedness(train, development, test, 20, { strengths });
  const alone = strengths.map((strength) => relatedness(train, development, test, 20, { strengths: [strength] }).development.pearson);
  expect(chosen.development.pearson).toBeCloseTo(Math.max(...alone), 3);
  expect(chosen.strength).toBe(strengths[alone.indexOf(Math.max(...alone))]);
});

test('unrelated vectors give a correlation near nothing', () => {
  const noise = (part: RatedPairs, seed: string): RatedPairs => ({ ...part, scores: new Random(seed).shuffle(Array.from(part.scores)) });
  const result = relatedness(noise(rated(200, 4, 'p', 0), 'x'), noise(rated(60, 4, 'q', 0), 'y'), noise(rated(200, 4, 'r', 0), 'z'), 4);
  expect(Math.abs(result.test.pearson)).toBeLessThan(0.25);
});

test('parts without two different scores are refused in one line', () => {
  const fine = rated(20, 3, 'fine', 0.1);
  const flat = { ...fine, scores: fine.scores instanceof Array ? fine.scores.map(() => 3) : [] };
  expect(() => relatedness(fine, flat, fine, 3)).toThrow(/development part has 20 pairs, all of one score/);
  expect(() => relatedness(fine, fine, { first: new Float32Array(3), second: new Float32Array(3), scores: [2] }, 3)).toThrow(/test part has 1 pairs/);
  expect(() => relatedness({ ...fine, scores: [1, 2] }, fine, fine, 3)).toThrow(ShapeError);
  expect(() => relatedness(fine, fine, fine, 3, { strengths: [] })).toThrow(UserError);
});
