import fc from 'fast-check';
import { expect, test } from 'vitest';
import { comparedWords, novelty, NoveltyCheck } from '../../src/evaluation/novelty.ts';

const TRAINING = [
  ["she didn't see the dog .", 'we went to the beach on a sunny day .'],
  ['the dog ran .', 'it was a great day !'],
];

test('copied sentences and stories are found however they are written', () => {
  const result = novelty([
    ['She did n\'t see the dog', 'We went to the beach, on a sunny day!!'],
    ['the DOG ran .', 'the dog ran fast .'],
    ['we went to the beach', 'a new one'],
  ], TRAINING);
  expect(result).toMatchObject({
    sentences: 6, copiedSentences: 3, copiedSentenceShare: 0.5, stories: 3, copiedStories: 1, copiedStoryShare: 1 / 3,
    trainingSentences: 4, trainingStories: 2,
  });
  // she didnt see the dog; the whole second; the dog ran, twice; we went to the beach; a
  expect(result.longestCopiedRun).toBe((5 + 9 + 3 + 3 + 5 + 1) / 6);
  expect(result.longestCopiedRunShare).toBeCloseTo((1 + 1 + 1 + 3 / 4 + 1 + 1 / 3) / 6, 15);
});

test('a story is the same in one line and in sentences; part of a story or of a sentence is no copy', () => {
  expect(novelty([["the dog ran . it was a great day !"], ['the dog ran .'], ['a great day !']], TRAINING)).toMatchObject({ copiedStories: 1, copiedSentences: 1 });
});

test('copies count as often as they were written, not as often as they stand in the training set', () => {
  expect(novelty([['the dog ran .'], ['the dog ran .'], ['no']], [...TRAINING, ...TRAINING])).toMatchObject({ copiedSentences: 2, sentences: 3, copiedStories: 0 });
});

test('what holds no letter or digit is not counted', () => {
  expect(novelty([['', '. . !', 'it was a great day !'], ['...']], [...TRAINING, ['...']])).toMatchObject({ sentences: 1, copiedSentences: 1, stories: 1, copiedStories: 0 });
  expect(novelty([], TRAINING)).toMatchObject({ sentences: 0, copiedSentenceShare: 0, copiedStoryShare: 0, longestCopiedRun: 0, longestCopiedRunShare: 0 });
  expect(novelty([['the dog ran .']], [])).toMatchObject({ copiedSentences: 0, longestCopiedRun: 0, trainingStories: 0 });
});

test('words are compared composed, in lower case, without punctuation, contractions put together', () => {
  expect(comparedWords("[Male] 's dog ca n't , it\u2019s A caf\u0065\u0301 -- 3.5 'quoted'")).toEqual(['male', 's', 'dog', 'cant', 'its', 'a', 'café', '3', '5', 'quoted']);
  expect(comparedWords("[male]'s can't CAFÉ")).toEqual(['male', 's', 'cant', 'café']);
  expect(comparedWords(" ' '' `` ")).toEqual([]);
});

test('a check can be asked between training stories', () => {
  const check = new NoveltyCheck([['the dog ran .'], ['it was a great day !']]);
  check.compare(['the dog sat .']);
  expect(check.result()).toMatchObject({ copiedSentences: 0, longestCopiedRun: 1 });
  check.compare(TRAINING[1]!);
  expect(check.result()).toMatchObject({ copiedSentences: 2, longestCopiedRun: (3 + 5) / 2 });
});

/** Longest common run of words, tried out. */
function longestRun(sentence: readonly string[], training: readonly string[][]): number {
  for (let length = sentence.length; length > 0; length--) {
    for (let start = 0; start + length <= sentence.length; start++) {
      const run = ` ${sentence.slice(start, start + length).join(' ')} `;
      if (training.some((other) => ` ${other.join(' ')} `.includes(run))) return length;
    }
  }
  return 0;
}

test('the longest copied run is what trying all of them gives', () => {
  const sentence = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 12 });
  fc.assert(fc.property(fc.array(sentence, { minLength: 1, maxLength: 6 }), fc.array(sentence, { maxLength: 6 }), (outputs, training) => {
    const expected = outputs.map((words) => longestRun(words, training));
    const { longestCopiedRun } = novelty(outputs.map((words) => [words.join(' ')]), training.map((words) => [words.join(' ')]));
    expect(longestCopiedRun).toBeCloseTo(expected.reduce((sum, run) => sum + run, 0) / expected.length, 12);
  }), { numRuns: 2000, seed: 5 });
});
