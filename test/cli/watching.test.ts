import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { TrainingClock } from '../../src/cli/watching.ts';
import { formatConfig } from '../../src/core/config.ts';
import { progressBar } from '../../src/core/progress.ts';
import type { TinyRun } from '../training/tinyrun.ts';
import { tinyRun } from '../training/tinyrun.ts';
import { expectRefusal, fabula } from './fabula.ts';

describe('time left', () => {
  const step = (epoch: number, batch: number) => ({ step: 0, epoch, batch, batches: 10, loss: 1, wordsPerSecond: 1 });

  test('from steps in the first epoch, from whole epochs with validation and samples later', () => {
    let now = 0;
    const clock = new TrainingClock(3, () => now);
    clock.beginEpoch();
    for (let batch = 1; batch <= 4; batch++) {
      now += 1000;
      clock.step(step(1, batch));
    }
    expect(clock.left()).toEqual({ epoch: 6, all: 26 });
    now = 10_000;
    clock.step(step(1, 10));
    expect(clock.left()).toEqual({ epoch: 0, all: 20 });
    // Validation and samples take 5 s.
    now = 15_000;
    clock.endEpoch();
    clock.beginEpoch();
    now = 17_000;
    clock.step(step(2, 1));
    expect(clock.left()).toEqual({ epoch: 9 * 2 + 5, all: 9 * 2 + 5 + 15 });
  });

  test('an epoch resumed within counts its own steps only, and not as a whole one', () => {
    let now = 0;
    const clock = new TrainingClock(2, () => now);
    clock.beginEpoch();
    now = 1000;
    clock.step(step(1, 9));
    expect(clock.left()).toEqual({ epoch: 1, all: 11 });
    now = 2000;
    clock.step(step(1, 10));
    now = 3000;
    clock.endEpoch();
    clock.beginEpoch();
    now = 4000;
    clock.step(step(2, 1));
    expect(clock.left()).toEqual({ epoch: 10, all: 10 });
  });
});

test('the bar of a job that was partly done before counts its own units', async () => {
  const written: string[] = [];
  const stream = { isTTY: true, columns: 200, write: (text: string) => written.push(text) > 0 } as unknown as NodeJS.WriteStream;
  const bar = progressBar('epoch 2', 100, stream, 90);
  await new Promise((done) => setTimeout(done, 600));
  bar.update(92, 'loss 1');
  // 2 units in 0.6 s leave 8 for 2.4 s.
  expect(Number(/92% 92\/100 left ([\d.]+) s loss 1/.exec(written[0]!)?.[1])).toBeCloseTo(2.4, 0);
});

describe('as lines', () => {
  let tiny: TinyRun;
  const plainLine = /^epoch [12]\/2 {2}\d+\.\d % {2}step \d+ {2}loss \d\.\d{4} {2}[\d,]+ tokens\/s {2}left .* s of the epoch, .* s of all$/;

  beforeAll(async () => {
    tiny = await tinyRun({ epochs: 2, samples: 2 });
    await writeFile(tiny.file, formatConfig(tiny.config));
  });

  test('--plain prints them within the epoch, then the epoch and two stories', async () => {
    const { code, stdout, stderr } = await fabula('train', tiny.file, '--runs', join(tiny.folder, 'runs'), '--plain', '--every', '0.0001');
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/tiny-[\w-]+: previous-sentence, 40 stories, [\d,]+ parameters$/);
    expect(lines.filter((line) => plainLine.test(line))).toHaveLength(16);
    const epoch = lines.findIndex((line) => /^epoch {2}1 {2}loss \d\.\d{4} {2}val_loss \d\.\d{4} {2}perplexity [\d.]+ {2}.* s {2}best$/.test(line));
    expect(lines.slice(epoch + 1, epoch + 3)).toEqual([expect.stringMatching(/^ {2}w\d/), expect.stringMatching(/^ {2}w\d/)]);
    expect(lines.at(-2)).toMatch(/^best epoch \d: validation loss/);
  });

  test('seconds apart, few lines', async () => {
    const { stdout } = await fabula('train', tiny.file, '--runs', join(tiny.folder, 'runs'), '--plain');
    expect(stdout.split('\n').filter((line) => plainLine.test(line))).toEqual([]);
  });

  test('with --json they go to standard error', async () => {
    const { stdout, stderr } = await fabula('train', tiny.file, '--runs', join(tiny.folder, 'runs'), '--plain', '--every', '0.0001', '--json');
    expect((JSON.parse(stdout) as { epochs: number }).epochs).toBe(2);
    expect(stderr.split('\n').filter((line) => plainLine.test(line))).toHaveLength(16);
  });

  test('--every must be above 0', async () => {
    await expectRefusal(['train', tiny.file, '--plain', '--every', '0'], ['--every 0: give a number of seconds above 0']);
  });
});
