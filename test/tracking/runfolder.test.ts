import { appendFile, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { commandLine, dataDifferences, environmentDifferences } from '../../src/tracking/environment.ts';
import { fingerprintFile } from '../../src/tracking/fingerprint.ts';
import { RunFolder } from '../../src/tracking/runfolder.ts';
import { readScores } from '../../src/tracking/scores.ts';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'fabula-runs-'));
});

const text = (folder: RunFolder, name: string): Promise<string> => readFile(folder.file(name), 'utf8');

test('a new folder is named by name and time; the second of a second gets a number', async () => {
  const now = new Date('2026-01-31T12:00:00.500Z');
  const runs = join(base, 'deep/runs');
  const first = await RunFolder.create(runs, 'vist', { seed: 1 }, { now, threads: 2, data: { 'data.train': { content: 'ab', stories: 3, photos: 5 } } });
  const second = await RunFolder.create(runs, 'vist', {}, { now, from: 'old', parent: 'sweep-a' });
  expect((await readdir(runs)).sort()).toEqual(['vist-2026-01-31T12-00-00', 'vist-2026-01-31T12-00-00-2']);
  expect(await first.readHead()).toEqual({ kind: 'train', started: '2026-01-31T12:00:00.500Z' });
  expect(await second.readHead()).toEqual({ kind: 'train', started: '2026-01-31T12:00:00.500Z', from: 'old', parent: 'sweep-a' });
  const environment = JSON.parse(await text(first, 'environment.json')) as Record<string, unknown>;
  expect(environment).toMatchObject({ threads: 2, node: process.version, data: { 'data.train': { content: 'ab', stories: 3, photos: 5 } } });
  for (const name of await readdir(first.path)) expect(await text(first, name)).not.toContain(base);
});

test('where no folder can be made', async () => {
  await writeFile(join(base, 'file'), '');
  await expect(RunFolder.create(join(base, 'file'), 'run', {})).rejects.toThrow(/file: a run folder cannot be made here/);
  await expect(RunFolder.create(join(base, 'file/deeper'), 'run', {})).rejects.toThrow(/a run folder cannot be made here: a part of its path is not a folder/);
});

