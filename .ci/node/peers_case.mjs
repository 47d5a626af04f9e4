// Trains the three models from the initial weights of the PyTorch and Keras peers (peers/README.md) and compares the
// first four losses with theirs: a = encoder-decoder, b = attention as coded, c = previous sentence.
// Use: node .ci/node/peers_case.mjs FOLDER     FOLDER holds what
//   make_batches.py --out FOLDER/batches --weights a:512,b:512,c:512   writes.
import { join } from 'node:path';
import { fillWeights, modelOptions } from '../../bench/lib/models.mjs';
import { openStream } from '../../bench/lib/stream.mjs';
import { StoryBatches } from '../../dist/data/batches.js';
import { Optimizer, optimizerSchema } from '../../dist/optim/optimizer.js';
import { openRuntime } from '../../dist/runtime/jit.js';
import { previousForm, StoryNetwork } from '../../dist/training/network.js';

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('use: peers_case.mjs FOLDER');

const TOLERANCE = 1e-5;
const HIDDEN = 512;
const LOSSES = {
  a: [9.216626, 9.210505, 9.198465, 9.195034],
  b: [9.210266, 9.190546, 9.166137, 9.151583],
  c: [9.212166, 9.200085, 9.184045, 9.171604],
};

const stream = openStream(join(folder, 'batches'));
const runtime = await openRuntime();
let failed = 0;
for (const [peer, losses] of Object.entries(LOSSES)) failed += (await check(peer, losses)) ? 0 : 1;
console.log(`${Object.keys(LOSSES).length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

async function check(peer, expected) {
  const options = modelOptions(peer, HIDDEN);
  const network = new StoryNetwork(runtime, options, stream.sizes, 2);
  fillWeights(network.arena.values, join(folder, `weights_${peer}${HIDDEN}`));
  const batches = new StoryBatches(stream.stories, stream.features, { storiesPerBatch: stream.perBatch, previous: previousForm(options), seed: 1 });
  const optimizer = await Optimizer.open(network.arena, optimizerSchema.parse({ learning_rate: 1e-4, clip_value: 5 }));
  const losses = [];
  for (let step = 0; step < expected.length; step++) {
    losses.push(await network.lossAndGradients(batches.pack(stream.batch(step)), 0));
    optimizer.update();
  }
  const worst = Math.max(...losses.map((loss, i) => Math.abs(loss - expected[i])));
  const good = worst <= TOLERANCE;
  console.log(`${good ? 'ok' : 'FAILED'} ${peer} ${options.name}: ${losses.map((loss) => loss.toFixed(6)).join(' ')} (apart from the peers by ${worst.toExponential(1)})`);
  return good;
}
