import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { readSubwordTokenizer } from '../../../src/style/encoders/subwords.ts';
import type { SubwordTokenizer } from '../../../src/style/encoders/subwords.ts';
import { encoderFolder, PIECES, tinyTokenizer } from './tinyencoder.ts';

const made: string[] = [];
afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true });
});

async function read(files: Readonly<Record<string, string | object>>): Promise<SubwordTokenizer> {
  const folder = await encoderFolder(files);
  made.push(folder);
  return readSubwordTokenizer(join(folder, Object.keys(files)[0]!));
}

const TEXTS = ['Dogs ran.', 'un un', 'DÖG cat', '', ' sea\tsea ', 'dog [SEP] cat', '日本 sea', 'constructor __proto__', 'dog'.repeat(40)];

test("BERT's list of pieces gives what its tokenizer.json gives", async () => {
  const [json, list] = [await read({ 'tokenizer.json': tinyTokenizer() }), await read({ 'vocab.txt': `${PIECES.join('\n')}\n` })];
  for (const text of TEXTS) expect(list.encode(text, 99)).toEqual(json.encode(text, 99));
  expect(json.encode('Dogs ran.', 99)).toEqual({ ids: [2, 5, 8, 7, 1, 3], types: [0, 0, 0, 0, 0, 0] });
  expect([list.padId, list.least, list.limit]).toEqual([0, 3, undefined]);
});

test('what is too long loses its end, but not the end token', async () => {
  const tokenizer = await read({ 'tokenizer.json': tinyTokenizer() });
  expect(tokenizer.encode('dog cat ran sea', 6).ids).toEqual([2, 5, 6, 7, 9, 3]);
  expect(tokenizer.encode('dog cat ran sea', 5).ids).toEqual([2, 5, 6, 7, 3]);
  expect(tokenizer.encode('dog cat ran sea', 3)).toEqual({ ids: [2, 5, 3], types: [0, 0, 0] });
  const bare = await read({ 'tokenizer.json': tinyTokenizer({ post_processor: null }) });
  expect([bare.encode('dog cat ran', 2).ids, bare.least]).toEqual([[5, 6], 1]);
});

test('pieces with capitals are for text as it is, unless the settings say otherwise', async () => {
  const pieces = [...PIECES, 'Dog'].join('\n');
  expect((await read({ 'vocab.txt': pieces })).encode('Dog dog', 9).ids).toEqual([2, 11, 5, 3]);
  expect((await read({ 'vocab.txt': pieces, 'tokenizer_config.json': { do_lower_case: true } })).encode('Dog dog', 9).ids).toEqual([2, 5, 5, 3]);
});

test('filling and limit come from the settings, else from the file', async () => {
  const file = tinyTokenizer({ truncation: { max_length: 128 }, padding: { pad_id: 4 } });
  expect(await read({ 'tokenizer.json': file })).toMatchObject({ padId: 4, limit: 128 });
  expect(await read({ 'tokenizer.json': file, 'tokenizer_config.json': { model_max_length: 512, pad_token: { content: '[UNK]' } } })).toMatchObject({ padId: 1, limit: 512 });
});

test('other kinds of tokenizer: byte pairs without an unknown token', async () => {
  const tokenizer = await read({ 'tokenizer.json': {
    added_tokens: [], normalizer: null, pre_tokenizer: { type: 'Whitespace' }, post_processor: null, decoder: null,
    model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: ['a b'] },
  } });
  expect(tokenizer.encode('ab ba z', 9).ids).toEqual([2, 1, 0]);
});

test('mistakes', async () => {
  await expect(read({ 'vocab.txt': 'dog\ncat\n[UNK]' })).rejects.toThrow(/vocab\.txt: it has no line \[CLS\], no line \[SEP\]: BERT's word pieces were expected/);
  await expect(read({ 'tokenizer.json': { model: {} } })).rejects.toThrow(/tokenizer\.json: model\.vocab: .*; give the tokenizer\.json that came with the model/);
  await expect(read({ 'tokenizer.json': [] })).rejects.toThrow(/tokenizer\.json: expected an object, found a list of 0/);
  await expect(read({ 'tokenizer.json': tinyTokenizer({ normalizer: { type: 'Nmt' } }) })).rejects.toThrow(/tokenizer\.json: a tokenizer that is not known here: .*Nmt/);
  await expect(readSubwordTokenizer('/no/such/tokenizer.json')).rejects.toThrow('/no/such/tokenizer.json: cannot read a tokenizer: no such file or folder');
});
