import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { train } from '../../src/training/run.ts';
import { tinyRun } from './tinyrun.ts';

afterEach(() => void vi.restoreAllMocks());

/** Trains with a clock on which each look takes so many seconds; lines of both files after each step. */
async function watched(secondsALook: number): Promise<{ metrics: number[]; times: number[] }> {
  const tiny = await tinyRun({ epochs: 1, checkpoint_seconds: 1e9 });
  const seen: { metrics: number[]; times: number[] } = { metrics: [], times: [] };
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += secondsALook * 1000));
  const lines = (path: string): number => {
    try {
      return readFileSync(path, 'utf8').split('\n').length - 1;
    } catch {
      return 0;
    }
  };
  await train({
    config: tiny.config, runs: join(tiny.folder, 'runs'),
    events: ({ folder }) => ({
      onStep() {
        seen.metrics.push(lines(folder.file('metrics.jsonl')));
        seen.times.push(lines(folder.file('timeline.jsonl')));
      },
    }),
  });
  return seen;
}

test('metrics and times reach the disk within an epoch, long before a checkpoint', async () => {
  const { metrics, times } = await watched(11);
  expect(metrics).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(times).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test('quick steps are written together', async () => {
  const { metrics, times } = await watched(0.001);
  expect(metrics).toEqual(Array(8).fill(0));
  expect(times).toEqual(Array(8).fill(1));
});
