// Trains beside a real MLflow server that is killed and started again, sends the rest with `fabula runs sync`, and
// compares what the server has with the run folders: every value of every step once, artifacts byte for byte, nested
// runs of a sweep. Prints how long steps take with and without the mirror. Exits 1 on a difference.
// Use: node .ci/node/mlflow_case.mjs FOLDER MLFLOW [DIST]   (MLFLOW: its program; DIST: the compiled project, dist/ by default)
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

const [target, mlflow, dist = 'dist'] = process.argv.slice(2);
if (!target || !mlflow) throw new Error('use: mlflow_case.mjs FOLDER MLFLOW [DIST]');
const folder = resolve(target);
const main = resolve(dist, 'cli/main.js');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const EXPERIMENT = 'fabula: a check';
const STEPS_PER_EPOCH = 50;

// ---- data

async function writeData() {
  const [{ writeStories }, { writeFeatures }, { Vocabulary }, { Random }] = await Promise.all(['data/stories.js', 'data/features.js', 'text/vocabulary.js', 'core/random.js'].map(load));
  const random = new Random('mlflow');
  const [words, steps, size] = [400, 12, 64];
  const vocabulary = new Vocabulary(['<NULL>', '<START>', '<END>', '<UNK>', ...Array.from({ length: words - 4 }, (_, i) => `w${i}`)]);
  const stories = (count, name) => {
    const sentences = new Int32Array(count * 5 * steps);
    for (let i = 0; i < count * 5; i++) {
      const length = 4 + random.int(steps - 6);
      sentences.set([1, ...Array.from({ length }, () => 4 + random.int(words - 4)), 2], i * steps);
    }
    const imageIds = Array.from({ length: count }, (_, s) => Array.from({ length: 5 }, (_, j) => `${name}${s}.${j}`));
    return { length: count, photos: 5, steps, ids: imageIds.map((_, s) => String(s)), imageIds, sentences, texts: imageIds, vocabulary };
  };
  const [train, validation] = [stories(STEPS_PER_EPOCH * 4, 't'), stories(12, 'v')];
  const ids = [...train.imageIds, ...validation.imageIds].flat();
  const embeddings = Float32Array.from({ length: ids.length * size }, () => random.between(-1, 1));
  await writeStories(join(folder, 'train.h5'), train);
  await writeStories(join(folder, 'val.h5'), validation);
  await writeFeatures(join(folder, 'features.h5'), { ids, embeddings, info: { cnn: 'onnx', layer: 'vector', weightsSha256: 'ab', preprocessing: {} } });
}

function writeConfig(name, epochs, units) {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, `name: ${name}
seed: 4
data: { train: ${folder}/train.h5, validation: ${folder}/val.h5, features: ${folder}/features.h5 }
model: { photos: { units: ${units} }, previous: { units: ${units} }, embedding: { size: 32 } }
training: { epochs: ${epochs}, stories_per_batch: 4, patience: null }
runtime: { threads: 1 }
`);
  return file;
}

// ---- processes

const groups = new Set();
process.on('exit', () => {
  for (const pid of groups) kill(pid);
});

