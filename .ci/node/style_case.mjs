// Writes cases for check_style.py: the models of the style-shifting storyteller with random weights and a batch each, and
// the loss, gradients, vectors and steps of training that we compute.
// Use: node .ci/node/style_case.mjs FOLDER [DIST]   (DIST: folder of the compiled project, dist/ by default)
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, dist = 'dist'] = process.argv.slice(2);
if (!folder) throw new Error('use: style_case.mjs FOLDER [DIST]');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { floats } = await load('core/hosttensor.js');
const { Random } = await load('core/random.js');
const { packReading, packTelling } = await load('data/sentencepacking.js');
const { encodeSafetensors } = await load('io/safetensors.js');
const { embedPhotos, embedSentences, imageSentenceSchema } = await load('models/imagesentence.js');
const { passageDecoderSchema } = await load('models/passagedecoder.js');
const { skipThoughtsSchema, skipThoughtVectors } = await load('models/skipthoughts.js');
const { Optimizer, optimizerSchema } = await load('optim/optimizer.js');
const { openRuntime } = await load('runtime/jit.js');
const { imageSentenceProgram } = await load('style/training/imagesentencetask.js');
const { passageProgram } = await load('style/training/passagetask.js');
const { skipThoughtsProgram } = await load('style/training/skipthoughtstask.js');
const { LossNetwork } = await load('training/lossnetwork.js');

const WORDS = 80;
const MAX_WORDS = 9;
const FEATURES = 30;
const VECTOR = 26;
const BATCH = 9;
const STEPS = 20;
const END = 2;
const [lstm, hard, before] = [{ type: 'lstm' }, { gates: 'hard' }, { gates: 'hard', reset: 'before' }];

/** Every option that changes the maths is in at least one case; margins that some wrong pairs keep and others do not. */
const CASES = {
  'uni-skip, as published': { model: 'skip-thoughts', train: true },
  'bi-skip, as published, reset before': { model: 'skip-thoughts', direction: 'bi', cell: { reset: 'before' }, decoder_units: 20 },
  'uni-skip, as coded': { model: 'skip-thoughts', objective: 'as-coded' },
  'bi-skip, as coded, hard lstm': { model: 'skip-thoughts', direction: 'bi', objective: 'as-coded', cell: { ...lstm, ...hard } },
  'uni-skip, as published, lstm, frozen words': { model: 'skip-thoughts', cell: lstm, embedding: { trainable: false } },
  'image-sentence, gru, as published': { model: 'image-sentence', margin: 0.05, train: true },
  'image-sentence, gru, as coded, photos standardised': { model: 'image-sentence', objective: 'as-coded', photos: { normalise: 'standardise' } },
  'image-sentence, bow, as published, photos as they are': { model: 'image-sentence', encoder: 'bow', photos: { normalise: 'none' }, embedding: { size: 24 } },
  'image-sentence, bow, as coded': { model: 'image-sentence', encoder: 'bow', objective: 'as-coded', embedding: { size: 24 } },
  'image-sentence, lstm, as published': { model: 'image-sentence', cell: lstm, margin: 0.1 },
  'passages, as published': { model: 'passages', train: true },
  'passages, as coded, deep output': { model: 'passages', conditioning: 'as-coded', deep_output: true },
  'passages, as published, lstm, deep output, vectors as they are': { model: 'passages', cell: lstm, deep_output: true, vectors: 'none' },
  'passages, as coded, reset before, hard gates': { model: 'passages', conditioning: 'as-coded', cell: before },
  'passages, as coded, lstm, vectors as they are': { model: 'passages', conditioning: 'as-coded', cell: lstm, vectors: 'none' },
};