describe('what is measured', () => {
  test('reaches the disk at a flush, with its time; a flush without anything new writes nothing', async () => {
    const run = await RunFolder.create(base, 'run', {});
    const before = Date.now();
    run.metric({ step: 1, epoch: 1, loss: 2.5 });
    expect(await run.readMetrics()).toEqual([]);
    await run.flush({ step: 1, epoch: 1, seconds: 0.12345 });
    await run.flush({ step: 1, epoch: 1, seconds: 0.2 });
    expect(await text(run, 'metrics.jsonl')).toBe('{"step":1,"epoch":1,"loss":2.5}\n');
    const [row, ...others] = await run.readTimeline();
    expect(row).toEqual({ step: 1, epoch: 1, time: expect.any(Number) as number, seconds: 0.123 });
    expect(row!.time).toBeGreaterThanOrEqual(before);
    expect(others).toEqual([]);
  });

  test('is forgotten after a checkpoint, with lines that were cut', async () => {
    const run = await RunFolder.create(base, 'run', {});
    for (const step of [1, 2, 3, 4]) {
      run.metric({ step, epoch: step > 2 ? 2 : 1, loss: step });
      if (step % 2 === 0) run.metric({ step, epoch: step / 2, train_loss: 1, val_loss: 1 });
      await run.flush({ step, epoch: 1, seconds: step });
    }
    await run.samples({ epoch: 1, stories: [] });
    await run.samples({ epoch: 2, stories: [] });
    for (const name of ['metrics', 'timeline', 'samples']) await appendFile(run.file(`${name}.jsonl`), '{"step": 5, "ep');
    expect((await run.readMetrics()).length).toBe(6);
    await run.truncateMetrics(4, 1);
    expect((await run.readMetrics()).map((row) => ('val_loss' in row ? `validation ${row.epoch}` : row.step))).toEqual([1, 2, 'validation 1', 3, 4]);
    expect((await run.readTimeline()).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(await text(run, 'samples.jsonl')).toBe('{"epoch":1,"stories":[]}\n');
  });

  test('history.csv is as Keras\' CSVLogger writes it', async () => {
    const run = await RunFolder.create(base, 'run', {});
    await run.writeHistory([{ epoch: 0, loss: 3.25, val_loss: 3.5 }, { epoch: 1, loss: 1e-7, val_loss: 3 }]);
    expect(await text(run, 'history.csv')).toBe('epoch,loss,val_loss\n0,3.25,3.5\n1,1e-7,3\n');
  });
});

test('an evaluation keeps its scores; a name taken gets a number, and the order is that of writing', async () => {
  const run = await RunFolder.createEvaluation(base, 'evaluate', { hypotheses: ['a.jsonl'] });
  expect((await run.readHead()).kind).toBe('evaluate');
  const scores = { protocol: 'single-reference', scores: { 'BLEU-4': { value: 5 } } };
  expect(await run.writeScores('single reference', scores)).toBe('scores/single-reference.json');
  for (let n = 2; n <= 11; n++) await run.writeScores('single-reference', { ...scores, n });
  await writeFile(run.file('scores/cut.json'), '{"protocol": ');
  await writeFile(run.file('scores/other.json'), '{"protocol": "x", "scores": {"BLEU-4": 5}}');
  const { scores: found, problems } = await readScores(run.path);
  expect(found.map((one) => one['n'] ?? 1)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(problems).toEqual([expect.stringMatching(/^scores\/cut\.json: scores is not valid JSON/), 'scores/other.json: scores.BLEU-4: not scores as fabula evaluate writes them']);
});

describe('what a run ran on', () => {
  test('the command line leaves out where the run stands', () => {
    expect(commandLine(['/usr/bin/node', '/x/dist/cli/main.js', 'train', 'a.yaml', '--runs', '/home/me/runs', '--set', 'seed=2', '--runs=/x', '--json']))
      .toEqual(['main.js', 'train', 'a.yaml', '--set', 'seed=2', '--json']);
  });

  test('differences that can change numbers, and no others', () => {
    const was = { fabula: '1.0.0', threads: 2, memory_gib: 8, cores: 4, node: 'v20.1.0' };
    expect(environmentDifferences(was, { ...was, threads: 4, memory_gib: 16, cores: 8 })).toEqual(['threads: 2 then, 4 now']);
    expect(environmentDifferences({}, was)).toEqual([]);
  });

  test('data that hold something else', () => {
    const was = { 'data.train': { content: 'aaaabbbbcccc', stories: 40 }, 'data.features': { content: 'ff', photos: 200 } };
    expect(dataDifferences(was, was)).toEqual([]);
    expect(dataDifferences(was, { ...was, 'data.train': { content: 'ddddeeeeffff', stories: 41 } })).toEqual(['data.train: another content: 40 stories, SHA-256 aaaabbbb then, 41 stories, SHA-256 ddddeeee now']);
    expect(dataDifferences({}, { 'data.train': { content: 'dd' } })).toEqual(['data.train: was not read then']);
  });

  test('large files are sampled: their ends, sizes and most changes tell', async () => {
    const path = join(base, 'large');
    const bytes = Buffer.alloc(40 * 2 ** 20, 7);
    const print = async (): Promise<string> => {
      await writeFile(path, bytes);
      return JSON.stringify(await fingerprintFile(path, { whole: 2 ** 20 }));
    };
    const first = await print();
    expect(await print()).toBe(first);
    bytes[bytes.length - 1] = 8;
    const second = await print();
    expect(second).not.toBe(first);
    bytes.fill(9, 20 * 2 ** 20, 21 * 2 ** 20);
    expect(await print()).not.toBe(second);
    await expect(fingerprintFile(join(base, 'none'))).rejects.toThrow(/none: cannot read it: no such file or folder/);
  });
});
