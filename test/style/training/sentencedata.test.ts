import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import { skipThoughtsSchema } from '../../../src/models/skipthoughts.ts';
import type { EncodedSentences } from '../../../src/style/training/sentencedata.ts';
import { encodeSentences, holdOut, sentenceOf, sentenceRecord, sentenceVocabulary, triples } from '../../../src/style/training/sentencedata.ts';
import { equalLengthBatches, packTriples } from '../../../src/style/training/skipthoughtstask.ts';
import { END_ID, START_ID, UNKNOWN_ID, Vocabulary } from '../../../src/text/vocabulary.ts';

/** Blocks of sentences of these numbers of words; each word tells its sentence. */
function blocksOf(lengths: readonly (readonly number[])[]): EncodedSentences {
  const flat = lengths.flat();
  const offsets = flat.reduce<number[]>((all, length) => [...all, all.at(-1)! + length], [0]);
  const blocks = lengths.reduce<number[]>((all, { length }) => [...all, all.at(-1)! + length], [0]);
  const vocabulary = new Vocabulary(['<NULL>', '<START>', '<END>', '<UNK>', ...flat.map((_, i) => `w${i}`)]);
  return { vocabulary, tokens: Int32Array.from(flat.flatMap((length, i) => Array.from({ length }, () => 4 + i))), offsets: Uint32Array.from(offsets), blocks: Uint32Array.from(blocks) };
}

test('triples by hand: not across blocks, none with a sentence that is too long or empty', () => {
  const sentences = blocksOf([[2, 3, 1, 4], [5, 5], [1], [2, 0, 2, 2, 9, 1, 1, 1]]);
  expect(triples(sentences, 5)).toEqual([
    { block: 0, middle: 1 }, { block: 0, middle: 2 },
    // Of the last block's 7 .. 14: 8 is empty, 11 too long; 12, 13, 14 stand together.
    { block: 3, middle: 13 },
  ]);
  expect(triples(sentences, 3)).toEqual([{ block: 0, middle: 1 }, { block: 3, middle: 13 }]);
  expect(triples(blocksOf([[1, 1], [1, 1]]), 5)).toEqual([]);
});

const shapes = fc.array(fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 9 }), { minLength: 1, maxLength: 8 });

test('triples: every neighbour in the same block and short enough, and none left out', () => {
  fc.assert(fc.property(shapes, (lengths) => {
    const found = triples(blocksOf(lengths), 4);
    const expected: { block: number; middle: number }[] = [];
    let first = 0;
    for (const [block, inside] of lengths.entries()) {
      for (let i = 1; i < inside.length - 1; i++) {
        if (inside.slice(i - 1, i + 2).every((words) => words >= 1 && words <= 4)) expected.push({ block, middle: first + i });
      }
      first += inside.length;
    }
    expect(found).toEqual(expected);
  }), { seed: 1, numRuns: 60 });
});

test('what is held out and what is left are all, in order, about the share', () => {
  fc.assert(fc.property(shapes, fc.double({ min: 0.01, max: 0.5, noNaN: true }), fc.integer({ min: 0, max: 99 }), (lengths, share, seed) => {
    const items = lengths.flatMap((inside, block) => inside.map((_, i) => ({ block, i })));
    if (items.length === 0) return;
    const { train, held } = holdOut(items, share, new Random(String(seed)));
    expect(items.filter((item) => train.includes(item))).toEqual(train);
    expect(items.filter((item) => held.includes(item))).toEqual(held);
    expect(train.length + held.length).toBe(items.length);
    expect(held.length).toBe(Math.max(1, Math.round(items.length * share)));
    expect(holdOut(items, share, new Random(String(seed))).held).toEqual(held);
  }), { seed: 2, numRuns: 80 });
});

test('small blocks are held out whole, a large one at its end', () => {
  const small = Array.from({ length: 60 }, (_, i) => ({ block: Math.floor(i / 3), i }));
  const { held, train } = holdOut(small, 0.1, new Random('blocks'));
  expect(new Set(held.map(({ block }) => block)).size).toBe(2);
  expect(train.filter(({ block }) => held.some((item) => item.block === block))).toEqual([]);
  const large = Array.from({ length: 100 }, (_, i) => ({ block: 0, i }));
  expect(holdOut(large, 0.05, new Random('blocks')).held.map(({ i }) => i)).toEqual([95, 96, 97, 98, 99]);
});

