import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatCsv, parseCsv } from '../../src/io/csv.ts';
import { compareRuns } from '../../src/report/comparison.ts';
import { comparisonJson, comparisonRecords } from '../../src/report/comparisondata.ts';
import { comparisonHtml } from '../../src/report/comparisonhtml.ts';
import { formatComparison } from '../../src/report/comparisontext.ts';
import { lossChart } from '../../src/report/losschart.ts';
import { PUBLISHED } from '../../src/report/published.ts';
import { readRuns } from '../../src/report/runreading.ts';
import { displayWidth } from '../../src/report/terminal.ts';
import { scores, temporaryFolder, writeRun } from './runfolders.ts';

async function twoRuns(): Promise<string[]> {
  const folder = await temporaryFolder();
  return [
    await writeRun(folder, 'a', { files: { 'scores/vist-seq2seq.json': scores('vist-seq2seq', { 'BLEU-4': 2.5, METEOR: 26 }), 'scores/coco.json': scores('coco', { METEOR: 9 }) } }),
    await writeRun(folder, 'b', { model: 'encoder-decoder', files: { 'scores/vist-seq2seq.json': scores('vist-seq2seq', { METEOR: 25, 'BLEU-4': 2 }) } }),
  ];
}

test('a table to the character: training first, then a table a protocol', async () => {
  const comparison = compareRuns(await readRuns(await twoRuns()));
  expect(formatComparison(comparison, 110)).toBe(`Training
  losses: mean negative log-likelihood per word in nats, of the epoch that validated best (published ones as
  their source has them); perplexity is e to the validation loss

Run                parameters   epochs   train loss   validation loss ↓   perplexity ↓   s/epoch   words/s
a                        1234        3        2.000               2.000           7.39       2.0       200
  attention
b                        1234        3        2.000               2.000           7.39       2.0       200
  encoder-decoder

Scores, protocol coco
  protocol: coco, as it is
  references: val.h5
  texts: 150
  METEOR: METEOR-lite, built in
  low-high: bootstrap interval of the score, as fabula evaluate logged it

Run    METEOR ↑
a          9.00
     8.00-10.00

Scores, protocol vist-seq2seq
  protocol: vist-seq2seq, as it is
  references: val.h5
  texts: 150
  METEOR: METEOR-lite, built in
  low-high: bootstrap interval of the score, as fabula evaluate logged it

Run   BLEU-4 ↑      METEOR ↑
a         2.50         26.00
     1.50-3.50   25.00-27.00
b         2.00         25.00
     1.00-3.00   24.00-26.00

Settings that differ
  name
    a  a
    b  b
  model.name
    a  attention
    b  encoder-decoder`);
});

test('scores over other references, or of another METEOR, never share a column', async () => {
  const folder = await temporaryFolder();
  const a = await writeRun(folder, 'a', { files: { 'scores/x.json': scores('coco', { METEOR: 9 }, 'val.h5') } });
  const b = await writeRun(folder, 'b', { files: { 'scores/x.json': scores('coco', { METEOR: 9 }, 'test.h5') } });
  const { groups, rows } = compareRuns(await readRuns([a, b]));
  expect(groups.map(({ title }) => title)).toEqual(['training', 'coco (1)', 'coco (2)']);
  expect(rows.map((row) => row.groups.map((cells) => cells?.length ?? null))).toEqual([[7, 1, null], [7, null, 1]]);
});

test('references, document frequencies and METEOR are told apart by what they hold, wherever they lie', async () => {
  const folder = await temporaryFolder();
  const inputs = { references: '0123456789abcdef', frequencies: 'fedcba9876543210', meteor: 'METEOR-lite, built in' };
  const add = (name: string, references: string, changed: object): Promise<string> => {
    const file = { ...JSON.parse(scores('coco', { CIDEr: 9 }, references)), frequencies: 'data/df.json', inputs: { ...inputs, ...changed } };
    return writeRun(folder, name, { files: { 'scores/x.json': JSON.stringify(file) } });
  };
  const runs = await readRuns([
    await add('a', 'data/val.h5', {}), await add('b', 'moved/human.json', {}), await add('c', 'data/val.h5', { references: 'f' }),
    await add('d', 'data/val.h5', { frequencies: 'references' }), await add('e', 'data/val.h5', { meteor: 'METEOR-lite, other' }),
  ]);
  const { groups, rows } = compareRuns(runs);
  expect(rows.map((row) => row.groups.findIndex((cells, g) => g > 0 && cells !== null))).toEqual([1, 1, 2, 3, 4]);
  expect(groups[1]!.notes.slice(1)).toEqual([['references', 'val.h5, SHA-256 01234567'], ['texts', '150'], ['document frequencies', 'df.json, SHA-256 fedcba98'], ['METEOR', 'METEOR-lite, built in']]);
  expect(groups[3]!.notes).toContainEqual(['document frequencies', 'the references']);
});

