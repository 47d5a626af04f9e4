import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatConfig } from '../../src/core/config.ts';
import { exists } from '../../src/core/files.ts';
import { writeStories } from '../../src/data/stories.ts';
import { RunFolder } from '../../src/tracking/runfolder.ts';
import { readRun } from '../../src/tracking/runrecord.ts';
import { resume, train } from '../../src/training/run.ts';
import { expectRefusal, fabula } from '../cli/fabula.ts';
import { randomStories, WORDS } from '../models/storybatch.ts';
import type { TinyRun } from './tinyrun.ts';
import { copyRun, tinyRun, traces } from './tinyrun.ts';

let tiny: TinyRun;
let first: string;
const at = (...names: string[]): string => join(tiny.folder, ...names);
const json = async (...parts: string[]): Promise<Record<string, unknown>> => JSON.parse(await readFile(join(...parts), 'utf8')) as Record<string, unknown>;

beforeAll(async () => {
  tiny = await tinyRun({ samples: 2 });
  await writeFile(tiny.file, formatConfig(tiny.config));
  const { code, stdout } = await fabula('train', tiny.file, '--runs', at('runs'), '--json');
  expect(code).toBe(0);
  first = (JSON.parse(stdout) as { folder: string }).folder;
});

async function repeat(from: string, ...words: string[]): Promise<{ folder: string; repeated?: string; stderr: string }> {
  const { code, stdout, stderr } = await fabula('train', '--from', from, '--runs', at('repeats'), '--json', ...words);
  expect([code, stderr.includes('fabula: changed') ? '' : stderr]).toEqual([0, '']);
  return { ...(JSON.parse(stdout) as { folder: string; repeated?: string }), stderr };
}

describe('--from', () => {
  test('repeats a run: losses, weights, states and samples are the same', async () => {
    const { folder, repeated, stderr } = await repeat(first);
    expect(stderr).toBe('');
    expect(await traces(folder)).toEqual(await traces(first));
    expect(await readFile(join(folder, 'samples.jsonl'), 'utf8')).toBe(await readFile(join(first, 'samples.jsonl'), 'utf8'));
    expect(repeated).toBe(`the same losses as ${basename(first)} in all 3 epochs`);
    expect(await json(folder, 'run.json')).toMatchObject({ kind: 'train', from: basename(first) });
  });

  test('of a run folder that was moved and renamed', async () => {
    const moved = join(await mkdtemp(join(tmpdir(), 'fabula-moved-')), 'another name');
    await cp(first, moved, { recursive: true });
    const { folder, repeated } = await repeat(`${moved}/`);
    expect(await traces(folder)).toEqual(await traces(first));
    expect(repeated).toContain('another name');
    expect((await json(folder, 'run.json'))['from']).toBe('another name');
  });

  test('--set changes keys; then nothing is said of equal losses', async () => {
    const { folder, repeated } = await repeat(first, '--set', 'seed=4', '--set', 'training.epochs=1');
    expect(await json(folder, 'config.json')).toEqual({ ...(await json(first, 'config.json')), seed: 4, training: { ...tiny.config.training, epochs: 1 } });
    expect(repeated).toBeUndefined();
    expect((await repeat(first, '--set', 'name=again', '--set', 'training.samples=0')).repeated).toContain('the same losses');
    // A new run: the old one stays as it is.
    expect((await json(first, 'config.json'))['seed']).toBe(3);
  });

  test('says which data and what else has changed, and where the losses part', async () => {
    const stories = randomStories(40, 'other');
    stories.sentences.forEach((id, i, ids) => (ids[i] = id === WORDS - 1 ? id - 1 : id));
    await cp(at('train.h5'), at('kept.h5'));
    await writeStories(at('train.h5'), stories);
    const was = await copyRun(first);
    await writeFile(join(was, 'environment.json'), JSON.stringify({ ...(await json(first, 'environment.json')), node: 'v18.0.0', cores: 99 }));
    const { repeated, stderr } = await repeat(was);
    await rename(at('kept.h5'), at('train.h5'));
    const lines = stderr.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^fabula: changed since run, so that numbers may differ: data\.train: another content: 40 stories, SHA-256 \w{8} then, 40 stories, SHA-256 \w{8} now$/);
    expect(lines[1]).toBe(`fabula: changed since run, so that numbers may differ: Node: v18.0.0 then, ${process.version} now`);
    expect(repeated).toMatch(/^losses differ from those of run from epoch 1 on: validation \d\.\d+ there, \d\.\d+ here$/);
  });

  test('files made again with the same content count as the same', async () => {
    const stories = randomStories(40, 'train');
    stories.sentences.forEach((id, i, ids) => (ids[i] = id === WORDS - 1 ? id - 1 : id));
    // HDF5 keeps times to the second.
    await new Promise((done) => setTimeout(done, 1100));
    const before = await readFile(at('train.h5'));
    await writeStories(at('train.h5'), stories);
    expect(before.equals(await readFile(at('train.h5')))).toBe(false);
    expect((await repeat(first, '--set', 'training.epochs=1')).stderr).toBe('');
  });

  test('other threads are named: 0 means those of the machine', async () => {
    const was = await copyRun(first);
    await writeFile(join(was, 'environment.json'), JSON.stringify({ ...(await json(first, 'environment.json')), threads: 63 }));
    const { stderr } = await repeat(was, '--threads', '0', '--set', 'training.epochs=1');
    expect(stderr).toBe(`fabula: changed since run, so that numbers may differ: threads: 63 then, ${availableParallelism()} now\n`);
  });

  test('an older run says nothing of its data', async () => {
    const was = await copyRun(first);
    const { data: _, threads: __, command_line: ___, ...old } = await json(first, 'environment.json');
    await writeFile(join(was, 'environment.json'), JSON.stringify(old));
    await rm(join(was, 'run.json'));
    expect((await repeat(was, '--set', 'training.epochs=1')).stderr).toMatch(/^fabula: changed since run, [^\n]*the run does not say what its data were: whether they have changed is not known\n$/);
  });

  test('mistakes', async () => {
    await expectRefusal(['train', tiny.file, '--from', first], ['--from takes the configuration of a run: leave out the configuration file, and change keys with --set']);
    await expectRefusal(['train', '--from', at('none')], [/none: not a run folder: it has no config\.json/]);
    await expectRefusal(['train', '--from', first, '--resume', first], ['--resume continues a run with its own configuration']);
    await expectRefusal(['train', '--from', first, '--set', 'seeds=3'], [/config\.json: seeds: there is no such key: did you mean seed\?/]);
    const evaluation = await RunFolder.createEvaluation(at('evaluations'), 'evaluate', {});
    for (const option of ['--from', '--resume']) await expectRefusal(['train', option, evaluation.path], [/evaluate-[^:]*: an evaluation, not a training/]);
  });
});

