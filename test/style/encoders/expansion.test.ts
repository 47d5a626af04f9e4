import { mkdtemp, readFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import { Expansion } from '../../../src/style/encoders/expandedwords.ts';
import { expandTable, fitExpansion } from '../../../src/style/encoders/expansion.ts';
import { hasExpansion, readExpansion, writeExpansion } from '../../../src/style/encoders/expansionfiles.ts';
import { WordVectors } from '../../../src/text/wordvectors.ts';

const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), 'fabula-expansion-'));
const normals = (random: Random, count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());

const [D, E, V] = [6, 4, 80];
/** Word vectors of w0 to w119 and some more; an encoder that knows w0 to w77, and whose vectors are a linear map of them, plus noise. */
function example({ noise = 0, change = (data: Float32Array): void => void data } = {}) {
  const random = new Random(7);
  const words = [...Array.from({ length: 120 }, (_, i) => `w${i}`), 'New_York', 'UNK', 'w119'];
  const data = normals(random, words.length * D);
  change(data);
  const vectors = new WordVectors(words, D, data);
  const [matrix, intercept] = [normals(random, D * E), normals(random, E)];
  const image = (word: string): number[] =>
    Array.from(intercept, (b, e) => vectors.lookup(word)!.reduce((sum, value, d) => sum + value * matrix[d * E + e]!, b));
  const own = { words: ['<eos>', 'UNK', ...words.slice(0, V - 2)], data: normals(random, V * E) };
  for (let row = 2; row < V; row++) own.data.set(image(own.words[row]!).map((value) => value + noise * random.normal()), row * E);
  return { vectors, own, matrix, intercept, image };
}

test('a linear map is found again: all shared words, the signs left out, a tenth held out', () => {
  const { vectors, own, matrix, intercept } = example();
  const fit = fitExpansion(own, vectors);
  expect(fit).toMatchObject({ inputs: D, outputs: E, shared: 78, ridge: 0, method: 'cholesky' });
  fit.matrix.forEach((value, i) => expect(value).toBeCloseTo(matrix[i]!, 5));
  fit.intercept.forEach((value, i) => expect(value).toBeCloseTo(intercept[i]!, 5));
  expect(fit.heldOut!.words).toBe(7);
  expect(fit.heldOut!.r2).toBeGreaterThan(1 - 1e-9);
  // `UNK` is a word of the vectors too, with nothing to do with the encoder's: without the signs kept apart it spoils the fit.
  expect(fitExpansion(own, vectors, { specials: 0 }).shared).toBe(79);
});

test('what is held out tells noise from a map', () => {
  const { vectors, own } = example({ noise: 1 });
  const { r2, meanSquaredError } = fitExpansion(own, vectors).heldOut!;
  expect(r2).toBeGreaterThan(0.5);
  expect(r2).toBeLessThan(0.98);
  expect(meanSquaredError).toBeGreaterThan(0.3);
  own.data.set(normals(new Random(1), own.data.length));
  expect(fitExpansion(own, vectors).heldOut!.r2).toBeLessThan(0.2);
});

test('nearly dependent inputs go through the orthogonal fit, with as good a residual', () => {
  const { vectors, own, image } = example({
    change: (data) => {
      for (let i = 0; i < data.length; i += D) data[i + 5] = data[i]! + 1e-4 * data[i + 5]!;
    },
  });
  const fit = fitExpansion(own, vectors);
  expect(fit.method).toBe('qr');
  const table = expandTable(own, vectors, fit, { only: ['w119'] });
  image('w119').forEach((value, e) => expect(table.data[e]).toBeCloseTo(value, 4));
});

