import { describe, expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { fits, ladderOf, planShapes, rowsOf } from '../../src/data/ladder.ts';
import type { Shape } from '../../src/data/ladder.ts';

test('a ladder counts the sequences longer than each step', () => {
  expect(ladderOf([3, 1, 0, 3, 2])).toEqual([4, 3, 2]);
  expect(ladderOf([0, 0])).toEqual([]);
  expect(ladderOf([])).toEqual([]);
  expect(rowsOf(ladderOf([3, 1, 0, 3, 2]))).toBe(9);
});

test('a batch fits when no step has more rows and it is no longer', () => {
  expect(fits({ words: [4, 2] }, { words: [4, 2] })).toBe(true);
  expect(fits({ words: [4] }, { words: [4, 2] })).toBe(true);
  expect(fits({ words: [4, 2] }, { words: [4] })).toBe(false);
  expect(fits({ words: [4, 3] }, { words: [8, 2] })).toBe(false);
  expect(fits({ words: [1], previous: [5] }, { words: [1], previous: [4] })).toBe(false);
  expect(fits({ words: [1], previous: [4] }, { words: [1], previous: [4] })).toBe(true);
  expect(fits({ words: [1], previous: [4] }, { words: [1] })).toBe(false);
});

describe('planned shapes', () => {
  const full: Shape = { words: [10, 10, 10, 10], previous: [10, 10, 10, 10, 10] };
  const random = new Random('ladders');
  const ladder = (steps: number): number[] => ladderOf(Array.from({ length: 10 }, () => random.int(steps + 1)));
  const samples = Array.from({ length: 40 }, (): Shape => ({ words: ladder(4), previous: ladder(5) }));

  test('hold every sample, end with the one that holds everything, and none is idle', () => {
    for (const groups of [1, 2, 5, 40, 100]) {
      const shapes = planShapes(samples, full, groups);
      expect(shapes.at(-1)).toEqual(full);
      expect(shapes.length).toBeLessThanOrEqual(Math.min(groups, 40) + 1);
      for (const sample of samples) expect(shapes.slice(0, -1).some((shape) => fits(sample, shape))).toBe(true);
      shapes.forEach((shape, i) => {
        expect(fits(shape, full)).toBe(true);
        expect(shapes.slice(0, i).some((other) => fits(shape, other)), 'holds no more than one before it').toBe(false);
        for (const steps of [shape.words, shape.previous!]) expect([...steps]).toEqual(steps.toSorted((a, b) => b - a));
      });
    }
  });

  test('are the same whenever they are planned', () => {
    expect(planShapes(samples, full, 3)).toEqual(planShapes(samples, full, 3));
    expect(planShapes([], full, 3)).toEqual([full]);
  });

  test('round up to 4 rows, but not past the batch', () => {
    expect(planShapes([{ words: [5, 3, 1] }], { words: [6, 6, 6, 6] }, 1)).toEqual([{ words: [6, 4, 4] }, { words: [6, 6, 6, 6] }]);
  });

  test('fit also when there are fewer samples than shapes', () => {
    expect(planShapes([{ words: [4, 4] }], { words: [8, 8, 8] }, 2)).toEqual([{ words: [4, 4] }, { words: [8, 8, 8] }]);
  });

  test('group samples by size: the smallest comes first', () => {
    const shapes = planShapes([{ words: [8, 8, 8] }, { words: [4] }, { words: [4, 4] }, { words: [8, 8] }], { words: [8, 8, 8, 8] }, 2);
    expect(shapes).toEqual([{ words: [4, 4] }, { words: [8, 8, 8] }, { words: [8, 8, 8, 8] }]);
  });
});
