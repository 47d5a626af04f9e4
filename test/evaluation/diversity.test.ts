import { expect, test } from 'vitest';
import { diversity } from '../../src/evaluation/diversity.ts';

test('counts by hand', () => {
  const result = diversity([['the dog ran .', 'the dog ran .', 'we  left .'], ['the dog ran .', '']]);
  expect(result).toEqual({
    stories: 2, sentences: 5, words: 15, sentencesPerStory: 2.5, wordsPerSentence: 3,
    wordsPerStory: 7.5, wordsPerStoryDeviation: 3.5, shortestStory: 4, longestStory: 11, vocabulary: 6,
    distinct1: 6 / 15,
    // the dog, dog ran, ran . and we left, left . of 3 + 3 + 2 + 3 pairs; none across sentences
    distinct2: 5 / 11,
    storyDistinct1: (6 / 11 + 1) / 2,
    storyDistinct2: (5 / 8 + 1) / 2,
    typeTokenRatio: 6 / 15,
    segmentedTypeTokenRatio: null,
    repeatedInStory: 1 / 5,
    repeatedAnywhere: 2 / 5,
    trainingVocabulary: null,
  });
});

test('nothing gives zeros', () => {
  const { segmentedTypeTokenRatio, trainingVocabulary, ...figures } = diversity([]);
  expect([segmentedTypeTokenRatio, trainingVocabulary]).toEqual([null, null]);
  expect(Object.values(figures).every((value) => value === 0)).toBe(true);
});

test('stories without a word or a pair do not move the means of stories', () => {
  const { storyDistinct1, storyDistinct2, shortestStory, wordsPerStory } = diversity([['a a'], [''], [], ['b', 'c']]);
  expect([storyDistinct1, storyDistinct2, shortestStory, wordsPerStory]).toEqual([(1 / 2 + 1) / 2, 1, 0, 1]);
});

test('what is used of the training vocabulary, from a set or from counts', () => {
  const stories = [['the dog ran .', 'a zebra ran .']];
  const expected = { words: 8, used: 4, share: 4 / 8, outside: 2 };
  const words = 'the dog ran cat house tree went a'.split(' ');
  expect(diversity(stories, { training: new Set(words) }).trainingVocabulary).toEqual(expected);
  expect(diversity(stories, { training: new Map(words.map((word) => [word, 3])) }).trainingVocabulary).toEqual(expected);
  expect(diversity(stories, { training: new Set<string>() }).trainingVocabulary).toEqual({ words: 0, used: 0, share: 0, outside: 6 });
});

test('the segmented ratio does not fall as a corpus grows; the plain one does', () => {
  // Stretches of 1,000 words with 100 different ones, each story in a stretch of its own.
  const story = (n: number): string[] => Array.from({ length: 10 }, () => Array.from({ length: 100 }, (_, i) => `w${(i + n) % 150}`).join(' '));
  const [small, large] = [1, 60].map((stories) => diversity(Array.from({ length: stories }, (_, n) => story(n))));
  expect([small!.segmentedTypeTokenRatio, large!.segmentedTypeTokenRatio]).toEqual([0.1, expect.closeTo(0.1, 12)]);
  expect([small!.typeTokenRatio, large!.typeTokenRatio]).toEqual([0.1, 150 / 60000]);
  // 999 words are no stretch; the 1,000th makes one, and what follows it waits for the next.
  const words = Array.from({ length: 1500 }, (_, i) => `x${i % 500}`);
  expect(diversity([[words.slice(0, 999).join(' ')]]).segmentedTypeTokenRatio).toBeNull();
  expect(diversity([[words.slice(0, 1000).join(' ')]]).segmentedTypeTokenRatio).toBe(0.5);
  expect(diversity([[words.join(' ')]]).segmentedTypeTokenRatio).toBe(0.5);
});

test('equal lengths deviate by exactly nothing', () => {
  const { wordsPerStory, wordsPerStoryDeviation } = diversity(Array.from({ length: 777 }, () => ['a b c d e f g']));
  expect([wordsPerStory, wordsPerStoryDeviation]).toEqual([7, 0]);
});