test('too few or dependent words are refused until a ridge is given', () => {
  const { vectors, own } = example();
  const few = { words: own.words.slice(0, 6), data: own.data.slice(0, 6 * E) };
  expect(() => fitExpansion(few, vectors)).toThrow(/^vocabulary expansion: 4 words are both among the encoder's 6 and the 123 word vectors; 7 are needed for vectors of 6 numbers: give a ridge/);
  expect(fitExpansion(few, vectors, { ridge: 0.1 })).toMatchObject({ shared: 4, ridge: 0.1, heldOut: undefined });
  const dependent = example({ change: (data) => { for (let i = 0; i < data.length; i += D) data[i + 5] = data[i]!; } });
  expect(() => fitExpansion(dependent.own, dependent.vectors)).toThrow(/78 words are both .* follow from the others: give a ridge$/);
  const ridged = fitExpansion(dependent.own, dependent.vectors, { ridge: 1 });
  // Two equal inputs share a weight equally.
  expect(ridged.matrix[5 * E]).toBeCloseTo(ridged.matrix[0]!, 9);
  // One word held out, or encoder's words that are all alike: nothing to judge by.
  const alike = { words: own.words.slice(0, 40), data: new Float32Array(40 * E).fill(1) };
  expect(fitExpansion({ words: own.words.slice(0, 12), data: own.data.slice(0, 12 * E) }, vectors).heldOut).toBeUndefined();
  expect(fitExpansion(alike, vectors).heldOut).toBeUndefined();
  const constant = example({ change: (data) => { for (let i = 0; i < data.length; i += D) data[i + 2] = 0.5; } });
  expect(() => fitExpansion(constant.own, constant.vectors)).toThrow(/follow from the others/);
  expect(() => fitExpansion(own, vectors, { ridge: -1 })).toThrow(/a ridge of -1; it must be 0 or more/);
});

test('the table: own vectors untouched, then the new words, phrases left out, a repeated word once', () => {
  const { vectors, own, image } = example();
  const fit = fitExpansion(own, vectors);
  const table = expandTable(own, vectors, fit);
  expect([table.own, table.words.length]).toEqual([V, V + 42]);
  expect(table.words.slice(V, V + 2)).toEqual(['w78', 'w79']);
  expect(table.words).not.toContain('New_York');
  expect(table.words.filter((word) => word === 'UNK' || word === 'w119')).toEqual(['UNK', 'w119']);
  expect(table.data.subarray(0, V * E)).toEqual(own.data);
  image('w119').forEach((value, e) => expect(table.data[(V + 41) * E + e]).toBeCloseTo(value, 4));
  const some = expandTable(own, vectors, fit, { only: ['w90', 'w3', 'New_York', 'none'] });
  expect([some.words, some.own]).toEqual([['w3', 'w90'], 1]);
  const narrow = { words: ['a'], data: new Float32Array(3) };
  expect(() => expandTable(narrow, vectors, fit)).toThrow(/makes vectors of 4 numbers, but the encoder's words have 3/);
  expect(() => expandTable(own, new WordVectors(['a'], 2, new Float32Array(2)), fit)).toThrow(/fitted to word vectors of 6 numbers; these have 2/);
});

test('words mapped on demand equal the table, before and after a folder', async () => {
  const { vectors, own } = example({ noise: 0.1 });
  const fit = fitExpansion(own, vectors);
  const table = expandTable(own, vectors, fit);
  const expansion = Expansion.of(fit, own.words, vectors);
  expect(expansion.words).toEqual(table.words.slice(V));
  const folder = await temporary();
  expect(await hasExpansion(folder)).toBe(false);
  await writeExpansion(folder, expansion);
  expect(await hasExpansion(folder)).toBe(true);
  const read = await readExpansion(folder, E);
  for (const one of [expansion, read]) {
    one.words.forEach((word, i) => expect(one.lookup(word)).toEqual(table.data.slice((V + i) * E, (V + i + 1) * E)));
    expect(one.lookup('w99')).toBe(one.lookup('w99'));
    expect([one.lookup('w3'), one.lookup('New_York'), one.has('w78'), one.has('w3')]).toEqual([undefined, undefined, true, false]);
  }
  expect(read.fit).toEqual(fit);
  expect(read.fingerprint).toBe(expansion.fingerprint);
  expect(Expansion.of(fitExpansion(own, vectors, { ridge: 0.01 }), own.words, vectors).fingerprint).not.toBe(expansion.fingerprint);
  await read.close();
  await expansion.close();
});

test('a broken folder: one line each', async () => {
  const { vectors, own } = example();
  const folder = await temporary();
  const again = (): Promise<void> => writeExpansion(folder, Expansion.of(fitExpansion(own, vectors), own.words, vectors));
  await expect(readExpansion(folder, E)).rejects.toThrow(/expansion\.json: cannot read the vocabulary expansion: no such file/);
  await again();
  await expect(readExpansion(folder, 620)).rejects.toThrow(/makes vectors of 4 numbers, but the encoder's words have 620/);
  await truncate(join(folder, 'expansion.safetensors'), 900);
  await expect(readExpansion(folder, E)).rejects.toThrow(/expansion\.safetensors: truncated: 900 bytes/);
  await again();
  await writeFile(join(folder, 'expansion-words.txt'), 'w78\nw79\n');
  await expect(readExpansion(folder, E)).rejects.toThrow(/expansion-words\.txt: 2 words, but expansion\.json counts 42/);
  await again();
  const facts = JSON.parse(await readFile(join(folder, 'expansion.json'), 'utf8')) as object;
  await writeFile(join(folder, 'expansion.json'), JSON.stringify({ ...facts, inputs: 7 }));
  await expect(readExpansion(folder, E)).rejects.toThrow(/tensor vectors is \[42, 6\], but expansion\.json says \[42, 7\]/);
  await writeFile(join(folder, 'expansion.json'), JSON.stringify({ ...facts, shared: 'all' }));
  await expect(readExpansion(folder, E)).rejects.toThrow(/expansion\.json: shared: .*; expand the vocabulary again$/);
});
