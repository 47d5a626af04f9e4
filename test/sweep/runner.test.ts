import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exists } from '../../src/core/files.ts';
import { SweepFolder } from '../../src/sweep/folder.ts';
import type { Ended } from '../../src/sweep/process.ts';
import { readResults, writeResults } from '../../src/sweep/results.ts';
import type { RunnerOptions } from '../../src/sweep/runner.ts';
import { runSweep, runTrial, trialsOfRung } from '../../src/sweep/runner.ts';
import { formatResults } from '../../src/sweep/table.ts';
import type { FakeTraining } from './fakeruns.ts';
import { fakeSweep, fakeTraining } from './fakeruns.ts';

let base: string;
beforeEach(async () => void (base = await mkdtemp(join(tmpdir(), 'fabula-runner-'))));
afterEach(() => rm(base, { recursive: true }));

const options = ({ launch }: FakeTraining, more: Partial<RunnerOptions> = {}): RunnerOptions => ({ launch, parallel: 1, retry: false, ...more });
const ended = (code: number | null, lastLine: string, signal: NodeJS.Signals | null = null): Ended => ({ code, signal, lastLine });

test('a crash of one is one failed row with its reason; the others are done, best first', async () => {
  const folder = await fakeSweep(base, [3, 1, 2, 4]);
  const training = fakeTraining(({ rate }, epoch) => (rate === 1 && epoch === 2 ? ended(1, 'fabula: training stopped in epoch 2: the loss is NaN') : rate === 4 ? ended(null, '', 'SIGKILL') : undefined));
  expect(await runSweep(folder, options(training, { parallel: 3 }))).toBe(true);
  const results = await readResults(folder);
  expect(results.rows.map(({ trial, status, val_loss, reason }) => [trial, status, val_loss, reason])).toEqual([
    ['003', 'done', 2.25, null], ['001', 'done', 3.25, null],
    ['002', 'failed', 2, 'training stopped in epoch 2: the loss is NaN'], ['004', 'failed', null, 'ended by SIGKILL: perhaps there was not enough memory'],
  ]);
  await writeResults(folder, results);
  expect(JSON.parse(await readFile(folder.file('best.json'), 'utf8'))).toEqual({
    trial: '003', metric: 'val_loss', value: 2.25, settings: { rate: 2 }, run: 'runs/fake-003-2026-01-31T12-00-00', epochs: 4,
  });
  expect(await readFile(folder.file('best.yaml'), 'utf8')).toMatch(/^name: fake-best\n/);
  expect((await readFile(folder.file('table.csv'), 'utf8')).split('\n').slice(0, 2)).toEqual([
    'trial,rate,status,reason,rung,epochs,best_epoch,val_loss,last_val_loss,train_loss,perplexity,parameters,seconds,run',
    `003,2,done,,,4,4,2.25,2.25,2.5,${Math.exp(2.25)},9,1,fake-003-2026-01-31T12-00-00`,
  ]);
  expect((await readFile(folder.file('trials.jsonl'), 'utf8')).trim().split('\n').map((line) => (JSON.parse(line) as { trial: string }).trial)).toEqual(['001', '002', '003', '004']);
  expect(formatResults(folder, results)).toMatch(/^trial  rate +val_loss +perplexity +epochs +best\n003 +2 +2\.2500 +9\.5 +4 +4\n[^]*trial 002 failed: training stopped[^]*best of 2 done: trial 003, val_loss 2\.2500$/);
});

test('resumed: finished and failed trials are left alone, an interrupted one goes on, others start', async () => {
  const folder = await fakeSweep(base, [1, 2, 3, 4]);
  const stop = new AbortController();
  const first = fakeTraining(({ rate }, epoch) => {
    if (rate === 2) return ended(2, 'fabula: no such file');
    if (rate !== 3 || epoch < 3) return undefined;
    stop.abort();
    return ended(130, 'fabula: interrupted and saved');
  });
  expect(await runSweep(folder, options(first, { stop: stop.signal }))).toBe(false);
  expect((await readResults(folder)).rows.map(({ trial, status }) => [trial, status])).toEqual([['001', 'done'], ['003', 'interrupted'], ['004', 'waiting'], ['002', 'failed']]);
  // The folder and a run in it may get other names meanwhile.
  const moved = join(base, 'moved');
  await rename(folder.path, moved);
  await rename(join(moved, 'runs', 'fake-003-2026-01-31T12-00-00'), join(moved, 'runs', 'the third'));
  const second = fakeTraining();
  const again = await SweepFolder.open(moved);
  expect(await runSweep(again, options(second))).toBe(true);
  expect(second.calls.map(({ run, from, to }) => [run, from, to])).toEqual([[join(moved, 'runs', 'the third'), 2, 4], [join(moved, 'runs', 'fake-004-2026-01-31T12-00-00'), 0, 4]]);
  const third = fakeTraining();
  await runSweep(again, options(third, { retry: true }));
  expect(third.calls).toHaveLength(1);
  expect((await readResults(again)).rows.map(({ status }) => status)).toEqual(['done', 'done', 'done', 'done']);
});

test('never more trials at once than asked for', async () => {
  const folder = await fakeSweep(base, [1, 2, 3, 4, 5, 6, 7]);
  const { launch } = fakeTraining();
  let [now, most] = [0, 0];
  await runSweep(folder, options({ calls: [], launch: async (...all) => {
    most = Math.max(most, ++now);
    return launch(...all).finally(() => now--);
  } }, { parallel: 3 }));
  expect(most).toBe(3);
});

