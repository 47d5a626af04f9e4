import { appendFile, cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { exists } from '../../src/core/files.ts';
import { loadCheckpoint } from '../../src/training/checkpoint.ts';
import type { TrainConfig } from '../../src/training/config.ts';
import { resume, train } from '../../src/training/run.ts';
import type { TinyRun } from './tinyrun.ts';
import { copyRun, tinyRun, traces } from './tinyrun.ts';

/** Stops a training after so many steps of this sitting. */
function stopAfter(steps: number): Pick<Parameters<typeof train>[0], 'signal' | 'events'> {
  const controller = new AbortController();
  let done = 0;
  return { signal: controller.signal, events: () => ({ onStep: () => { if (++done === steps) controller.abort(); } }) };
}

/** Trains with a stop after each of these numbers of steps, then to the end. */
async function interrupted({ folder, config }: Pick<TinyRun, 'folder' | 'config'>, stops: readonly number[]): Promise<string> {
  const [first, ...others] = stops;
  const begun = await train({ config, runs: join(folder, 'runs'), ...stopAfter(first!) });
  expect(begun.result.stopped).toBe('interrupted');
  for (const steps of others) expect((await resume(begun.folder, stopAfter(steps))).result.stopped).toBe('interrupted');
  await resume(begun.folder, {});
  return begun.folder;
}

let tiny: TinyRun;
let straight: string;
let expected: Record<string, unknown>;

beforeAll(async () => {
  tiny = await tinyRun();
  straight = (await train({ config: tiny.config, runs: join(tiny.folder, 'runs') })).folder;
  expected = await traces(straight);
});

test('a run of 8 steps an epoch writes what the comparison below needs', () => {
  expect((expected['metrics'] as string[]).filter((line) => line.includes('gradient_norm'))).toHaveLength(24);
  const rates = (expected['metrics'] as string[]).filter((line) => line.includes('learning_rate')).map((line) => (JSON.parse(line) as { learning_rate: number }).learning_rate);
  expect(new Set(rates).size).toBeGreaterThan(20);
  expect(expected['history']).toMatch(/^epoch,loss,val_loss\n0,/);
  expect(expected['best/weights.safetensors']).not.toBe(expected['last/weights.safetensors']);
});

test('another seed gives another run, so that equal ones mean something', async () => {
  const other = await train({ config: { ...tiny.config, seed: 4 }, runs: join(tiny.folder, 'runs') });
  expect((await traces(other.folder))['last/weights.safetensors']).not.toBe(expected['last/weights.safetensors']);
});

test('stopped within the first epoch, within a later one and at an epoch\'s last step, it gives the same', async () => {
  // Steps 3, 8 (the validation of epoch 1 is still to come), 9 and 21 of 24.
  expect(await traces(await interrupted(tiny, [3, 5, 1, 12]))).toEqual(expected);
});

test.each<[string, Partial<TrainConfig['optimizer']>]>([
  ['momentum', { name: 'sgd', momentum: 0.9 }],
  ['AdaDelta\'s two slots', { name: 'adadelta', learning_rate: 1 }],
])('%s goes on where it was', async (_, optimizer) => {
  const config = { ...tiny.config, optimizer: { ...tiny.config.optimizer, ...optimizer }, training: { ...tiny.config.training, epochs: 2 } };
  const whole = await train({ config, runs: join(tiny.folder, 'runs') });
  expect(await traces(await interrupted({ ...tiny, config }, [11]))).toEqual(await traces(whole.folder));
});

test('patience counts across a stop; a finished run stays as it is', async () => {
  const config = { ...tiny.config, training: { ...tiny.config.training, epochs: 30, patience: 2 } };
  const whole = await train({ config, runs: join(tiny.folder, 'runs') });
  expect(whole.result.stopped).toBe('no improvement');
  const { epochs, best_epoch } = whole.result;
  expect(epochs).toBe(best_epoch + 2);
  const folder = await interrupted({ ...tiny, config }, [8 * best_epoch + 4]);
  expect(await traces(folder)).toEqual(await traces(whole.folder));
  await resume(folder, {});
  expect(await traces(folder)).toEqual(await traces(whole.folder));
});

describe('a kill while something is being written', () => {
  let stopped: string;

  beforeAll(async () => {
    stopped = (await train({ config: tiny.config, runs: join(tiny.folder, 'runs'), ...stopAfter(12) })).folder;
  });

  async function expectSame(run: string): Promise<void> {
    await resume(run, {});
    expect(await traces(run)).toEqual(expected);
    expect((await readdir(join(run, 'checkpoints'))).sort()).toEqual(['best', 'last']);
  }

  test('half a new checkpoint beside the last', async () => {
    const run = await copyRun(stopped);
    await cp(join(run, 'checkpoints/last'), join(run, 'checkpoints/last.4711-0a0b0c0d.tmp'), { recursive: true });
    await writeFile(join(run, 'checkpoints/last.4711-0a0b0c0d.tmp/weights.safetensors'), 'half');
    await expectSame(run);
  });

  test('between the two renames: only the old one has its name', async () => {
    const run = await copyRun(stopped);
    await cp(join(run, 'checkpoints/last'), join(run, 'checkpoints/last.4711-0a0b0c0d.tmp'), { recursive: true });
    await rename(join(run, 'checkpoints/last'), join(run, 'checkpoints/last.old'));
    await expectSame(run);
  });

  test('after the renames: the old one is still there', async () => {
    const run = await copyRun(stopped);
    await cp(join(run, 'checkpoints/best'), join(run, 'checkpoints/best.old'), { recursive: true });
    await expectSame(run);
  });

  test('the best between its renames, and never written again', async () => {
    const run = await copyRun(stopped);
    await rename(join(run, 'checkpoints/best'), join(run, 'checkpoints/best.old'));
    expect((await loadCheckpoint(run)).state.best_epoch).toBe(1);
    await expectSame(run);
  });

  test('metrics ahead of the checkpoint, the last line cut', async () => {
    const run = await copyRun(stopped);
    await appendFile(join(run, 'metrics.jsonl'), '{"step":13,"epoch":2,"loss":1}\n{"step":14,"ep');
    await expectSame(run);
  });

  test('the first checkpoint not yet there: the run begins again', async () => {
    const run = await copyRun(stopped);
    await rm(join(run, 'checkpoints/best'), { recursive: true });
    await rename(join(run, 'checkpoints/last'), join(run, 'checkpoints/last.4711-0a0b0c0d.tmp'));
    await expectSame(run);
  });

  test('the best of the first epoch there, its last not yet', async () => {
    const run = await copyRun(stopped);
    await rm(join(run, 'checkpoints/last'), { recursive: true });
    await expectSame(run);
  });

  test('validation measured, its checkpoint not yet there', async () => {
    const { folder: run } = await train({ config: tiny.config, runs: join(tiny.folder, 'runs'), ...stopAfter(8) });
    await appendFile(join(run, 'metrics.jsonl'), '{"step":8,"epoch":1,"train_loss":1,"val_loss":1}\n');
    await expectSame(run);
  });
});

test('a run folder can be moved and resumed there', async () => {
  const { folder } = await train({ config: tiny.config, runs: join(tiny.folder, 'runs'), ...stopAfter(10) });
  const moved = await copyRun(folder);
  await rm(folder, { recursive: true });
  await resume(moved, {});
  expect(await traces(moved)).toEqual(expected);
  expect(await exists(folder)).toBe(false);
  expect(await readFile(join(moved, 'config.json'), 'utf8')).not.toContain(folder);
});
