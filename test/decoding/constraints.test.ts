import { expect, test } from 'vitest';
import { Constraints, mostBarred } from '../../src/decoding/constraints.ts';
import type { DecodingOptions } from '../../src/decoding/options.ts';
import { decodingSchema } from '../../src/decoding/options.ts';
import { decoding } from './toymodel.ts';

/** Tokens that may not come next. */
function barred(options: Partial<DecodingOptions>, before: readonly (readonly number[])[], words: readonly number[]): number[] {
  const all = decoding({ min_words: 0, unknown: 'allow', ...options });
  const found = new Constraints(all, before).barred(words);
  expect(found.size).toBeLessThanOrEqual(mostBarred(all, before.flat().length + words.length));
  return [...found].sort((a, b) => a - b);
}

test('padding and START are never said; unknown words by default neither', () => {
  expect(barred({}, [], [4, 5])).toEqual([0, 1]);
  expect(barred({ unknown: 'bar' }, [], [])).toEqual([0, 1, 3]);
  expect(decodingSchema.parse({}).unknown).toBe('bar');
});

test('a sentence does not end before its least number of words', () => {
  expect(barred({ min_words: 2 }, [], [])).toEqual([0, 1, 2]);
  expect(barred({ min_words: 2 }, [], [4])).toEqual([0, 1, 2]);
  expect(barred({ min_words: 2 }, [], [4, 5])).toEqual([0, 1]);
});

test('no pair of words comes twice in the sentence', () => {
  expect(barred({ block_ngram: 2 }, [], [4, 5, 6, 4])).toEqual([0, 1, 5]);
  expect(barred({ block_ngram: 2 }, [], [4, 5, 4, 6, 4])).toEqual([0, 1, 5, 6]);
  expect(barred({ block_ngram: 2 }, [], [4, 4])).toEqual([0, 1, 4]);
  expect(barred({ block_ngram: 2 }, [], [4, 5, 6])).toEqual([0, 1]);
});

test('nor any three, nor a single word where that is asked for', () => {
  expect(barred({ block_ngram: 3 }, [], [4, 5, 6, 4, 5])).toEqual([0, 1, 6]);
  expect(barred({ block_ngram: 3 }, [], [4, 5, 6, 5])).toEqual([0, 1]);
  expect(barred({ block_ngram: 3 }, [], [4])).toEqual([0, 1]);
  expect(barred({ block_ngram: 1 }, [], [4, 9, 4])).toEqual([0, 1, 4, 9]);
});

test('what was said in the story before counts, unless only the sentence is looked at', () => {
  const before = [[4, 5, 6], [7, 5]];
  expect(barred({ block_ngram: 2 }, before, [5])).toEqual([0, 1, 6]);
  expect(barred({ block_ngram: 2 }, before, [7])).toEqual([0, 1, 5]);
  expect(barred({ block_ngram: 2, block_scope: 'sentence' }, before, [5])).toEqual([0, 1]);
  expect(barred({ block_ngram: 1 }, before, [])).toEqual([0, 1, 4, 5, 6, 7]);
});

test('n-grams do not reach over the end of a sentence', () => {
  expect(barred({ block_ngram: 2 }, [[4, 5], [6, 7]], [5])).toEqual([0, 1]);
  expect(barred({ block_ngram: 3 }, [[4, 5]], [4, 5])).toEqual([0, 1]);
});

test('numbers of words are compared, not their digits', () => {
  expect(barred({ block_ngram: 2 }, [[15, 50], [5, 40]], [5])).toEqual([0, 1, 40]);
});

test('without blocking words may be said again', () => {
  expect(barred({}, [[4, 4, 4]], [4, 4, 4])).toEqual([0, 1]);
});
