import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import yargs from 'yargs';
import { command } from '../../../src/cli/style/books.ts';
import { UserError } from '../../../src/core/errors.ts';
import { corpusSchema } from '../../../src/data/books/corpusreport.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-cli-books-'));
const at = (name: string): string => join(folder, name);
await writeFile(at('novel.txt'), `Chapter 1\n\n${'The house was by the sea and he lived in it. '.repeat(4)}\n\n"Oh!" said he.\n`);
await writeFile(at('latin1.txt'), Buffer.from('She was at the caf\u00e9 with all of them.\n', 'latin1'));
await writeFile(at('empty.txt'), '');

async function run(...args: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await yargs(['books', ...args]).command(command).strict().exitProcess(false)
      .fail((message, error) => { throw error ?? new Error(message); }).parseAsync();
    return log.mock.calls.join('\n');
  } finally {
    log.mockRestore();
  }
}

test('says what was kept and what was left out', async () => {
  const out = at('corpus');
  expect(await run(at('novel.txt'), at('latin1.txt'), at('empty.txt'), '--out', out)).toBe(`${out}: 2 files, 230 characters, 3 paragraphs (also in windows-1252)
  sentences  6 in 2 blocks, 65 tokens
  passages   1, 48 tokens
  left out: files: 1 unreadable
  left out: paragraphs: 1 headings
  left out: passages: 2 too short
  left out: ${at('empty.txt')}: the file is empty`);
});

test('every option arrives; the report is JSON', async () => {
  const flags = ['--language', 'any', '--keep', 'prose', '--layout', 'prose', '--verse', 'line', '--drop-lines', '3', '--longer-than', '7', '--min-words', '2', '--max-words', '50', '--join', '--sentence-words', '0', '--no-double-quotes', '--min-known', '0.25'];
  const report = JSON.parse(await run(at('novel.txt'), '--out', at('json'), ...flags, '--json')) as { options: unknown; counts: Record<string, number> };
  expect(report.options).toEqual({ language: 'any', keep: 'prose', layout: 'prose', verse: 'line', drop_lines: 3, longer_than: 7, min_words: 2, max_words: 50, join: true, sentence_words: 0, double_quotes: false, min_known: 0.25 });
  expect(report.counts['passages']).toBe(2);
  // And left alone they are the schema's.
  const plain = JSON.parse(await run(at('novel.txt'), '--out', at('json'), '--json')) as { options: unknown };
  expect(plain.options).toEqual(corpusSchema.parse({}));
});

test.each([
  [['--max-words', '-1'], /max_words/],
  [['--longer-than', 'x'], /longer_than/],
  [['--min-known', '2'], /min_known/],
  [['--word-list', at('gone.txt')], /gone\.txt: cannot read the word list/],
])('%j is refused', async (flags, says) => {
  const error: unknown = await run(at('novel.txt'), '--out', at('refused'), ...flags).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).toMatch(says);
  expect((error as Error).message).toMatch(/^[^\n]+$/);
});

test('an unknown language and a missing --out are refused', async () => {
  await expect(run(at('novel.txt'), '--out', at('x'), '--language', 'tlh')).rejects.toThrow(/Invalid values|language/);
  await expect(run(at('novel.txt'))).rejects.toThrow(/out/);
});
