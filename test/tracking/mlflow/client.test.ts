import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { artifactAddress, MlflowClient } from '../../../src/tracking/mlflow/client.ts';
import type { Fault, FakeServer } from './fakeserver.ts';
import { fakeServer } from './fakeserver.ts';

let server: FakeServer;
beforeEach(async () => {
  server = await fakeServer();
});
afterEach(() => server.close());

const client = (): MlflowClient => new MlflowClient({ uri: server.uri }, 200);

const FAULTS: readonly [string, Fault, { code: string; temporary: boolean; message: string }][] = [
  ['an error of the server', { status: 500, body: '{"error_code": "INTERNAL_ERROR", "message": "database\\n is locked"}' }, { code: 'INTERNAL_ERROR', temporary: true, message: 'answers INTERNAL_ERROR: database is locked' }],
  ['a gateway\'s page', { status: 502, body: '<html>Bad Gateway</html>' }, { code: 'HTTP_502', temporary: true, message: 'answers status 502' }],
  ['too many requests', { status: 429, body: '' }, { code: 'HTTP_429', temporary: true, message: 'answers status 429' }],
  ['a refused name', { status: 401, body: 'You are not authenticated.' }, { code: 'HTTP_401', temporary: false, message: 'refuses access (401): check MLFLOW_TRACKING_USERNAME' }],
  ['a wrong value', { status: 400, body: '{"error_code": "INVALID_PARAMETER_VALUE", "message": "no"}' }, { code: 'INVALID_PARAMETER_VALUE', temporary: false, message: 'answers INVALID_PARAMETER_VALUE: no' }],
  ['another site', { status: 404, body: 'Not Found' }, { code: 'HTTP_404', temporary: true, message: 'answers status 404 (is it the address of an MLflow server?)' }],
  ['a login page', { status: 200, body: '<html>log in</html>' }, { code: 'NOT_MLFLOW', temporary: true, message: 'does not answer as an MLflow server does (runs/get' }],
  ['JSON of another kind', { status: 200, body: '{"run": {"info": {}}}' }, { code: 'NOT_MLFLOW', temporary: true, message: 'does not answer as an MLflow server does (runs/get: run.info.run_id)' }],
  ['another address', { status: 302, body: '', headers: { location: 'https://mlflow.example.org/' } }, { code: 'REDIRECT', temporary: false, message: 'sends on to https://mlflow.example.org/: set MLFLOW_TRACKING_URI to where it really is' }],
  ['no answer', 'silence', { code: 'TIMEOUT', temporary: true, message: 'gave no answer within 0.2 s' }],
  ['a cut connection', 'cut', { code: 'UNREACHABLE', temporary: true, message: 'cannot be reached: the connection broke off' }],
];

test.each(FAULTS)('%s', async (_, fault, { code, temporary, message }) => {
  server.fault = () => fault;
  await expect(client().run('x')).rejects.toMatchObject({ code, temporary, message: expect.stringContaining(`${server.uri} ${message}`) as string });
});

test('nobody there, and no such host', async () => {
  const { uri } = server;
  await server.close();
  await expect(client().run('x')).rejects.toMatchObject({ code: 'UNREACHABLE', temporary: true, message: `${uri} cannot be reached: nothing listens there` });
  await expect(new MlflowClient({ uri: 'http://nobody.invalid' }).run('x')).rejects.toMatchObject({ code: 'UNREACHABLE', temporary: true });
  server = await fakeServer();
});

test('what is not there is undefined, not an error', async () => {
  expect(await client().run('none')).toBeUndefined();
  expect(await client().experimentByName('none')).toBeUndefined();
  expect(await client().runByTag('0', 'fabula.run', 'none')).toBeUndefined();
});

test('credentials go with every request', async () => {
  await new MlflowClient({ uri: server.uri, authorization: 'Bearer t' }).run('x');
  expect(server.headers.authorization).toBe('Bearer t');
});

test('an upload is streamed, with its length told', async () => {
  const bytes = randomBytes(9 * 2 ** 20 + 1);
  async function* content(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 2 ** 20) yield bytes.subarray(at, at + 2 ** 20);
  }
  await client().upload(artifactAddress({ uri: server.uri }, 'mlflow-artifacts:/0/ab/artifacts', 'a b/ü.bin')!, content(), bytes.length);
  const sha = (part: Uint8Array): string => createHash('sha256').update(part).digest('hex');
  expect(sha(server.artifacts.get('/0/ab/artifacts/a b/ü.bin')!)).toBe(sha(bytes));
  expect(server.headers['content-length']).toBe(String(bytes.length));
  await client().upload(artifactAddress({ uri: server.uri }, 'mlflow-artifacts:/0/ab/artifacts', 'empty')!, content(), 0);
  expect(server.artifacts.get('/0/ab/artifacts/empty')!.length).toBe(0);
});

test('a slow upload goes on as long as something moves; one that stands still is given up', async () => {
  const place = artifactAddress({ uri: server.uri }, 'mlflow-artifacts:/0/ab/artifacts', 'x')!;
  async function* slow(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      yield new Uint8Array(10);
    }
  }
  await client().upload(place, slow(), 50);
  expect(server.artifacts.get('/0/ab/artifacts/x')!.length).toBe(50);
  async function* standing(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(10);
    await new Promise((resolve) => setTimeout(resolve, 5000).unref());
  }
  await expect(client().upload(place, standing(), 50)).rejects.toMatchObject({ code: 'TIMEOUT' });
});

test.each([
  ['mlflow-artifacts:/1/ab/artifacts', 'http://h:5000/api/2.0/mlflow-artifacts/artifacts/1/ab/artifacts/a.txt'],
  ['mlflow-artifacts://other:8080/1/ab/artifacts', 'http://other:8080/api/2.0/mlflow-artifacts/artifacts/1/ab/artifacts/a.txt'],
  ['s3://bucket/1/ab/artifacts', undefined], ['/srv/mlruns/1/ab/artifacts', undefined], ['', undefined],
])('artifacts at %s', (root, address) => {
  expect(artifactAddress({ uri: 'http://h:5000' }, root, 'a.txt')).toBe(address);
});

test('artifacts of a server below a path', () => {
  expect(artifactAddress({ uri: 'https://h/mlflow' }, 'mlflow-artifacts:/1/ab/artifacts', 'a/b.txt')).toBe('https://h/mlflow/api/2.0/mlflow-artifacts/artifacts/1/ab/artifacts/a/b.txt');
});
