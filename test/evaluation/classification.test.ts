import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/core/errors.ts';
import { Random } from '../../src/core/random.ts';
import type { LabelledVectors } from '../../src/evaluation/classification.ts';
import { classScores, crossValidate, split, trainAndTest } from '../../src/evaluation/classification.ts';
import { NbFeatures } from '../../src/evaluation/nbfeatures.ts';
import { proportion } from '../../src/evaluation/proportion.ts';

const SIZE = 5;

/** Vectors round a centre for each label; the first word of a sentence gives the label away. */
function labelled(count: number, labels: readonly string[], noise: number, seed: string): LabelledVectors {
  const random = new Random('centres');
  const centres = labels.map(() => Array.from({ length: SIZE }, () => random.normal()));
  const own = new Random(seed);
  const rows = Array.from({ length: count }, () => own.int(labels.length));
  return {
    vectors: Float32Array.from(rows.flatMap((k) => centres[k]!.map((value) => value + noise * own.normal()))),
    labels: rows.map((k) => labels[k]!),
    sentences: rows.map((k) => `${['good', 'bad', 'odd'][k]!} film ${own.int(9)}`),
  };
}

const QUICK = { folds: 4, strengths: [0.1, 1, 10] };

test('folds part all rows, the first of them longer, as in scikit-learn', () => {
  const folds = split([10, 11, 12, 13, 14, 15, 16], 3);
  expect(folds.map(({ test }) => test)).toEqual([[10, 11, 12], [13, 14], [15, 16]]);
  for (const { train, test } of folds) expect([...train, ...test].sort()).toEqual([10, 11, 12, 13, 14, 15, 16]);
  expect(() => split([1, 2], 3)).toThrow(/3 folds of 2 rows/);
});

describe('cross-validation', () => {
  test('each row is tested once, by a model that has not seen it', () => {
    const ticks: [number, number][] = [];
    const result = crossValidate(labelled(90, ['pos', 'neg', 'odd'], 0.4, 'easy'), SIZE, { ...QUICK, onProgress: (done, total) => ticks.push([done, total]) });
    expect(result.total).toBe(90);
    expect(result.accuracy).toBeGreaterThan(0.85);
    expect(result.labels).toEqual(['neg', 'odd', 'pos']);
    expect(result.confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(90);
    expect(result.folds.map(({ total }) => total)).toEqual([23, 23, 22, 22]);
    expect(result.meanAccuracy).toBeCloseTo(result.folds.reduce((sum, { correct, total }) => sum + correct / total / 4, 0), 12);
    expect(ticks.at(-1)).toEqual([4 * (3 * 4 + 1), 4 * (3 * 4 + 1)]);
  });

  test('vectors that say nothing do no better than a constant answer', () => {
    const data = labelled(120, ['a', 'b'], 0.3, 'shuffled');
    const result = crossValidate({ ...data, labels: new Random(2).shuffle(data.labels) }, SIZE, QUICK);
    expect(result.accuracy).toBeLessThan(0.65);
    expect(result.majority).toBeGreaterThanOrEqual(0.5);
    expect([result.low < result.accuracy, result.high > result.accuracy]).toEqual([true, true]);
  });

  test('the seed decides the folds', () => {
    const data = labelled(60, ['a', 'b'], 3, 'hard');
    expect(crossValidate(data, SIZE, QUICK)).toEqual(crossValidate(data, SIZE, QUICK));
    expect(crossValidate(data, SIZE, { ...QUICK, seed: 5 }).confusion).not.toEqual(crossValidate(data, SIZE, QUICK).confusion);
  });

  test('naive Bayes features help where words tell and vectors do not', () => {
    const data = labelled(80, ['pos', 'neg'], 50, 'words');
    const [plain, nb] = [crossValidate(data, SIZE, QUICK), crossValidate(data, SIZE, { ...QUICK, nb: true, strengths: [1, 100] })];
    expect(plain.accuracy).toBeLessThan(0.75);
    expect(nb.accuracy).toBeGreaterThan(0.9);
    expect(() => crossValidate(labelled(60, ['a', 'b', 'c'], 1, 'x'), SIZE, { nb: true })).toThrow(/of two classes; there are 3/);
    expect(() => crossValidate({ vectors: data.vectors, labels: data.labels }, SIZE, { nb: true })).toThrow(ShapeError);
  });

  test('a label that only one fold holds does not break the others', () => {
    const data = labelled(20, ['a', 'b'], 0.2, 'rare');
    const result = crossValidate({ ...data, labels: data.labels.map((label, i) => (i === 3 ? 'rare' : label)) }, SIZE, QUICK);
    expect(result.total).toBe(20);
    expect(result.labels).toEqual(['a', 'b', 'rare']);
  });

  test('what cannot be told apart is refused in one line', () => {
    expect(() => crossValidate(labelled(20, ['only'], 1, 'x'), SIZE)).toThrow(/20 rows with one label, only/);
    expect(() => crossValidate(labelled(5, ['a', 'b'], 1, 'y'), SIZE)).toThrow(/10 folds of 5 rows/);
    expect(() => crossValidate(labelled(20, ['a', 'b'], 1, 'z'), SIZE + 1)).toThrow(ShapeError);
  });
});

test('a test set of its own is tested once', () => {
  const result = trainAndTest(labelled(80, ['a', 'b'], 0.5, 'train'), labelled(40, ['a', 'b'], 0.5, 'test'), SIZE, QUICK);
  expect(result.total).toBe(40);
  expect(result.folds).toHaveLength(1);
  expect(result.accuracy).toBeGreaterThan(0.85);
  expect(result.meanAccuracy).toBe(result.accuracy);
});

test('F1 is of the class named', () => {
  const result = { labels: ['0', '1'], confusion: [[50, 10], [20, 40]] };
  const { precision, recall, f1 } = classScores(result, '1');
  expect([precision, recall, f1]).toEqual([0.8, 40 / 60, 80 / 110]);
  expect(classScores({ labels: ['0', '1'], confusion: [[5, 0], [5, 0]] }, '1')).toEqual({ precision: 0, recall: 0, f1: 0 });
  expect(() => classScores(result, 'yes')).toThrow(/there are 0, 1/);
});

test('naive Bayes features are log ratios of smoothed shares, each n-gram once', () => {
  // Class 0: good, film, "good film"; class 1: bad, film, "bad film". Five n-grams, three counts each side.
  const nb = new NbFeatures(['good film', 'bad film'], [0, 1]);
  const features = nb.of(['good good unseen', 'film']);
  const scores = new Float64Array(2);
  features.addScores(0, 2, new Float64Array(features.columns).fill(1), features.columns, 0, scores, 1);
  expect([features.rows, features.columns]).toEqual([2, 5]);
  expect(scores[0]).toBeCloseTo(Math.log(2), 12);
  expect(scores[1]).toBeCloseTo(0, 12);
});

test('Wilson\'s interval is SciPy\'s', () => {
  const { accuracy, low, high } = proportion(75, 100);
  expect(accuracy).toBe(0.75);
  expect(low).toBeCloseTo(0.656955364519384, 12);
  expect(high).toBeCloseTo(0.8245478863771232, 12);
  expect(proportion(10, 10).high).toBe(1);
  expect(proportion(0, 10).low).toBe(0);
});
