import { appendFile, cp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { exists } from '../../src/core/files.ts';
import { readRun } from '../../src/tracking/runrecord.ts';
import { loadCheckpoint } from '../../src/training/checkpoint.ts';
import { inspectRun, rescueRun } from '../../src/training/rescue.ts';
import { resume, train } from '../../src/training/run.ts';
import type { TinyRun } from './tinyrun.ts';
import { copyRun, hashes, tinyRun, traces } from './tinyrun.ts';

let tiny: TinyRun;
let whole: string;
let stopped: string;
let expected: Record<string, unknown>;

beforeAll(async () => {
  tiny = await tinyRun();
  whole = (await train({ config: tiny.config, runs: join(tiny.folder, 'runs') })).folder;
  expected = await traces(whole);
  const controller = new AbortController();
  const onStep = ({ step }: { step: number }): void => { if (step === 12) controller.abort(); };
  stopped = (await train({ config: tiny.config, runs: join(tiny.folder, 'stopped'), signal: controller.signal, events: () => ({ onStep }) })).folder;
});

/** Harms a copy of a run; what is found and done about it, and what is still found afterwards. */
async function rescued(run: string, harm: (copy: string) => Promise<unknown>): Promise<{ copy: string; done: string[]; left: string[] }> {
  const copy = await copyRun(run);
  await harm(copy);
  const before = await hashes(copy);
  const found = await inspectRun(copy);
  expect(await hashes(copy)).toEqual(before);
  const { done, left } = await rescueRun(copy);
  expect([...done, ...left]).toHaveLength(found.length);
  expect((await inspectRun(copy)).map(({ file }) => file)).toEqual(left.map(({ file }) => file));
  const line = ({ file, what, remedy }: (typeof done)[number]): string => `${file}: ${what}: ${remedy}`;
  return { copy, done: done.map(line), left: left.map(line) };
}

async function expectResumed(copy: string): Promise<void> {
  await resume(copy, {});
  expect(await traces(copy)).toEqual(expected);
}

test('a whole run, and one that was stopped, need nothing', async () => {
  for (const run of [whole, stopped]) {
    const { copy, done, left } = await rescued(run, async () => undefined);
    expect([done, left]).toEqual([[], []]);
    expect(await hashes(copy)).toEqual(await hashes(run));
  }
});

describe('tables of lines', () => {
  test('metrics cut in the middle of a line', async () => {
    const { copy, done } = await rescued(stopped, (run) => appendFile(join(run, 'metrics.jsonl'), '{"step":13,"ep'));
    expect(done).toEqual(['metrics.jsonl: line 14 cut: the other lines are whole; the cut ones go']);
    expect(await readFile(join(copy, 'metrics.jsonl'), 'utf8')).toBe(await readFile(join(stopped, 'metrics.jsonl'), 'utf8'));
    await expectResumed(copy);
  });

  test('metrics without some steps: how many, and that they are lost', async () => {
    const { left } = await rescued(whole, async (run) => {
      const path = join(run, 'metrics.jsonl');
      const lines = (await readFile(path, 'utf8')).split('\n');
      await writeFile(path, lines.filter((_, i) => i !== 3 && i !== 4).join('\n'));
    });
    expect(left).toEqual(['metrics.jsonl: 2 of 24 steps are missing, step 4 is the first of them: lost: curves have a gap there; the weights do not']);
  });

  test.each([['missing', (file: string) => rm(file)], ['1 epochs are missing', (file: string) => truncate(file, 70)]])('history.csv, %s, is written again', async (what, harm) => {
    const { copy, done } = await rescued(whole, async (run) => {
      const path = join(run, 'history.csv');
      if (what !== 'missing') await writeFile(path, (await readFile(path, 'utf8')).trim().split('\n').slice(0, 3).map((line) => `${line}\n`).join(''));
      else await harm(path);
    });
    expect(done).toEqual([`history.csv: ${what}: written again: 3 epochs are known`]);
    expect(await traces(copy)).toEqual(expected);
  });

  test('history.csv cut within a number', async () => {
    const { copy, done } = await rescued(whole, (run) => truncate(join(run, 'history.csv'), 22));
    expect(done).toEqual([expect.stringMatching(/^history\.csv: .*: written again: 3 epochs are known$/)]);
    expect(await traces(copy)).toEqual(expected);
  });
});

describe('result.json', () => {
  test.each([['missing', rm], ['cut', (file: string) => truncate(file, 40)]])('%s, though all epochs are done, is written again', async (_, harm) => {
    const { copy, done } = await rescued(whole, (run) => harm(join(run, 'result.json')));
    expect(done).toEqual([expect.stringMatching(/^result\.json: (missing|.*not valid JSON.*): all was trained \(all epochs\): written again from the last checkpoint$/)]);
    expect(await traces(copy)).toEqual(expected);
    expect(await readRun(copy)).toMatchObject({ status: 'finished', problems: [] });
  });

  test('of a run that is not over, cut, goes', async () => {
    const { copy, done } = await rescued(stopped, (run) => truncate(join(run, 'result.json'), 40));
    expect(done).toEqual([expect.stringMatching(/removed: the run is not over, fabula train --resume goes on$/)]);
    await expectResumed(copy);
  });
});

describe('checkpoints', () => {
  test('the last damaged, the best whole: the run goes on from the best and comes to the same', async () => {
    const { copy, done } = await rescued(stopped, (run) => truncate(join(run, 'checkpoints/last/weights.safetensors'), 2000));
    expect(done).toEqual([expect.stringMatching(/^checkpoints\/last: weights\.safetensors: truncated in tensor .*: put aside: fabula train --resume goes on from the best, after epoch 1$/)]);
    expect((await readdir(join(copy, 'checkpoints'))).sort()).toEqual(['best', 'last', 'last.damaged']);
    await expectResumed(copy);
  });

  test('optimiser state of the last missing', async () => {
    const { copy } = await rescued(stopped, (run) => rm(join(run, 'checkpoints/last/optimizer.safetensors')));
    await expectResumed(copy);
  });

  test('the best damaged after later epochs: lost, and tell takes the last', async () => {
    const { copy, done } = await rescued(whole, (run) => truncate(join(run, 'checkpoints/best/weights.safetensors'), 2000));
    expect(done).toEqual([expect.stringMatching(/^checkpoints\/best: .*: put aside: the weights of epoch 1 are lost; fabula tell takes the last ones, of step 24; fabula train --from gives the best again$/)]);
    expect((await loadCheckpoint(copy)).state.step).toBe(24);
  });

  test('the best damaged, and the last is it: copied', async () => {
    const { copy, done } = await rescued(whole, async (run) => {
      await rm(join(run, 'checkpoints/last'), { recursive: true });
      await cp(join(run, 'checkpoints/best'), join(run, 'checkpoints/last'), { recursive: true });
      await writeFile(join(run, 'checkpoints/best/state.json'), '{');
      await rm(join(run, 'result.json'));
    });
    expect(done[0]).toMatch(/^checkpoints\/best: state\.json: .*not valid JSON.*: the last holds the same weights: copied$/);
    expect((await loadCheckpoint(copy)).state.best_epoch).toBe(1);
  });

  test('both damaged: the run begins again', async () => {
    const { copy, done } = await rescued(stopped, async (run) => {
      for (const which of ['best', 'last']) await rm(join(run, 'checkpoints', which, 'config.json'));
    });
    expect(done).toEqual([
      expect.stringMatching(/^checkpoints\/last: config\.json: .*: put aside: fabula train --resume begins again from the first step$/),
      expect.stringMatching(/^checkpoints\/best: .*: put aside: its weights are lost$/),
    ]);
    await expectResumed(copy);
  });

  test('what a kill left half written', async () => {
    const { copy, done } = await rescued(stopped, async (run) => {
      await cp(join(run, 'checkpoints/last'), join(run, 'checkpoints/last.4711-0a0b0c0d.tmp'), { recursive: true });
      await rename(join(run, 'checkpoints/best'), join(run, 'checkpoints/best.old'));
      await writeFile(join(run, 'history.csv.4711-0a0b0c0d.tmp'), 'half');
    });
    expect(done.map((line) => line.split(':')[0])).toEqual(['history.csv.4711-0a0b0c0d.tmp', 'checkpoints/best.old', 'checkpoints/last.4711-0a0b0c0d.tmp']);
    expect((await readdir(join(copy, 'checkpoints'))).sort()).toEqual(['best', 'last']);
    expect((await readdir(copy)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await expectResumed(copy);
  });
});

describe('descriptions', () => {
  test('run.json and environment.json cut', async () => {
    const { copy, done } = await rescued(stopped, async (run) => {
      await truncate(join(run, 'run.json'), 10);
      await truncate(join(run, 'environment.json'), 10);
    });
    expect(done.map((line) => line.split(':')[0])).toEqual(['run.json', 'environment.json']);
    expect(await readRun(copy)).toMatchObject({ kind: 'train', status: 'interrupted', problems: [] });
    expect(await exists(join(copy, 'environment.json.damaged'))).toBe(true);
    await expectResumed(copy);
  });

  test('config.json missing: the checkpoints still work, and how to go on', async () => {
    const { copy, left } = await rescued(whole, (run) => rm(join(run, 'config.json')));
    expect(left).toEqual(['config.json: missing, cut or not the configuration of a training: the checkpoints work without it, for fabula tell and generate; to resume the run, write it again: fabula train CONFIG --dry-run prints all keys']);
    expect((await readRun(copy)).status).toBe('broken');
  });

  test('stories and scores cut', async () => {
    const { left } = await rescued(whole, async (run) => {
      await writeFile(join(run, 'stories-beam.jsonl'), '{"id":"1","image_ids":[],"sentences":["a"]}\n{"id":"2","ima');
      await cp(join(run, 'run.json'), join(run, 'scores/single-reference.json'));
    });
    expect(left).toEqual(['scores/single-reference.json: protocol: not scores as fabula evaluate writes them: score the stories again with fabula evaluate', 'stories-beam.jsonl: line 2 cut: tell the stories again with fabula generate']);
  });
});

test('a folder that is no run', async () => {
  await expect(rescueRun(tiny.folder)).rejects.toThrow(/not a run folder: it has no config\.json/);
  await expect(inspectRun(join(tiny.folder, 'none'))).rejects.toThrow(/none: not a run folder: there is no such folder/);
});
