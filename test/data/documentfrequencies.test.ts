import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { readDocumentFrequencies, writeDocumentFrequencies } from '../../src/data/documentfrequencies.ts';
import type { FrequencyHeader } from '../../src/data/documentfrequencies.ts';
import { DocumentFrequencies } from '../../src/evaluation/documentfrequencies.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-frequencies-'));
const at = (name: string): string => join(folder, name);

const HEADER = { format: 'fabula-document-frequencies', version: 1, segments: 3, tokenizer: 'whitespace', orders: 4, ngrams: 2 };
const ENTRIES: readonly unknown[] = [['a', 3], ['a dog', 2]];
const lines = (...values: readonly unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');
const read = (path: string): Promise<DocumentFrequencies> => readDocumentFrequencies(path, (header) => new DocumentFrequencies(header));

/** The one line that reading a file with this content fails with, without its path. */
async function complaint(content: string | Uint8Array): Promise<string> {
  const path = at('bad.jsonl');
  await writeFile(path, content);
  const error = await read(path).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  const { message } = error as UserError;
  expect(message.startsWith(`${path}: `)).toBe(true);
  expect(message).not.toContain('\n');
  return message.slice(path.length + 2);
}

test.each(['whole.jsonl', 'whole.jsonl.gz'])('%s: written, then read again the same', async (name) => {
  const frequencies = new DocumentFrequencies({ tokenizer: '13a' });
  frequencies.add([['the', 'café', '"', '日本', '.'], ['the', 'dog']]).add([['the', 'dog', '\\', "'s"]]);
  await writeDocumentFrequencies(at(name), frequencies);
  const again = await read(at(name));
  expect(again).toMatchObject({ segments: 2, tokenizer: '13a' });
  expect(Object.fromEntries(again.entries())).toEqual(Object.fromEntries(frequencies.entries()));
});

test('the lines are plain to read for other programs', async () => {
  const frequencies = new DocumentFrequencies({ tokenizer: 'whitespace' }).add([['a', 'dog']]).add([['a']]);
  await writeDocumentFrequencies(at('plain.jsonl'), frequencies);
  const text = await readFile(at('plain.jsonl'), 'utf8');
  expect(text).toBe(lines({ ...HEADER, segments: 2, ngrams: 3 }, ['a', 2], ['a dog', 1], ['dog', 1]));
  await writeDocumentFrequencies(at('packed.jsonl.gz'), frequencies);
  expect(gunzipSync(await readFile(at('packed.jsonl.gz'))).toString()).toBe(text);
});

test('more than a chunk and more than a batch, plain and compressed', async () => {
  const entries = Array.from({ length: 120_000 }, (_, i): [string, number] => [`word${i} of number ${i}`, 1 + (i % 9)]);
  const source = { segments: 9, tokenizer: null, entries: () => entries };
  for (const name of ['long.jsonl', 'long.gz']) {
    await writeDocumentFrequencies(at(name), source);
    const found: [string, number][] = [];
    await readDocumentFrequencies(at(name), () => ({ set: (ngram, segments) => found.push([ngram, segments]) > 0 }));
    expect(found).toEqual(entries);
  }
});

test("another project's frequencies, converted: zeros of a defaultdict are skipped, the tokenizer is not known", async () => {
  const json = { ref_len: 113287, document_frequency: { a: 90000.0, 'a dog': 12, 'never seen': 0 }, extra: 1 };
  for (const text of [JSON.stringify(json), JSON.stringify(json, null, 2), `\ufeff${JSON.stringify(json)}\n`]) {
    await writeFile(at('coco.json'), text);
    let header: FrequencyHeader | undefined;
    const frequencies = await readDocumentFrequencies(at('coco.json'), (found) => new DocumentFrequencies((header = found)));
    expect(header).toEqual({ segments: 113287, tokenizer: null });
    expect(Object.fromEntries(frequencies.entries())).toEqual({ a: 90000, 'a dog': 12 });
  }
  await writeFile(at('coco.json.gz'), gzipSync(JSON.stringify({ ...json, tokenizer: 'whitespace' })));
  expect((await read(at('coco.json.gz'))).tokenizer).toBe('whitespace');
});

test('CR LF line ends and a missing last one are read', async () => {
  await writeFile(at('crlf.jsonl'), `\ufeff${lines(HEADER, ...ENTRIES).replaceAll('\n', '\r\n').slice(0, -2)}`);
  expect(Object.fromEntries((await read(at('crlf.jsonl'))).entries())).toEqual({ a: 3, 'a dog': 2 });
});

test('files that are not there, empty, or something else', async () => {
  await expect(read(at('missing'))).rejects.toThrow(`${at('missing')}: cannot read document frequencies: no such file or folder`);
  await expect(read(folder)).rejects.toThrow('it is a folder');
  expect(await complaint('')).toBe('the file is empty; document frequencies are needed');
  expect(await complaint('the dog ran\n')).toMatch(/^document frequencies are not valid JSON: /);
  expect(await complaint('[1]')).toMatch(/^expected an object, found a list of 1; .*ref_len/);
  expect(await complaint('{"document_frequency": {}}')).toMatch(/^ref_len: expected a number, found nothing; /);
  expect(await complaint('{"ref_len": 11.64, "document_frequency": {}}')).toMatch(/^ref_len: expected a whole number from 1 to 2147483647, found 11.64; /);
  expect(await complaint('{"ref_len": 5, "document_frequency": []}')).toMatch(/^document_frequency: expected an object, found a list of 0; /);
  expect(await complaint('{"ref_len": 5, "document_frequency": {"a": 6}}')).toBe('document_frequency["a"]: expected a whole number from 1 to 5, the segments counted, found 6');
  expect(await complaint('{"ref_len": 5, "document_frequency": {"a, b": "x"}}')).toContain('found "x"');
});

test('a header that does not fit', async () => {
  expect(await complaint(lines({ ...HEADER, format: 'stories' }, ...ENTRIES))).toMatch(/^line 1: format: .*found "stories"/);
  expect(await complaint(lines({ ...HEADER, version: 2 }, ...ENTRIES))).toBe('line 1: version: expected version 1, as this release reads, found 2');
  expect(await complaint(lines({ ...HEADER, orders: 3 }, ...ENTRIES))).toBe('line 1: orders: expected 4, the orders of CIDEr, found 3');
  expect(await complaint(lines({ ...HEADER, segments: 0 }, ...ENTRIES))).toBe('line 1: segments: expected a whole number from 1 to 2147483647, found 0');
  expect(await complaint(lines({ ...HEADER, sigma: 6 }, ...ENTRIES))).toMatch(/^line 1: .*sigma/);
});

test('the line that is wrong is named', async () => {
  expect(await complaint(lines(HEADER, ['a', 3], ['a dog', 4]))).toBe('line 3: expected a whole number from 1 to 3, the segments counted, found 4');
  expect(await complaint(lines(HEADER, ['a', 3], ['a dog', '2']))).toContain('line 3: expected a whole number from 1 to 3');
  expect(await complaint(lines(HEADER, ['a', 3], ['a', 2]))).toBe('line 3: "a" is there twice; keep one');
  expect(await complaint(lines(HEADER, ['a b c d e', 3], ['a', 2]))).toBe('line 2: expected 1 to 4 words joined by single spaces, found "a b c d e"');
  expect(await complaint(lines(HEADER, ['a', 3], ['a  dog', 2]))).toContain('line 3: expected 1 to 4 words');
  expect(await complaint(`${lines(HEADER)}\n${lines(...ENTRIES)}`)).toBe('line 2: expected ["n-gram", segments], found ');
  expect(await complaint(lines(HEADER, { a: 3 }, ['a dog', 2]))).toBe('line 2: expected ["n-gram", segments], found {"a":3}');
});

test('a file cut short or damaged is never half the frequencies', async () => {
  expect(await complaint(lines(HEADER, ['a', 3]))).toBe('1 n-grams, where its first line says 2; the file is not whole, so make it again');
  expect(await complaint(lines(HEADER, ...ENTRIES).slice(0, -6))).toBe('line 3: expected ["n-gram", segments], found ["a do');
  const packed = gzipSync(lines(HEADER, ...ENTRIES));
  expect(await complaint(packed.subarray(0, packed.length - 12))).toMatch(/^the compressed file is cut short or damaged \(unexpected end of file\)/);
  packed[20]! ^= 0xff;
  expect(await complaint(packed)).toMatch(/^the compressed file is cut short or damaged/);
  const bytes = Buffer.from(lines(HEADER, ['a', 3], ['a d?g', 2]));
  bytes[bytes.indexOf('?')] = 0xe9;
  expect(await complaint(bytes)).toBe('line 3 is not valid UTF-8; save the file as UTF-8');
});
