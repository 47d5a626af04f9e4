import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { countWords, SPECIALS, Vocabulary } from '../../src/text/vocabulary.ts';

const counts = countWords(['b a c a B', 'c <UNK> d É a'].map((text) => text.split(' ')));

test('most frequent first, ties in alphabetical order, capitals and specials dropped', () => {
  expect(Vocabulary.fromCounts(counts).words).toEqual([...SPECIALS, 'a', 'c', 'b', 'd']);
  expect(Vocabulary.fromCounts(counts, { size: 2 }).words).toEqual([...SPECIALS, 'a', 'c']);
  expect(Vocabulary.fromCounts(counts, { minCount: 2 }).words).toEqual([...SPECIALS, 'a', 'c']);
  expect(Vocabulary.fromCounts(counts, { dropUpperCase: false }).words).toEqual([...SPECIALS, 'a', 'c', 'B', 'b', 'd', 'É']);
  expect(Vocabulary.fromCounts([['z', 1], ['y', 1]], { ties: 'given' }).words).toEqual([...SPECIALS, 'z', 'y']);
});

test('encode and decode: unknown words become <UNK>, decoding stops at <END>', () => {
  const vocabulary = Vocabulary.fromCounts(counts);
  expect(vocabulary.encode(['a', 'zebra', 'd'])).toEqual([4, 3, 7]);
  expect(vocabulary.decode([1, 4, 3, 2, 5, 0])).toEqual(['a', '<UNK>']);
  expect(() => vocabulary.decode([8])).toThrow('word id 8 in a vocabulary of 8');
  expect(vocabulary.id('constructor')).toBe(3);
});

test('the file is VIST-seq2seq\'s, and the same words have the same fingerprint', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fabula-vocabulary-'));
  const vocabulary = new Vocabulary([...SPECIALS, '10', '__proto__', 'a']);
  await vocabulary.save(join(folder, 'v.json'));
  const loaded = await Vocabulary.load(join(folder, 'v.json'));
  expect(loaded.words).toEqual(vocabulary.words);
  expect(loaded.id('__proto__')).toBe(5);
  expect(loaded.fingerprint()).toBe(vocabulary.fingerprint());
  expect(new Vocabulary([...SPECIALS, 'a', '10', '__proto__']).fingerprint()).not.toBe(vocabulary.fingerprint());
  await writeFile(join(folder, 'list.json'), '["a"]');
  await expect(Vocabulary.load(join(folder, 'list.json'))).rejects.toThrow(/list\.json: idx_to_words: expected a list of words$/);
});

test('what is not a vocabulary says where', () => {
  const read = (value: unknown) => (): unknown => Vocabulary.fromJSON(value, 'v.json');
  expect(read(null)).toThrow('v.json: idx_to_words: expected a list of words');
  expect(read({ idx_to_words: [...SPECIALS, 5] })).toThrow('v.json: idx_to_words[4]: expected a string');
  expect(read({ idx_to_words: ['a', 'b'] })).toThrow('v.json: word 0 is "a"; a vocabulary starts with <NULL> <START> <END> <UNK>');
  expect(read({ idx_to_words: [...SPECIALS, 'a', 'a'] })).toThrow('v.json: word "a" is there twice, as 4 and 5');
  expect(read({ idx_to_words: [...SPECIALS, 'a'], words_to_idx: { a: 3 } })).toThrow('v.json: words_to_idx["a"]: 3 does not agree with idx_to_words');
});
