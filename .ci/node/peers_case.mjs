// Trains the three models from the initial weights of the PyTorch and Keras peers (peers/README.md) and compares the
// first four losses with theirs: a = encoder-decoder, b = attention as coded, c = previous sentence.
// Use: node .ci/node/peers_case.mjs FOLDER [DIST]     FOLDER holds what
//   make_batches.py --out FOLDER/batches --weights a:512,b:512,c:512   writes.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { storiesOf } from './stories.mjs';

const [folder, dist = 'dist'] = process.argv.slice(2);
if (!folder) throw new Error('use: peers_case.mjs FOLDER [DIST]');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { StoryBatches } = await load('data/batches.js');
const { storyModelSchema } = await load('models/options.js');
const { Optimizer, optimizerSchema } = await load('optim/optimizer.js');
const { openRuntime } = await load('runtime/jit.js');
const { Vocabulary } = await load('text/vocabulary.js');
const { StoryNetwork, previousForm } = await load('training/network.js');

const TOLERANCE = 1e-5;
const HIDDEN = 512;
const asCoded = { score: 'rank-one', feed: 'state' };
const PEERS = {
  a: { options: { name: 'encoder-decoder', photos: { normalise: 'none', last: 5 } }, losses: [9.216626, 9.210505, 9.198465, 9.195034] },
  b: { options: { name: 'attention', attention: asCoded, previous: { mask: false } }, losses: [9.210266, 9.190546, 9.166137, 9.151583] },
  c: { options: { name: 'previous-sentence', previous: { mask: false } }, losses: [9.212166, 9.200085, 9.184045, 9.171604] },
};

/** Where each array of the peers goes; `true` where it lies the other way round. */
const cell = (theirs, ours) => ({
  [`${theirs}.w_ih`]: [`${ours}.input`, true],
  [`${theirs}.w_hh`]: [`${ours}.recurrent`, true],
  [`${theirs}.b_ih`]: [`${ours}.bias`, false],
  [`${theirs}.b_hh`]: [`${ours}.recurrent_bias`, false],
});
const PLACES = {
  ...cell('img', 'photos.0'), ...cell('sent', 'previous'), ...cell('dec', 'decoder.0'),
  emb: ['embedding', false],
  'att.w_c': ['combine.kernel', true], 'att.b_c': ['combine.bias', false], 'att.w_a': ['attention.kernel', true],
  'out.w': ['output.kernel', true], 'out.b': ['output.bias', false],
};

const { arrays, meta } = readArrays('batches');
const sizes = { features: meta.image_dim, vocabulary: meta.vocab, steps: meta.steps };
const { stories, features } = storiesOf({
  Vocabulary, words: meta.vocab, steps: meta.steps, size: meta.image_dim,
  count: arrays.sentences.shape[0], sentences: arrays.sentences.data, photos: arrays.features.data,
});
const runtime = await openRuntime();
let failed = 0;
for (const [peer, { options, losses }] of Object.entries(PEERS)) failed += (await check(peer, options, losses)) ? 0 : 1;
console.log(`${Object.keys(PEERS).length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function readArrays(stem) {
  const { arrays: entries, meta } = JSON.parse(readFileSync(join(folder, `${stem}.json`), 'utf8'));
  const { buffer, byteOffset } = readFileSync(join(folder, `${stem}.bin`));
  const arrays = Object.fromEntries(Object.entries(entries).map(([name, { dtype, shape, offset_bytes, length_bytes }]) => {
    const data = new (dtype === 'int32' ? Int32Array : Float32Array)(buffer, byteOffset + offset_bytes, length_bytes / 4);
    return [name, { shape, data }];
  }));
  return { arrays, meta };
}

async function check(peer, given, expected) {
  const options = storyModelSchema.parse({
    ...given,
    photos: { normalise: 'none', units: HIDDEN, last: 3, ...given.photos },
    previous: { units: HIDDEN, ...given.previous },
    embedding: { size: 300, trainable: false },
  });
  const network = new StoryNetwork(runtime, options, sizes, 2);
  fill(network.arena.values, readArrays(`weights_${peer}${HIDDEN}`).arrays);
  const batches = new StoryBatches(stories, features, { storiesPerBatch: meta.stories_per_batch, previous: previousForm(options), seed: 1, shapes: 1 });
  const optimizer = await Optimizer.open(network.arena, optimizerSchema.parse({ learning_rate: 1e-4, clip_value: 5 }));
  const losses = [];
  for (let step = 0; step < expected.length; step++) {
    const numbers = arrays.batch_story_index.data.subarray(step * meta.stories_per_batch, (step + 1) * meta.stories_per_batch);
    losses.push(await network.lossAndGradients(batches.pack([...numbers]), 0));
    optimizer.update();
  }
  const worst = Math.max(...losses.map((loss, i) => Math.abs(loss - expected[i])));
  const good = worst <= TOLERANCE;
  console.log(`${good ? 'ok' : 'FAILED'} ${peer} ${options.name}: ${losses.map((loss) => loss.toFixed(6)).join(' ')} (apart from the peers by ${worst.toExponential(1)})`);
  return good;
}

/** Every parameter from its array. */
function fill(values, theirs) {
  const missing = new Set(Object.keys(values));
  for (const [name, { shape, data }] of Object.entries(theirs)) {
    const [ours, turned] = PLACES[name];
    values[ours].data.set(turned ? transposed(data, ...shape) : data);
    missing.delete(ours);
  }
  if (missing.size > 0) throw new Error(`no weights for ${[...missing]}`);
}

function transposed(data, rows, columns) {
  const out = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j];
  return out;
}