test('words a second are not made up where a run does not count words', async () => {
  const lines = [{ step: 1, epoch: 1, loss: 3, words: 10 }, { step: 2, epoch: 1, loss: 2 }].map((line) => `${JSON.stringify(line)}\n`).join('');
  const { groups } = compareRuns(await readRuns([await writeRun(await temporaryFolder(), 'a', { files: { 'metrics.jsonl': lines } })]));
  expect(groups[0]!.columns.map(({ head }) => head)).not.toContain('words/s');
});

test('two files of scores that were made alike are two rows', async () => {
  const folder = await temporaryFolder();
  const a = await writeRun(folder, 'a', { files: { 'scores/beam.json': scores('coco', { METEOR: 9 }), 'scores/greedy.json': scores('coco', { METEOR: 8 }) } });
  const { rows } = compareRuns(await readRuns([a]));
  expect(rows.map(({ name, groups }) => [name, groups[0] === null, groups[1]![0]!.value])).toEqual([['a: beam', false, 9], ['a: greedy', true, 8]]);
});

describe('published figures', () => {
  test('stand in columns of their own, with source and protocol', async () => {
    const comparison = compareRuns(await readRuns(await twoRuns()), [...PUBLISHED['vist-seq2seq'], ...PUBLISHED.vist]);
    expect(comparison.groups.map(({ title }) => title)).toEqual(['training', 'coco', 'vist-seq2seq', 'vist-seq2seq published', 'arel-album published (1)', 'arel-album published (2)']);
    const [first] = comparison.rows.filter(({ kind }) => kind === 'published');
    expect(first!.groups.slice(1, 3)).toEqual([null, null]);
    expect(first!.groups[3]!.map(({ value }) => value)).toEqual([32.7, 12.8, 5, 2.2, 26]);
    expect(first!.notes).toEqual([
      'published: logs of the VIST-seq2seq repository (Pendulibrium/ai-visual-storytelling-seq2seq), 2018',
      'scores: whole stories, one reference, METEOR hter -norm, BLEU without brevity penalty; VIST validation, 4,990 stories',
    ]);
    for (const row of comparison.rows.filter(({ kind }) => kind === 'published')) expect(row.notes[0]).toMatch(/^published: ./);
    const text = formatComparison(comparison, 100);
    expect(text).toContain('VIST-seq2seq 02-07 [1] [2]');
    expect(text).toContain('[1] published: logs of');
    expect(Math.max(...text.split('\n').map(displayWidth))).toBeLessThanOrEqual(100);
    const html = comparisonHtml(comparison);
    expect(html).toContain('<small>published [1] [2]</small>');
    expect(html).toContain('<li>[1] published: logs of');
    expect(html).toContain('Scores of different protocols do not compare.');
  });

  test('are as their sources have them', () => {
    expect(PUBLISHED['vist-seq2seq']).toHaveLength(13);
    expect(PUBLISHED.vist).toHaveLength(19);
    expect(PUBLISHED['vist-seq2seq'].find(({ name }) => name.endsWith('06-22'))).toMatchObject({ epochs: 50, seconds: 18.6 * 3600, trainLoss: 0.19, validationLoss: 7.29, scores: { METEOR: 20 } });
    expect(PUBLISHED['vist-seq2seq'].at(-1)).not.toHaveProperty('protocol');
    expect(PUBLISHED.vist.find(({ name }) => name === 'TAPM')!.scores).toEqual({ METEOR: 37.2, 'ROUGE-L': 33.1, 'CIDEr-D': 13.8 });
  });
});

test('CSV and JSON hold all numbers as they are, with protocols', async () => {
  const folders = await twoRuns();
  const comparison = compareRuns(await readRuns(folders), PUBLISHED.vist.slice(0, 1));
  const { columns, rows } = comparisonRecords(comparison);
  const [a, b, cst] = parseCsv(formatCsv(columns, rows), 'x.csv');
  expect(a).toMatchObject({ run: 'a', kind: 'run', model: 'attention', perplexity: String(Math.exp(2)), 'METEOR (vist-seq2seq)': '26', 'METEOR (vist-seq2seq) low': '25', 'METEOR (coco)': '9' });
  expect(b!['METEOR (coco)']).toBe('');
  expect(cst).toMatchObject({ run: 'CST', kind: 'published', 'METEOR (arel-album published)': '34.4', epochs: '' });
  expect(cst!['source']).toContain('five references');
  const json = comparisonJson(comparison);
  expect(json.runs[0]!.scores['vist-seq2seq']).toEqual({ 'BLEU-4': { value: 2.5, low: 1.5, high: 3.5 }, METEOR: { value: 26, low: 25, high: 27 } });
  expect(json.settings['model.name']).toEqual({ a: 'attention', b: 'encoder-decoder' });
  expect(json.protocols['coco']).toEqual({ protocol: 'coco, as it is', references: 'val.h5', texts: '150', METEOR: 'METEOR-lite, built in' });
});

test('names from files cannot become markup', async () => {
  const folder = await temporaryFolder();
  const run = await writeRun(folder, '<script>x', { files: { 'config.json': JSON.stringify({ model: { name: '<b>' } }) } });
  const html = comparisonHtml(compareRuns(await readRuns([run])));
  expect(html).toContain('&lt;script&gt;x');
  expect(html.match(/<script>/g)).toHaveLength(1);
  expect(html).not.toContain('<b>\n');
});

