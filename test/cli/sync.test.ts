import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { syncRuns } from '../../src/cli/runs/sync.ts';
import type { FakeServer } from '../tracking/mlflow/fakeserver.ts';
import { fakeServer } from '../tracking/mlflow/fakeserver.ts';
import { endedRun, put, runsFolder } from '../tracking/mlflow/runfixture.ts';

let server: FakeServer;
let runs: string;
let printed: string[];

beforeEach(async () => {
  [server, runs, printed] = [await fakeServer(), await runsFolder(), []];
  vi.stubEnv('MLFLOW_TRACKING_URI', server.uri);
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  process.exitCode = undefined;
  await server.close();
});

test('a line a run, and nothing the second time', async () => {
  const [one, two] = [await endedRun(runs, 'one'), await endedRun(runs, 'two')];
  await syncRuns({ runs: [runs, one], json: false });
  expect(printed).toEqual([one, two].map((folder) => `${folder}: sent 6 parameters, 10 tags, 86 values, 10 files`));
  expect([...server.artifacts].find(([path]) => path.endsWith('/charts/losses.html'))![1].toString()).toMatch(/^<!doctype html>[^]*<svg role="img"/);
  printed = [];
  await syncRuns({ runs: [two], json: true });
  expect(JSON.parse(printed[0]!)).toEqual([{ folder: two, run_id: [...server.runs.keys()][1], sent: { params: 0, tags: 0, metrics: 0, artifacts: 0 } }]);
  expect(process.exitCode).toBeUndefined();
});

test('a broken run does not keep the others back', async () => {
  const [one, two] = [await endedRun(runs, 'one'), await endedRun(runs, 'two')];
  await put(one, 'config.json', '{');
  await syncRuns({ runs: [runs], json: false });
  expect(printed).toEqual([expect.stringMatching(/^\S*one\/config.json: the configuration of the run is not valid JSON/), expect.stringMatching(`^${two}: sent `)]);
  expect(process.exitCode).toBe(1);
});

test('a server that is away ends it with one line', async () => {
  const uri = server.uri;
  await endedRun(runs, 'one');
  await endedRun(runs, 'two');
  server.fault = () => ({ status: 401, body: '' });
  await expect(syncRuns({ runs: [runs], json: false })).rejects.toThrow(`${uri} refuses access (401)`);
  expect(server.requests.length).toBe(1);
  vi.stubEnv('MLFLOW_TRACKING_URI', 'sqlite:///x.db');
  await expect(syncRuns({ runs: [runs], json: false })).rejects.toThrow('MLFLOW_TRACKING_URI=sqlite:///x.db: runs are mirrored to MLflow servers only');
});
