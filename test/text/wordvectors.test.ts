import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { embeddingTable } from '../../src/text/embedding.ts';
import { SPECIALS, Vocabulary } from '../../src/text/vocabulary.ts';
import { readWordVectors, WordVectors } from '../../src/text/wordvectors.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-vectors-'));
const write = async (name: string, content: string | Uint8Array): Promise<string> => {
  await writeFile(join(folder, name), content);
  return join(folder, name);
};

test('GloVe text: words with spaces, a word2vec header, a repeated word, Windows line ends', async () => {
  const vectors = await readWordVectors(await write('g.txt', '4 3\r\nthe 1 2 3\r\n. . . 0.5 -1e-1 2\r\n5 4 5 6\r\nthe 9 9 9\r\n'));
  expect([vectors.words, vectors.dimension]).toEqual([['the', '. . .', '5', 'the'], 3]);
  expect(vectors.lookup('the')).toEqual(Float32Array.of(1, 2, 3));
  expect(vectors.lookup('. . .')).toEqual(Float32Array.of(0.5, -0.1, 2));
  expect(vectors.lookup('[the]')).toEqual(Float32Array.of(1, 2, 3));
  expect(vectors.lookup('absent')).toBeUndefined();
  const some = await readWordVectors(join(folder, 'g.txt'), { only: ['[5]', 'absent'] });
  expect(some.words).toEqual(['5']);
});

test('a first word that looks like a number is still a word', async () => {
  expect((await readWordVectors(await write('n.txt', '1950 1 2\n1951 3 4\n'))).words).toEqual(['1950', '1951']);
});

test('a pair of files: the folder, or the .f32 file', async () => {
  await mkdir(join(folder, 'pair'));
  await write('pair/words_2.txt', 'male\nfemale\n');
  const path = await write('pair/vectors_2_x2.f32', new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
  expect((await readWordVectors(join(folder, 'pair'))).lookup('[female]')).toEqual(Float32Array.of(3, 4));
  expect((await readWordVectors(path, { only: ['[female]'] })).data).toEqual(Float32Array.of(3, 4));
  await write('pair/vectors_2_x2.f32', new Uint8Array(12));
  await expect(readWordVectors(path)).rejects.toThrow(/vectors_2_x2\.f32: 12 bytes, but 2 words of .*words_2\.txt x 2 need 16$/);
});

test('cut and broken files name the line', async () => {
  await expect(readWordVectors(join(folder, 'none.txt'))).rejects.toThrow(/none\.txt: cannot read word vectors: no such file/);
  await expect(readWordVectors(await write('cut.txt', 'a 1 2 3\nb 4 5'))).rejects.toThrow(/cut\.txt: line 2: expected a word and 3 numbers/);
  await expect(readWordVectors(await write('bad.txt', 'a 1 2\nb 4 x\n'))).rejects.toThrow(/bad\.txt: line 2: the vector of "b" has a field that is not a number/);
  await expect(readWordVectors(await write('prose.txt', 'once upon a time\n'))).rejects.toThrow(/prose\.txt: line 1: expected a word and its numbers/);
  await expect(readWordVectors(await write('empty.txt', ''))).rejects.toThrow(/empty\.txt: empty/);
  await expect(readWordVectors(await write('odd.f32', new Uint8Array(8)))).rejects.toThrow(/odd\.f32: expected a name such as/);
});

test('embedding table: zeros for <NULL>, tags looked up inside, missing rows drawn by seed and scale', () => {
  const vectors = new WordVectors(['male', 'dog'], 2, Float32Array.of(3, 4, 0, 5));
  const vocabulary = new Vocabulary([...SPECIALS, '[male]', 'dog', 'unheard']);
  const table = embeddingTable(vocabulary, vectors, { random: new Random(1) });
  expect([...table.data.slice(0, 2), ...table.data.slice(8, 12)]).toEqual([0, 0, 3, 4, 0, 5]);
  expect(table.missing).toEqual(['<START>', '<END>', '<UNK>', 'unheard']);
  expect(table.coverage).toBeCloseTo(2 / 3);
  expect(embeddingTable(vocabulary, vectors, { random: new Random(1) })).toEqual(table);
  const matched = embeddingTable(vocabulary, vectors, { random: new Random(1), missingScale: 'matched' });
  expect(matched.data[12]! / table.data[12]!).toBeCloseTo(Math.sqrt(50 / 4), 5);
});
