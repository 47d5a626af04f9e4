import { appendFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MlflowClient } from '../../../src/tracking/mlflow/client.ts';
import type { Counts } from '../../../src/tracking/mlflow/sender.ts';
import { RunSender } from '../../../src/tracking/mlflow/sender.ts';
import { mlflowSettings } from '../../../src/tracking/mlflow/settings.ts';
import type { FakeRun, FakeServer } from './fakeserver.ts';
import { fakeServer } from './fakeserver.ts';
import { BEGUN, begunRun, endedRun, lineOf, NAME, put, runsFolder, trainOn } from './runfixture.ts';

let server: FakeServer;
let runs: string;
let told: string[];

beforeEach(async () => {
  [server, runs, told] = [await fakeServer(), await runsFolder(), []];
});
afterEach(() => server.close());

function senderOf(folder: string, environment: NodeJS.ProcessEnv = {}): RunSender {
  const settings = mlflowSettings({ MLFLOW_TRACKING_URI: server.uri, ...environment })!;
  return new RunSender(folder, new MlflowClient(settings, 300), { tell: (line) => told.push(line) });
}

async function sendAll(sender: RunSender, ended: boolean): Promise<void> {
  await sender.send(ended);
  await sender.upload(ended);
}

/** Sends as a new process would. */
async function send(folder: string, environment: NodeJS.ProcessEnv = {}): Promise<Counts> {
  const sender = senderOf(folder, environment);
  await sendAll(sender, true);
  return sender.sent;
}

const NOTHING = { params: 0, tags: 0, metrics: 0, artifacts: 0 };
const theRun = (): FakeRun => [...server.runs.values()][0]!;
const steps = (run: FakeRun, key: string): number[] => run.values.filter((value) => value.key === key).map(({ step }) => step);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);
const artifact = (name: string): string | undefined => [...server.artifacts].find(([path]) => path.endsWith(`/artifacts/${name}`))?.[1].toString();

/** Every value once, as the files have them. */
function expectWhole(run: FakeRun): void {
  for (const key of ['loss', 'gradient_norm', 'learning_rate', 'words']) expect(steps(run, key), key).toEqual(upTo(20));
  for (const key of ['train_loss', 'val_loss', 'epoch']) expect(steps(run, key), key).toEqual([10, 20]);
}

