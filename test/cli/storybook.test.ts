import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { expectRefusal, fabula } from './fabula.ts';

const scratch = await mkdtemp(join(tmpdir(), 'fabula-cli-storybook-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));

const SMALL = ['--seed', '3', '--train', '2', '--val', '1', '--test', '1', '--width', '32', '--height', '24'];

test('books and captions are written where they are asked for', async () => {
  const output = join(scratch, 'book');
  expect(await fabula('storybook', output, ...SMALL)).toEqual({ code: 0, stdout: output, stderr: '' });
  const names = await readdir(output);
  expect(names).not.toEqual(expect.arrayContaining(['books']));
  expect(await fabula('storybook', output, ...SMALL, '--books', '15', '--captions', '4')).toEqual({ code: 0, stdout: output, stderr: '' });
  expect((await readdir(output)).sort()).toEqual([...names, 'books', 'captions.json'].sort());
  expect((await readFile(join(output, 'books', 'logbook.txt'), 'utf8')).split('\n\n')).toHaveLength(15 + 2);
  const { images, annotations } = JSON.parse(await readFile(join(output, 'captions.json'), 'utf8'));
  expect(annotations).toHaveLength(4 * images.length);
});

test('numbers that make no sense are one line, and nothing is written', async () => {
  await expectRefusal(['storybook', join(scratch, 'x'), ...SMALL, '--books', '0'], [/books of 0 passages; give a whole number, 1 or more/]);
  await expectRefusal(['storybook', join(scratch, 'x'), ...SMALL, '--captions', '21'], [/21 captions a photo; give a whole number from 1 to 20/]);
  await expectRefusal(['storybook', join(scratch, 'x'), ...SMALL, '--captions', 'many'], [/captions/]);
  expect(await readdir(scratch)).not.toContain('x');
});
