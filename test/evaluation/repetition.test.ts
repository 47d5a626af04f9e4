import { expect, test } from 'vitest';
import { nonRedundancy, repetition } from '../../src/evaluation/repetition.ts';

const cut = (text: string): string[] => text.split(' ');

// Figures of RoViST's non_redun_scorer.py, its NLTK calls cutting at lines and spaces.
test('RoViST-NR has the figures of its script', () => {
  const story = ['the dog ran to the beach .', 'the dog ran to the sea and the dog swam .', 'we left', 'it was a great great great great great day at last !'].map(cut);
  expect(nonRedundancy(story).score).toBeCloseTo(0.7424999999999999, 14);
  expect(nonRedundancy([cut('the end of the day .'), cut('the end of the end .')]).score).toBeCloseTo(0.04166666666666663, 14);
  expect(nonRedundancy([cut('a b c d e f g h a b'), cut('a a a a a a'), cut('b')]).score).toBeCloseTo(0.125, 14);
});

test('the last token of a sentence does not count, be it a word', () => {
  expect(nonRedundancy([cut('we left .'), cut('they left .')])).toEqual({ interSentence: 1 / 3, intraSentence: 0, score: 1 - 1 / 6 });
  expect(nonRedundancy([cut('we left'), cut('they left')])).toEqual({ interSentence: 0, intraSentence: 0, score: 1 });
});

test('equal words count as pairs, so that a story can score below 0', () => {
  // 4 x 4 pairs of one word between sentences, and as many between the windows of each.
  const sentence = cut('no no no no no no no no .');
  expect(nonRedundancy([sentence, sentence])).toEqual({ interSentence: 64, intraSentence: 16, score: -39 });
});

test('windows of four, or of any size; the last may be short', () => {
  expect(nonRedundancy([cut('a b c d a b .'), cut('x .')])).toMatchObject({ intraSentence: 2 / 4 });
  expect(nonRedundancy([cut('a b c d a b .'), cut('x .')], 2)).toMatchObject({ intraSentence: 0 });
  expect(nonRedundancy([cut('a b a b .'), cut('x .')], 2)).toMatchObject({ intraSentence: 1 });
});

test('where the script gives no number: NaN is null, a division by zero is no overlap', () => {
  expect(nonRedundancy([cut('we left .')])).toEqual({ interSentence: null, intraSentence: 0, score: null });
  expect(nonRedundancy([])).toEqual({ interSentence: null, intraSentence: 0, score: null });
  expect(nonRedundancy([cut('we left .'), []]).score).toBeNull();
  expect(nonRedundancy([['Yes'], ['No']])).toEqual({ interSentence: 0, intraSentence: 0, score: 1 });
});

test('means over stories leave out those without a score, as pandas does', () => {
  const result = repetition([['we left .', 'they left .'], ['alone .'], ['a b .', 'c d .']]);
  expect(result.unscored).toBe(1);
  expect(result.stories.map(({ score }) => score)).toEqual([1 - 1 / 6, null, 1]);
  expect(result.nonRedundancy).toEqual({ interSentence: 1 / 6, intraSentence: 0, score: (1 - 1 / 6 + 1) / 2 });
});

test('trigrams between and within stories, by hand', () => {
  const result = repetition([
    ['a b c d', 'a b c x', 'a b c d'],
    ['a b c', 'e f'],
  ]);
  expect(result.positions).toEqual([
    // abc bcd, abc
    { interStory: 1 - 2 / 3, intraStory: 0 },
    // abc bcx, of which abc stands in the sentence before; the other story's sentence has none
    { interStory: 0, intraStory: (1 / 2) / 2 },
    // abc bcd: both in the first sentence, one in the second; only one story is so long
    { interStory: 0, intraStory: 3 / 4 },
  ]);
  expect(result.trigrams.interStory).toBeCloseTo(1 - 3 / 7, 15);
  expect(result.trigrams.intraStory).toBeCloseTo((0 + 1 / 4 + 3 / 4) / 3, 15);
});

test('a story told again and again repeats everything', () => {
  const sentence = 'we went to the beach .';
  const { trigrams, nonRedundancy: nr } = repetition(Array.from({ length: 50 }, () => [sentence, sentence, sentence, sentence, sentence]));
  expect(trigrams.interStory).toBeCloseTo(1 - 4 / 1000, 12);
  expect(trigrams.intraStory).toBeCloseTo(4 / 5, 12);
  expect(nr.interSentence).toBe(1);
  expect(repetition([])).toMatchObject({ nonRedundancy: { score: null }, unscored: 0, trigrams: { interStory: 0, intraStory: 0 }, positions: [] });
});
