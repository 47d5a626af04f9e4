import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ShapeError, UserError } from '../../src/core/errors.ts';
import { Random } from '../../src/core/random.ts';
import { rocAuc, sameGroupAuc } from '../../src/evaluation/auc.ts';

test('AUC is scikit-learn\'s, ties counting half', () => {
  expect(rocAuc([0.9, 0.4, 0.4, 0.4, 0.3, 0.1, 0.9], [1, 0, 1, 0, 1, 0, 0])).toBeCloseTo(0.5416666666666667, 15);
  expect(rocAuc([3, 2, 1], [true, true, false])).toBe(1);
  expect(rocAuc([1, 1, 1], [true, true, false])).toBe(0.5);
  expect(rocAuc([1, 2], [true, true])).toBeNaN();
  expect(rocAuc([Number.NaN, 2], [true, false])).toBeNaN();
  expect(() => rocAuc([1], [])).toThrow(ShapeError);
});

test('AUC is the share of pairs in order, whatever the scores', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 30 }), fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 30 }), (positives, negatives) => {
    const wins = positives.reduce((sum, p) => sum + negatives.reduce((own, n) => own + (p > n ? 1 : p === n ? 0.5 : 0), 0), 0);
    const auc = rocAuc([...positives, ...negatives], [...positives.map(() => true), ...negatives.map(() => false)]);
    expect(auc).toBeCloseTo(wins / positives.length / negatives.length, 12);
  }));
});

/** Each group round a direction of its own. */
function clustered(groups: number, each: number, size: number, noise: number): { vectors: Float32Array; names: string[] } {
  const random = new Random(7);
  const centres = Array.from({ length: groups }, () => Array.from({ length: size }, () => random.normal()));
  const rows = centres.flatMap((centre, g) => Array.from({ length: each }, () => ({ name: `photo ${g}`, row: centre.map((value) => value + noise * random.normal()) })));
  return { vectors: Float32Array.from(rows.flatMap(({ row }) => row)), names: rows.map(({ name }) => name) };
}

/** The definition, pair by pair. */
function slowAuc(vectors: Float32Array, size: number, names: readonly string[]): number {
  const unit = names.map((_, i) => [...vectors.subarray(i * size, (i + 1) * size)]).map((row) => row.map((value) => value / Math.hypot(...row)));
  const [scores, same]: [number[], boolean[]] = [[], []];
  for (let i = 0; i < names.length; i++) {
    for (let j = i + 1; j < names.length; j++) {
      scores.push(unit[i]!.reduce((sum, value, k) => sum + value * unit[j]![k]!, 0));
      same.push(names[i] === names[j]);
    }
  }
  return rocAuc(scores, same);
}

describe('captions of one photo', () => {
  test('all pairs are compared, in rows and columns of any number', () => {
    for (const [groups, each, size] of [[3, 3, 5], [4, 4, 1], [7, 2, 3], [5, 5, 8]] as const) {
      const { vectors, names } = clustered(groups, each, size, 0.8);
      const result = sameGroupAuc(vectors, size, names);
      const rows = groups * each;
      expect(result).toMatchObject({ exact: true, groups, same: (groups * each * (each - 1)) / 2 });
      expect(result.same + result.different).toBe((rows * (rows - 1)) / 2);
      if (size > 1) expect(result.auc).toBeCloseTo(slowAuc(vectors, size, names), 12);
    }
  });

  test('drawn pairs come near to all of them, and are the same for a seed', () => {
    const { vectors, names } = clustered(30, 5, 6, 1);
    const exact = sameGroupAuc(vectors, 6, names);
    const drawn = sameGroupAuc(vectors, 6, names, { pairs: 20_000, seed: 5 });
    expect(drawn).toMatchObject({ exact: false, same: 20_000, different: 20_000 });
    expect(Math.abs(drawn.auc - exact.auc)).toBeLessThan(0.02);
    expect(Math.abs(drawn.meanSame - exact.meanSame)).toBeLessThan(0.02);
    expect(sameGroupAuc(vectors, 6, names, { pairs: 20_000, seed: 5 })).toEqual(drawn);
    expect(sameGroupAuc(vectors, 6, names, { pairs: 20_000, seed: 6 }).auc).not.toBe(drawn.auc);
  });

  test('lengths of vectors do not matter, and equal directions tie', () => {
    const vectors = Float32Array.of(1, 2, 3, 3, 6, 9, 0.1, 0.2, 0.3, 7, 14, 21);
    expect(sameGroupAuc(vectors, 3, [1, 1, 2, 2])).toMatchObject({ auc: 0.5, meanSame: 1, meanDifferent: 1 });
  });

  test('groups of one caption only stand on the other side', () => {
    const result = sameGroupAuc(Float32Array.of(1, 0, 1, 0.1, 0, 1), 2, ['a', 'a', 'b'], { pairs: 10 });
    expect(result).toMatchObject({ auc: 1, groups: 2 });
  });

  test('what has no answer is refused in one line', () => {
    const one = Float32Array.of(1, 0, 0, 1);
    expect(() => sameGroupAuc(one, 2, ['a', 'b'])).toThrow(/no two of the 2 vectors/);
    expect(() => sameGroupAuc(one, 2, ['a', 'a'])).toThrow(/one group; give two/);
    expect(() => sameGroupAuc(Float32Array.of(1, 0, 0, 0, 1, 1), 2, ['a', 'a', 'b'])).toThrow(/vector 1 is all zeros/);
    expect(() => sameGroupAuc(Float32Array.of(1, Number.NaN, 0, 1, 1, 1), 2, ['a', 'a', 'b'])).toThrow(UserError);
    expect(() => sameGroupAuc(one, 2, ['a'])).toThrow(ShapeError);
    expect(() => sameGroupAuc(Float32Array.of(1, 0, 1, 0, 1, 1), 2, ['a', 'a', 'b'], { pairs: 0 })).toThrow(/0 pairs/);
  });
});
