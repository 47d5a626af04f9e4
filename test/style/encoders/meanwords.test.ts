import { describe, expect, test } from 'vitest';
import { MeanWords } from '../../../src/style/encoders/meanwords.ts';
import { WordVectors } from '../../../src/text/wordvectors.ts';

const VECTORS = new WordVectors(['dog', 'the', 'sea', '.', 'male'], 2, Float32Array.of(1, 2, 8, 8, 3, -2, 10, 0, 0, 4));
const encode = async (sentences: string[], options = {}): Promise<number[][]> => {
  const vectors = await new MeanWords(VECTORS, options).encode(sentences);
  return sentences.map((_, i) => [...vectors.subarray(2 * i, 2 * i + 2)]);
};

describe('mean of word vectors', () => {
  test('a word counts as often as it is there; unknown ones do not', async () => {
    expect(await encode(['The dog', 'dog dog xyzzy sea', '[male]', 'Dog.', 'xyzzy', ''])).toEqual([[4.5, 5], [expect.closeTo(5 / 3, 6), expect.closeTo(2 / 3, 6)], [0, 4], [5.5, 1], [0, 0], [0, 0]]);
  });

  test('plain text and tokens apart are the same', async () => {
    const pairs: [string, string][] = [['The dog.', 'the dog .'], ["The dog didn't see the sea.", "the dog did n't see the sea ."]];
    for (const [plain, apart] of pairs) expect(await encode([plain])).toEqual(await encode([apart]));
  });

  test('without stop words, and normalised', async () => {
    expect(await encode(['the dog .', 'the .'], { dropStopWords: true })).toEqual([[1, 2], [0, 0]]);
    const [[x, y], zeros] = await encode(['dog sea', 'xyzzy'], { normalise: true }) as [[number, number], number[]];
    expect([x, y, zeros]).toEqual([1, 0, [0, 0]]);
  });

  test('names and fingerprints tell what decides the numbers', () => {
    const other = new WordVectors(VECTORS.words, 2, VECTORS.data.map((x) => x + 1));
    const renamed = new WordVectors(VECTORS.words.toReversed(), 2, VECTORS.data);
    const all = [new MeanWords(VECTORS), new MeanWords(other), new MeanWords(renamed), new MeanWords(VECTORS, { dropStopWords: true }), new MeanWords(VECTORS, { normalise: true })];
    expect(new Set(all.map(({ fingerprint }) => fingerprint)).size).toBe(5);
    expect(new MeanWords(VECTORS, { dropStopWords: false }).fingerprint).toBe(all[0]!.fingerprint);
    expect(all.slice(2).map(({ name }) => name)).toEqual(['mean of word vectors', 'mean of word vectors, no stop words', 'mean of word vectors, normalised']);
  });

  test('progress is told to the end', async () => {
    const seen: number[] = [];
    await new MeanWords(VECTORS).encode(Array.from({ length: 1500 }, () => 'dog'), (done) => seen.push(done));
    expect(seen).toEqual([1000, 1500]);
  });
});
