import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { ciderMetric } from '../../src/evaluation/cider.ts';
import type { CiderVariant } from '../../src/evaluation/cider.ts';
import { DocumentFrequencies } from '../../src/evaluation/documentfrequencies.ts';
import type { MeasuredSegment } from '../../src/evaluation/metric.ts';
import { measured, summed } from './segments.ts';

const CORPUS = [
  measured('the cat sat on the mat .', 'the cat is on the mat .', 'there is a cat sitting on the mat .'),
  measured('a dog ran to the beach', 'the dog ran along the beach', 'a dog was running to the sea', 'dogs run'),
  measured('the the the the the the the', 'the cat', 'the the dog the'),
  measured('they went home', 'they went home'),
  measured('', 'nothing at all'),
  measured('home', 'home'),
  measured('we had a great time at the beach today .', 'we had a great time .', 'everyone had a great time at the beach .', ''),
];

function counted(segments: readonly MeasuredSegment[]): DocumentFrequencies {
  const frequencies = new DocumentFrequencies();
  for (const { tokens } of segments) frequencies.add(tokens.references);
  return frequencies;
}

function scores(segments: readonly MeasuredSegment[], variant: CiderVariant, frequencies = counted(segments)): { corpus: number; segments: number[] } {
  const metric = ciderMetric(frequencies, { variant });
  return {
    corpus: metric.score(summed(metric, segments))[0]!,
    segments: segments.map((segment) => metric.segmentScore(summed(metric, [segment]))[0]!),
  };
}

function expectNear(values: readonly number[], expected: readonly number[]): void {
  expect(values).toHaveLength(expected.length);
  for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i]!, 9);
}

test('CIDEr-D: figures of pycocoevalcap 1.2, in points', () => {
  const { corpus, segments } = scores(CORPUS, 'CIDEr-D');
  expect(corpus).toBeCloseTo(290.2769198977551, 9);
  expectNear(segments, [441.3777802502622, 150.06072671065183, 54.86898893070864, 750, 0, 250, 385.63094339266306]);
});

test('plain CIDEr: figures of the cider_scorer.py of vrama91/cider, in points', () => {
  const { corpus, segments } = scores(CORPUS, 'CIDEr');
  expect(corpus).toBeCloseTo(323.673637609244, 9);
  expectNear(segments, [454.0756576329823, 151.01593898862151, 231.6099398081957, 750, 0, 250, 429.0139268349085]);
});

test('one segment against its own references scores 0, as the tools do; with other frequencies it does not', () => {
  const segment = CORPUS[3]!;
  expect(scores([segment], 'CIDEr-D').corpus).toBe(0);
  expect(scores([segment], 'CIDEr-D', counted(CORPUS)).corpus).toBeCloseTo(750, 9);
});

test('an n-gram that no counted segment holds is as rare as one of a single segment', () => {
  const frequencies = new DocumentFrequencies({ segments: 100 });
  frequencies.set('a', 100);
  frequencies.set('dog', 1);
  const segment = measured('a dog', 'a dog', 'a fox');
  // 'a' weighs nothing: of the first reference both orders agree wholly, of the second none.
  expect(scores([segment], 'CIDEr-D', frequencies).corpus).toBeCloseTo((1000 * 2) / 4 / 2, 9);
  // 'fox' and 'a fox' are unknown and yet count against a hypothesis of the same words as much as 'dog'.
  expect(scores([measured('a fox', 'a fox')], 'CIDEr-D', frequencies).corpus).toBeCloseTo(500, 9);
});

test('no reference, or frequencies of nothing, is an error', () => {
  expect(() => ciderMetric(new DocumentFrequencies(), { variant: 'CIDEr' })).toThrow('no segment');
  expect(() => scores([measured('a')], 'CIDEr-D', counted(CORPUS))).toThrow('without a reference');
});

test('columns name the variant', () => {
  expect(ciderMetric(counted(CORPUS), { variant: 'CIDEr-D' }).columns).toEqual(['CIDEr-D']);
  expect(ciderMetric(counted(CORPUS), { variant: 'CIDEr' }).columns).toEqual(['CIDEr']);
});

test('an n-gram counts once a segment; entries and set give the same frequencies again', () => {
  const frequencies = new DocumentFrequencies({ tokenizer: 'whitespace' });
  frequencies.add([['a', 'b', 'a'], ['a', 'c']]).add([['a', 'b']]).add([[]]);
  expect(frequencies).toMatchObject({ segments: 3, tokenizer: 'whitespace', orders: 4 });
  const entries = [...frequencies.entries()];
  expect(Object.fromEntries(entries)).toEqual({ a: 2, 'a b': 2, 'a b a': 1, b: 2, 'b a': 1, 'a c': 1, c: 1 });
  const again = new DocumentFrequencies(frequencies);
  for (const [ngram, count] of entries.reverse()) expect(again.set(ngram, count)).toBe(true);
  expect(again.set('a b', 1)).toBe(false);
  expect(Object.fromEntries(again.entries())).toEqual(Object.fromEntries(entries));
});

test('frequencies that cannot be are refused', () => {
  const frequencies = new DocumentFrequencies({ segments: 2 });
  for (const ngram of ['', 'a  b', ' a', 'a b c d e']) expect(() => frequencies.set(ngram, 1)).toThrow(RangeError);
  for (const count of [0, 3, 1.5, -1, NaN]) expect(() => frequencies.set('a', count)).toThrow(RangeError);
});

test('many n-grams: the tables grow and lose none', () => {
  const frequencies = new DocumentFrequencies();
  const random = new Random('growth');
  const expected = new Map<string, number>();
  for (let i = 0; i < 400; i++) {
    const reference = Array.from({ length: 50 }, () => `w${random.int(300)}`);
    const seen = new Set<string>();
    for (let start = 0; start < reference.length; start++) {
      for (let order = 1; order <= Math.min(4, reference.length - start); order++) seen.add(reference.slice(start, start + order).join(' '));
    }
    for (const ngram of seen) expected.set(ngram, (expected.get(ngram) ?? 0) + 1);
    frequencies.add([reference]);
  }
  expect(new Map(frequencies.entries())).toEqual(expected);
});

const text = fc.array(fc.constantFrom('the', 'a', 'cat', 'dog', 'ran', '.'), { maxLength: 12 });
const corpora = fc.array(fc.tuple(text, fc.array(text, { minLength: 1, maxLength: 3 })), { minLength: 2, maxLength: 8 })
  .map((corpus) => corpus.map(([hypothesis, references]): MeasuredSegment => ({ hypothesis: '', references: [], tokens: { hypothesis, references } })));
const variants = fc.constantFrom<CiderVariant>('CIDEr', 'CIDEr-D');

test('the order of segments changes no corpus score', () => {
  fc.assert(fc.property(corpora, variants, fc.integer(), (segments, variant, seed) => {
    expect(scores(new Random(seed).shuffle(segments), variant).corpus).toBeCloseTo(scores(segments, variant).corpus, 8);
  }));
});

test('a hypothesis equal to its only reference has all points, and nothing else has more', () => {
  const own = measured('we ran to the beach', 'we ran to the beach');
  fc.assert(fc.property(corpora, variants, text, (others, variant, hypothesis) => {
    const frequencies = counted([...others, own]);
    expect(scores([own], variant, frequencies).corpus).toBeCloseTo(1000, 9);
    const score = scores([{ ...own, tokens: { ...own.tokens, hypothesis } }], variant, frequencies).corpus;
    expect(score).toBeGreaterThanOrEqual(0);
    expect(score).toBeLessThan(1000);
  }));
});
