// Exports small models and writes what their files must give: for check_export.py and check_export_web.mjs.
// Use: node .ci/node/export_case.mjs FOLDER [DIST]   (DIST: folder of the compiled project, dist/ by default)
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, dist = 'dist'] = process.argv.slice(2);
if (!folder) throw new Error('use: export_case.mjs FOLDER [DIST]');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { runFabula } = await load('cli/program.js');
const { Random } = await load('core/random.js');
const { exportedFunctions } = await load('decoding/exported.js');
const { encodeSafetensors } = await load('io/safetensors.js');
const { storyModelSchema } = await load('models/options.js');
const { openRuntime } = await load('runtime/jit.js');
const { Storyteller } = await load('telling/storyteller.js');
const { Vocabulary } = await load('text/vocabulary.js');
const { headOf, saveCheckpoint } = await load('training/checkpoint.js');
const { StoryNetwork } = await load('training/network.js');

const SIZES = { features: 24, vocabulary: 60, steps: 14 };
const STORIES = 6;
const ROWS = [1, 2, 7];
const lstm = { type: 'lstm' };
const asCoded = { cell: { gates: 'hard', reset: 'before' }, previous: { mask: false } };
const CASES = {
  'encoder-decoder': { name: 'encoder-decoder' },
  'encoder-decoder-lstm-two-layers': { name: 'encoder-decoder', cell: lstm, decoder: { layers: 2 }, photos: { layers: 2, reverse: true } },
  'previous-sentence': { name: 'previous-sentence' },
  'previous-sentence-lstm': { name: 'previous-sentence', cell: lstm },
  'previous-sentence-as-coded': { name: 'previous-sentence', ...asCoded },
  'previous-sentence-cnn': { name: 'previous-sentence', previous: { encoder: 'cnn', filters: 8 } },
  attention: { name: 'attention' },
  'attention-lstm-two-layers': { name: 'attention', cell: lstm, decoder: { layers: 2 }, attention: { score: 'concat' } },
  'attention-as-coded': { name: 'attention', ...asCoded, attention: { score: 'rank-one', feed: 'state' } },
};

// The oracle: tfjs's own CPU backend, at once, without a graph.
const cpu = await openRuntime({ backend: 'cpu' });
const vocabulary = new Vocabulary(['<NULL>', '<START>', '<END>', '<UNK>', ...Array.from({ length: SIZES.vocabulary - 4 }, (_, i) => `w${i}`)]);
for (const [name, options] of Object.entries(CASES)) await writeCase(name, options);
writeFileSync(join(folder, 'cases.json'), JSON.stringify({ rows: ROWS, names: Object.keys(CASES) }));
console.log(`${Object.keys(CASES).length} exported models in ${folder}`);

async function writeCase(name, given) {
  const options = storyModelSchema.parse({ ...given, photos: { units: 20, ...given.photos }, previous: { units: 20, ...given.previous }, embedding: { size: 12 } });
  const network = new StoryNetwork(cpu, options, SIZES, 0);
  network.initialise(7);
  // Large and random, so that sentences differ and nothing that is left out goes unseen.
  const random = new Random(name);
  for (const [parameter, { data }] of Object.entries(network.arena.values)) {
    for (let i = 0; i < data.length; i++) {
      data[i] = /mean$|scale$/.test(parameter) ? random.between(0.5, 1) : /bias$/.test(parameter) ? data[i] + random.between(-0.3, 0.3) : 3 * data[i];
    }
  }
  const at = (...names) => join(folder, name, ...names);
  mkdirSync(at(), { recursive: true });
  const state = { step: 0, epoch: 0, batch: 0, epoch_loss: 0, epoch_words: 0, best_loss: null, best_epoch: null, history: [], seconds: 0 };
  await saveCheckpoint(at('checkpoint'), headOf(options, SIZES, { fingerprint: 'unknown', info: null }, vocabulary, 'sgd'), vocabulary, network.arena, state);
  await runFabula(['export', at('checkpoint'), '--output', at('exported')]);
  if (process.exitCode) process.exit(process.exitCode);
  for (const rows of ROWS) await writeRuns(at, options, network.arena.values, rows, random);
  await writeStories(at, random);
}

/** Inputs and outputs of every file, `encoder.in.photos`; the decoder runs two steps, the second from the first. */
async function writeRuns(at, options, values, rows, random) {
  const tensors = {};
  const run = async (part, label, feeds) => {
    const results = await cpu.jit(exportedFunctions(options)[part])(values, feeds);
    for (const [side, named] of [['in', feeds], ['out', results]]) for (const [name, tensor] of Object.entries(named)) tensors[`${label}.${side}.${name}`] = tensor;
    return results;
  };
  const floats = (...shape) => ({ dtype: 'float32', shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.between(-2, 2)) });
  const ints = (values, ...shape) => ({ dtype: 'int32', shape, data: Int32Array.from(values) });
  const { photo_states: states } = await run('encoder', 'encoder', { photos: floats(rows, 5, SIZES.features) });
  const previous = options.name === 'encoder-decoder' ? {} : { previous: ints(Array.from({ length: rows }, (_, row) => sentence(row * 2, random)).flat(), rows, SIZES.steps) };
  let given = await run('start', 'start', { photo_state: floats(rows, states.shape[2]), ...previous });
  for (const step of [0, 1]) {
    const result = await run('decoder', `decoder${step}`, { tokens: ints(Array.from({ length: rows }, () => random.int(SIZES.vocabulary)), rows), ...given });
    given = Object.fromEntries(Object.keys(given).map((name) => [name, result[`next_${name}`] ?? given[name]]));
  }
  const safe = Object.entries(tensors).map(([name, { dtype, shape, data }]) => [name, { dtype: dtype === 'int32' ? 'I32' : 'F32', shape, data }]);
  writeFileSync(at(`rows${rows}.safetensors`), encodeSafetensors(Object.fromEntries(safe)));
}

/** START, so many words, END; START alone for none. */
function sentence(words, random) {
  const ids = words === 0 ? [1] : [1, ...Array.from({ length: words }, () => 3 + random.int(SIZES.vocabulary - 3)), 2];
  return Array.from({ length: SIZES.steps }, (_, t) => ids[t] ?? 0);
}

async function writeStories(at, random) {
  const photos = Float32Array.from({ length: STORIES * 5 * SIZES.features }, () => random.between(-2, 2));
  const storyteller = await Storyteller.open(at('checkpoint'));
  const told = await storyteller.tellFeatures(photos, STORIES, { strategy: 'greedy' });
  await storyteller.dispose();
  const stories = told.map(({ sentences }) => sentences);
  if (new Set(stories.flat()).size < STORIES) throw new Error(`${at()}: the stories are too much alike to tell anything`);
  writeFileSync(at('photos.safetensors'), encodeSafetensors({ photos: { dtype: 'F32', shape: [STORIES, 5, SIZES.features], data: photos } }));
  writeFileSync(at('stories.json'), JSON.stringify(stories));
}
