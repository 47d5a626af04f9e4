// Times training steps of one model on the shared batch stream; prints one JSON line with the peers' field names.
// A step is what it is for the peers: pack the batch, loss and gradients, optimiser.
// Use: node bench/train.mjs --model c --hidden 512 --batches STEM [--weights STEM] [--backend tensorflow] [--pad] [--trace]
import { openRuntime } from '../dist/runtime/jit.js';
import { StoryBatches } from '../dist/data/batches.js';
import { Optimizer, optimizerSchema } from '../dist/optim/optimizer.js';
import { previousForm, StoryNetwork } from '../dist/training/network.js';
import { LAST, stepFlops } from './lib/flops.mjs';
import { cpuMilliseconds, loadAverage, median, minimum, options, peakMemory, report, round } from './lib/measure.mjs';
import { fillWeights, modelOptions } from './lib/models.mjs';
import { padded } from './lib/padded.mjs';
import { openStream } from './lib/stream.mjs';

const { model, hidden, batches: stem, steps, warmup, threads, backend, weights, trace, pad } = options({
  model: 'a', hidden: 512, batches: 'bench/work/batches', steps: 20, warmup: 3, threads: 2, backend: 'onnx', weights: '', trace: false, pad: false,
});
if (warmup < 1) throw new Error('--warmup: the first step compiles, give 1 or more');

const begun = performance.now();
const stream = openStream(stem);
const settings = modelOptions(model, hidden);
const runtime = await openRuntime({ backend, threads });
const network = new StoryNetwork(runtime, settings, stream.sizes, 2);
if (weights) fillWeights(network.arena.values, weights);
else network.initialise(1);
const batches = new StoryBatches(stream.stories, stream.features, { storiesPerBatch: stream.perBatch, previous: previousForm(settings), seed: 1 });
const optimizer = await Optimizer.open(network.arena, optimizerSchema.parse({ learning_rate: 1e-4, clip_value: 5, epsilon: 1e-7 }));

const losses = [];
const timed = { total: [], pack: [], gradients: [], optimiser: [], cpu: [] };
let warm = 0;
let words = 0;
for (let i = 0; i < warmup + steps; i++) {
  const cpu = cpuMilliseconds();
  const t0 = performance.now();
  const packed = batches.pack(stream.batch(i));
  const batch = pad ? padded(packed, stream.sizes.steps) : packed;
  const t1 = performance.now();
  losses.push(await network.lossAndGradients(batch, 0));
  const t2 = performance.now();
  optimizer.update();
  const t3 = performance.now();
  if (i === warmup - 1) warm = (t3 - begun) / 1000;
  if (i < warmup) continue;
  timed.total.push(t3 - t0);
  timed.pack.push(t1 - t0);
  timed.gradients.push(t2 - t1);
  timed.optimiser.push(t3 - t2);
  timed.cpu.push(cpuMilliseconds() - cpu);
  words += batch.weights.data.reduce((sum, weight) => sum + weight, 0);
}

const [least, middle] = [minimum(timed.total), median(timed.total)];
const sentences = stream.perBatch * 5;
const flops = stepFlops(model, hidden, sentences, words / steps);
const perSecond = (ms) => ({ padded: round(flops.padded / ms / 1e6, 1), useful: round(flops.useful / ms / 1e6, 1) });
report({
  framework: backend === 'onnx' ? 'fabula' : `fabula-${backend}`, version: `node ${process.versions.node}`,
  model, hidden, batch: sentences, threads,
  ms_per_step: { min: round(least), median: round(middle) },
  phase_ms_median: { pack: round(median(timed.pack)), gradients: round(median(timed.gradients)), optimiser: round(median(timed.optimiser)) },
  sentences_per_s: round((sentences / middle) * 1000), real_tokens_per_s: round((words / steps / middle) * 1000, 1),
  gflop_per_step: { padded: round(flops.padded / 1e9), useful: round(flops.useful / 1e9) },
  gflops_achieved_at_min: perSecond(least), gflops_achieved_at_median: perSecond(middle),
  cpu_ms_per_step_median: round(median(timed.cpu), 1), peak_rss_mb: peakMemory(),
  loss_first: round(losses[0], 6), loss_last: round(losses.at(-1), 6), params: network.arena.trainableCount,
  steps, warmup, warmup_s: round(warm), opts: { backend, last_k: LAST[model], weights: weights || 'own' },
  loadavg: loadAverage(),
  losses: losses.slice(0, trace ? undefined : 4).map((loss) => round(loss, 6)),
});
await runtime.dispose();
