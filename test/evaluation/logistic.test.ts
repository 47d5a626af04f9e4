import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/core/errors.ts';
import { Random } from '../../src/core/random.ts';
import type { SparseRow } from '../../src/evaluation/featurematrix.ts';
import { DenseFeatures, JoinedFeatures, SparseFeatures } from '../../src/evaluation/featurematrix.ts';
import { minimise } from '../../src/evaluation/lbfgs.ts';
import { fitDistributions, fitLogistic } from '../../src/evaluation/logistic.ts';

const ROWS = [[1, 2], [2, 1], [3, 4], [4, 3], [0, 1], [5, 5], [2, 3], [1, 0.5]];
const dense = (rows: readonly (readonly number[])[]): DenseFeatures => new DenseFeatures(Float32Array.from(rows.flat()), rows[0]!.length);
const EXACT = { tolerance: 1e-10 };
const near = (values: ArrayLike<number>, wanted: readonly number[], digits = 6): void => {
  expect(values).toHaveLength(wanted.length);
  wanted.forEach((value, i) => expect(values[i]).toBeCloseTo(value, digits));
};

test('two classes are scikit-learn\'s, weights, intercept and probabilities', () => {
  const model = fitLogistic(dense(ROWS), [0, 0, 1, 1, 0, 1, 0, 1], 2, { strength: 2, ...EXACT });
  near(model.weights, [0.99927507, -0.04485677, -2.06274746]);
  const second = [...model.probabilities(dense(ROWS))].filter((_, i) => i % 2 === 1);
  near(second, [0.23990764, 0.47276347, 0.68040871, 0.85812246, 0.10835992, 0.93757577, 0.45047106, 0.25239098]);
  expect(model.converged).toBe(true);
});

test('three classes are scikit-learn\'s, and predictions are the likeliest', () => {
  const model = fitLogistic(dense(ROWS), [0, 0, 1, 1, 2, 1, 2, 2], 3, { strength: 0.5, ...EXACT });
  near(model.probabilities(dense(ROWS.slice(0, 2))), [0.32253738726, 0.09698189116, 0.58048072157, 0.40512670402, 0.12050916841, 0.47436412757]);
  expect([...model.predict(dense([[0, 1], [5, 5]]))]).toEqual([2, 1]);
});

test('a class without examples has probability 0, and one class alone has 1', () => {
  const model = fitLogistic(dense(ROWS), [1, 1, 3, 3, 1, 3, 1, 3], 4, { strength: 2, ...EXACT });
  const [a, b, c, d] = model.probabilities(dense([[1, 2]]));
  expect([a, c]).toEqual([0, 0]);
  expect(d).toBeCloseTo(0.23990764, 6);
  expect(b! + d!).toBeCloseTo(1, 12);
  expect([...fitLogistic(dense(ROWS), ROWS.map(() => 2), 3).probabilities(dense([[9, 9]]))]).toEqual([0, 0, 1]);
});

test('a weighted row counts as so many rows, a shared one as shares of them', () => {
  const labels = [0, 0, 1, 1, 2, 1, 2, 2];
  const twice = fitLogistic(dense([...ROWS, ROWS[0]!]), [...labels, 0], 3, EXACT);
  near(fitLogistic(dense(ROWS), labels, 3, { weights: [2, 1, 1, 1, 1, 1, 1, 1], ...EXACT }).weights, [...twice.weights], 5);
  const halves = Float64Array.from([...ROWS, ...ROWS].flatMap((_, row) => [row < 8 ? 0.5 : 0, row < 8 ? 0 : 0.5]));
  const shared = Float64Array.from(ROWS.flatMap(() => [0.5, 0.5]));
  near(fitDistributions(dense([...ROWS, ...ROWS]), halves, 2, EXACT).probabilities(dense(ROWS)), ROWS.flatMap(() => [0.5, 0.5]));
  near(fitDistributions(dense(ROWS), shared, 2, EXACT).probabilities(dense(ROWS)), ROWS.flatMap(() => [0.5, 0.5]));
});

