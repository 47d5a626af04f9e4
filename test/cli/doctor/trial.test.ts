import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Outcome } from '../../../src/cli/doctor/trial.ts';
import { trial } from '../../../src/cli/doctor/trial.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-trial-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function tried(source: string, seconds = 20, ...words: string[]): Promise<Outcome> {
  const script = join(folder, 'script.mjs');
  await writeFile(script, source);
  return trial(script, words, seconds);
}

test('the answer comes back, whatever else the child prints', async () => {
  expect(await tried("console.log('noise'); console.error('noise'); process.send({ value: { word: process.argv[2], pi: 3.25 } })", 20, 'red'))
    .toEqual({ works: true, value: { word: 'red', pi: 3.25 } });
});

test('a refusal comes back in one line', async () => {
  expect(await tried("process.send({ error: 'no\\n  GPU' })")).toEqual({ works: false, reason: 'no GPU' });
});

test('an answer counts although the child crashes or stays after it', async () => {
  expect(await tried('process.send({ value: 1 }, () => process.abort())')).toEqual({ works: true, value: 1 });
  expect(await tried('process.send({ value: 2 }); setInterval(() => {}, 1000)')).toEqual({ works: true, value: 2 });
});

test('an abort is an outcome, with the last words before the stack', async () => {
  const outcome = await tried("process.stderr.write('terminate called\\n  what():  out of memory\\n'); process.abort()");
  expect(outcome).toEqual({ works: false, reason: 'it crashed (SIGABRT): what(): out of memory' });
});

test('a segmentation fault without a word', async () => {
  expect(await tried("process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 1000)")).toEqual({ works: false, reason: 'it crashed (SIGSEGV)' });
});

test('an exit without an answer, and an error that is thrown', async () => {
  expect(await tried('process.exit(3)')).toEqual({ works: false, reason: 'it ended without an answer (exit code 3)' });
  expect(await tried("throw new TypeError('no such thing')")).toEqual({ works: false, reason: 'it ended without an answer (exit code 1): TypeError: no such thing' });
});

test('a hanging child is killed in time', async () => {
  const begun = performance.now();
  expect(await tried('for (;;);', 1)).toEqual({ works: false, reason: 'it did not answer within 1 s' });
  expect(performance.now() - begun).toBeLessThan(5000);
});
