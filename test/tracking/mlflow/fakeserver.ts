import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LIMITS } from '../../../src/tracking/mlflow/client.ts';

interface Pair {
  key: string;
  value: string;
}

interface Value {
  key: string;
  value: number | string;
  timestamp: number;
  step: number;
}

export interface FakeRun {
  experiment: string;
  name: string;
  status: string;
  stage: string;
  start: number;
  end?: number;
  params: Record<string, string>;
  tags: Record<string, string>;
  /** Everything that was ever logged, twice where it was sent twice: unlike a real server, which would hide it. */
  values: Value[];
}

/** What goes wrong with a request: an answer, none at all, a connection cut before or after the request was carried out. */
export type Fault = { status: number; body: string; headers?: Record<string, string> } | 'silence' | 'cut' | 'cut after';

export interface FakeServer {
  readonly uri: string;
  readonly port: number;
  readonly experiments: Map<string, { name: string; stage: string }>;
  readonly runs: Map<string, FakeRun>;
  readonly artifacts: Map<string, Buffer>;
  /** `METHOD path` of every request. */
  readonly requests: string[];
  /** Headers of the last request. */
  headers: IncomingMessage['headers'];
  /** Where runs keep artifacts. */
  artifactRoot: string;
  /** Asked before each request. */
  fault: (request: string, body: Buffer) => Fault | undefined;
  close(): Promise<void>;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message = code) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The keys of all requests that are used here. */
interface Asked {
  readonly experiment_name: string;
  readonly name: string;
  readonly experiment_ids: readonly string[];
  readonly filter: string;
  readonly experiment_id: string;
  readonly run_name: string;
  readonly run_id: string;
  readonly start_time: number;
  readonly end_time?: number;
  readonly status: string;
  readonly metrics?: readonly Value[];
  readonly params?: readonly Pair[];
  readonly tags?: readonly Pair[];
}

/** A small MLflow server in memory, as strict as the real one where that matters. @param port 0 takes any */
export async function fakeServer(port = 0): Promise<FakeServer> {
  const server = createServer((request, response) => {
    // A client that breaks off is what some tests are about.
    answer(fake, request, response).catch(() => {});
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const taken = (server.address() as AddressInfo).port;
  const fake: FakeServer = {
    uri: `http://127.0.0.1:${taken}`, port: taken, experiments: new Map([['0', { name: 'Default', stage: 'active' }]]), runs: new Map(), artifacts: new Map(),
    requests: [], headers: {}, artifactRoot: 'mlflow-artifacts:', fault: () => undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return fake;
}

async function answer(fake: FakeServer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body = Buffer.concat(parts);
  const url = new URL(request.url!, fake.uri);
  const name = `${request.method} ${url.pathname.replace('/api/2.0/', '')}`;
  fake.requests.push(name);
  fake.headers = request.headers;
  const fault = fake.fault(name, body);
  if (fault === 'silence') return;
  if (fault === 'cut') return void request.socket.destroy();
  if (typeof fault === 'object') return void response.writeHead(fault.status, fault.headers).end(fault.body);
  try {
    const result = carryOut(fake, name, url, body);
    if (fault === 'cut after') return void request.socket.destroy();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result));
  } catch (error) {
    const { status = 500, code = 'INTERNAL_ERROR', message } = error as Refusal;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error_code: code, message }));
  }
}

