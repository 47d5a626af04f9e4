// Names the parts of a training step and its ten costliest ONNX nodes. Prints one JSON line.
// Use: node bench/profile.mjs --model a --hidden 512 --batches STEM [--weights STEM]
import { openRuntime } from '../dist/runtime/jit.js';
import { StoryBatches } from '../dist/data/batches.js';
import { Optimizer, optimizerSchema } from '../dist/optim/optimizer.js';
import { previousForm, StoryNetwork } from '../dist/training/network.js';
import { loadAverage, options, report, round } from './lib/measure.mjs';
import { fillWeights, modelOptions } from './lib/models.mjs';
import { openStream } from './lib/stream.mjs';

const { model, hidden, batches: stem, steps, threads, weights, top } = options({
  model: 'a', hidden: 512, batches: 'bench/work/batches', steps: 20, threads: 2, weights: '', top: 10,
});

const stream = openStream(stem);
const settings = modelOptions(model, hidden);
const runtime = await openRuntime({ threads, profile: true });
if (typeof runtime.profile !== 'function') throw new Error('this build of the runtime has no profile');
const network = new StoryNetwork(runtime, settings, stream.sizes, 2);
if (weights) fillWeights(network.arena.values, weights);
else network.initialise(1);
const batches = new StoryBatches(stream.stories, stream.features, { storiesPerBatch: stream.perBatch, previous: previousForm(settings), seed: 1 });
const optimizer = await Optimizer.open(network.arena, optimizerSchema.parse({ learning_rate: 1e-4, clip_value: 5, epsilon: 1e-7 }));

// The first step compiles: its time is no part of a step.
const spent = { pack: 0, call: 0, optimiser: 0 };
await network.lossAndGradients(batches.pack(stream.batch(0)), 0);
for (let i = 1; i <= steps; i++) {
  const t0 = performance.now();
  const batch = batches.pack(stream.batch(i));
  const t1 = performance.now();
  await network.lossAndGradients(batch, 0);
  const t2 = performance.now();
  optimizer.update();
  const t3 = performance.now();
  spent.pack += t1 - t0;
  spent.call += t2 - t1;
  spent.optimiser += t3 - t2;
}

// Node times are sums over all calls, the first one included.
const nodes = (await runtime.profile()).map((node) => ({ ...node, ms: node.microseconds / 1000 / (steps + 1) }));
const phase = (name) => nodes.filter((node) => node.phase === name).reduce((sum, { ms }) => sum + ms, 0);
const [forward, backward, call] = [phase('forward'), phase('backward'), spent.call / steps];
const ms = { feed: spent.pack / steps, forward, backward, 'read-back and calls': Math.max(0, call - forward - backward), optimiser: spent.optimiser / steps };
report({
  model, hidden, threads, steps,
  total_ms: round(Object.values(ms).reduce((a, b) => a + b, 0)),
  ms: Object.fromEntries(Object.entries(ms).map(([part, value]) => [part, round(value)])),
  nodes: nodes.sort((a, b) => b.ms - a.ms).slice(0, top).map(({ node, op, phase: part, shape, runs, ms: each }) => ({
    node, op, phase: part, shape, runs_per_step: round(runs / (steps + 1), 1), ms_per_step: round(each, 3),
  })),
  loadavg: loadAverage(),
});
await runtime.dispose();
