// Run by .ci/slurm.sh: sweeps and extraction as Slurm job arrays end with what the same commands give without Slurm,
// also when tasks are put back into the queue on the way. Use: slurm_case.mjs FOLDER [DIST]
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';

const folder = resolve(process.argv[2]);
const dist = resolve(process.argv[3] ?? 'dist');
const load = (name) => import(join(dist, name));
const [{ Random }, { GraphBuilder }, { modelBytes }, { openFeatures }] = await Promise.all(['core/random.js', 'runtime/graph.js', 'runtime/onnx.js', 'data/features.js'].map(load));
mkdirSync(folder, { recursive: true });
process.chdir(folder);

/** Runs a command of Fabula; fails unless it ends with `code`. */
function fabula(words, code = 0) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(dist, 'cli/main.js'), ...words], { encoding: 'utf8' });
  if (status !== code) throw new Error(`fabula ${words.join(' ')}: exit code ${status}: ${stdout}${stderr}`);
  return code === 0 ? stdout : stderr;
}
const slurm = (program, ...words) => execFileSync(program, words, { encoding: 'utf8' }).trim();
const sleep = (ms) => new Promise((then) => setTimeout(then, ms));
const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');
const lines = (path) => (existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []);

let failures = 0;
function check(what, found, expected) {
  const same = isDeepStrictEqual(found, expected);
  console.log(`${same ? 'same' : 'DIFFERENT'}: ${what}${same ? '' : `: ${JSON.stringify(found)} where ${JSON.stringify(expected)} is expected`}`);
  if (!same) failures++;
}

async function until(what, condition, seconds = 240) {
  for (let tries = 0; tries < seconds * 5; tries++) {
    if (condition()) return;
    await sleep(200);
  }
  throw new Error(`${what}: not within ${seconds} s: ${slurm('squeue', '--array')}`);
}

/** Waits until the queue is empty. Slurm holds back for two minutes what was put back into it: here it need not. */
function queueEnds() {
  return until('the end of all jobs', () => {
    for (const line of slurm('squeue', '--noheader', '--array', '--states=PENDING', '--format=%F_%K|%r').split('\n')) {
      const [task, reason] = line.split('|');
      if (reason === 'BeginTime') spawnSync('scontrol', ['update', `JobId=${task}`, 'StartTime=now']);
    }
    return slurm('squeue', '--noheader') === '';
  });
}

// A CNN of one layer, for photos of 16 x 16.
const random = new Random(1);
const builder = new GraphBuilder();
const photos = builder.input('photos', 'float32', [1, 3, 16, 16]);
const kernel = builder.constant(Float32Array.from({ length: 4 * 3 * 4 }, () => random.normal()), [4, 3, 2, 2]);
const map = builder.op('Conv', [photos, kernel], { dtype: 'float32', shape: [1, 4, 8, 8] }, { kernel_shape: [2, 2], strides: [2, 2] });
const mean = builder.op('GlobalAveragePool', [map], { dtype: 'float32', shape: [1, 4, 1, 1] });
builder.output(builder.op('Flatten', [mean], { dtype: 'float32', shape: [1, 4] }), 'vector');
writeFileSync('tiny.onnx', modelBytes(builder.finish()));
writeFileSync('tiny.yaml', JSON.stringify({ short_side: 18, crop: 16, kernel: 'linear', order: 'rgb', layout: 'nchw', mean: [127, 127, 127], std: [64, 64, 64], scale: 1 }));
fabula(['storybook', 'book', '--seed', '2', '--train', '24', '--val', '6', '--test', '0', '--width', '48', '--height', '36']);
fabula(['prepare', '--train', 'book/train.story-in-sequence.json', '--val', 'book/val.story-in-sequence.json', '--output', 'data']);

// Extraction: five shards in arrays of at most four tasks.
const extract = ['extract', 'book/photos', '--cnn', 'tiny.onnx', '--layer', 'vector', '--preprocess', 'tiny.yaml', '--batch', '8', '--threads', '1'];
fabula([...extract, '-o', 'features.h5']);
const submitted = JSON.parse(fabula([...extract, '-o', 'joined.h5', '--shards', '5', '--slurm', '--slurm-options', 'time=5', '--json']));
check('extract: tasks and job arrays', [submitted.tasks, submitted.arrays, submitted.submitted.length], [5, 2, 2]);
const early = fabula(['extract', '--gather', '-o', 'joined.h5'], 2);
check('extract: --gather before the end says what Slurm says', /shards? .*(Slurm job \d+_\d+: \w+)|no shard of it is here/.test(early), true);
const twice = fabula([...extract, '-o', 'joined.h5', '--shards', '5', '--slurm'], 2);
check('extract: nothing is submitted twice', /Slurm still has jobs? \d+/.test(twice), true);
await queueEnds();
fabula(['extract', '--gather', '-o', 'joined.h5']);
const [one, joined] = await Promise.all(['features.h5', 'joined.h5'].map((path) => openFeatures(path)));
check('extract: ids of the joined shards, in the order of a single run', joined.ids, one.ids);
check('extract: every bit of every row', Buffer.compare(Buffer.from(joined.rows(joined.ids).buffer), Buffer.from(one.rows(one.ids).buffer)), 0);
check('extract: fingerprint', joined.fingerprint, one.fingerprint);

