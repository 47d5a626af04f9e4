// Trains on a synthetic set of VIST's full size and prints one JSON line: seconds from the start of the process to the
// end of its first step, seconds a step, peak memory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '../dist/core/random.js';
import { writeFeatures } from '../dist/data/features.js';
import { writeStories } from '../dist/data/stories.js';
import { loadAverage, options, peakMemory, report, round } from './lib/measure.mjs';
import { vocabularyOf } from './lib/stream.mjs';

const [PHOTOS, STEPS, WORDS, SIZE] = [5, 22, 10_004, 4096];
/** Sentences of 1, 2, .. 21 target words (cut at 20, and END) among VIST's 24,950 validation sentences. */
const LENGTHS = [0, 0, 8, 70, 278, 843, 1403, 2015, 2507, 2621, 2484, 2300, 2025, 1747, 1415, 1096, 929, 701, 542, 413, 1553];

const given = options({ work: '', stories: 40_155, hidden: 512, steps: 20, threads: 2, seed: 1, keep: false, scattered: false, child: false });
if (given.steps < 3) throw new Error('--steps: three at least, for the seconds a step are those after the first');
await (given.child ? train(given) : measure(given));

async function measure({ work, keep, ...settings }) {
  if (work !== '') await mkdir(work, { recursive: true });
  const folder = work === '' ? await mkdtemp(join(tmpdir(), 'fabula-fullsize-')) : work;
  try {
    const wrote = await writeSet(folder, settings);
    report({ what: 'full-size', ...settings, child: undefined, ...wrote, ...(await runChild(folder, settings)), loadavg: loadAverage() });
  } finally {
    if (!keep) for (const name of ['features.h5', 'train.h5', 'validation.h5', 'runs']) await rm(join(folder, name), { recursive: true, force: true });
    if (!keep && work === '') await rm(folder, { recursive: true });
  }
}

/** The set, unless it is there from a run with --keep. */
async function writeSet(folder, { stories, seed, scattered }) {
  const begun = performance.now();
  const numbers = Array.from({ length: stories * PHOTOS }, (_, i) => String(1_000_000 + i));
  const features = join(folder, 'features.h5');
  if (!existsSync(features)) {
    const bytes = numbers.length * SIZE * 4;
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < bytes * 1.1) throw new Error(`${folder}: ${round(bytes / 1e9, 1)} GB are needed; give another --work`);
    // In a file in the order of the stories, their photos stand together; scattered is the worst order there can be.
    const ids = scattered ? new Random(seed).shuffle(numbers) : numbers;
    const info = { cnn: 'noise', layer: 'noise', weightsSha256: '', preprocessing: null };
    await writeFeatures(features, { ids, blocks: noise(ids.length, seed), rowShape: [SIZE], info });
    await writeStories(join(folder, 'train.h5'), sentences(numbers, stories, `${seed}/train`));
    await writeStories(join(folder, 'validation.h5'), sentences(numbers, Math.min(stories, 65), `${seed}/validation`));
  }
  return { photos: numbers.length, features_gb: round((numbers.length * SIZE * 4) / 1e9), write_seconds: round((performance.now() - begun) / 1000), writing_peak_mib: peakMemory() };
}

/** Three quarters zeros, like AlexNet's fc7. Drawing 800 million normals takes a minute: rows are turned copies of 509. */
function* noise(count, seed) {
  const random = new Random(seed);
  const drawn = Float32Array.from({ length: 509 * SIZE }, () => Math.max(0, random.normal() * 1.6 - 1.1));
  const block = new Float32Array(256 * SIZE);
  for (let from = 0; from < count; from += 256) {
    const rows = Math.min(256, count - from);
    for (let i = 0; i < rows; i++) {
      const row = from + i;
      const source = drawn.subarray((row % 509) * SIZE, ((row % 509) + 1) * SIZE);
      const turn = Math.floor(row / 509) % SIZE;
      block.set(source.subarray(turn), i * SIZE);
      block.set(source.subarray(0, turn), (i + 1) * SIZE - turn);
    }
    yield block.subarray(0, rows * SIZE);
  }
}

