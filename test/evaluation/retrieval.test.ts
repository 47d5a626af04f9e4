import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { Random } from '../../src/core/random.ts';
import { rankScores, retrievalRanks } from '../../src/evaluation/retrieval.ts';
import type { Vectors } from '../../src/evaluation/retrieval.ts';

function vectors(name: string, rows: readonly (readonly number[])[], kind: typeof Float32Array | typeof Float64Array = Float32Array): Vectors {
  return { name, data: kind.from(rows.flat()), rows: rows.length, width: rows[0]?.length ?? 3 };
}

function ranks(images: readonly (readonly number[])[], sentences: readonly (readonly number[])[], imageOf: readonly number[], similarity: 'cosine' | 'dot' = 'dot'): { image: number[]; sentence: number[]; tied: number[] } {
  const result = retrievalRanks(vectors('images', images), vectors('sentences', sentences), imageOf, { similarity });
  return { image: [...result.imageToSentence], sentence: [...result.sentenceToImage], tied: Object.values(result.tied) };
}

test('ranks by hand: the best of an image\'s sentences, and each sentence\'s image', () => {
  const images = [[1, 0], [0, 1]];
  const sentences = [[5, 1], [0, 9], [6, 2], [1, 1.5]];
  expect(ranks(images, sentences, [0, 0, 1, 1])).toEqual({
    // image 0: scores 5 0 6 1, its own 5 and 0; image 1: 1 9 2 1.5, its own 2 and 1.5
    image: [2, 2],
    sentence: [1, 2, 2, 1],
    tied: [0, 0],
  });
});

test('length counts for the dot product, not for cosine', () => {
  const [images, sentences] = [[[1, 0.1], [0.1, 100]], [[1, 0.5], [0, 1]]];
  expect(ranks(images, sentences, [0, 1], 'dot').sentence).toEqual([2, 1]);
  expect(ranks(images, sentences, [0, 1], 'cosine').sentence).toEqual([1, 1]);
});

/** argsort(kind='stable') reversed, and the places of the right answers in it. */
function sorted(images: readonly (readonly number[])[], sentences: readonly (readonly number[])[], imageOf: readonly number[]): { image: number[]; sentence: number[] } {
  const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const order = (scores: readonly number[]): number[] => scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]!).reverse();
  return {
    image: images.map((image, i) => order(sentences.map((sentence) => dot(image, sentence))).findIndex((row) => imageOf[row] === i) + 1),
    sentence: sentences.map((sentence, s) => order(images.map((image) => dot(image, sentence))).indexOf(imageOf[s]!) + 1),
  };
}

test('equal to sorting, ties too, at sizes that fill no block evenly', () => {
  const matrix = (rows: number, width: number): fc.Arbitrary<number[][]> =>
    fc.array(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: width, maxLength: width }).filter((row) => row.some((x) => x !== 0)), { minLength: rows, maxLength: rows });
  const sizes = fc.tuple(fc.integer({ min: 1, max: 11 }), fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 4 }));
  fc.assert(fc.property(sizes.chain(([images, more, width]) => fc.tuple(
    matrix(images, width), matrix(images + more, width), fc.array(fc.nat(images - 1), { minLength: more, maxLength: more }),
  )), ([images, sentences, extra]) => {
    const imageOf = [...images.map((_, i) => i), ...extra];
    expect(ranks(images, sentences, imageOf)).toMatchObject(sorted(images, sentences, imageOf));
  }), { numRuns: 500, seed: 5 });
});