/** Enough for a task to be put back into the queue on the way. */
const EPOCHS = 120;
// A sweep of six trials, with one task that is requeued from outside and one that gets the warning before its time limit.
writeFileSync('base.yaml', JSON.stringify({
  data: { train: 'data/train.h5', validation: 'data/val.h5', features: 'features.h5' },
  model: { photos: { units: 12 }, previous: { units: 12 }, embedding: { size: 8 } },
  optimizer: { learning_rate: 0.01 }, training: { epochs: EPOCHS, stories_per_batch: 4, patience: null, samples: 0 }, runtime: { threads: 1 },
}));
writeFileSync('grid.yaml', 'name: grid\nbase: base.yaml\nparameters: { optimizer.learning_rate: [0.01, 0.003, 0.001], seed: [1, 2] }\n');
writeFileSync('halving.yaml', 'name: halving\nbase: base.yaml\nsearch: halving\neta: 2\nmin_epochs: 2\nmax_epochs: 8\ntrials: 5\nparameters: { optimizer.learning_rate: { min: 0.001, max: 0.1, scale: log } }\n');
const historyOf = (sweep, trial) => readdirSync(join(sweep, 'runs')).filter((name) => name.includes(`-${trial}-`)).flatMap((name) => lines(join(sweep, 'runs', name, 'history.csv')));

const grid = JSON.parse(fabula(['sweep', 'grid.yaml', '--slurm', '--slurm-options', 'time=5', '--json']));
check('sweep: tasks and job arrays', [grid.tasks, grid.arrays], [6, 2]);
/** Does something to a task whose trial is on its way: after a few epochs, long before its end. @returns the task */
async function disturb(disturbance, spared) {
  let chosen;
  await until('a trial on its way', () => {
    const running = slurm('squeue', '--noheader', '--array', '--states=RUNNING', '--format=%F_%K').split('\n').filter((task) => task !== '' && task !== spared);
    chosen = running.find((task) => {
      const epochs = historyOf(grid.folder, trialOf(task)).length - 1;
      return epochs > 2 && epochs < EPOCHS / 2 && spawnSync(disturbance[0], [...disturbance.slice(1), task]).status === 0;
    });
    return chosen !== undefined;
  });
  return chosen;
}

const jobs = lines(join(grid.folder, 'slurm/1/jobs.jsonl')).map((line) => JSON.parse(line));
/** The arrays' first places are the trials 1 and 5. */
function trialOf(task) {
  const [job, place] = task.split('_');
  return String(jobs.find((array) => array.job === job).offset + Number(place) + 1).padStart(3, '0');
}
const requeued = await disturb(['scontrol', 'requeue']);
// Until the node has let go of it, scancel tries again and again to signal its neighbours.
await until('the requeued task back in the queue', () => slurm('squeue', '--noheader', '--array', `--jobs=${requeued}`, '--format=%T') === 'PENDING');
const warned = await disturb(['scancel', '--batch', '--signal=USR1'], requeued);
await sleep(1000);
const midway = JSON.parse(fabula(['sweep', '--gather', grid.folder, '--json']));
check('sweep: gathered on the way, unfinished trials have what Slurm says', midway.trials.some(({ status, reason }) => status !== 'done' && /Slurm job \d+_\d+: \w+|process \d+/.test(reason ?? '')), true);
await queueEnds();
const log = (task) => readFileSync(join(grid.folder, `slurm/1/${task}.log`), 'utf8');
check('sweep: both tasks were started twice', [requeued, warned].map((task) => log(task).split(/^trial 00\d: /m).length - 1), [2, 2]);
check('sweep: the warning before the time limit put the task back by itself', [requeued, warned].map((task) => /the time is up: saved, and back into the queue/.test(log(task))), [false, true]);
compare('sweep', grid.folder, ['sweep', 'grid.yaml', '--runs', 'local', '--parallel', '2', '--json'], EPOCHS);
check('sweep: nothing is left to submit', fabula(['sweep', '--resume', grid.folder, '--slurm', '--json']).includes('"best"'), true);

// Halving: each rung waits for the one before.
const halving = JSON.parse(fabula(['sweep', 'halving.yaml', '--slurm', '--slurm-options', 'time=5', '--json']));
check('halving: tasks of three rungs, five in two arrays', [halving.tasks, halving.arrays], [5 + 2 + 1, 4]);
await queueEnds();
compare('halving', halving.folder, ['sweep', 'halving.yaml', '--runs', 'local', '--parallel', '2', '--json'], 8);

/** The sweep on Slurm against the same without: trials, losses, and the weights of each to the last bit. */
function compare(name, folderOfSlurm, words, epochs) {
  const there = JSON.parse(fabula(['sweep', '--gather', folderOfSlurm, '--json']));
  const here = JSON.parse(fabula(words));
  const figures = ({ trials }) => trials.map(({ trial, status, rung, epochs: n, val_loss, train_loss }) => [trial, status, rung, n, val_loss, train_loss]);
  check(`${name}: all trials in the same order with the same losses`, figures(there), figures(here));
  const files = ['checkpoints/last/weights.safetensors', 'checkpoints/best/weights.safetensors', 'metrics.jsonl', 'history.csv'];
  const hashes = (sweep) => sweep.trials.toSorted((a, b) => (a.trial < b.trial ? -1 : 1)).map(({ run }) => files.map((file) => sha256(join(sweep.folder, 'runs', run, file))));
  check(`${name}: weights, metrics and histories of all runs`, hashes(there), hashes(here));
  check(`${name}: the best was trained to the end`, there.best.epochs, epochs);
}

console.log(failures === 0 ? 'Slurm: all the same' : `Slurm: ${failures} differences`);
process.exitCode = failures === 0 ? 0 : 1;