/** Stories with VIST's sentence lengths and words by Zipf's law. */
function sentences(photoIds, length, seed) {
  const random = new Random(seed);
  const vocabulary = vocabularyOf(WORDS);
  const lengthOf = drawer(LENGTHS);
  const wordOf = drawer(Array.from({ length: WORDS - 3 }, (_, rank) => 1 / (rank + 1)));
  const ids = new Int32Array(length * PHOTOS * STEPS);
  const texts = Array.from({ length }, (_, story) => Array.from({ length: PHOTOS }, (_, photo) => {
    const words = Array.from({ length: lengthOf(random) }, () => 3 + wordOf(random));
    ids.set([1, ...words, 2], (story * PHOTOS + photo) * STEPS);
    return vocabulary.decode(words).join(' ');
  }));
  const imageIds = Array.from({ length }, (_, story) => photoIds.slice(story * PHOTOS, (story + 1) * PHOTOS));
  return { length, photos: PHOTOS, steps: STEPS, ids: texts.map((_, story) => String(story)), imageIds, sentences: ids, texts, vocabulary };
}

/** Draws places with chances in proportion to `weights`. */
function drawer(weights) {
  let sum = 0;
  const upTo = Float64Array.from(weights, (weight) => (sum += weight));
  return (random) => {
    const x = random.uniform() * sum;
    let [low, high] = [0, upTo.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upTo[middle] > x) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

async function runChild(folder, { hidden, steps, threads, seed }) {
  const words = ['--child', '--work', folder, '--hidden', hidden, '--steps', steps, '--threads', threads, '--seed', seed].map(String);
  const begun = Date.now();
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (bytes) => (output += bytes));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`training ended with code ${code}`);
  const { first_step_at, ...rest } = JSON.parse(output);
  return { first_step_seconds: round((first_step_at - begun) / 1000), ...rest };
}

/** What `fabula train` does, stopped after some steps as Ctrl-C stops it. */
async function train({ work, hidden, steps, threads, seed }) {
  const memory = [memoryAt('start')];
  const { train: trainModel } = await import('../dist/training/run.js');
  memory.push(memoryAt('loaded'));
  const enough = new AbortController();
  const ends = [];
  await trainModel({
    runs: join(work, 'runs'),
    signal: enough.signal,
    config: {
      name: 'fullsize', seed,
      data: { train: join(work, 'train.h5'), validation: join(work, 'validation.h5'), features: join(work, 'features.h5') },
      model: { name: 'previous-sentence', photos: { units: hidden }, previous: { units: hidden } },
      runtime: { threads },
    },
    events() {
      memory.push(memoryAt('data open'));
      return {
        onStep() {
          ends.push(Date.now());
          if (ends.length === 1) memory.push(memoryAt('first step'));
          if (ends.length === steps) enough.abort();
        },
      };
    },
  });
  memory.push(memoryAt('saved'));
  report({ first_step_at: ends[0], seconds_per_step: round((ends.at(-1) - ends[1]) / (ends.length - 2) / 1000, 3), peak_mib: peakOf(), memory });
}

/** Peak of resident memory so far, MiB: the kernel's own count where it can be read. */
function peakOf() {
  const path = '/proc/self/status';
  const kib = existsSync(path) ? /VmHWM:\s+(\d+)/.exec(readFileSync(path, 'utf8'))?.[1] : undefined;
  return kib === undefined ? peakMemory() : round(Number(kib) / 1024, 1);
}

function memoryAt(what) {
  const mib = (bytes) => Math.round(bytes / 2 ** 20);
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  return { what, seconds: round(performance.now() / 1000), rss: mib(rss), heap: mib(heapUsed), external: mib(external), arrays: mib(arrayBuffers), peak: Math.round(peakOf()) };
}