test('a run is sent whole: parameters, tags, values with their times, artifacts, end', async () => {
  const folder = await endedRun(runs);
  await put(folder, 'scores/val-vist.json', { protocol: 'vist', scores: { 'BLEU-4': { value: 0.12, low: 0.1, high: 0.14 }, 'METEOR %': { value: 0.3 } } });
  await put(folder, 'scores/odd.json', { protocol: 'vist', scores: { CIDEr: { value: null } } });
  await put(folder, 'charts/loss.svg', '<svg/>');
  await put(folder, 'stories-val.jsonl', '{}\n');
  expect(await send(folder)).toMatchObject({ metrics: 4 * 20 + 3 * 2 + 2 });
  const run = theRun();
  expect(run).toMatchObject({ name: NAME, experiment: '0', status: 'FINISHED', start: BEGUN, end: BEGUN + 2000 });
  expect(run.params).toEqual({ name: 'tiny', seed: '3', 'data.features': '["a.h5","b.h5"]', 'data.cnn': 'null', 'model.name': 'attention', 'model.previous.units': '5' });
  expect(run.tags).toMatchObject({
    'mlflow.source.name': 'fabula train tiny.yaml', 'mlflow.source.git.commit': 'abc123', 'mlflow.source.type': 'LOCAL', 'fabula.kind': 'train', 'fabula.version': '0.1.0',
    'fabula.model': 'attention', 'fabula.node': 'v20.1.0', 'fabula.threads': '2', 'fabula.data.data.train': '{"size":5}',
  });
  expectWhole(run);
  expect(run.values.filter(({ step }) => step === 7)).toContainEqual({ key: 'loss', value: 8 / 7, step: 7, timestamp: BEGUN + 700 });
  expect(run.values.filter(({ key }) => key.startsWith('scores/'))).toMatchObject([{ key: 'scores/val-vist/BLEU-4', value: 0.12, step: 0 }, { key: 'scores/val-vist/METEOR -', value: 0.3, step: 0 }]);
  expect([...server.artifacts.keys()].map((path) => path.replace(/^.*\/artifacts\//, '')).sort()).toEqual([
    'charts/loss.svg', 'checkpoints/best/state.json', 'checkpoints/best/weights.safetensors', 'config.json', 'environment.json', 'history.csv', 'result.json', 'run.json',
    'samples/epoch-01.txt', 'samples/epoch-02.txt', 'scores/odd.json', 'scores/val-vist.json', 'stories-val.jsonl',
  ]);
  expect(artifact('samples/epoch-02.txt')).toBe('7: 1 2\nwe went out .\nepoch 2 .\n');
  expect(artifact('checkpoints/best/weights.safetensors')).toBe('weights of epoch 2');
  expect(told).toEqual([`MLflow: ${server.uri}/#/experiments/0/runs/${[...server.runs.keys()][0]}`]);
  expect(await send(folder)).toEqual(NOTHING);
});

test('a living run is sent bit by bit, only steps whose time is settled', async () => {
  const folder = await begunRun(runs);
  const sender = senderOf(folder);
  await sendAll(sender, false);
  expect(theRun()).toMatchObject({ status: 'RUNNING', values: [] });
  await trainOn(folder, 1, 13);
  await sendAll(sender, false);
  expect(steps(theRun(), 'loss')).toEqual(upTo(10));
  expect(artifact('checkpoints/best/weights.safetensors')).toBe('weights of epoch 1');
  await trainOn(folder, 14, 20);
  await sendAll(sender, false);
  expect(artifact('checkpoints/best/weights.safetensors')).toBe('weights of epoch 2');
  await sendAll(sender, true);
  expectWhole(theRun());
  // Step 12 lay between two notes: its time is the same as when all is sent at the end.
  expect(theRun().values.find(({ key, step }) => key === 'loss' && step === 12)!.timestamp).toBe(BEGUN + 1200);
});

test('what came through before a connection broke is not sent again', async () => {
  const folder = await endedRun(runs);
  let cuts = 0;
  server.fault = (request) => (request === 'POST mlflow/runs/log-batch' && ++cuts === 3 ? 'cut after' : undefined);
  const sender = senderOf(folder);
  await expect(sendAll(sender, true)).rejects.toThrow('the connection broke off');
  await sendAll(sender, true);
  expectWhole(theRun());
});

test('each kind of failure at each request: the next attempt, in a new process, makes it whole', async () => {
  const folder = await endedRun(runs);
  await send(folder);
  const requests = server.requests.length;
  // Cut after it was carried out is what could make things double: at every request. Of the others a few are enough.
  for (const [fault, stride] of [['cut after', 1], ['cut', 3], [{ status: 503, body: '' }, 4]] as const) {
    for (let at = 1; at < requests; at += stride) {
      for (const map of [server.runs, server.artifacts]) map.clear();
      server.requests.length = 0;
      await rm(join(folder, 'mlflow.json'));
      server.fault = () => (server.requests.length === at ? fault : undefined);
      await expect(send(folder)).rejects.toMatchObject({ temporary: true });
      await send(folder);
      expect(server.runs.size, `${at} ${JSON.stringify(fault)}`).toBe(1);
      expectWhole(theRun());
      expect(theRun().status).toBe('FINISHED');
      expect(server.artifacts.size).toBe(9);
    }
  }
}, 30_000);

test('mlflow.json that was not written before a kill: the server knows', async () => {
  const folder = await begunRun(runs);
  await trainOn(folder, 1, 10);
  const sender = senderOf(folder);
  await sendAll(sender, false);
  const early = await readFile(join(folder, 'mlflow.json'), 'utf8');
  await trainOn(folder, 11, 20);
  await sendAll(sender, false);
  await writeFile(join(folder, 'mlflow.json'), JSON.stringify({ ...(JSON.parse(early) as object), run_id: null, experiment_id: null, metrics: {}, artifacts: {} }));
  await send(folder);
  expect(server.runs.size).toBe(1);
  expectWhole(theRun());
});

test('a resumed run measures steps again that were sent: they stay single', async () => {
  const folder = await begunRun(runs);
  await trainOn(folder, 1, 17);
  await send(folder);
  expect(theRun().status).toBe('KILLED');
  for (const name of ['metrics.jsonl', 'timeline.jsonl']) {
    const kept = (await readFile(join(folder, name), 'utf8')).split('\n').filter((line) => line !== '' && (JSON.parse(line) as { step: number }).step <= 13);
    await writeFile(join(folder, name), kept.map((line) => `${line}\n`).join(''));
  }
  const sender = senderOf(folder);
  await sendAll(sender, false);
  expect(theRun().status).toBe('RUNNING');
  await trainOn(folder, 14, 20);
  await put(folder, 'result.json', { stopped: 'no improvement' });
  await sendAll(sender, true);
  expectWhole(theRun());
  expect(theRun().status).toBe('FINISHED');
});

test('2,500 steps go in requests of at most a thousand values; what is no number is sent as such or left out', async () => {
  const folder = await begunRun(runs);
  const lines = upTo(2500).map((step) => lineOf({ step, epoch: 1, loss: step === 5 ? null : step, words: 1, note: 'x' }));
  await writeFile(join(folder, 'metrics.jsonl'), `${lines.join('')}{"step": 2501, "lo`);
  const sent: number[] = [];
  server.fault = (_, body) => void sent.push(...(body.includes('"metrics"') ? [(JSON.parse(body.toString()) as { metrics: unknown[] }).metrics.length] : []));
  await send(folder);
  expect(sent).toEqual([1000, 1000, 1000, 1000, 1000]);
  expect(steps(theRun(), 'loss')).toEqual(upTo(2500));
  expect(theRun().values.find(({ key, step }) => key === 'loss' && step === 5)!.value).toBe('NaN');
});

test('a renamed folder is the same run; what somebody changed there stays', async () => {
  const folder = await endedRun(runs);
  await send(folder);
  theRun().tags['fabula.model'] = 'mine';
  await rename(folder, join(runs, 'my best'));
  expect(await send(join(runs, 'my best'))).toEqual(NOTHING);
  expect(server.runs.size).toBe(1);
  expect(theRun().tags['fabula.model']).toBe('mine');
});

test('a copy beside its original is refused, and a copy elsewhere is spoken of', async () => {
  const folder = await endedRun(runs);
  await send(folder);
  await cp(folder, join(runs, 'copy'), { recursive: true });
  await expect(send(join(runs, 'copy'))).rejects.toThrow(`copy and ${NAME} are copies of one run: ${NAME} keeps its MLflow run; delete ${join(runs, 'copy', 'mlflow.json')} to send this one as a run of its own`);
  expect(await send(folder)).toEqual(NOTHING);
  const elsewhere = join(await runsFolder(), NAME);
  await cp(folder, elsewhere, { recursive: true });
  told = [];
  await send(elsewhere);
  expect(told[0]).toMatch(/was moved from another disk, or is a copy/);
});

test('a server that has lost the run, or another server, gets it whole', async () => {
  const folder = await endedRun(runs);
  await send(folder);
  server.runs.clear();
  server.artifacts.clear();
  told = [];
  await send(folder);
  expect(told[0]).toMatch(/has no run \w+, which it had before: it is sent anew/);
  expectWhole(theRun());
  expect(server.artifacts.size).toBe(9);
  await server.close();
  server = await fakeServer();
  told = [];
  await send(folder);
  expect(told[0]).toMatch(/has no run \w+, which was sent to http:\/\/127.0.0.1:\d+: it is sent anew/);
  expectWhole(theRun());
});

test('the same server under another address keeps its run', async () => {
  const folder = await endedRun(runs);
  await send(folder);
  expect(await send(folder, { MLFLOW_TRACKING_URI: `http://localhost:${server.port}` })).toEqual(NOTHING);
  expect(server.runs.size).toBe(1);
});

test('a run that was deleted there is left alone, and what to do is said', async () => {
  const folder = await endedRun(runs);
  await send(folder);
  theRun().stage = 'deleted';
  await expect(send(folder)).rejects.toMatchObject({ temporary: false, message: expect.stringMatching(/was deleted on .*restore it there, or delete mlflow.json/) as string });
});

test('the experiment is made when it is not there, also when two runs make it at once', async () => {
  const [one, two] = [await endedRun(runs, 'one'), await endedRun(runs, 'two')];
  let first = true;
  server.fault = (request) => {
    if (request === 'POST mlflow/experiments/create' && first) {
      first = false;
      server.experiments.set('1', { name: 'storytelling & more', stage: 'active' });
    }
    return undefined;
  };
  for (const folder of [one, two]) await send(folder, { MLFLOW_EXPERIMENT_NAME: 'storytelling & more' });
  expect([...server.runs.values()].map(({ experiment }) => experiment)).toEqual(['1', '1']);
  server.experiments.get('1')!.stage = 'deleted';
  await expect(send(await endedRun(runs, 'three'), { MLFLOW_EXPERIMENT_NAME: 'storytelling & more' })).rejects.toThrow('the experiment storytelling & more was deleted');
});

test('MLFLOW_RUN_ID names the run, once', async () => {
  const run = { experiment: '0', name: 'made before', status: 'RUNNING', stage: 'active', start: 1, params: {}, tags: { note: 'mine' }, values: [] };
  server.runs.set('abc', run);
  const folder = await endedRun(runs, 'one');
  await send(folder, { MLFLOW_RUN_ID: 'abc' });
  expectWhole(run);
  expect(await send(folder)).toEqual(NOTHING);
  await expect(send(await endedRun(runs, 'two'), { MLFLOW_RUN_ID: 'abc' })).rejects.toThrow('holds another run already');
  await expect(send(await endedRun(runs, 'three'), { MLFLOW_RUN_ID: 'none' })).rejects.toThrow('has no run none, which MLFLOW_RUN_ID names');
  expect(server.runs.size).toBe(1);
});

test('an artifact that the server refuses does not keep the others back, and is not tried again as it is', async () => {
  const folder = await endedRun(runs);
  await put(folder, 'checkpoints/best/zzz.bin', 'x');
  server.fault = (request) => (request.endsWith('weights.safetensors') ? { status: 413, body: 'too large' } : undefined);
  const sender = senderOf(folder);
  await sender.send(true);
  await expect(sender.upload(true)).rejects.toThrow(`checkpoints/best/weights.safetensors: ${server.uri} answers status 413`);
  expect(server.artifacts.size).toBe(9);
  const before = server.requests.length;
  await sender.upload(true);
  expect(server.requests.length).toBe(before);
  expect((await sender.missing()).artifacts).toBe(1);
});

test('artifacts that do not pass through the server stay here; the rest is sent', async () => {
  const folder = await endedRun(runs);
  server.artifactRoot = 's3://bucket';
  await send(folder);
  expectWhole(theRun());
  expect(server.artifacts.size).toBe(0);
  expect(told[1]).toMatch(/are kept at s3:\/\/bucket\/.*, which the server does not pass on/);
});

test('a sweep and its trials are nested, and the sweep ends when all trials have', async () => {
  const sweep = join(runs, 'sweep-lr-2026-11-01T09-00-00');
  await mkdir(sweep);
  await put(sweep, 'sweep.json', { format: 'fabula sweep', version: 1, name: 'lr', search: 'grid', metric: 'val_loss', trials: [{ id: '1' }], sweep: { parameters: { 'optimizer.learning_rate': [1, 2] } } });
  await put(sweep, 'trials.jsonl', `${lineOf({ trial: '1', status: 'done' })}${lineOf({ trial: '2', status: 'waiting' })}`);
  await put(sweep, 'best.json', { trial: '1', metric: 'val_loss', value: 3.5 });
  const trial = await endedRun(join(sweep, 'runs'));
  await send(sweep);
  await send(trial);
  const [[id, parent], [, nested]] = [...server.runs] as [[string, FakeRun], [string, FakeRun]];
  expect(nested.tags['mlflow.parentRunId']).toBe(id);
  expect(parent).toMatchObject({ status: 'RUNNING', params: { name: 'lr', search: 'grid', metric: 'val_loss', 'sweep.parameters.optimizer.learning_rate': '[1,2]' }, tags: { 'fabula.kind': 'sweep' } });
  expect(parent.values).toMatchObject([{ key: 'best_val_loss', value: 3.5, step: 0 }]);
  expect(artifact('trials.jsonl')).toContain('waiting');
  for (const [last, status] of [['interrupted', 'KILLED'], ['failed', 'FINISHED']]) {
    await put(sweep, 'trials.jsonl', `${lineOf({ trial: '1', status: 'done' })}${lineOf({ trial: '2', status: last })}`);
    await send(sweep);
    expect(parent.status).toBe(status);
  }
  expect(parent.end).toBeGreaterThan(parent.start);
});

test('how a run ended: by an error, by a stop, not at all, as an evaluation', async () => {
  const ends: [string, string, unknown, string][] = [
    ['failed', 'run.json', { kind: 'train', failed: 'the loss is NaN' }, 'FAILED'], ['stopped', 'result.json', { stopped: 'interrupted' }, 'KILLED'],
    ['crashed', 'environment.json', 'cut {', 'KILLED'], ['evaluated', 'run.json', { kind: 'evaluate' }, 'FINISHED'],
  ];
  for (const [name, file, content, status] of ends) {
    const folder = await begunRun(runs, name);
    await put(folder, file, content);
    if (name === 'evaluated') await put(folder, 'scores/vist.json', { protocol: 'vist', scores: { METEOR: { value: 0.3 } } });
    await send(folder);
    expect([...server.runs.values()].at(-1), name).toMatchObject({ name, status });
  }
});

test('a score that was computed again is added to its history', async () => {
  const folder = await endedRun(runs);
  await put(folder, 'scores/val.json', { protocol: 'vist', scores: { METEOR: { value: 0.3 } } });
  await send(folder);
  await put(folder, 'scores/val.json', { protocol: 'vist', scores: { METEOR: { value: 0.31 } } });
  await send(folder);
  await send(folder);
  expect(theRun().values.filter(({ key }) => key === 'scores/val/METEOR').map(({ value }) => value)).toEqual([0.3, 0.31]);
});

test('an old folder with nothing but its configuration and measurements', async () => {
  const folder = join(runs, 'vist-2025-02-03T04-05-06');
  await put(folder, 'config.json', { name: 'vist' });
  await appendFile(join(folder, 'metrics.jsonl'), lineOf({ step: 1, epoch: 1, loss: 4 }));
  await send(folder);
  expect(theRun()).toMatchObject({ status: 'KILLED', start: Date.UTC(2025, 1, 3, 4, 5, 6), values: [{ key: 'loss', value: 4, step: 1, timestamp: Date.UTC(2025, 1, 3, 4, 5, 6) }] });
});

test('a configuration that is missing, and a damaged mlflow.json, are named', async () => {
  const folder = await endedRun(runs);
  await put(folder, 'mlflow.json', '{"key": 5}');
  await expect(send(folder)).rejects.toThrow(`${join(folder, 'mlflow.json')}: key: expected a text, found 5`);
  await put(folder, 'mlflow.json', '{"key"');
  await expect(send(folder)).rejects.toThrow('is not valid JSON');
  const empty = await begunRun(runs, 'empty');
  await put(empty, 'config.json', '{"na');
  await expect(send(empty)).rejects.toThrow(`${join(empty, 'config.json')}: the configuration of the run is not valid JSON`);
});
