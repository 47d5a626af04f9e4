import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import { readWordVectors, wordVectorsSize } from '../../../src/text/wordvectors.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-word2vec-'));
const write = async (name: string, content: string | Uint8Array): Promise<string> => {
  await writeFile(join(folder, name), content);
  return join(folder, name);
};

/** A file as word2vec writes it. */
function binary(words: readonly string[], vectors: readonly (readonly number[])[], { header = `${words.length} ${vectors[0]!.length}\n`, feed = '\n' } = {}): Buffer {
  const entries = words.flatMap((word, i) => [Buffer.from(`${word} `), Buffer.from(Float32Array.from(vectors[i]!).buffer), Buffer.from(feed)]);
  return Buffer.concat([Buffer.from(header), ...entries]);
}

const WORDS = ['</s>', 'New_York', 'café', '日本', 'the', 'the', '[male]'];
// 0x0a and 0x20 as bytes of numbers: neither a line feed nor a space may be looked for inside them.
const TRAP = new Float32Array(Uint8Array.of(0x0a, 0x20, 0x0a, 0x20).buffer)[0]!;
const VECTORS = WORDS.map((_, i) => [i, TRAP, -i / 3]);
const BYTES = binary(WORDS, VECTORS);

test.each([['with line feeds', BYTES], ['without', binary(WORDS, VECTORS, { feed: '' })], ['packed', gzipSync(BYTES)]])('word2vec binary %s', async (name, bytes) => {
  const vectors = await readWordVectors(await write(`${name}.bin`, bytes));
  expect([vectors.words, vectors.dimension]).toEqual([WORDS, 3]);
  expect([...vectors.data]).toEqual([...Float32Array.from(VECTORS.flat())]);
  expect(vectors.lookup('the')![0]).toBe(4);
});

test('the form is found by content, not by name', async () => {
  expect((await readWordVectors(await write('vectors.txt', BYTES))).words).toEqual(WORDS);
  expect((await readWordVectors(await write('text.bin', 'a 1 2\nb 3 4\n'))).words).toEqual(['a', 'b']);
  expect((await readWordVectors(await write('text.gz', gzipSync('a 1 2\nb 3 4\n')))).lookup('b')).toEqual(Float32Array.of(3, 4));
});

test('options: only, limit, phrases, dimension', async () => {
  const path = await write('o.bin', BYTES);
  expect((await readWordVectors(path, { limit: 3, phrases: false })).words).toEqual(['</s>', 'café']);
  const some = await readWordVectors(path, { only: ['[the]', '日本', 'absent'] });
  expect(some.words).toEqual(['日本', 'the', 'the']);
  expect(some.lookup('日本')![0]).toBe(3);
  await expect(readWordVectors(path, { dimension: 300 })).rejects.toThrow(/o\.bin: its vectors have 3 numbers; 300 are needed$/);
  await expect(readWordVectors(path, { limit: 0 })).rejects.toThrow(RangeError);
});

test('a file of many pieces is read whole, packed or not, with progress', async () => {
  const random = new Random(3);
  const words = Array.from({ length: 9000 }, (_, i) => `w${i}${'x'.repeat(random.int(12))}`);
  const vectors = words.map(() => Array.from({ length: 100 }, () => Math.fround(random.normal())));
  const bytes = binary(words, vectors);
  for (const [name, content] of [['long.bin', bytes], ['long.bin.gz', gzipSync(bytes, { level: 1 })]] as const) {
    const path = await write(name, content);
    const steps: number[] = [];
    const read = await readWordVectors(path, { onProgress: (done, total) => steps.push(done / total) });
    expect(read.words).toEqual(words);
    expect([...read.lookup(words[8999]!)!]).toEqual(vectors[8999]);
    expect(steps.length).toBeGreaterThan(3);
    expect(steps.at(-1)).toBe(1);
    expect(await wordVectorsSize(path)).toMatchObject({ format: 'word2vec binary', words: 9000, dimension: 100, exact: true });
  }
  const cut = gzipSync(bytes, { level: 1 }).subarray(0, 3_000_000);
  await expect(readWordVectors(await write('cut.bin.gz', cut))).rejects.toThrow(/cut\.bin\.gz: cut short: its gzip data has no end/);
  const short = gzipSync(bytes.subarray(0, -401), { level: 1 });
  await expect(readWordVectors(await write('short.gz', short))).rejects.toThrow(/short\.gz: cut short: 8999 of 9000 words are whole/);
  // As far as the limit goes the cut does not matter.
  expect((await readWordVectors(join(folder, 'cut.bin.gz'), { limit: 20 })).size).toBe(20);
});

test('cut files, wrong counts and damage: one line each', async () => {
  const cut = await write('cut.bin', BYTES.subarray(0, -60));
  await expect(wordVectorsSize(cut)).rejects.toThrow(/cut\.bin: \d+ bytes, but 7 words of 3 numbers, as line 1 promises, need \d+; copy/);
  const wrong = async (name: string, header: string, error: RegExp): Promise<void> =>
    expect(readWordVectors(await write(name, binary(WORDS, VECTORS, { header })))).rejects.toThrow(error);
  await wrong('fewer.bin', '6 3\n', /fewer\.bin: more follows the 6 words of 3 numbers/);
  await wrong('more.bin', '9 3\n', /more\.bin: cut short: 7 of 9 words are whole/);
  await wrong('narrow.bin', '7 2\n', /narrow\.bin: entry 2 begins with no word: line 1 promises 2 numbers a word/);
  await wrong('huge.bin', '7 4000000000\n', /huge\.bin: line 1 promises 7 words of 4000000000 numbers/);
  await wrong('none.bin', '', /none\.bin: neither text nor word2vec binary: its first line should be two counts/);
  const damaged = binary(WORDS, VECTORS.map((row, i) => (i === 3 ? [1, NaN, 2] : row)));
  await expect(readWordVectors(await write('nan.bin', damaged))).rejects.toThrow(/nan\.bin: the vector of "日本" holds NaN/);
  const packed = gzipSync(BYTES);
  packed[packed.length - 6]! ^= 1;
  await expect(readWordVectors(await write('bad.gz', packed))).rejects.toThrow(/bad\.gz: damaged gzip data/);
  await expect(readWordVectors(join(folder, 'absent.bin'))).rejects.toThrow(/absent\.bin: cannot read word vectors: no such file/);
});
