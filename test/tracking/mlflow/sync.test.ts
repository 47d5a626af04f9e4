import { spawn } from 'node:child_process';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findRunFolders, syncRun } from '../../../src/tracking/mlflow/sync.ts';
import { readState } from '../../../src/tracking/mlflow/state.ts';
import type { FakeServer } from './fakeserver.ts';
import { fakeServer } from './fakeserver.ts';
import { endedRun, NAME, put, runsFolder } from './runfixture.ts';

let server: FakeServer;
let runs: string;

beforeEach(async () => {
  [server, runs] = [await fakeServer(), await runsFolder()];
});
afterEach(() => server.close());

const environment = (): NodeJS.ProcessEnv => ({ MLFLOW_TRACKING_URI: server.uri, MLFLOW_RUN_ID: 'of another run' });

test('a run goes to the server of the environment, later where it was', async () => {
  const folder = await endedRun(runs);
  await expect(syncRun({ folder, environment: {} })).rejects.toThrow(`${folder}: it was never sent to MLflow: set MLFLOW_TRACKING_URI`);
  expect((await syncRun({ folder, environment: environment() })).sent).toMatchObject({ metrics: 86, artifacts: 9 });
  const again = await syncRun({ folder, environment: {} });
  expect(again).toEqual({ folder, run_id: [...server.runs.keys()][0], sent: { params: 0, tags: 0, metrics: 0, artifacts: 0 } });
});

test('credentials stay out of the folder', async () => {
  const folder = await endedRun(runs);
  await syncRun({ folder, environment: { MLFLOW_TRACKING_URI: server.uri.replace('//', '//me:secret@'), MLFLOW_TRACKING_TOKEN: 'secret' } });
  expect(server.headers.authorization).toBe('Bearer secret');
  expect(JSON.stringify(await readState(folder))).not.toContain('secret');
});

test('a hiccup is waited for; a server that stays away is an error', async () => {
  const folder = await endedRun(runs);
  let failures = 2;
  server.fault = () => (failures-- > 0 ? { status: 503, body: '' } : undefined);
  const waits = [10, 10, 10];
  expect((await syncRun({ folder, environment: environment(), waits })).sent.metrics).toBe(86);
  server.fault = () => 'cut';
  await expect(syncRun({ folder, environment: environment(), waits })).rejects.toThrow('cannot be reached: the connection broke off');
});

test('a run that another process works on is left alone', async () => {
  const folder = await endedRun(runs);
  const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' });
  try {
    await writeFile(join(folder, 'run.lock'), JSON.stringify({ pid: other.pid, host: hostname(), started: '2026-11-01T10:00:00Z' }));
    expect((await syncRun({ folder, environment: environment() })).run_id).toBeNull();
    expect(server.requests).toEqual([]);
  } finally {
    other.kill('SIGKILL');
  }
});

test('runs are found: one, a folder of them, sweeps before their trials', async () => {
  const one = await endedRun(runs, 'a-run');
  await put(join(runs, 'b-sweep'), 'sweep.json', { name: 'b' });
  const trial = await endedRun(join(runs, 'b-sweep', 'runs'));
  await mkdir(join(runs, 'notes'));
  await put(join(one, 'checkpoints', 'best'), 'config.json', {});
  await put(join(one, 'checkpoints', 'best'), 'weights.safetensors', {});
  await put(one, 'mlflow.json', {});
  expect(await findRunFolders(runs)).toEqual([{ folder: one, known: true }, { folder: join(runs, 'b-sweep'), known: false }, { folder: trial, known: false }]);
  expect(await findRunFolders(one)).toEqual([{ folder: one, known: true }]);
  await expect(findRunFolders(join(runs, 'notes'))).rejects.toThrow('notes: no run is here');
  for (const parts of [['checkpoints'], ['checkpoints', 'best']]) await expect(findRunFolders(join(one, ...parts))).rejects.toThrow('no run is here');
  await expect(findRunFolders(join(runs, 'none'))).rejects.toThrow('none: no such folder');
});

test('moved between two attempts, it stays one run', async () => {
  const folder = await endedRun(runs);
  let artifacts = 0;
  server.fault = (request) => (request.startsWith('PUT') && ++artifacts > 3 ? { status: 400, body: '' } : undefined);
  await expect(syncRun({ folder, environment: environment() })).rejects.toThrow('answers status 400');
  server.fault = () => undefined;
  const moved = join(await runsFolder(), NAME);
  await rename(folder, moved);
  await syncRun({ folder: moved, environment: environment() });
  expect([server.runs.size, server.artifacts.size]).toEqual([1, 9]);
  await rm(moved, { recursive: true });
});