test('halving trains the same runs longer, and a stop on the way changes nothing', async () => {
  const folder = await fakeSweep(base, [3, 1, 2, 4], true);
  const stop = new AbortController();
  const first = fakeTraining(({ rate }, epoch) => {
    if (rate !== 1 || epoch !== 2) return undefined;
    stop.abort();
    return ended(130, '');
  });
  expect(await runSweep(folder, options(first, { stop: stop.signal }))).toBe(false);
  expect((await readResults(folder)).rows.map(({ trial, rung, status }) => [trial, rung, status]))
    .toEqual([['001', 1, 'done'], ['004', 1, 'done'], ['002', 2, 'interrupted'], ['003', 2, 'interrupted']]);
  const second = fakeTraining();
  expect(await runSweep(folder, options(second))).toBe(true);
  expect(second.calls.map(({ words, from, to }) => [words[1], words[2]!.slice(-22, -20), from, to])).toEqual([['--resume', '02', 1, 2], ['--resume', '03', 1, 2], ['--resume', '02', 2, 4]]);
  const { rows, best } = await readResults(folder);
  expect(rows.map(({ trial, rung, epochs, val_loss }) => [trial, rung, epochs, val_loss])).toEqual([['002', 3, 4, 1.25], ['003', 2, 2, 2.5], ['001', 1, 1, 4], ['004', 1, 1, 5]]);
  expect(best!.trial).toBe('002');
  const third = fakeTraining();
  await runSweep(folder, options(third));
  expect(third.calls).toEqual([]);
});

test('halving: one that fails in a later rung is a failed row, and one that failed in the first never goes on', async () => {
  const folder = await fakeSweep(base, [1, 2, 3, 4], true);
  const training = fakeTraining(({ rate }, epoch) => (rate === 1 || (rate === 2 && epoch === 2) ? ended(1, 'fabula: out of memory') : undefined));
  await runSweep(folder, options(training));
  expect(await trialsOfRung(folder, 1)).toEqual(['002', '003']);
  expect((await readResults(folder)).rows.map(({ trial, status, rung }) => [trial, status, rung])).toEqual([['003', 'done', 3], ['004', 'done', 1], ['002', 'failed', 2], ['001', 'failed', 1]]);
});

test('a trial that another process still trains is left to it', async () => {
  const folder = await fakeSweep(base, [1]);
  await runTrial(folder, '001', undefined, options(fakeTraining((_, epoch) => (epoch === 2 ? ended(130, '') : undefined))));
  const lock = join(folder.runs, 'fake-001-2026-01-31T12-00-00', 'run.lock');
  await writeFile(lock, JSON.stringify({ pid: process.ppid, host: hostname(), started: '2026-01-31T12:00:00Z' }));
  const training = fakeTraining();
  expect(await runTrial(folder, '001', undefined, options(training))).toMatchObject({ status: 'running', reason: `process ${process.ppid} on ${hostname()}` });
  expect(training.calls).toEqual([]);
});

test('Slurm: a task that came back after its node went down takes its own lock over, never that of another job', async () => {
  const folder = await fakeSweep(base, [1]);
  const lock = join(folder.runs, 'fake-001-2026-01-31T12-00-00', 'run.lock');
  const held = { pid: 77, host: 'a-node-that-is-gone', started: '2026-01-31T12:00:00Z' };
  await runTrial(folder, '001', undefined, options(fakeTraining((_, epoch) => (epoch === 2 ? ended(130, '') : undefined)), { job: '55' }));
  await folder.writeNote('001', { status: 'running', host: held.host, pid: 77, job: '55' });
  await writeFile(lock, JSON.stringify(held));
  const other = fakeTraining();
  expect((await runTrial(folder, '001', undefined, options(other, { job: '56' }))).status).toBe('running');
  expect([other.calls, await exists(lock)]).toEqual([[], true]);
  expect((await runTrial(folder, '001', undefined, options(fakeTraining(), { job: '55' }))).status).toBe('done');
  expect(await exists(lock)).toBe(false);
});

test('a folder that is no sweep, and one whose sweep.json is damaged', async () => {
  await expect(SweepFolder.open(base)).rejects.toThrow(`${base}: not a sweep: it has no sweep.json`);
  const folder = await fakeSweep(base, [1]);
  await writeFile(folder.file('sweep.json'), '{"format": "fabula sw');
  await expect(SweepFolder.open(folder.path)).rejects.toThrow(/sweep\.json: the sweep is not valid JSON/);
  await writeFile(folder.file('sweep.json'), JSON.stringify({ ...folder.head, trials: [] }));
  await expect(SweepFolder.open(folder.path)).rejects.toThrow(/sweep\.json: trials/);
});

test('a cut history does not win, nor do losses that are no finite number', async () => {
  const folder = await fakeSweep(base, [1, 2, 3]);
  await runSweep(folder, options(fakeTraining()));
  const history = (id: string): string => join(folder.runs, `fake-${id}-2026-01-31T12-00-00`, 'history.csv');
  await writeFile(history('001'), 'epoch,loss,val_loss\n0,3,2\n1,2,');
  await writeFile(history('002'), 'epoch,loss,val_loss\n0,3,Infinity\n');
  const { rows, best } = await readResults(folder);
  expect(best?.trial).toBe('003');
  expect(rows.map(({ trial, status, val_loss }) => [trial, status, val_loss])).toEqual([['003', 'done', 3.25], ['001', 'interrupted', null], ['002', 'interrupted', null]]);
});