test('batches of equal length: every sentence once, none too large, other orders for other epochs', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 7 }), (lengths, size) => {
    const sentences = blocksOf([lengths]);
    const all = lengths.map((_, i) => i);
    for (const random of [undefined, new Random('order')]) {
      const batches = equalLengthBatches(sentences, all, size, random);
      expect(batches.flat().sort((a, b) => a - b)).toEqual(all);
      for (const batch of batches) {
        expect(batch.length).toBeLessThanOrEqual(size);
        expect(new Set(batch.map((sentence) => lengths[sentence])).size).toBe(1);
      }
      // No more batches than there must be.
      const least = [1, 2, 3, 4, 5].reduce((sum, length) => sum + Math.ceil(lengths.filter((x) => x === length).length / size), 0);
      expect(batches).toHaveLength(least);
    }
  }), { seed: 3, numRuns: 60 });
  const sentences = blocksOf([Array.from({ length: 30 }, (_, i) => 1 + (i % 3))]);
  const epoch = (name: string): number[][] => equalLengthBatches(sentences, Array.from({ length: 30 }, (_, i) => i), 4, new Random(name));
  expect(epoch('1')).toEqual(epoch('1'));
  expect(epoch('1')).not.toEqual(epoch('2'));
});

test('a batch has each sentence with END, and those after and before it between START and END', () => {
  const sentences = blocksOf([[1, 2, 3, 2]]);
  const { sentences: read, next, previous } = packTriples(sentences, [1], skipThoughtsSchema.parse({ direction: 'bi', units: 4 }));
  expect([...read.tokens.data as Int32Array]).toEqual([5, 5, END_ID]);
  expect([...read.backwards!.data as Int32Array]).toEqual([END_ID, 5, 5]);
  expect([...next.tokens.data as Int32Array]).toEqual([START_ID, 6, 6, 6]);
  expect([...next.targets.data as Int32Array]).toEqual([6, 6, 6, END_ID]);
  expect([...previous.tokens.data as Int32Array]).toEqual([START_ID, 4]);
  expect(packTriples(sentences, [1], skipThoughtsSchema.parse({ units: 4 })).sentences).not.toHaveProperty('backwards');
});

test('files become sentences in blocks: empty lines part them, and photos part captions', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fabula-sentences-'));
  await writeFile(join(folder, 'book.txt'), 'it rained .\nshe slept .\n\nhe woke early .\n');
  await writeFile(join(folder, 'captions.csv'), 'image,caption\na.jpg,A red dog.\na.jpg,A dog runs.\nb.jpg,Two cats.\n');
  const sources = { sentences: [join(folder, 'book.txt')], captions: [join(folder, 'captions.csv')] };
  const vocabulary = await sentenceVocabulary(sources, 6, 1);
  expect(vocabulary.words.slice(4)).toEqual(['.', 'a', 'dog', 'cats', 'early', 'he']);
  const found = await encodeSentences(sources, vocabulary);
  expect([...found.blocks]).toEqual([0, 2, 3, 5, 6]);
  expect(vocabulary.decode(sentenceOf(found, 3))).toEqual(['a', '<UNK>', 'dog', '.']);
  expect([...sentenceOf(found, 0)]).toEqual([UNKNOWN_ID, UNKNOWN_ID, 4]);
  expect(sentenceRecord(found)).toMatchObject({ sentences: 6, words: 21 });
  await writeFile(join(folder, 'book.txt'), 'it rained .\n\nshe slept .\nhe woke early .\n');
  expect(sentenceRecord(await encodeSentences(sources, vocabulary))['content']).not.toBe(sentenceRecord(found)['content']);
  expect([...(await encodeSentences({ ...sources, captions: [] }, await sentenceVocabulary(sources, 100, 2))).tokens]).toHaveLength(10);
});

test('more words than memory is first taken for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fabula-sentences-'));
  const lines = Array.from({ length: 9000 }, (_, i) => `a b c d e f g h w${i % 7}`);
  await writeFile(join(folder, 'long.txt'), lines.join('\n'));
  const sources = { sentences: [join(folder, 'long.txt')], captions: [] };
  const found = await encodeSentences(sources, await sentenceVocabulary(sources, 100, 1));
  expect(found.tokens).toHaveLength(81_000);
  expect(found.vocabulary.decode(sentenceOf(found, 8999))).toEqual(lines[8999]!.split(' '));
});