function carryOut(fake: FakeServer, name: string, url: URL, body: Buffer): unknown {
  if (name.startsWith('PUT mlflow-artifacts/artifacts/')) {
    fake.artifacts.set(decodeURIComponent(name.slice('PUT mlflow-artifacts/artifacts'.length)), body);
    return {};
  }
  const asked = (name.startsWith('GET') ? Object.fromEntries(url.searchParams) : JSON.parse(body.toString())) as Asked;
  const action = ACTIONS[name.replace(/^\w+ mlflow\//, '')];
  if (action === undefined) throw new Refusal(404, 'ENDPOINT_NOT_FOUND');
  return action(fake, asked);
}

const ACTIONS: Readonly<Record<string, (fake: FakeServer, asked: Asked) => unknown>> = {
  'experiments/get-by-name': ({ experiments }, { experiment_name }) => {
    const [id, found] = [...experiments].find(([, { name }]) => name === experiment_name) ?? [];
    if (found === undefined) throw new Refusal(404, 'RESOURCE_DOES_NOT_EXIST', `Could not find experiment with name '${experiment_name}'`);
    return { experiment: { experiment_id: id, name: found.name, lifecycle_stage: found.stage } };
  },
  'experiments/create': ({ experiments }, { name }) => {
    if ([...experiments.values()].some((there) => there.name === name)) throw new Refusal(400, 'RESOURCE_ALREADY_EXISTS');
    experiments.set(String(experiments.size), { name, stage: 'active' });
    return { experiment_id: String(experiments.size - 1) };
  },
  'runs/search': (fake, { experiment_ids, filter }) => {
    const [, key, value] = /^tags\.`([^`]*)` = '([^']*)'$/.exec(filter)!;
    const found = [...fake.runs].filter(([, run]) => experiment_ids.includes(run.experiment) && run.stage === 'active' && run.tags[key!] === value);
    return found.length === 0 ? {} : { runs: found.map(([id]) => shown(fake, id)) };
  },
  'runs/create': (fake, { experiment_id, run_name, start_time, tags }) => {
    if (!fake.experiments.has(experiment_id)) throw new Refusal(404, 'RESOURCE_DOES_NOT_EXIST', `No Experiment with id=${experiment_id} exists`);
    const id = randomUUID().replaceAll('-', '');
    fake.runs.set(id, { experiment: experiment_id, name: run_name, status: 'RUNNING', stage: 'active', start: start_time, params: {}, tags: record(tags ?? []), values: [] });
    return { run: shown(fake, id) };
  },
  'runs/get': (fake, { run_id }) => ({ run: shown(fake, run_id) }),
  'runs/update': (fake, { run_id, status, end_time }) => {
    Object.assign(runOf(fake, run_id), { status, ...(end_time !== undefined && { end: end_time }) });
    return {};
  },
  'runs/log-batch': (fake, { run_id, metrics = [], params = [], tags = [] }) => {
    const run = runOf(fake, run_id);
    if (run.stage === 'deleted') throw new Refusal(400, 'INVALID_PARAMETER_VALUE', `The run ${run_id} must be in the 'active' state.`);
    if (metrics.length > LIMITS.metrics || params.length > 100 || tags.length > 100) throw new Refusal(400, 'INVALID_PARAMETER_VALUE', 'too many');
    for (const { key, value } of params) {
      if (key in run.params && run.params[key] !== value) throw new Refusal(400, 'INVALID_PARAMETER_VALUE', 'Changing param values is not allowed');
      if (!/^[\w./:\- ]{1,250}$/.test(key) || value.length > 6000) throw new Refusal(400, 'INVALID_PARAMETER_VALUE', key);
    }
    Object.assign(run.params, record(params));
    Object.assign(run.tags, record(tags));
    run.values.push(...metrics);
    return {};
  },
};

function record(pairs: readonly Pair[]): Record<string, string> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}

function runOf({ runs }: FakeServer, id: string): FakeRun {
  const run = runs.get(id);
  if (run === undefined) throw new Refusal(404, 'RESOURCE_DOES_NOT_EXIST', `Run with id=${id} not found`);
  return run;
}

function shown(fake: FakeServer, id: string): unknown {
  const { experiment, name, status, stage, start, end, params, tags, values } = runOf(fake, id);
  const latest = new Map<string, Value>();
  for (const value of values) if (value.step >= (latest.get(value.key)?.step ?? -1)) latest.set(value.key, value);
  const pairs = (of: Record<string, string>): Pair[] => Object.entries(of).map(([key, value]) => ({ key, value }));
  return {
    info: { run_id: id, run_name: name, experiment_id: experiment, status, lifecycle_stage: stage, start_time: start, end_time: end, artifact_uri: `${fake.artifactRoot}/${experiment}/${id}/artifacts` },
    data: { ...(latest.size > 0 && { metrics: [...latest.values()] }), params: pairs(params), tags: pairs(tags) },
  };
}
