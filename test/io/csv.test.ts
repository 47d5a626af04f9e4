import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatCsv, parseCsv, readCsv, writeCsv } from '../../src/io/csv.ts';

test('what is written is read back, with commas, quotes and line ends in the fields', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'fabula-csv-')), 'a.csv');
  await writeCsv(path, ['name', 'loss'], [{ name: 'a, "b"\nc', loss: 0.25 }, { name: ' pad ', loss: null }]);
  expect(await readFile(path, 'utf8')).toBe('name,loss\n"a, ""b""\nc",0.25\n" pad ",\n');
  expect(await readCsv(path, ['loss'])).toEqual([{ name: 'a, "b"\nc', loss: '0.25' }, { name: ' pad ', loss: '' }]);
});

test('missing columns and broken lines name file and line', () => {
  expect(() => parseCsv('a,b\n1,2\n', 'x.csv', ['c'])).toThrow('x.csv: line 1: no column c; it has a, b');
  expect(() => parseCsv('a,b\n1,2\n3\n', 'x.csv')).toThrow(/^x\.csv: not valid CSV: .*line 3/);
  expect(formatCsv(['a'], [])).toBe('a\n');
});
