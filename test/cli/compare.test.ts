import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseCsv } from '../../src/io/csv.ts';
import { scores, temporaryFolder, writeRun } from '../report/runfolders.ts';
import { expectRefusal, fabula } from './fabula.ts';

test('runs in a table, as CSV and as a page, beside published ones', async () => {
  const folder = await temporaryFolder();
  const runs = [
    await writeRun(folder, 'a', { files: { 'scores/vist-seq2seq.json': scores('vist-seq2seq', { METEOR: 26 }) } }),
    await writeRun(folder, 'b', { model: 'encoder-decoder' }),
  ];
  const [csv, html] = [join(folder, 'table.csv'), join(folder, 'table.html')];
  const outcome = await fabula('compare', ...runs, '--published', 'vist-seq2seq', '--csv', csv, '--html', html);
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  expect(outcome.stdout).toContain('Scores, protocol vist-seq2seq');
  expect(outcome.stdout).toMatch(/^\[1\] published: logs of the VIST-seq2seq repository/m);
  const rows = parseCsv(await readFile(csv, 'utf8'), csv);
  expect(rows).toHaveLength(2 + 13);
  expect(rows[0]).toMatchObject({ run: 'a', parameters: '1234', 'METEOR (vist-seq2seq)': '26', 'METEOR (vist-seq2seq) high': '27' });
  expect(rows[2]!['source']).toContain('METEOR hter -norm');
  const page = await readFile(html, 'utf8');
  expect(page).toContain('<th class="group" scope="colgroup" colspan="1">protocol vist-seq2seq</th>');
  expect(page).toContain('<th class="group" scope="colgroup" colspan="5">protocol vist-seq2seq published</th>');
});

test('a folder of runs, as JSON', async () => {
  const folder = await temporaryFolder();
  await writeRun(folder, 'a');
  await writeRun(folder, 'b');
  const { runs, settings } = JSON.parse((await fabula('compare', folder, '--json')).stdout) as { runs: { run: string; training: object }[]; settings: object };
  expect(runs.map(({ run }) => run)).toEqual(['a', 'b']);
  expect(runs[0]!.training).toMatchObject({ 'validation loss': 2, epochs: 3, 's/epoch': 2 });
  expect(settings).toEqual({ name: { a: 'a', b: 'b' } });
});

test('what is wrong is one line', async () => {
  const folder = await temporaryFolder();
  await expectRefusal(['compare', folder], [folder, 'no run is here']);
  await expectRefusal(['compare', join(folder, 'gone')], ['gone']);
  const run = await writeRun(folder, 'a');
  await expectRefusal(['compare', run, '--published', 'vst'], ['vst: no such figures', 'vist-seq2seq, vist']);
});
