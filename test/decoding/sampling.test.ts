import { describe, expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { Constraints } from '../../src/decoding/constraints.ts';
import type { DecodingOptions } from '../../src/decoding/options.ts';
import { draw, Sampling } from '../../src/decoding/sampling.ts';
import { decoding, falling, randomModel, runSearch, tableModel } from './toymodel.ts';

const P = [0.05, 0.4, 0.25, 0.2, 0.1];
const LOG = Float32Array.from(P, Math.log);
/** A token drawn from probabilities in any order. */
function drawToken(logProbabilities: Float32Array, options: Partial<DecodingOptions>, random: Random): number | undefined {
  const next = falling(logProbabilities);
  const place = draw(Array.from(next.logProbabilities), decoding(options), random);
  return place === undefined ? undefined : next.tokens[place]!;
}
const DRAWS = 20_000;

/** Compares shares of many draws with their probabilities by Pearson's chi-square; 4 degrees of freedom pass 18.5 once in a thousand. */
function expectShares(options: Partial<DecodingOptions>, weights: readonly number[]): void {
  const random = new Random('draws');
  const counts = P.map(() => 0);
  for (let i = 0; i < DRAWS; i++) counts[drawToken(LOG, options, random)!]!++;
  const total = weights.reduce((a, b) => a + b, 0);
  let chiSquare = 0;
  weights.forEach((weight, token) => {
    const expected = (DRAWS * weight) / total;
    if (weight === 0) expect(counts[token], `token ${token} is out`).toBe(0);
    else chiSquare += (counts[token]! - expected) ** 2 / expected;
  });
  expect(chiSquare).toBeLessThan(18.5);
}

describe('words are drawn with their probabilities', () => {
  test('as the model has them', () => expectShares({}, P));
  test('temperature 2 takes the square root of them', () => expectShares({ temperature: 2 }, P.map(Math.sqrt)));
  test('temperature 0.5 squares them', () => expectShares({ temperature: 0.5 }, P.map((p) => p * p)));
  test('among the three most probable', () => expectShares({ top_k: 3 }, [0, 0.4, 0.25, 0.2, 0]));
  test('more than there are is all', () => expectShares({ top_k: 50 }, P));
  test('the fewest words that reach 0.6 together', () => expectShares({ top_p: 0.6 }, [0, 0.4, 0.25, 0, 0]));
  test('the fewest words that reach 0.86 together', () => expectShares({ top_p: 0.86 }, [0, 0.4, 0.25, 0.2, 0.1]));
  test('a nucleus smaller than the most probable word is that word', () => expectShares({ top_p: 0.01 }, [0, 1, 0, 0, 0]));
  test('the nucleus is taken after temperature', () => expectShares({ temperature: 0.5, top_p: 0.6 }, [0, 0.16, 0.0625, 0, 0]));
  test('the nucleus is taken of the k most probable', () => expectShares({ top_k: 2, top_p: 0.6 }, [0, 1, 0, 0, 0]));
});

test('barred words are never drawn; nothing is drawn when there is none', () => {
  const sentence = (seed: number): readonly number[] =>
    runSearch(new Sampling(decoding({ min_words: 1 }), 1, new Constraints(decoding({ min_words: 1 }), []), new Random(seed)), tableModel({ '': { 0: 0.3, 1: 0.2, 2: 0.1, 3: 0.1, 4: 0.2, 5: 0.1 } })).ids;
  const drawn = Array.from({ length: 500 }, (_, seed) => sentence(seed)[0]);
  expect(new Set(drawn)).toEqual(new Set([4, 5]));
  expect(drawn.filter((token) => token === 4).length / 500).toBeCloseTo(2 / 3, 1);
  expect(draw([], decoding(), new Random(1))).toBeUndefined();
});

test('a very low temperature is greedy and does not overflow', () => {
  const random = new Random(1);
  expect(new Set(Array.from({ length: 50 }, () => drawToken(LOG, { temperature: 1e-6 }, random)))).toEqual(new Set([1]));
});

describe('a sentence', () => {
  const sample = (options: Partial<DecodingOptions>, seed: number, model = randomModel(4), maxWords = 6) =>
    runSearch(new Sampling(decoding(options), maxWords, new Constraints(decoding(options), []), new Random(seed)), model);

  test('depends on the seed', () => {
    const sentences = Array.from({ length: 20 }, (_, seed) => sample({}, seed).ids.join(' '));
    expect(Array.from({ length: 20 }, (_, seed) => sample({}, seed).ids.join(' '))).toEqual(sentences);
    expect(new Set(sentences).size).toBeGreaterThan(10);
  });

  test('reports the model\'s own log-probability, whatever temperature and truncation', () => {
    const model = randomModel(4);
    for (let seed = 0; seed < 30; seed++) {
      const { ids, logProbability, rows } = sample({ temperature: 3, top_k: 3, top_p: 0.9 }, seed, model);
      const tokens = rows.length > ids.length ? [...ids, 2] : ids;
      expect(logProbability).toBeCloseTo(tokens.reduce((sum, token, t) => sum + model(ids.slice(0, t))[token]!, 0), 5);
    }
  });

  test('keeps to its least and greatest number of words', () => {
    const lengths = Array.from({ length: 200 }, (_, seed) => sample({ min_words: 2 }, seed, randomModel(5), 5).ids.length);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([2, 5]);
  });

  test('ends where all words are barred', () => {
    const model = tableModel({ '': { 4: 1 }, 4: { 4: 1 }, '4 4': { 4: 1 } });
    const { ids, logProbability } = sample({ block_ngram: 2 }, 1, model, 9);
    expect(ids).toEqual([4, 4]);
    expect(logProbability).toBeCloseTo(0, 6);
  });
});