test('dense, sparse, joined and selected features give the same model', () => {
  const random = new Random(3);
  const rows = Array.from({ length: 37 }, () => Array.from({ length: 6 }, () => (random.int(2) === 0 ? 0 : Math.fround(random.normal()))));
  const labels = rows.map((row) => (row[0]! + row[4]! > 0.2 ? 2 : row[2]! > 0 ? 1 : 0));
  const sparse = (part: readonly (readonly number[])[]): SparseFeatures => new SparseFeatures(part.map((row): SparseRow => {
    const columns = row.flatMap((value, i) => (value === 0 ? [] : [i]));
    return { columns: Int32Array.from(columns), values: Float64Array.from(columns, (i) => row[i]!) };
  }), part[0]!.length);
  const wanted = [...fitLogistic(dense(rows), labels, 3, EXACT).weights];
  near(fitLogistic(sparse(rows), labels, 3, EXACT).weights, wanted, 5);
  near(fitLogistic(new JoinedFeatures(dense(rows.map((row) => row.slice(0, 2))), sparse(rows.map((row) => row.slice(2)))), labels, 3, EXACT).weights, wanted, 5);
  const order = Int32Array.from(random.shuffle(rows.map((_, i) => i)));
  const joined = new JoinedFeatures(dense(rows.map((row) => row.slice(0, 5))), sparse(rows.map((row) => row.slice(5)))).select(order);
  near(fitLogistic(joined, Array.from(order, (row) => labels[row]!), 3, EXACT).weights, wanted, 5);
});

test('training is the same every time, goes on from another model, and stops where it is told', () => {
  const labels = [0, 0, 1, 1, 0, 1, 0, 1];
  const first = fitLogistic(dense(ROWS), labels, 2, EXACT);
  expect(fitLogistic(dense(ROWS), labels, 2, EXACT).weights).toEqual(first.weights);
  const warm = fitLogistic(dense(ROWS), labels, 2, { ...EXACT, start: first });
  expect(warm.iterations).toBe(0);
  expect(fitLogistic(dense(ROWS), labels, 2, { ...EXACT, maxIterations: 1 }).converged).toBe(false);
});

test('classes that can be parted have finite weights, however large the numbers', () => {
  const model = fitLogistic(dense([[-1e4, 1], [-2e4, 0], [1e4, 1], [3e4, 0]]), [0, 0, 1, 1], 2, { strength: 1000 });
  expect(model.weights.every(Number.isFinite)).toBe(true);
  expect([...model.predict(dense([[-5e3, 0], [5e3, 0]]))]).toEqual([0, 1]);
});

describe('what does not fit is refused', () => {
  test.each([
    ['labels', () => fitLogistic(dense(ROWS), [0, 1], 2)],
    ['a class beyond', () => fitLogistic(dense(ROWS), ROWS.map(() => 2), 2)],
    ['targets', () => fitDistributions(dense(ROWS), new Float64Array(3), 2)],
    ['other columns', () => fitLogistic(dense(ROWS), [0, 0, 1, 1, 0, 1, 0, 1], 2).probabilities(dense([[1, 2, 3]]))],
    ['rows', () => new DenseFeatures(new Float32Array(5), 2)],
    ['sides', () => new JoinedFeatures(dense(ROWS), dense(ROWS.slice(1)))],
  ])('%s', (_, call) => expect(call).toThrow(ShapeError));
});

test('L-BFGS finds the floor of a bent valley', () => {
  const { point, converged } = minimise(([x = 0, y = 0], gradient) => {
    gradient[0] = -2 * (1 - x) - 400 * x * (y - x * x);
    gradient[1] = 200 * (y - x * x);
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2;
  }, Float64Array.of(-1.2, 1), { tolerance: 1e-9, maxIterations: 200 });
  near(point, [1, 1], 7);
  expect(converged).toBe(true);
});