test('--dry-run with --from prints the configuration', async () => {
  const { code, stdout } = await fabula('train', '--from', first, '--set', 'seed=9', '--dry-run');
  expect([code, stdout]).toEqual([0, formatConfig({ ...tiny.config, seed: 9 }).trimEnd()]);
});

describe('what a run leaves', () => {
  test('two sample stories an epoch, whether printed or not', async () => {
    const rows = await new RunFolder(first).readSamples();
    expect(rows.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    for (const { stories } of rows) {
      expect(stories.map(({ id }) => id)).toEqual(['0', '1']);
      for (const { image_ids, sentences } of stories) expect([image_ids.length, sentences.length]).toEqual([5, 5]);
    }
  });

  test('an environment with threads, command line and fingerprints of the data', async () => {
    const environment = await json(first, 'environment.json');
    expect(environment).toMatchObject({ threads: 1, data: { 'data.train': { stories: 40, photos: 5 }, 'data.validation': { stories: 9 }, 'data.features': { photos: 200 } } });
    expect(environment['command_line']).toEqual(expect.arrayContaining([expect.any(String)]));
  });

  test('times of its steps', async () => {
    const rows = await new RunFolder(first).readTimeline();
    expect(rows.map(({ step, epoch }) => [step, epoch])).toEqual([[0, 0], [8, 1], [16, 2], [24, 3]]);
    expect([...rows].sort((a, b) => a.time - b.time || a.step - b.step)).toEqual(rows);
  });

  test('no lock', async () => expect(await exists(join(first, 'run.lock'))).toBe(false));
});

test('a resumed run forgets samples and times after its checkpoint, and notes what has changed', async () => {
  const controller = new AbortController();
  const onStep = ({ step }: { step: number }): void => { if (step === 11) controller.abort(); };
  const { folder } = await train({ config: tiny.config, runs: at('stopped'), signal: controller.signal, events: () => ({ onStep }) });
  const run = new RunFolder(folder);
  expect((await readRun(folder)).status).toBe('interrupted');
  await run.samples({ epoch: 2, stories: [] });
  await run.writeJson('environment.json', { ...(await json(folder, 'environment.json')), node: 'v18.0.0' });
  let changes: readonly string[] = [];
  await resume(folder, { events: (open) => ((changes = open.changes), {}) });
  expect(changes).toEqual([`Node: v18.0.0 then, ${process.version} now`]);
  expect((await json(folder, 'environment.json'))['resumed']).toEqual([{ step: 11, started: expect.stringMatching(/^20/) as string, changes }]);
  expect(await run.readSamples()).toEqual([]);
  expect((await run.readTimeline()).map(({ step }) => step)).toEqual([0, 8, 11, 11, 16, 24]);
});

test('an error that ends a training is kept without the place of the folder; a resumed run begins without it', async () => {
  const events = (): { onStep(step: { step: number; batch: number }): void } => ({ onStep: ({ step }) => { if (step === 10) throw new Error(`disk full: ${current}/checkpoints`); } });
  let current = '';
  const attempt = train({ config: tiny.config, runs: at('failing'), events: (open) => ((current = open.folder.path), events()) });
  await expect(attempt).rejects.toThrow('disk full');
  expect(await readRun(current)).toMatchObject({ status: 'failed', failed: 'disk full: ./checkpoints', epochs: 1 });
  await resume(current, {});
  expect(await readRun(current)).toMatchObject({ status: 'finished', failed: null, epochs: 3 });
  expect(await traces(current)).toEqual(await traces(first));
});

test('two trainings on one folder: the second refuses and changes nothing', async () => {
  const controller = new AbortController();
  let second: Promise<unknown> | undefined;
  const { folder } = await train({
    config: tiny.config, runs: at('locked'), signal: controller.signal,
    events: (open) => ({
      async onEpoch() {
        second ??= expectRefusal(['train', '--resume', open.folder.path], [`process ${process.pid} on`, 'works on this run since']);
        await second;
        expect((await readRun(open.folder.path)).status).toBe('running');
      },
    }),
  });
  expect(second).toBeDefined();
  expect(await traces(folder)).toEqual(await traces(first));
});
