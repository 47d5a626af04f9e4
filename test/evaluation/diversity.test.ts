import { expect, test } from 'vitest';
import { diversity } from '../../src/evaluation/diversity.ts';

test('counts by hand', () => {
  const result = diversity([['the dog ran .', 'the dog ran .', 'we  left .'], ['the dog ran .', '']]);
  expect(result).toEqual({
    stories: 2, sentences: 5, words: 15, wordsPerSentence: 3, wordsPerStory: 7.5, vocabulary: 6,
    distinct1: 6 / 15,
    // the dog, dog ran, ran . and we left, left . of 3 + 3 + 2 + 3 pairs; none across sentences
    distinct2: 5 / 11,
    repeatedInStory: 1 / 5,
    repeatedAnywhere: 2 / 5,
  });
});

test('nothing gives zeros', () => {
  expect(Object.values(diversity([])).every((value) => value === 0)).toBe(true);
});
