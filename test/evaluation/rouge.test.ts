import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { ROUGE_L, rougeL } from '../../src/evaluation/rouge.ts';
import { measured, summed } from './segments.ts';

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');
const rouge = (hypothesis: string, ...references: string[]): number => rougeL(words(hypothesis), references.map(words));

test('figures of pycocoevalcap 1.2 for single segments', () => {
  expect(rouge('the cat sat on the mat .', 'the cat is on the mat .', 'there is a cat sitting on the mat .')).toBeCloseTo(0.857142857142857, 14);
  expect(rouge('a dog ran to the beach', 'the dog ran along the beach', 'a dog was running to the sea', 'dogs run')).toBeCloseTo(0.6666666666666667, 14);
  expect(rouge('the the the the the the the', 'the cat', 'the the dog the')).toBeCloseTo(0.5736677115987461, 14);
  expect(rouge('we had a great time at the beach today .', 'we had a great time .', 'everyone had a great time at the beach .', '')).toBeCloseTo(0.9070631970260222, 14);
});

test('precision and recall may come from different references', () => {
  // Recall is 1 by the first, precision by the second: the F measure is 1 though no reference alone gives it.
  expect(rouge('a b', 'a', 'a b c')).toBe(1);
});

test('an empty text is one empty word, as the tool has it', () => {
  expect(rouge('', '')).toBe(1);
  expect(rouge('', 'a b')).toBe(0);
  expect(rouge('a b', '')).toBe(0);
  expect(rouge('a b', '', 'a')).toBeCloseTo(0.7093023255813953, 14);
});

test('a segment without a reference is an error, not a 0', () => {
  expect(() => rougeL(['a'], [])).toThrow(RangeError);
});

test('the mean over segments in points; one segment by itself as the tool reports it', () => {
  const segments = [measured('they went home', 'they went home'), measured('x', 'y'), measured('a b', '', 'a')];
  expect(ROUGE_L.columns).toEqual(['ROUGE-L']);
  expect(ROUGE_L.score(summed(ROUGE_L, segments))[0]).toBeCloseTo((100 * (1 + 0 + 0.7093023255813953)) / 3, 12);
  expect(ROUGE_L.segmentScore(summed(ROUGE_L, segments.slice(2)))[0]).toBeCloseTo(70.93023255813953, 12);
  expect(ROUGE_L.score(new Float64Array(2))).toEqual([0]);
});

const text = fc.array(fc.constantFrom('the', 'a', 'cat', 'dog', 'ran', '.'), { maxLength: 20 });

test('the subsequence is the longest there is', () => {
  const longest = (a: readonly string[], b: readonly string[]): number => {
    if (a.length === 0 || b.length === 0) return 0;
    if (a[0] === b[0]) return 1 + longest(a.slice(1), b.slice(1));
    return Math.max(longest(a.slice(1), b), longest(a, b.slice(1)));
  };
  const short = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 7 });
  fc.assert(fc.property(short, short, (a, b) => {
    const [precision, recall] = [longest(a, b) / a.length, longest(a, b) / b.length];
    expect(rougeL(a, [b])).toBeCloseTo(precision === 0 ? 0 : (2.44 * precision * recall) / (recall + 1.44 * precision), 12);
  }));
});

test('a hypothesis equal to a reference gives all points, and no other reference takes them away', () => {
  fc.assert(fc.property(text, fc.array(text, { maxLength: 3 }), (own, others) => {
    const segment = { hypothesis: '', references: [], tokens: { hypothesis: own, references: [...others, own] } };
    expect(ROUGE_L.segmentScore(summed(ROUGE_L, [segment]))[0]).toBeCloseTo(100, 10);
  }));
});

test('the order of segments changes nothing', () => {
  fc.assert(fc.property(fc.array(fc.tuple(text, fc.array(text, { minLength: 1, maxLength: 3 })), { minLength: 1, maxLength: 12 }), fc.integer(), (corpus, seed) => {
    const segments = corpus.map(([hypothesis, references]) => ({ hypothesis: '', references: [], tokens: { hypothesis, references } }));
    const score = ROUGE_L.score(summed(ROUGE_L, segments))[0]!;
    expect(ROUGE_L.score(summed(ROUGE_L, new Random(seed).shuffle(segments)))[0]).toBeCloseTo(score, 10);
  }));
});