test('many images, in several blocks, float32 and float64, with progress', () => {
  const random = new Random(5);
  const [width, count] = [4000, 37];
  const images = Array.from({ length: count }, () => Array.from({ length: width }, () => Math.fround(random.normal())));
  // Near their image, so that ranks spread.
  const sentences = images.flatMap((image) => [0, 1].map(() => image.map((x) => Math.fround(x + 30 * random.normal()))));
  const imageOf = sentences.map((_, row) => row >> 1);
  const done: number[] = [];
  const single = retrievalRanks(vectors('i', images), vectors('s', sentences), imageOf, { similarity: 'dot', onProgress: (n) => done.push(n) });
  expect(done.length).toBeGreaterThan(1);
  expect(done.at(-1)).toBe(count);
  const expected = sorted(images, sentences, imageOf);
  expect([...single.imageToSentence]).toEqual(expected.image);
  expect([...single.sentenceToImage]).toEqual(expected.sentence);
  expect(Math.max(...expected.sentence)).toBeGreaterThan(10);
  const double = retrievalRanks(vectors('i', images, Float64Array), vectors('s', sentences, Float64Array), imageOf, { similarity: 'dot' });
  expect(double).toEqual(single);
});

test('a model that gives everything the same vector ranks like chance, and says so', () => {
  const rows = (count: number): number[][] => Array.from({ length: count }, () => [0.3, 0.4, 0.5]);
  const { imageToSentence, sentenceToImage, tied } = retrievalRanks(vectors('i', rows(100)), vectors('s', rows(500)), Array.from({ length: 500 }, (_, i) => Math.floor(i / 5)));
  expect(rankScores(imageToSentence)).toMatchObject({ recall1: 1, medianRank: 248 });
  expect(rankScores(sentenceToImage)).toMatchObject({ recall1: 1, meanRank: 50.5 });
  expect(tied).toEqual({ imageToSentence: 100, sentenceToImage: 500 });
});

test('perfect vectors have rank 1 both ways', () => {
  const rows = Array.from({ length: 7 }, (_, i) => Array.from({ length: 7 }, (_, j) => Number(i === j)));
  expect(ranks(rows, rows, rows.map((_, i) => i), 'cosine')).toEqual({ image: Array(7).fill(1), sentence: Array(7).fill(1), tied: [0, 0] });
});

test('scores of ranks: floor of the median, as VSE', () => {
  expect(rankScores(Int32Array.of(10, 1, 5, 6, 11, 2))).toEqual({
    queries: 6, recall1: 100 / 6, recall5: 50, recall10: 500 / 6, medianRank: 5, meanRank: 35 / 6,
    meanReciprocalRank: (1 / 10 + 1 + 1 / 5 + 1 / 6 + 1 / 11 + 1 / 2) / 6,
  });
  expect(rankScores(Int32Array.of(3, 1, 9))).toMatchObject({ medianRank: 3 });
});

test('bad vectors are refused with their row', () => {
  const good = [[1, 2], [3, 4]];
  const run = (images: number[][], sentences: number[][], imageOf = [0, 1]) => () => retrievalRanks(vectors('images.npy', images), vectors('told.npy', sentences), imageOf);
  expect(run(good, good)).not.toThrow();
  const refused: [() => unknown, string][] = [
    [run([[1, 2], [3, NaN]], good), 'images.npy: row 1 holds NaN at place 1; make the vectors again'],
    [run(good, [[-Infinity, 2], [3, 4]]), 'told.npy: row 0 holds -Infinity at place 0; make the vectors again'],
    [run(good, [[1, 2], [0, 0]]), 'told.npy: row 1 is all zeros, which is similar to nothing; make the vectors again'],
    [run(good, [[1, 2, 3], [4, 5, 6]]), 'images.npy has vectors of 2 numbers and told.npy of 3; both must come from one joint space'],
    [run(good, good, [0]), 'told.npy: 2 sentences, and images named for 1'],
    [run(good, good, [0, 2]), 'told.npy: the image of sentence 1 is row 2; images.npy has rows 0 to 1'],
    [run(good, good, [1, 1]), 'images.npy: row 0 has no sentence; leave out images without one'],
    [run([], good), 'images.npy: no vectors'],
    [() => retrievalRanks(vectors('i', [[1e200]], Float64Array), vectors('s', [[1]], Float64Array), [0]), 'i: row 0 holds numbers too large to compare; make the vectors again'],
  ];
  for (const [act, message] of refused) {
    expect(act).toThrow(UserError);
    expect(act).toThrow(message);
  }
});
