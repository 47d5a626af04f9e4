// Writes cases for check_models.py: stories, initial weights, and the loss, gradients and training that we compute.
// Use: node .ci/node/models_case.mjs FOLDER [DIST]   (DIST: folder of the compiled project, dist/ by default)
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { storiesOf } from './stories.mjs';

const [folder, dist = 'dist'] = process.argv.slice(2);
if (!folder) throw new Error('use: models_case.mjs FOLDER [DIST]');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { Random } = await load('core/random.js');
const { StoryBatches } = await load('data/batches.js');
const { encodeSafetensors } = await load('io/safetensors.js');
const { storyModelSchema } = await load('models/options.js');
const { Optimizer, optimizerSchema } = await load('optim/optimizer.js');
const { openRuntime } = await load('runtime/jit.js');
const { Vocabulary } = await load('text/vocabulary.js');
const { StoryNetwork, previousForm } = await load('training/network.js');

const SIZES = { features: 50, vocabulary: 200, steps: 22 };
const STORIES_PER_BATCH = 13;
const COUNT = 36;
const STEPS = 20;
const hard = { gates: 'hard', reset: 'before' };

/** Every option that changes the maths is in at least one case, for both cells where they differ. */
const CASES = {
  'encoder-decoder gru': { name: 'encoder-decoder' },
  'encoder-decoder gru, photos of length one': { name: 'encoder-decoder', photos: { normalise: 'l2' } },
  'encoder-decoder gru, photos as they are': { name: 'encoder-decoder', photos: { normalise: 'none' } },
  'encoder-decoder lstm': { name: 'encoder-decoder', cell: { type: 'lstm' } },
  'encoder-decoder gru, five photos, two layers': { name: 'encoder-decoder', photos: { last: 5, layers: 2 }, decoder: { layers: 2 } },
  'encoder-decoder lstm, reversed, three layers': { name: 'encoder-decoder', cell: { type: 'lstm' }, photos: { reverse: true, layers: 3 }, decoder: { layers: 3 } },
  'encoder-decoder gru, absent photos as zeros': { name: 'encoder-decoder', photos: { masking: false } },
  'encoder-decoder lstm, absent photos as zeros, reversed': { name: 'encoder-decoder', cell: { type: 'lstm' }, photos: { masking: false, reverse: true } },
  'previous-sentence gru': { name: 'previous-sentence' },
  'previous-sentence lstm': { name: 'previous-sentence', cell: { type: 'lstm' } },
  'previous-sentence gru, as coded': { name: 'previous-sentence', cell: hard, previous: { mask: false }, embedding: { trainable: false } },
  'previous-sentence lstm, hard gates, padded': { name: 'previous-sentence', cell: { type: 'lstm', gates: 'hard' }, previous: { mask: false } },
  'previous-sentence gru, cnn': { name: 'previous-sentence', previous: { encoder: 'cnn' } },
  'previous-sentence lstm, cnn': { name: 'previous-sentence', cell: { type: 'lstm' }, previous: { encoder: 'cnn' } },
  'attention gru, general, input': { name: 'attention' },
  'attention lstm, general, input': { name: 'attention', cell: { type: 'lstm' } },
  'attention gru, as coded': { name: 'attention', cell: hard, attention: { score: 'rank-one', feed: 'state' }, previous: { mask: false } },
  'attention lstm, rank-one, state': { name: 'attention', cell: { type: 'lstm' }, attention: { score: 'rank-one', feed: 'state' } },
  'attention gru, concat, two layers': { name: 'attention', attention: { score: 'concat' }, decoder: { layers: 2 } },
  'attention gru, dot, fed nowhere': { name: 'attention', attention: { score: 'dot', feed: 'none' } },
};

