import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { Random } from '../../../src/core/random.ts';
import { formatBytes, readWordVectors, requireMemory, wordVectorsSize } from '../../../src/text/wordvectors.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-vectorsize-'));
const write = async (name: string, content: string | Uint8Array): Promise<string> => {
  await writeFile(join(folder, name), content);
  return join(folder, name);
};

test('Google News is measured by its first line: 3.9 GB, or less with a limit', async () => {
  // Its true length, with holes in place of most numbers: nothing is read but the beginning.
  const path = await write('google.bin', Buffer.concat([Buffer.from('3000000 300\n</s> '), Buffer.from(Float32Array.from({ length: 300 }, () => 0.1).buffer)]));
  await truncate(path, 3_644_258_522);
  expect(await wordVectorsSize(path)).toEqual({ format: 'word2vec binary', words: 3_000_000, dimension: 300, bytes: 3_888_000_000, exact: true });
  expect(await wordVectorsSize(path, { limit: 200_000 })).toMatchObject({ words: 200_000, bytes: 259_200_000, exact: true });
  expect(await wordVectorsSize(path, { phrases: false })).toMatchObject({ words: 3_000_000, exact: false });
  expect(await wordVectorsSize(path, { only: ['a', '[b]'] })).toMatchObject({ words: 2, exact: false });
  await rm(path);
});

test('text without counts is measured by samples, short files exactly', async () => {
  const random = new Random(5);
  const lines = Array.from({ length: 20_000 }, (_, i) => `word${i} ${Array.from({ length: 25 }, () => random.normal().toFixed(5)).join(' ')}\n`);
  const path = await write('glove.txt', lines.join(''));
  const size = await wordVectorsSize(path);
  expect(size).toMatchObject({ format: 'text', dimension: 25, exact: false });
  expect(Math.abs(size.words / 20_000 - 1)).toBeLessThan(0.01);
  const packed = await wordVectorsSize(await write('glove.txt.gz', gzipSync(lines.join(''), { level: 1 })));
  expect(Math.abs(packed.words / 20_000 - 1)).toBeLessThan(0.03);
  const vectors = await readWordVectors(path);
  expect([vectors.size, vectors.lookup('word19999')![24]]).toEqual([20_000, Math.fround(Number(lines[19_999]!.split(' ')[25]))]);
  expect(await wordVectorsSize(await write('short.txt', '\na 1 2\nb 3 4'))).toMatchObject({ words: 2, dimension: 2, exact: true });
  expect(await wordVectorsSize(await write('counted.txt', '2 2\na 1 2\nb 3 4\n'))).toMatchObject({ words: 2, dimension: 2, exact: true });
});

test('a pair is measured by its length', async () => {
  await mkdir(join(folder, 'pair'));
  await write('pair/words_3.txt', 'a\nb_c\nd\n');
  await write('pair/vectors_3_x2.f32', new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer));
  expect(await wordVectorsSize(join(folder, 'pair'))).toEqual({ format: 'float32 pair', words: 3, dimension: 2, bytes: 312, exact: true });
  expect((await readWordVectors(join(folder, 'pair'), { phrases: false, limit: 2 })).words).toEqual(['a']);
});

test('text whose counts do not fit', async () => {
  await expect(readWordVectors(await write('cut.txt', '3 2\na 1 2\nb 3 4\n'))).rejects.toThrow(/cut\.txt: line 1 promises 3 words, but there are 2/);
  await expect(readWordVectors(await write('wide.txt', '2 3\na 1 2\nb 3 4\n'))).rejects.toThrow(/wide\.txt: line 2: expected a word and 3 numbers/);
  await expect(readWordVectors(await write('gap.txt', 'a 1 2\nb  4\n'))).rejects.toThrow(/gap\.txt: line 2/);
  expect((await readWordVectors(await write('room.txt', '2 2\nroom 101 1 2\nb 3 4\n'))).words).toEqual(['room 101', 'b']);
});

test('memory is stated, and refused in one line', () => {
  expect(requireMemory('w.bin', 1.2e9, 'give a limit', 20.1e9)).toBe('needs 1.2 GB, 20.1 GB free');
  expect(() => requireMemory('w.bin', 3.9e9, 'give a limit', 2e9)).toThrow(new UserError('w.bin: needs 3.9 GB, 2.0 GB free; give a limit'));
  expect([0, 999, 1000, 99_949, 999_499, 999_600, 2.34e9, 5e15].map(formatBytes)).toEqual(['0 bytes', '999 bytes', '1.0 kB', '99.9 kB', '999 kB', '1.0 MB', '2.3 GB', '5000 TB']);
});