function kill(pid) {
  groups.delete(pid);
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

let port;
let uri;

/** In a process group of its own: MLflow's server is several processes. */
async function startServer() {
  const args = ['server', '--backend-store-uri', `sqlite:///${folder}/mlflow.db`, '--artifacts-destination', join(folder, 'artifacts'), '--serve-artifacts', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'];
  const child = spawn(mlflow, args, { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' } });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (log = `${log}${bytes}`.slice(-4000)));
  groups.add(child.pid);
  for (let i = 0; i < 240; i++) {
    if (child.exitCode !== null) throw new Error(`the server ended:\n${log}`);
    if (await fetch(`${uri}/health`).then((answer) => answer.ok, () => false)) return child;
    await sleep(500);
  }
  throw new Error(`the server did not start:\n${log}`);
}

function fabula(words, environment = {}) {
  const child = spawn(process.execPath, [main, ...words], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, MLFLOW_TRACKING_URI: uri, MLFLOW_EXPERIMENT_NAME: EXPERIMENT, ...environment } });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (bytes) => (stdout += bytes));
  child.stderr.on('data', (bytes) => (stderr += bytes));
  return { child, ended: once(child, 'close').then(([code]) => ({ code, stdout, stderr })) };
}

async function sync(...words) {
  const { code, stdout, stderr } = await fabula(['runs', 'sync', ...words, '--json']).ended;
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

// ---- the server

async function ask(path, body) {
  const answer = await fetch(`${uri}/api/2.0/${path}`, body && { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  const text = await answer.text();
  assert.ok(answer.ok, `${path}: ${text}`);
  return JSON.parse(text);
}

async function runsThere() {
  const found = await ask(`mlflow/experiments/get-by-name?experiment_name=${encodeURIComponent(EXPERIMENT)}`);
  const { runs = [] } = await ask('mlflow/runs/search', { experiment_ids: [found.experiment.experiment_id], max_results: 1000 });
  return runs.map(({ info, data = {} }) => ({ id: info.run_id, info, params: pairs(data.params), tags: pairs(data.tags), metrics: data.metrics ?? [] }));
}

const pairs = (list = []) => Object.fromEntries(list.map(({ key, value }) => [key, value]));

async function history(id, key) {
  const values = [];
  for (let token = ''; ;) {
    const page = await ask(`mlflow/metrics/get-history?run_id=${id}&metric_key=${encodeURIComponent(key)}&max_results=1000&page_token=${encodeURIComponent(token)}`);
    values.push(...(page.metrics ?? []));
    token = page.next_page_token ?? '';
    if (token === '') return values.sort((a, b) => a.step - b.step);
  }
}

async function valuesSent(id) {
  return (await history(id, 'loss')).length;
}

// ---- comparison

const lines = (file) => readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));

/** Every value of metrics.jsonl, by key. */
function measured(run) {
  const keys = new Map();
  for (const { step, epoch, ...values } of lines(join(run, 'metrics.jsonl'))) {
    for (const [key, value] of Object.entries('val_loss' in values ? { ...values, epoch } : values)) keys.set(key, [...(keys.get(key) ?? []), [step, value]]);
  }
  return keys;
}

async function compareRun(run, status = 'FINISHED') {
  const state = JSON.parse(readFileSync(join(run, 'mlflow.json'), 'utf8'));
  const all = await runsThere();
  assert.equal(all.filter(({ tags }) => tags['fabula.run'] === state.key).length, 1, `${run}: more than one run on the server`);
  const { id, info, params, tags, metrics } = all.find((there) => there.id === state.run_id);
  assert.equal(info.status, status);
  const own = measured(run);
  assert.deepEqual(metrics.map(({ key }) => key).sort(), [...own.keys()].sort());
  let count = 0;
  for (const [key, values] of own) {
    const there = await history(id, key);
    assert.deepEqual(there.map(({ step, value }) => [step, value]), values, `${run}: ${key}`);
    there.forEach(({ timestamp }, i) => assert.ok(i === 0 || timestamp >= there[i - 1].timestamp, `${run}: ${key}: times go back at ${i}`));
    assert.ok(there[0].timestamp >= info.start_time && there.at(-1).timestamp <= info.end_time + 1, `${run}: ${key}: times outside of the run`);
    count += there.length;
  }
  const config = JSON.parse(readFileSync(join(run, 'config.json'), 'utf8'));
  assert.equal(params['optimizer.learning_rate'], String(config.optimizer.learning_rate));
  assert.equal(params['data.train'], config.data.train);
  assert.equal(tags['fabula.model'], config.model.name);
  return { id, tags, count, files: await compareArtifacts(run, info) };
}

async function compareArtifacts(run, { artifact_uri: address, run_id: id }) {
  const root = address.replace(/^mlflow-artifacts:\//, '');
  const epochs = readFileSync(join(run, 'history.csv'), 'utf8').trim().split('\n').length - 1;
  const samples = Array.from({ length: epochs }, (_, i) => `samples/epoch-${String(i + 1).padStart(2, '0')}.txt`);
  const best = readdirSync(join(run, 'checkpoints/best')).map((name) => `checkpoints/best/${name}`);
  assert.ok(best.includes('checkpoints/best/weights.safetensors'));
  const expected = ['config.json', 'environment.json', 'history.csv', 'result.json', 'run.json', 'charts/losses.html', ...best, ...samples];
  const there = await listed(id);
  assert.deepEqual(there.sort(), expected.sort());
  for (const path of there) {
    const answer = await fetch(`${uri}/api/2.0/mlflow-artifacts/artifacts/${root}/${path}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (path.startsWith('charts/')) assert.match(bytes.toString(), /<svg/);
    else if (path.startsWith('samples/')) assert.ok(bytes.length > 20);
    else assert.ok(bytes.equals(readFileSync(join(run, path))), `${run}: ${path} differs`);
  }
  return there.length;
}

/** Paths of all artifacts of a run. */
async function listed(id, path = '') {
  const { files = [] } = await ask(`mlflow/artifacts/list?run_id=${id}${path === '' ? '' : `&path=${encodeURIComponent(path)}`}`);
  const inner = await Promise.all(files.map((file) => (file.is_dir ? listed(id, file.path) : [file.path])));
  return inner.flat();
}

// ---- the checks

const onlyRun = (runs) => join(runs, readdirSync(runs).find((name) => !name.startsWith('.')));

/** Waits until the server has some of a run that is being trained. */
async function untilSent(known, count) {
  for (let i = 0; i < 600; i++) {
    const found = (await runsThere().catch(() => [])).find(({ id, metrics }) => !known.has(id) && metrics.some(({ key, step }) => key === 'loss' && step >= count));
    if (found) return found.id;
    await sleep(100);
  }
  throw new Error('nothing of the run came to the server within a minute');
}

async function killedForGood(server) {
  const runs = join(folder, 'killed');
  const { child, ended } = fabula(['train', writeConfig('killed', 14, 96), '--runs', runs, '--json']);
  const id = await untilSent(new Set(), STEPS_PER_EPOCH);
  kill(server.pid);
  assert.equal(child.exitCode, null, 'the training ended before the server was killed: make it longer');
  const { code, stderr } = await ended;
  assert.equal(code, 0, stderr);
  const said = stderr.split('\n').filter((line) => line !== '');
  assert.equal(said.length, 3, stderr);
  assert.match(said[0], /^fabula: MLflow: http:.*\/#\/experiments\/\d+\/runs\/\w+$/);
  assert.match(said[1], /^fabula: http:\S+ cannot be reached: .*; the run goes on, and what is missing is sent when MLflow answers again$/);
  assert.match(said[2], /^fabula: not all of this run is on MLflow \(missing: [\d,]+ values and \d+ files\); send the rest with: fabula runs sync \S+$/);
  const run = onlyRun(runs);
  assert.equal(lines(join(run, 'metrics.jsonl')).filter(({ loss }) => loss !== undefined).length, 14 * STEPS_PER_EPOCH);

  const away = await fabula(['runs', 'sync', run]).ended;
  assert.equal(away.code, 1);
  assert.match(away.stderr, /^fabula: http:\S+ cannot be reached: nothing listens there\n$/);
  const again = await startServer();
  const before = await valuesSent(id);
  assert.ok(before > 0 && before < 14 * STEPS_PER_EPOCH, `${before} steps came before the kill`);
  const moved = join(runs, 'moved and renamed');
  renameSync(run, moved);
  const [sent] = await sync(moved);
  assert.equal(sent.run_id, id);
  assert.ok(sent.sent.metrics > 0 && sent.sent.artifacts > 0);
  const { count, files } = await compareRun(moved);
  const [nothing] = await sync(moved);
  assert.deepEqual(nothing.sent, { params: 0, tags: 0, metrics: 0, artifacts: 0 });
  await compareRun(moved);
  console.log(`killed in the middle: ${before} of ${14 * STEPS_PER_EPOCH} steps had come, sync sent ${sent.sent.metrics} values and ${sent.sent.artifacts} files; ${count} values and ${files} files are equal`);
  return again;
}

/** The training goes on until the server has more of it than before it was killed, and is then interrupted. */
async function killedAndBack(server) {
  const runs = join(folder, 'back');
  const known = new Set((await runsThere()).map(({ id }) => id));
  const { child, ended } = fabula(['train', writeConfig('back', 1000, 96), '--runs', runs, '--json']);
  const id = await untilSent(known, STEPS_PER_EPOCH);
  kill(server.pid);
  const again = await startServer();
  const before = await valuesSent(id);
  for (let i = 0; (await valuesSent(id)) === before; i++) {
    assert.ok(i < 1200, 'nothing came to the server after it was back');
    await sleep(200);
  }
  child.kill('SIGINT');
  const { code, stderr } = await ended;
  assert.equal(code, 130, stderr);
  assert.equal(stderr.match(/cannot be reached/g)?.length, 1, stderr);
  const [rest] = await sync(runs);
  const { count, files } = await compareRun(onlyRun(runs), 'KILLED');
  console.log(`killed and back while training: ${before} steps had come; ${count} values and ${files} files are equal, of which ${rest.sent.metrics} values and ${rest.sent.artifacts} files were left for sync`);
  return again;
}

async function killedTraining() {
  const runs = join(folder, 'resumed');
  const known = new Set((await runsThere()).map(({ id }) => id));
  const { child, ended } = fabula(['train', writeConfig('resumed', 8, 64), '--runs', runs, '--json']);
  await untilSent(known, STEPS_PER_EPOCH);
  child.kill('SIGKILL');
  await ended;
  const run = onlyRun(runs);
  const { code, stderr } = await fabula(['train', '--resume', run, '--json']).ended;
  assert.equal(code, 0, stderr);
  await sync(run);
  const { count, files } = await compareRun(run);
  console.log(`training killed and resumed: ${count} values and ${files} files are equal`);
}

async function sweep() {
  const file = join(folder, 'sweep.yaml');
  writeFileSync(file, `name: rates\nsearch: grid\nbase: ${writeConfig('base', 2, 16)}\nparameters: { optimizer.learning_rate: [0.001, 0.01] }\n`);
  const { code, stderr } = await fabula(['sweep', file, '--runs', join(folder, 'sweeps'), '--parallel', '2', '--json']).ended;
  assert.equal(code, 0, stderr);
  const place = onlyRun(join(folder, 'sweeps'));
  await sync(place);
  const parent = (await runsThere()).find(({ tags }) => tags['fabula.kind'] === 'sweep');
  assert.equal(parent.info.run_name, basename(place));
  assert.equal(parent.info.status, 'FINISHED');
  const trials = readdirSync(join(place, 'runs'));
  assert.equal(trials.length, 2);
  for (const trial of trials) assert.equal((await compareRun(join(place, 'runs', trial))).tags['mlflow.parentRunId'], parent.id);
  console.log(`sweep: ${trials.length} runs nested in ${parent.info.run_name}`);
}

/** Mean milliseconds of the later half of 200 steps, with the mirror and without. Printed, not judged: machines are shared. */
async function speed() {
  const file = writeConfig('speed', 4, 96);
  const times = { without: [], with: [] };
  for (let i = 0; i < 3; i++) {
    for (const which of ['without', 'with']) {
      const runs = join(folder, `speed-${which}-${i}`);
      await fabula(['train', file, '--runs', runs, '--json'], which === 'with' ? {} : { MLFLOW_TRACKING_URI: '' }).ended;
      times[which].push((1000 * JSON.parse(readFileSync(join(onlyRun(runs), 'result.json'), 'utf8')).seconds) / (4 * STEPS_PER_EPOCH));
    }
  }
  const shown = (list) => list.map((time) => time.toFixed(2)).join(', ');
  console.log(`milliseconds a step of 200, epochs' ends included: ${shown(times.without)} without MLflow; ${shown(times.with)} with`);
}

mkdirSync(folder, { recursive: true });
port = await freePort();
uri = `http://127.0.0.1:${port}`;
await writeData();
let server = await startServer();
server = await killedForGood(server);
server = await killedAndBack(server);
await killedTraining();
await sweep();
await speed();
kill(server.pid);