const random = new Random('models case');
const sentences = randomSentences();
const photos = Float32Array.from({ length: COUNT * 5 * SIZES.features }, () => Math.max(0, random.normal() - 0.3));
const { stories, features } = storiesOf({ Vocabulary, words: SIZES.vocabulary, sentences, photos, count: COUNT, steps: SIZES.steps, size: SIZES.features });
const runtime = await openRuntime();
mkdirSync(folder, { recursive: true });
save('stories', {
  sentences: { dtype: 'I32', shape: [COUNT, 5, SIZES.steps], data: sentences },
  photos: { dtype: 'F32', shape: [COUNT, 5, SIZES.features], data: photos },
});
const about = {};
for (const [name, options] of Object.entries(CASES)) about[name] = await writeCase(name, options);
writeFileSync(join(folder, 'cases.json'), JSON.stringify(about, null, 1));
console.log(`${Object.keys(CASES).length} cases in ${folder}`);

/** Lengths as in VIST: 11 words on average, 20 at most, few very short; frequent words first. */
function randomSentences() {
  const ids = new Int32Array(COUNT * 5 * SIZES.steps);
  for (let i = 0; i < COUNT * 5; i++) {
    const length = Math.max(1, Math.min(20, Math.round(11 + 4.5 * random.normal())));
    const row = ids.subarray(i * SIZES.steps, (i + 1) * SIZES.steps);
    row[0] = 1;
    for (let t = 1; t <= length; t++) row[t] = 3 + Math.floor((SIZES.vocabulary - 3) * random.uniform() ** 2);
    row[length + 1] = 2;
  }
  return ids;
}

function save(file, tensors) {
  writeFileSync(join(folder, `${file}.safetensors`), encodeSafetensors(tensors));
}

async function writeCase(name, given) {
  const options = storyModelSchema.parse({
    ...given,
    photos: { units: 64, ...given.photos },
    previous: { units: given.name === 'attention' ? 64 : 48, ...given.previous },
    embedding: { size: 40, ...given.embedding },
  });
  // Every third case clips so low that clipping is what is tested.
  const optimizer = optimizerSchema.parse({ learning_rate: 3e-3, clip_value: Object.keys(CASES).indexOf(name) % 3 === 2 ? 0.002 : 5 });
  const network = new StoryNetwork(runtime, options, SIZES, 2);
  network.initialise(7);
  // Not the identity that networks start from, so that standardising shows.
  const statistics = new Random('statistics');
  for (const part of ['photos.mean', 'photos.scale']) {
    const data = network.arena.values[part]?.data ?? [];
    for (let i = 0; i < data.length; i++) data[i] = statistics.between(0.2, 0.8);
  }
  // Biases start from zero, which would hide one that is left out.
  const drawn = new Random(name);
  for (const [parameter, { data }] of Object.entries(network.arena.values)) {
    if (/bias$/.test(parameter)) for (let i = 0; i < data.length; i++) data[i] += drawn.between(-0.3, 0.3);
  }
  const batches = new StoryBatches(stories, features, { storiesPerBatch: STORIES_PER_BATCH, previous: previousForm(options), seed: 1, shapes: 1 });
  const file = name.replace(/\W+/g, '-');
  save(`${file}.initial`, copied(network.arena.values));
  const update = await Optimizer.open(network.arena, optimizer);
  const order = [];
  const losses = [];
  for (let epoch = 0; losses.length < STEPS; epoch++) {
    for (const numbers of batches.epoch(epoch).slice(0, STEPS - losses.length)) {
      order.push(numbers);
      losses.push(await network.lossAndGradients(batches.pack(numbers), 0));
      if (losses.length === 1) save(`${file}.gradients`, copied(network.arena.gradients.tensors));
      update.update();
    }
  }
  save(`${file}.final`, copied(network.arena.trainable.tensors));
  return { file, options, optimizer, order, losses };
}

function copied(tensors) {
  return Object.fromEntries(Object.entries(tensors).map(([name, { shape, data }]) => [name, { dtype: 'F32', shape, data: data.slice() }]));
}