/** How each model's options are read, its loss, its batches, and the vectors that it gives. */
const MODELS = {
  'skip-thoughts': {
    schema: skipThoughtsSchema,
    program: (o) => skipThoughtsProgram(o, WORDS, MAX_WORDS),
    draw: (random) => ({ sentences: sentences(random), next: sentences(random), previous: sentences(random) }),
    pack: (raw, o) => ({ sentences: packReading(withEnd(raw.sentences), o.direction === 'bi'), next: packTelling(raw.next), previous: packTelling(raw.previous) }),
    vectors: async (p, batch, o) => ({ vectors: await runtime.jit((q, s) => skipThoughtVectors(q, o, s))(p, batch.sentences) }),
  },
  'image-sentence': {
    schema: imageSentenceSchema,
    program: (o) => imageSentenceProgram(o, { features: FEATURES, vocabulary: WORDS }, MAX_WORDS),
    // Photos of features after a ReLU.
    draw: (random) => ({ sentences: sentences(random), rows: rows(random, FEATURES, () => Math.max(0, random.normal())) }),
    pack: (raw) => ({ photos: floats(Float32Array.from(raw.rows.flat()), [BATCH, FEATURES]), sentences: packReading(withEnd(raw.sentences), false) }),
    vectors: async (p, batch, o) => ({
      photos: await runtime.jit((q, x) => embedPhotos(q, o, x))(p, batch.photos), sentences: await runtime.jit((q, s) => embedSentences(q, o, s))(p, batch.sentences),
    }),
  },
  passages: {
    schema: passageDecoderSchema,
    program: (o) => passageProgram(o, { vector: VECTOR, vocabulary: WORDS }, MAX_WORDS),
    draw: (random) => ({ sentences: sentences(random), rows: rows(random, VECTOR, () => random.normal()) }),
    pack: (raw) => ({ vectors: floats(Float32Array.from(raw.rows.flat()), [BATCH, VECTOR]), passages: packTelling(raw.sentences) }),
    vectors: async () => ({}),
  },
};

const runtime = await openRuntime({ threads: 1 });
mkdirSync(folder, { recursive: true });
const about = {};
for (const [name, given] of Object.entries(CASES)) about[name] = await writeCase(name, given);
writeFileSync(join(folder, 'cases.json'), JSON.stringify(about, null, 1));
console.log(`${Object.keys(CASES).length} cases in ${folder}`);
await runtime.dispose();

function sentences(random) {
  return Array.from({ length: BATCH }, () => Array.from({ length: 1 + random.int(MAX_WORDS) }, () => 3 + random.int(WORDS - 3)));
}

function withEnd(read) {
  return read.map((ids) => [...ids, END]);
}

/** Rows that single precision holds. */
function rows(random, size, draw) {
  return Array.from({ length: BATCH }, () => Array.from({ length: size }, () => Math.fround(draw())));
}

async function writeCase(name, { model, train, ...given }) {
  const { schema, program, draw, pack, vectors } = MODELS[model];
  const options = schema.parse({ units: 24, ...given, embedding: { size: 18, ...given.embedding } });
  // A norm that the first gradients are above, so that clipping is tested too.
  const optimizer = optimizerSchema.parse({ learning_rate: 3e-3, clip_value: null, clip_norm: 0.2 });
  const network = new LossNetwork(runtime, program(options), 2);
  network.initialise(7);
  enliven(name, network.arena.values);
  const random = new Random(`batches ${name}`);
  const batches = Array.from({ length: train ? 3 : 1 }, () => draw(random));
  const file = name.replace(/\W+/g, '-');
  save(`${file}.initial`, network.arena.values);
  save(`${file}.vectors`, await vectors(network.arena.values, pack(batches[0], options), options));
  const summed = await network.summedLoss(pack(batches[0], options));
  const losses = [await network.lossAndGradients(pack(batches[0], options), 0)];
  save(`${file}.gradients`, network.arena.gradients.tensors);
  if (train) {
    const update = await Optimizer.open(network.arena, optimizer);
    update.update();
    while (losses.length < STEPS) {
      losses.push(await network.lossAndGradients(pack(batches[losses.length % batches.length], options), 0));
      update.update();
    }
    save(`${file}.final`, network.arena.trainable.tensors);
  }
  return { file, model, options, optimizer, batches, summed, losses };
}

/**
 * Biases start from zero and statistics from the identity, which would hide one that is left out. Small weights leave
 * sentences and photos alike: no wrong pair then keeps the margin, and the slopes of a photo's bias are differences of
 * nearly equal sums, of which single precision holds few digits.
 */
function enliven(name, values) {
  const random = new Random(name);
  for (const [parameter, { data }] of Object.entries(values)) {
    for (let i = 0; i < data.length; i++) {
      if (/(bias|\.mean)$/.test(parameter)) data[i] += random.between(-0.3, 0.3);
      else if (parameter.endsWith('.scale')) data[i] = random.between(0.5, 1.5);
      else if (parameter === 'embedding') data[i] *= 5;
      else if (/^sentence\..*input$|^photo\.kernel$/.test(parameter)) data[i] *= 3;
    }
  }
}

function save(file, tensors) {
  const copied = Object.entries(tensors).map(([name, { shape, data }]) => [name, { dtype: 'F32', shape, data: data.slice() }]);
  writeFileSync(join(folder, `${file}.safetensors`), encodeSafetensors(Object.fromEntries(copied)));
}
