import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Vocabulary } from '../../src/text/vocabulary.ts';
import { startingWords, vectorsRecord } from '../../src/training/startingwords.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-words-'));
  await writeFile(join(folder, 'words_2.txt'), 'cat\ndog\n');
  await writeFile(join(folder, 'vectors_2_x3.f32'), Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6).buffer));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const vocabulary = Vocabulary.fromCounts([['cat', 2], ['bird', 1]]);

test('vectors may be named by their folder, also where it is noted what they were', async () => {
  const words = await startingWords({ size: 3, vectors: folder }, vocabulary, 1);
  expect([...words!.slice(vocabulary.id('cat') * 3, vocabulary.id('cat') * 3 + 3)]).toEqual([1, 2, 3]);
  const record = await vectorsRecord({ vectors: folder });
  expect(record['model.embedding.vectors']!.bytes).toBe(24);
  expect(await vectorsRecord({ vectors: join(folder, 'vectors_2_x3.f32') })).toEqual(record);
  expect(await vectorsRecord({ vectors: null })).toEqual({});
});

test('vectors of another width are one line', async () => {
  await expect(startingWords({ size: 5, vectors: folder }, vocabulary, 1)).rejects.toThrow(`model.embedding.size: ${folder} has vectors of 3 numbers; set model.embedding.size=3`);
});
