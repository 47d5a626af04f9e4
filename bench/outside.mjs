// How much of an epoch of `fabula train` (model c) is not the step itself: batching, logging, checkpoints. The command
// runs as a user runs it, from files; the parts are timed by wrapping the methods it calls. Prints one JSON line.
// Use: node bench/outside.mjs --batches STEM [--hidden 512]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runTraining } from '../dist/cli/training.js';
import { StoryBatches } from '../dist/data/batches.js';
import { writeFeatures } from '../dist/data/features.js';
import { selectStories, writeStories } from '../dist/data/stories.js';
import { Teller } from '../dist/decoding/teller.js';
import { Optimizer } from '../dist/optim/optimizer.js';
import { RunFolder } from '../dist/tracking/runfolder.js';
import { StoryNetwork } from '../dist/training/network.js';
import { Trainer } from '../dist/training/trainer.js';
import { Clock } from './lib/clock.mjs';
import { loadAverage, options, peakMemory, report, round } from './lib/measure.mjs';
import { openStream } from './lib/stream.mjs';

/** Of 40,155 stories, 13 in a batch. */
const VIST_STEPS = 3089;
const CHECKPOINT_SECONDS = 300;
const { batches: stem, hidden, threads } = options({ batches: 'bench/work/batches', hidden: 512, threads: 2 });

const scratch = mkdtempSync(join(tmpdir(), 'fabula-bench-'));
try {
  report(await measure(await writeData()));
} finally {
  rmSync(scratch, { recursive: true });
}

/** The batch stream as files: its stories for training, the first 26 of them for validation. */
async function writeData() {
  const { stories, photos, sizes } = openStream(stem);
  const [train, validation, features] = ['train.h5', 'validation.h5', 'features.h5'].map((file) => join(scratch, file));
  const texts = stories.imageIds.map(() => Array(stories.photos).fill(''));
  const set = { ...stories, texts };
  await writeStories(train, set);
  await writeStories(validation, selectStories(set, Array.from({ length: 26 }, (_, i) => i)));
  await writeFeatures(features, { ids: stories.imageIds.flat(), embeddings: photos, rowShape: [sizes.features], info: { cnn: 'bench', layer: 'fc7', weightsSha256: '', preprocessing: null } });
  return { train, validation, features };
}

async function measure(data) {
  const clock = new Clock();
  clock.wrap(StoryNetwork, 'lossAndGradients', 'gradients');
  clock.wrap(Optimizer, 'update', 'optimiser');
  clock.wrap(StoryBatches, 'pack', 'batches');
  clock.wrap(RunFolder, 'metric', 'log');
  clock.wrap(Trainer, 'validationLoss', 'validation');
  clock.wrap(Teller, 'tell', 'samples');
  const saves = timeCheckpoints();
  // The first epoch compiles; the second, from its order of stories to the end of training, is measured.
  let steps = 0;
  const order = StoryBatches.prototype.epoch;
  StoryBatches.prototype.epoch = function epoch(number) {
    clock.restart();
    const batches = order.call(this, number);
    steps = batches.length;
    return batches;
  };
  let wall = 0;
  const run = Trainer.prototype.run;
  Trainer.prototype.run = async function timed(...args) {
    const result = await run.apply(this, args);
    wall = clock.elapsed();
    return result;
  };
  await silently(() => runTraining({ config: undefined, resume: undefined, runs: join(scratch, 'runs'), dryRun: false, json: false, backend: undefined, device: undefined, threads, set: settingsFor(data) }));
  return describe(clock.parts, wall, steps, saves);
}

function settingsFor({ train, validation, features }) {
  return [
    `data.train=${train}`, `data.validation=${validation}`, `data.features=${features}`, 'model.name=previous-sentence',
    `model.photos.units=${hidden}`, `model.previous.units=${hidden}`, 'model.embedding.trainable=false', 'training.epochs=2',
    `training.checkpoint_seconds=${CHECKPOINT_SECONDS}`,
  ];
}

function describe({ gradients, optimiser, batches, log, validation, samples }, wall, steps, saves) {
  const step = gradients + optimiser;
  const epoch = wall - validation - samples;
  const outside = epoch - step;
  // After an epoch the last checkpoint is written, and the best one; in a long epoch one now and then as well.
  const checkpoint = saves.ms / saves.count / 1000;
  const whole = (VIST_STEPS * step) / 1000 / steps;
  const outsideWhole = (VIST_STEPS * (outside - saves.ms)) / 1000 / steps + (2 + Math.floor(whole / CHECKPOINT_SECONDS)) * checkpoint;
  return {
    hidden, threads, steps, checkpoint_seconds: CHECKPOINT_SECONDS, vist_steps: VIST_STEPS,
    outside_share: round(outside / epoch, 4), outside_share_of_vist: round(outsideWhole / (whole + outsideWhole), 4),
    epoch_s: round(epoch / 1000), validation_s: round(validation / 1000), samples_s: round(samples / 1000), checkpoint_s: round(checkpoint, 3),
    ms_per_step: Object.fromEntries(Object.entries({ gradients, optimiser, batches, log, checkpoints: saves.ms, 'the rest': outside - batches - log - saves.ms }).map(([part, ms]) => [part, round(ms / steps, 3)])),
    peak_rss_mb: peakMemory(), loadavg: loadAverage(),
  };
}

/**
 * Times the checkpoints after an epoch: they are written between the end of validation and the history's, and each
 * begins by flushing the metrics.
 */
function timeCheckpoints() {
  const saves = { count: 0, ms: 0, from: Infinity };
  const before = (type, method, note) => {
    const original = type.prototype[method];
    type.prototype[method] = function noted(...args) {
      note();
      return original.apply(this, args);
    };
  };
  before(RunFolder, 'flush', () => saves.count++);
  before(RunFolder, 'writeHistory', () => (saves.ms = performance.now() - saves.from));
  const validationLoss = Trainer.prototype.validationLoss;
  Trainer.prototype.validationLoss = async function noted() {
    const loss = await validationLoss.call(this);
    Object.assign(saves, { count: 0, from: performance.now() });
    return loss;
  };
  return saves;
}

async function silently(work) {
  const { log } = console;
  console.log = () => {};
  try {
    await work();
  } finally {
    console.log = log;
  }
}
