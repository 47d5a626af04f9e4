import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hashOfFiles } from '../../src/style/inputhash.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-inputs-'));
  await mkdir(join(folder, 'books', 'inner'), { recursive: true });
  await writeFile(join(folder, 'books', 'a.txt'), 'one');
  await writeFile(join(folder, 'books', 'inner', 'b.txt'), 'two');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('contents count, place and time do not', async () => {
  const before = await hashOfFiles([{ paths: [join(folder, 'books')] }]);
  await cp(join(folder, 'books'), join(folder, 'copy'), { recursive: true });
  expect(await hashOfFiles([{ paths: [join(folder, 'copy')] }])).toBe(before);
  await writeFile(join(folder, 'books', 'inner', 'b.txt'), 'tow');
  expect(await hashOfFiles([{ paths: [join(folder, 'books')] }])).not.toBe(before);
});

test('by names a file of the same length is the same, another name is not', async () => {
  const hash = (): Promise<string> => hashOfFiles([{ paths: [join(folder, 'books')], by: 'names' }]);
  const before = await hash();
  await writeFile(join(folder, 'books', 'a.txt'), 'eno');
  expect(await hash()).toBe(before);
  await writeFile(join(folder, 'books', 'c.txt'), '');
  expect(await hash()).not.toBe(before);
});

test('what is not there does not fail: its reader says so', async () => {
  expect(await hashOfFiles([{ paths: [join(folder, 'none')] }])).not.toBe(await hashOfFiles([{ paths: [] }]));
});
