import { expect, test } from 'vitest';
import { ladderOf, rowsOf } from '../../src/data/ladder.ts';

test('a ladder counts the sequences longer than each step', () => {
  expect(ladderOf([3, 1, 0, 3, 2])).toEqual([4, 3, 2]);
  expect(ladderOf([1])).toEqual([1]);
  expect(ladderOf([0, 0])).toEqual([]);
  expect(ladderOf([])).toEqual([]);
});

test('it has as many rows as the sequences have elements', () => {
  expect(rowsOf(ladderOf([3, 1, 0, 3, 2]))).toBe(9);
  expect(rowsOf([])).toBe(0);
});
