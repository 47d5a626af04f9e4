import { appendFile, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LineTail } from '../../../src/tracking/mlflow/linetail.ts';
import { StepTimes } from '../../../src/tracking/mlflow/steptimes.ts';

function timesOf(...lines: Record<string, unknown>[]): StepTimes {
  const times = new StepTimes(1000);
  for (const line of lines) times.add(line);
  return times;
}

test('steps between two notes are spread over their time', () => {
  const times = timesOf({ step: 0, time: 2000, seconds: 0 }, { step: 10, time: 3000, seconds: 1 }, { step: 14, time: 3200, seconds: 1.2 });
  expect([0, 1, 5, 10, 11, 14, 99].map((step) => times.at(step))).toEqual([2000, 2100, 2500, 3000, 3050, 3200, 3200]);
  expect([times.settled, times.last]).toEqual([14, 3200]);
});

test('a break between two sittings is no time of any step', () => {
  const noted = timesOf({ step: 0, time: 0, seconds: 0 }, { step: 10, time: 1000, seconds: 1 }, { step: 10, time: 900_000, seconds: 1 }, { step: 20, time: 901_000, seconds: 2 });
  expect([10, 11, 20].map((step) => noted.at(step))).toEqual([1000, 900_100, 901_000]);
  const unnoted = timesOf({ step: 0, time: 0, seconds: 0 }, { step: 10, time: 1000, seconds: 1 }, { step: 20, time: 901_000, seconds: 2 });
  expect([11, 20].map((step) => unnoted.at(step))).toEqual([900_100, 901_000]);
});

test('steps that a resumed run measures again have their later time', () => {
  const times = timesOf({ step: 10, time: 1000, seconds: 1 }, { step: 20, time: 2000, seconds: 2 }, { step: 15, time: 5000, seconds: 1.5 }, { step: 25, time: 6000, seconds: 2.5 });
  expect([10, 16, 20, 25].map((step) => times.at(step))).toEqual([1000, 5100, 5500, 6000]);
});

test('no notes, and notes without numbers', () => {
  const times = timesOf({ step: 'x', time: 5 }, {});
  expect([times.at(7), times.settled, times.last]).toEqual([1000, -1, undefined]);
});

test('a growing file is read line by line: half a line waits, a shortened file is read again', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'fabula-tail-')), 'x.jsonl');
  const tail = new LineTail(path);
  const read = async (): Promise<unknown[]> => {
    const found: unknown[] = [];
    for await (const line of tail.read()) found.push(line['n']);
    return found;
  };
  expect(await read()).toEqual([]);
  await writeFile(path, '{"n": 1}\nnot json\n[2]\n{"n": "ü', 'utf8');
  expect(await read()).toEqual([1]);
  await appendFile(path, '"}\n{"n": 3}\n');
  expect(await read()).toEqual(['ü', 3]);
  await writeFile(path, '{"n": 4}\n');
  expect(await read()).toEqual([4]);
});

test('a line longer than what is read at once', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'fabula-tail-')), 'x.jsonl');
  await writeFile(path, `{"n": "${'x'.repeat(3_000_000)}"}\n{"n": "yz"}\n`);
  const lengths: number[] = [];
  for await (const line of new LineTail(path).read()) lengths.push(String(line['n']).length);
  expect(lengths).toEqual([3_000_000, 2]);
});
