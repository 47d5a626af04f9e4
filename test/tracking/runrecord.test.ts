import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { formatRuns } from '../../src/cli/runs/list.ts';
import { selectRuns, sortRuns } from '../../src/tracking/runfields.ts';
import { RunFolder } from '../../src/tracking/runfolder.ts';
import { bestOf, historyOf, readRun } from '../../src/tracking/runrecord.ts';

let run: string;
beforeEach(async () => {
  run = join(await mkdtemp(join(tmpdir(), 'fabula-record-')), 'one');
  await mkdir(run);
  await writeFile(join(run, 'config.json'), JSON.stringify({ name: '2026', model: { name: 'attention' } }));
});

test.each(['0,3,2.5\n1,2,', '0,3,2.5\n,2,1\n', '0,3,2.5\n1,2,1.', 'x'])('a history cut as %j has no best epoch', async (rows) => {
  await writeFile(join(run, 'history.csv'), `epoch,loss,val_loss\n${rows}`);
  expect(await readRun(run)).toMatchObject({ history: [], val_loss: null, best_epoch: null });
});

test('what is cut is taken from metrics.jsonl; one that cannot be read is a problem', async () => {
  await writeFile(join(run, 'history.csv'), 'epoch,loss,val_loss\n0,3,2');
  const file = join(run, 'metrics.jsonl');
  await writeFile(file, '{"step":1,"epoch":1,"train_loss":3,"val_loss":2.75}\n');
  expect(await readRun(run)).toMatchObject({ val_loss: 2.75, problems: ['history.csv: cut, or changed by hand'] });
  const other = join(run, '..', 'two');
  await mkdir(join(other, 'metrics.jsonl'), { recursive: true });
  await writeFile(join(other, 'config.json'), '{}');
  expect((await readRun(other)).problems).toEqual(['metrics.jsonl: cannot be read: it is a folder']);
});

test('losses that are no finite number are never the best', () => {
  expect(bestOf([{ epoch: 0, loss: 1, val_loss: -Infinity }, { epoch: 1, loss: 1, val_loss: 3 }, { epoch: 2, loss: 1, val_loss: NaN }])?.epoch).toBe(1);
  expect(historyOf([{ step: 1, epoch: 1, train_loss: 1, val_loss: null }, { step: 2, epoch: 2, train_loss: 1, val_loss: 2 }] as never)).toEqual([{ epoch: 1, loss: 1, val_loss: 2 }]);
});

test('several score files of one protocol: which is meant must be said', async () => {
  const folder = new RunFolder(run);
  const write = (file: string, METEOR: number, BLEU: number): Promise<unknown> => folder.writeScores(file, { protocol: 'arel', scores: { METEOR: { value: METEOR }, BLEU: { value: BLEU } } });
  await write('arel', 20, 5);
  await write('arel-2', 30, 5);
  const records = [await readRun(run)];
  const says = 'one has it in arel.json and arel-2.json: name one, such as scores.arel-2.json.METEOR';
  expect(() => selectRuns(records, 'BLEU = 5 and METEOR > 1')).toThrow(`character 14: METEOR could mean several scores: ${says}`);
  expect(() => selectRuns(records, 'scores.arel.METEOR > 1')).toThrow(says);
  expect(() => sortRuns(records, 'METEOR')).toThrow(`--sort METEOR: it could mean several scores: ${says}`);
  expect(selectRuns(records, 'scores.arel.json.METEOR = 20 and scores.arel-2.json.METEOR = 30')).toHaveLength(1);
  // Both files say the same.
  expect(selectRuns(records, 'BLEU = 5 and scores.arel.BLEU = 5')).toHaveLength(1);
  expect(selectRuns(records, 'config.name = 2026')).toHaveLength(1);
});

test('losses that are no log-likelihoods have no perplexity', async () => {
  await writeFile(join(run, 'history.csv'), 'epoch,loss,val_loss\n0,3,2\n');
  expect(await readRun(run)).toMatchObject({ likelihood: true, val_loss: 2, perplexity: Math.exp(2) });
  await writeFile(join(run, 'run.json'), JSON.stringify({ kind: 'train', started: '2026-01-02T03:04:05.000Z', likelihood: false }));
  const record = await readRun(run);
  expect(record).toMatchObject({ likelihood: false, val_loss: 2, perplexity: null });
  expect(formatRuns([record])).toMatch(/ 2\.0000 +- +-$/m);
  await rm(join(run, 'run.json'));
  await writeFile(join(run, 'result.json'), '{"perplexity":null}');
  expect(await readRun(run)).toMatchObject({ likelihood: false, perplexity: null });
  await writeFile(join(run, 'history.csv'), 'epoch,loss,val_loss\n0,3,800\n');
  expect(await readRun(run)).toMatchObject({ likelihood: true, perplexity: Infinity });
  // A run says so from its first moment on.
  const ranked = await RunFolder.create(join(run, 'runs'), 'ranked', {}, { likelihood: false });
  expect([(await readRun(ranked.path)).likelihood, (await ranked.readHead()).likelihood]).toEqual([false, false]);
  expect(await (await RunFolder.create(join(run, 'runs'), 'told', {}, { likelihood: true })).readHead()).not.toHaveProperty('likelihood');
});
