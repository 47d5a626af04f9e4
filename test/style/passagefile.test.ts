import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import type { PassageRecord } from '../../src/style/passagefile.ts';
import { formatPassageLine, readPassages } from '../../src/style/passagefile.ts';

const path = join(await mkdtemp(join(tmpdir(), 'fabula-passages-')), 'p.jsonl');
const record: PassageRecord = { id: 'a', image: 'a.jpg', style: 'romance', captions: [{ text: 'a dog', score: 0.5 }, { text: 'a cat', score: null }], passage: 'Ein „Satz“.\nZwei.', nll: 3.5, words: 4, rejected: [{ text: 'x', reasons: ['short'] }], choice: 'kept' };

test('what is written is read, and what is left out filled in', async () => {
  const none: PassageRecord = { id: '7', image: 'b.jpg', style: '', captions: [], passage: null, nll: null, words: 0, rejected: [] };
  await writeFile(path, formatPassageLine(record) + formatPassageLine(none));
  expect((await readPassages(path)).map((one) => one.record)).toEqual([record, none]);
  const line = '{"id":7,"image":"b.jpg","passage":"one  two\\nthree","extra":1}';
  await writeFile(path, line);
  expect(await readPassages(path)).toEqual([{ line, record: { ...none, passage: 'one  two\nthree', words: 3 } }]);
});

test.each([
  ['{"id":"a"', /^p\.jsonl: line 1: not valid JSON \(is the file still being written\?\): /],
  ['{"id":"a","image":"a.jpg"}', 'p.jsonl: line 1: passage: expected a string, found nothing'],
  ['{"id":"a","image":"a.jpg","passage":"x","captions":["a"]}', 'p.jsonl: line 1: captions[0]: expected an object, found "a"'],
  ['{"id":"a","image":"a.jpg","passage":"x","choice":"maybe"}', 'p.jsonl: line 1: choice: expected "kept" or "rejected", found "maybe"'],
  ['{"id":"a","image":"a.jpg","passage":"x","style":"s"}\n{"id":"a","image":"a.jpg","passage":"y","style":"t"}\n{"id":"a","image":"b.jpg","passage":"z","style":"s"}', 'p.jsonl: line 3: photo a in style s stands in line 1 already; keep one'],
  ['{"id":"a","image":"a.jpg","passage":"x"}\n\n', 'p.jsonl: line 2 is blank; each line holds one photo\'s passage'],
  ['', 'p.jsonl: the file is empty; passages as JSON lines are needed, one a line'],
])('refused: %s', async (text, message) => {
  await writeFile(path, text);
  const error: unknown = await readPassages(path).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  const said = (error as UserError).message.replace(path, 'p.jsonl');
  typeof message === 'string' ? expect(said).toBe(message) : expect(said).toMatch(message);
});