describe('damaged runs', () => {
  test('give what is there, and name what is missing', async () => {
    const folder = await temporaryFolder();
    const whole = await writeRun(folder, 'whole');
    const cut = await writeRun(folder, 'cut', {
      files: { 'config.json': '{"name": "c', 'history.csv': null, 'result.json': null, 'scores/bad.json': '{"protocol": 3}', 'metrics.jsonl': `${'{"step":1,"epoch":1,"loss":3,"words":10}\n'}{"step":4,"epoch":1,"train_loss":2.5,"val_loss":2.25}\n{"step":2,"ep` },
    });
    const comparison = compareRuns(await readRuns([whole, cut]));
    expect(comparison.rows[1]!.groups[0]!.map(({ value }) => value)).toEqual([null, 1, 2.5, 2.25, Math.exp(2.25), null, null]);
    expect(comparison.missing.map(({ run }) => run)).toEqual(['cut']);
    const said = comparison.missing[0]!.what.join('\n');
    for (const file of ['config.json', 'metrics.jsonl', 'result.json', 'scores/bad.json']) expect(said).toContain(file);
    // What cannot be read differs in nothing.
    expect(comparison.settings).toEqual([]);
    expect(formatComparison(comparison)).toContain('Not there\n  cut: ');
  });

  test('a run that was stopped within an epoch has its time an epoch', async () => {
    const folder = await temporaryFolder();
    const lines = Array.from({ length: 6 }, (_, i) => ({ step: i + 1, epoch: i < 4 ? 1 : 2, loss: 1, words: 10 }));
    const run = await writeRun(folder, 'run', { files: { 'history.csv': 'epoch,loss,val_loss\n0,1,1\n', 'metrics.jsonl': lines.map((line) => `${JSON.stringify(line)}\n`).join(''), 'result.json': null, 'checkpoints/last/state.json': '{"step": 6, "seconds": 3}', 'checkpoints/last/weights.safetensors': 'x'.repeat(2 ** 20) } });
    const { groups, rows } = compareRuns(await readRuns([run]));
    const value = (head: string): number | null => rows[0]!.groups[0]![groups[0]!.columns.findIndex((column) => column.head === head)]!.value;
    expect([value('s/epoch'), value('words/s'), value('weights MiB')]).toEqual([2, 20, 1]);
  });

  test('no run at all is one line', async () => {
    const folder = await temporaryFolder();
    await expect(readRuns([folder])).rejects.toThrow(`${folder}: no run is here; give run folders, or a folder of them`);
    await expect(readRuns([join(folder, 'nowhere')])).rejects.toThrow(/nowhere: .*no such/);
    const run = await writeRun(folder, 'run');
    await expect(readRuns([run, `${run}/`])).rejects.toThrow('the run is named twice');
    expect((await readRuns([folder])).map(({ name }) => name)).toEqual(['run']);
  });

  test('runs of one name are told apart by their folders', async () => {
    const folder = await temporaryFolder();
    const runs = await readRuns([await writeRun(join(folder, 'x'), 'run'), await writeRun(join(folder, 'y'), 'run')]);
    expect(runs.map(({ name }) => name)).toEqual(['x/run', 'y/run']);
  });
});

test('a loss that is no log-likelihood has no perplexity, and the notes say whose', async () => {
  const folder = await temporaryFolder();
  const ranked = await writeRun(folder, 'ranked', { files: { 'run.json': JSON.stringify({ kind: 'train', started: '2026-01-02T03:04:05.000Z', likelihood: false }) } });
  const alone = formatComparison(compareRuns(await readRuns([ranked])), 400);
  expect(alone).toContain('validation loss');
  expect(alone).not.toMatch(/perplexity ↓|7\.39/);
  expect(alone).toContain('; of ranked another loss, without a perplexity, which does not compare');
  const both = formatComparison(compareRuns(await readRuns([await writeRun(folder, 'told'), ranked])), 200);
  expect(both).toContain('perplexity is e to the validation loss; of ranked another loss');
  expect(both.match(/7\.39/g)).toHaveLength(1);
  expect(lossChart(await readRuns([ranked]))).toMatchObject({ yName: 'loss', caption: expect.stringMatching(/^Mean loss, of some runs no log-likelihood: /) });
});

test('losses of different tasks rank nothing: no column says which is better, and the notes say why', async () => {
  const folder = await temporaryFolder();
  const config = (task: string): Record<string, string> => ({ 'config.json': JSON.stringify({ task, name: task, model: {}, training: { epochs: 3 } }) });
  const [uni, bi, told] = [await writeRun(folder, 'uni', { files: config('skip-thoughts') }), await writeRun(folder, 'bi', { files: config('skip-thoughts') }), await writeRun(folder, 'told')];
  const mixed = formatComparison(compareRuns(await readRuns([uni, told])), 400);
  expect(mixed).toContain('they compare only within a task (skip-thoughts, story)');
  expect(mixed).not.toContain('↓');
  const alike = formatComparison(compareRuns(await readRuns([uni, bi])), 200);
  expect(alike).toContain('validation loss ↓');
  expect(alike).not.toContain('within a task');
});
