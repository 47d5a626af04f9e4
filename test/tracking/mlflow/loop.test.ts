import { afterEach, beforeEach, expect, test } from 'vitest';
import { MlflowClient } from '../../../src/tracking/mlflow/client.ts';
import { MirrorLoop } from '../../../src/tracking/mlflow/loop.ts';
import { RunSender } from '../../../src/tracking/mlflow/sender.ts';
import type { FakeServer } from './fakeserver.ts';
import { fakeServer } from './fakeserver.ts';
import { begunRun, put, runsFolder, trainOn } from './runfixture.ts';

let server: FakeServer;
let folder: string;
let said: string[];

beforeEach(async () => {
  [server, folder, said] = [await fakeServer(), await begunRun(await runsFolder()), []];
});
afterEach(() => server.close());

function mirror(patience = 15_000): MirrorLoop {
  const say = (line: string): void => void said.push(line);
  return new MirrorLoop(new RunSender(folder, new MlflowClient({ uri: server.uri }, 200)), { folder, say, every: 10, patience });
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(condition()).toBe(true);
}

const values = (): number => [...server.runs.values()][0]?.values.length ?? 0;

test('what a run writes comes to the server while it goes on, and its end at the end', async () => {
  const loop = mirror();
  await trainOn(folder, 1, 10);
  await until(() => values() === 43);
  await trainOn(folder, 11, 20);
  await put(folder, 'result.json', { stopped: 'all epochs' });
  await loop.close();
  expect(values()).toBe(86);
  expect([...server.runs.values()][0]!.status).toBe('FINISHED');
  expect(said).toEqual([]);
});

test('a server that is away: one line, however long; the rest is named at the end', async () => {
  server.fault = () => 'cut';
  const loop = mirror();
  for (let step = 1; step <= 20; step++) {
    await trainOn(folder, step, step);
    loop.wake();
  }
  await until(() => said.length === 1);
  const begun = performance.now();
  await loop.close();
  expect(performance.now() - begun).toBeLessThan(4500);
  expect(said).toEqual([
    `${server.uri} cannot be reached: the connection broke off; the run goes on, and what is missing is sent when MLflow answers again`,
    `not all of this run is on MLflow (missing: 86 values and 8 files); send the rest with: fabula runs sync ${folder}`,
  ]);
  expect(server.requests.length).toBeLessThan(10);
});

test('a server that comes back gets everything at the end', async () => {
  server.fault = () => 'cut';
  const loop = mirror();
  await trainOn(folder, 1, 20);
  await until(() => said.length === 1);
  server.fault = () => undefined;
  await loop.close();
  expect(said.length).toBe(1);
  expect(values()).toBe(86);
});

test('a server that never answers holds the end up no longer than it may', async () => {
  const loop = mirror(700);
  await trainOn(folder, 1, 10);
  await until(() => values() === 43);
  server.fault = () => 'silence';
  await trainOn(folder, 11, 20);
  const begun = performance.now();
  await loop.close();
  expect(performance.now() - begun).toBeLessThan(1500);
  expect(said.at(-1)).toMatch(/^not all of this run is on MLflow \(missing: 43 values and \d files\)/);
});

test('a refusal is said once, and not tried again before the end', async () => {
  server.fault = () => ({ status: 403, body: 'no' });
  const loop = mirror();
  await until(() => said.length === 1);
  const before = server.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(server.requests.length).toBe(before);
  await loop.close();
  expect(said).toEqual([expect.stringMatching(/refuses access \(403\).*; the run goes on without MLflow$/), expect.stringMatching(/^not all of this run is on MLflow \(missing: 3 files\); send/)]);
});

test('an artifact that is refused, or a large one on its way, does not hold values up', async () => {
  server.fault = (request) => (!request.startsWith('PUT') ? undefined : request.endsWith('config.json') ? { status: 413, body: '' } : 'silence');
  const loop = mirror(1500);
  await until(() => said.length === 1);
  await trainOn(folder, 1, 10);
  await until(() => values() === 43);
  server.fault = (request) => (request.endsWith('/config.json') ? { status: 413, body: '' } : undefined);
  await trainOn(folder, 11, 20);
  await loop.close();
  expect(values()).toBe(86);
  expect(said).toEqual([
    expect.stringMatching(/gave no answer within 0.2 s; the run goes on, and what is missing is sent when MLflow answers again$/),
    expect.stringMatching(/^not all of this run is on MLflow \(missing: 1 file\)/),
  ]);
});

test('a server that takes no artifacts lacks none at the end', async () => {
  server.artifactRoot = '/srv/mlruns';
  const loop = mirror();
  await trainOn(folder, 1, 20);
  await loop.close();
  expect(values()).toBe(86);
  expect(said).toEqual([]);
});
