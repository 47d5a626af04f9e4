import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { formatConfig } from '../../src/core/config.ts';
import { exists } from '../../src/core/files.ts';
import { readRun } from '../../src/tracking/runrecord.ts';
import { resume, train } from '../../src/training/run.ts';
import { builtProgram } from '../cli/built.ts';
import type { TinyRun } from './tinyrun.ts';
import { tinyRun, traces } from './tinyrun.ts';

// Real processes and real signals, through the built program.

let main: string;
let tiny: TinyRun;
let expected: Record<string, unknown>;

beforeAll(async () => {
  main = await builtProgram();
  // Saves after every step: a kill hits the writing of a checkpoint as often as the step between two.
  tiny = await tinyRun({ epochs: 12, checkpoint_seconds: 0.001 });
  await writeFile(tiny.file, formatConfig(tiny.config));
  const straight = { ...tiny.config, training: { ...tiny.config.training, checkpoint_seconds: 1000 } };
  expected = await traces((await train({ config: straight, runs: join(tiny.folder, 'straight') })).folder);
}, 60_000);

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

function fabula(...words: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  return { child, ended: once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }) as Ended) };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    if (await condition()) return;
    await setTimeout(10);
  }
  throw new Error('it did not happen within 20 s');
}

/** The step of the last checkpoint, 0 before the first. */
async function stepOf(run: string): Promise<number> {
  const state = await readFile(join(run, 'checkpoints/last/state.json'), 'utf8').catch(() => '{"step": 0}');
  return (JSON.parse(state) as { step: number }).step;
}

/** Starts a run and waits for its first checkpoint. */
async function begin(runs: string): Promise<ReturnType<typeof fabula> & { run: string }> {
  const started = fabula('train', tiny.file, '--runs', runs);
  let run = '';
  await until(async () => {
    const [name] = await readdir(runs).catch(() => []);
    run = join(runs, name ?? '');
    return name !== undefined && (await stepOf(run)) > 0;
  });
  return { ...started, run };
}

test('killed twice with SIGKILL at a random moment and resumed: the losses and weights of a run that was not', async () => {
  const { child, ended, run } = await begin(join(tiny.folder, 'killed'));
  const waits = [Math.random() * 100, Math.random() * 100];
  await setTimeout(waits[0]);
  child.kill('SIGKILL');
  expect((await ended).signal).toBe('SIGKILL');
  const reached = await stepOf(run);
  // Its lock is there and counts no more.
  expect([await exists(join(run, 'run.lock')), (await readRun(run)).status]).toEqual([true, 'interrupted']);

  const second = fabula('train', '--resume', run);
  await until(async () => (await stepOf(run)) > reached);
  await setTimeout(waits[1]);
  second.child.kill('SIGKILL');
  await second.ended;
  const where = `killed ${waits.map((wait) => wait.toFixed(1)).join(' and ')} ms after a checkpoint, at steps ${reached} and ${await stepOf(run)}`;
  expect(await exists(join(run, 'result.json')), where).toBe(false);

  const last = await fabula('train', '--resume', run).ended;
  expect([last.code, last.stderr], where).toEqual([0, '']);
  expect(await traces(run), where).toEqual(expected);
  expect((await readdir(join(run, 'checkpoints'))).sort()).toEqual(['best', 'last']);
}, 60_000);

test('a second process on the same run refuses, and the first goes on undisturbed', async () => {
  const { child, ended, run } = await begin(join(tiny.folder, 'twice'));
  const second = await fabula('train', '--resume', run).ended;
  expect([second.code, second.stdout]).toEqual([2, '']);
  expect(second.stderr).toMatch(new RegExp(`^fabula: ${run}: process ${child.pid} on ${hostname()} works on this run since [^;\n]+; wait for it, or stop it first\n$`));
  expect((await ended).code).toBe(0);
  expect(await traces(run)).toEqual(expected);
}, 60_000);

test('Ctrl-C saves, says how to go on and exits with 130; resumed, it is the same', async () => {
  const { child, ended, run } = await begin(join(tiny.folder, 'stopped'));
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  expect([code, stderr]).toEqual([130, `fabula: interrupted and saved; continue with: fabula train --resume ${run}\n`]);
  expect([await exists(join(run, 'run.lock')), (await readRun(run)).status]).toEqual([false, 'interrupted']);
  const metrics = (await readFile(join(run, 'metrics.jsonl'), 'utf8')).trim().split('\n').filter((line) => line.includes('gradient_norm'));
  expect(metrics).toHaveLength(await stepOf(run));
  await resume(run, {});
  expect(await traces(run)).toEqual(expected);
}, 60_000);
