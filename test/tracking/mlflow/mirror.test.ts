import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { mirrorEvents as MirrorEvents } from '../../../src/tracking/mlflow/mirror.ts';
import { builtProgram } from '../../cli/built.ts';
import type { FakeServer } from './fakeserver.ts';
import { fakeServer } from './fakeserver.ts';
import { begunRun, put, runsFolder, trainOn } from './runfixture.ts';

// A thread can only be started from compiled code: the built files.
let mirrorEvents: typeof MirrorEvents;
let charts: URL;
let server: FakeServer;
let path: string;
let said: string[];
const say = (line: string): void => void said.push(line);

beforeAll(async () => {
  const dist = dirname(dirname(await builtProgram()));
  charts = new URL(`file://${join(dist, 'cli/runs/charts.js')}`);
  ({ mirrorEvents } = (await import(join(dist, 'tracking/mlflow/mirror.js'))) as { mirrorEvents: typeof MirrorEvents });
}, 60_000);
beforeEach(async () => {
  [server, path, said] = [await fakeServer(), await begunRun(await runsFolder()), []];
  vi.stubEnv('MLFLOW_TRACKING_URI', server.uri);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

test('a thread sends what a run writes, with its charts, and the rest at the end', async () => {
  const mirror = mirrorEvents({ path }, { charts, say });
  await trainOn(path, 1, 10);
  mirror.events.onEpoch();
  await trainOn(path, 11, 20);
  await put(path, 'result.json', { stopped: 'all epochs' });
  await mirror.close();
  const run = [...server.runs.values()][0]!;
  expect([run.status, run.values.length, server.artifacts.size]).toEqual(['FINISHED', 86, 10]);
  expect(said).toEqual([`MLflow: ${server.uri}/#/experiments/0/runs/${[...server.runs.keys()][0]}`]);
});

test('a server that is away is said, and the end waits little', async () => {
  await server.close();
  const begun = performance.now();
  const mirror = mirrorEvents({ path }, { say });
  await trainOn(path, 1, 10);
  await vi.waitFor(() => expect(said.length).toBe(1), 4000);
  await mirror.close();
  expect(performance.now() - begun).toBeLessThan(10_000);
  expect(said).toEqual([expect.stringMatching(/nothing listens there; the run goes on/), expect.stringMatching(/missing: 43 values and 7 files\); send the rest with: fabula runs sync/)]);
  server = await fakeServer();
}, 15_000);

test('without an address nothing happens, and an address of another kind is a line', async () => {
  vi.stubEnv('MLFLOW_TRACKING_URI', '');
  const silent = mirrorEvents({ path }, { say });
  silent.events.onEpoch();
  await silent.close();
  expect(said).toEqual([]);
  vi.stubEnv('MLFLOW_TRACKING_URI', 'file:./mlruns');
  await mirrorEvents({ path }, { say }).close();
  expect(said).toEqual([expect.stringMatching(/^MLFLOW_TRACKING_URI=file:.\/mlruns: runs are mirrored to MLflow servers only/)]);
  expect(server.requests).toEqual([]);
});
