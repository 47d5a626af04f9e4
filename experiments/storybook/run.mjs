// Storybook: draw the dataset, train a CNN on its scenes, train the three models, compare. `npm run demo` is this with
// one seed. See README.md beside this file.
// @ts-check
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  classifierSchema, evaluate, evaluationTable, extractFeatures, formatScoreTable, formatSeconds, judgeStories, listPhotos, makeReport,
  openExtractor, prepare, readFacts, readPreprocessing, recordEvaluation, scoreTableHtml, trainPhotoCnn, UserError, writeFileAtomic, writeStorybook,
} from 'fabula';
import { MODELS, resultsTable, round, table, TITLES, trainAndTell, updateReadme, writeResults } from '../shared/compare.mjs';
import { writeGallery } from './gallery.mjs';

const here = dirname(fileURLToPath(import.meta.url));
/** Stories of each split. */
const STORIES = { train: 1000, val: 150, test: 150 };
/** Small photos and a high rate: two thirds of the time of the defaults, and as good on these scenes. */
const CNN = { epochs: 8, learning_rate: 0.003, model: { size: 72 } };
const BATCH = 8;
/** Marks a folder as made by this program. */
const MARK = 'demo.json';

/** @param {{ data: string, seed: number, name: string, cnn: string }} setup */
function modelConfig({ data, seed, name, cnn }) {
  // A step of the encoder-decoder takes a third of the time of the others.
  const epochs = name === 'encoder-decoder' ? 20 : 14;
  return {
    name, seed,
    data: { train: join(data, 'train.h5'), validation: join(data, 'val.h5'), features: join(data, 'features.h5'), cnn },
    model: {
      name, photos: { units: 192, last: 2, normalise: 'none' }, previous: { units: 192 }, embedding: { size: 96 },
      dropout: { photos: 0.1, words: 0.2, previous: 0.2, output: 0.4 },
    },
    optimizer: { learning_rate: 0.006, schedule: { kind: 'linear', steps: epochs * Math.ceil(STORIES.train / BATCH), final: 0.1 } },
    training: { epochs, stories_per_batch: BATCH, patience: 3, samples: 0 },
  };
}

/**
 * Scenes, stories, CNN, features: everything the models read.
 * @param {string} output @param {number} seed @param {(line: string) => void} log
 */
async function makeData(output, seed, log) {
  const book = join(output, 'storybook');
  await step(log, 'drawing scenes and writing stories', () => writeStorybook(book, { seed, stories: STORIES }));
  const facts = await readFacts(join(book, 'facts.json'));
  const cnn = join(output, 'scenes.onnx');
  const classifier = await step(log, 'training a small CNN on the training scenes', () => trainSceneCnn(book, seed, cnn));
  const features = join(output, 'features.h5');
  await step(log, 'extracting features of all scenes', async () => {
    const extractor = await openExtractor(classifier.spec, { device: 'cpu', threads: 0, batch: 64 });
    await extractFeatures(await listPhotos([join(book, 'photos')]), extractor, { output: features, bad: 'fail' });
    await extractor.dispose();
  });
  await step(log, 'preparing stories', () => prepare({
    stories: Object.fromEntries(['train', 'val', 'test'].map((split) => [split, join(book, `${split}.story-in-sequence.json`)])), output,
  }));
  return { book, facts, cnn, accuracy: classifier.accuracy };
}

/** @param {string} book @param {number} seed @param {string} output */
async function trainSceneCnn(book, seed, output) {
  const options = classifierSchema.parse({ seed, ...CNN });
  const report = await trainPhotoCnn({ photos: [join(book, 'photos/train')], labels: join(book, 'facts.json'), output, threads: 0, options });
  const accuracy = Object.fromEntries(Object.entries(report.questions).map(([question, { accuracy }]) => [question, round(accuracy ?? 0, 4)]));
  const preprocessing = await readPreprocessing(output.replace(/\.onnx$/, '.yaml'));
  return { accuracy, spec: /** @type {const} */ ({ kind: 'onnx', weights: output, layer: 'answers', preprocessing }) };
}

/** @template T @param {(line: string) => void} log @param {string} what @param {() => Promise<T>} work */
async function step(log, what, work) {
  const begun = performance.now();
  const result = await work();
  log(`${what}: ${formatSeconds((performance.now() - begun) / 1000)}`);
  return result;
}

/**
 * Empties a folder that an earlier demo made; any other that holds something is left alone.
 * @param {string} output
 */
async function clear(output) {
  const files = await readdir(output).catch(() => /** @type {string[]} */ ([]));
  if (files.length > 0 && !files.includes(MARK)) throw new UserError(`${output}: not empty, and no demo made it; name a new or empty folder with --output`);
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  await writeFileAtomic(join(output, MARK), '{}\n');
}

/**
 * The whole experiment for one seed.
 * @param {{ output: string, seed: number, models?: string[], log?: (line: string) => void }} options
 */
export async function runSeed({ output, seed, models = MODELS, log = console.error }) {
  const begun = performance.now();
  await clear(output);
  const { book, facts, cnn, accuracy } = await makeData(output, seed, log);
  const rows = [];
  const told = [];
  for (const name of models) {
    const outcome = await trainAndTell({
      label: name, config: modelConfig({ data: output, seed, name, cnn }), runs: join(output, 'runs'), protocol: 'story-multi', log,
    });
    const photos = (/** @type {readonly string[]} */ ids) => ids.map((id) => facts.get(id));
    const judged = judgeStories(outcome.told.map(({ sentences, imageIds }) => ({ sentences, photos: /** @type {any} */ (photos(imageIds)) })));
    rows.push({
      ...outcome.row, title: TITLES[/** @type {keyof typeof TITLES} */ (name)], seed,
      named_rightly: round(judged.naming.share ?? 0, 4),
      naming: Object.fromEntries(Object.entries(judged.kinds).map(([kind, { share }]) => [kind, round(share ?? 0, 4)])),
    });
    told.push({ name, stories: outcome.told, references: outcome.stories });
  }
  const gallery = join(output, 'stories.html');
  await writeGallery(gallery, join(book, 'photos', 'val'), told, TITLES);
  const scores = await step(log, 'scoring and comparing', () => compareModels(output, book, rows));
  await step(log, 'writing the report', async () => {
    const { html } = await makeReport({
      runs: rows.map(({ checkpoint }) => checkpoint), title: 'Storybook', photos: [join(book, 'photos', 'val')], references: [join(book, 'val.story-in-sequence.json')],
      stories: 12, published: [], tell: false, features: [], runtime: {},
    });
    await writeFileAtomic(join(output, 'report.html'), html);
  });
  return { seed, rows, accuracy, gallery, scores, seconds: round((performance.now() - begun) / 1000, 1) };
}

/**
 * All scores of the models in one table, with intervals and tests; also as a page.
 * @param {string} output @param {string} book @param {any[]} rows
 */
async function compareModels(output, book, rows) {
  /** @type {import('fabula').EvaluateOptions} */
  const options = {
    hypotheses: rows.map(({ checkpoint }) => join(checkpoint, 'stories.jsonl')), names: rows.map(({ name }) => name),
    references: [join(book, 'val.story-in-sequence.json')], training: [join(book, 'train.story-in-sequence.json')], protocol: 'story-multi',
  };
  const evaluation = await evaluate(options);
  const scores = evaluationTable([evaluation]);
  await recordEvaluation(join(output, 'evaluations'), options, [evaluation], scores);
  await writeFileAtomic(join(output, 'scores.html'), scoreTableHtml(scores, 'Storybook: scores of three models'));
  return scores;
}

/** @param {any[]} rows */
function namingTable(rows) {
  const percent = (/** @type {number} */ x) => `${(100 * x).toFixed(1)} %`;
  return table(['model', 'sentences that name subject or place, all named rightly', 'subject', 'place', 'thing', 'weather'],
    rows.map((row) => [row.title, percent(row.named_rightly), ...['subject', 'place', 'thing', 'weather'].map((kind) => percent(row.naming[kind]))]));
}

/** What `npm run demo` and `fabula demo` run. @param {{ output: string, seed: number, json: boolean }} options */
export async function runDemo({ output, seed, json }) {
  const { rows, accuracy, gallery, scores, seconds } = await runSeed({ output, seed });
  const heads = Object.entries(accuracy).map(([head, share]) => `${head} ${(100 * Number(share)).toFixed(1)} %`).join(', ');
  console.log(`\nPhoto features: a small CNN trained here on the training scenes (validation scenes recognised: ${heads}).\n`);
  console.log(resultsTable(rows));
  console.log(`\n${namingTable(rows)}\n`);
  console.log('Loss: nats per word on the validation stories. BLEU: protocol story-multi, the references being Storybook\'s own two tellings.\n');
  console.log(`${formatScoreTable(scores)}\n`);
  console.log(`The same as a page: ${join(output, 'scores.html')}`);
  console.log(`Losses, scores, stories, attention: ${join(output, 'report.html')}`);
  console.log(`Stories beside their photos: ${gallery}`);
  console.log(`Tell one: npx fabula tell PHOTO PHOTO PHOTO PHOTO PHOTO --checkpoint ${rows[1]?.checkpoint ?? rows[0].checkpoint}`);
  console.log(`${formatSeconds(seconds)} in all`);
  if (json) console.log(JSON.stringify({ seed, seconds, cnn_accuracy: accuracy, gallery, models: rows }));
}

/** Several seeds; writes results.json and the README's table. @param {string} output @param {number[]} seeds */
async function runSeeds(output, seeds) {
  const runs = [];
  for (const seed of seeds) runs.push(await runSeed({ output: join(output, `seed-${seed}`), seed }));
  const rows = runs.flatMap((run) => run.rows);
  const gaps = runs.map(({ seed, rows: [first, second] }) => ({ seed, gap: round(first.validation_loss - second.validation_loss, 4) }));
  const head = ['seed', 'model', 'validation loss', 'perplexity', 'BLEU-4', 'named rightly', 'seconds'];
  const text = table(head, rows.map((row) => [row.seed, row.title, row.validation_loss.toFixed(3), row.perplexity.toFixed(2), row.bleu[3].toFixed(1), `${(100 * row.named_rightly).toFixed(1)} %`, row.seconds.toFixed(0)]));
  console.log(text);
  await writeResults(join(here, 'results.json'), {
    experiment: 'storybook', command: `node experiments/storybook/run.mjs --seeds ${seeds.join(',')}`, data: { storybook: STORIES }, seeds,
    figures: [
      ...gaps.map(({ seed, gap }) => ({ name: 'validation loss of encoder-decoder minus previous-sentence', seed, value: gap, target: 'clearly above 0' })),
      ...rows.map((row) => ({ name: `sentences naming subject or place, all named rightly, ${row.name}`, seed: row.seed, value: row.named_rightly, target: 'at least 0.90' })),
      ...runs.map(({ seed, seconds }) => ({ name: 'seconds of one demo', seed, value: seconds, target: 'under 300' })),
    ],
    cnn_accuracy: runs.map(({ seed, accuracy }) => ({ seed, accuracy })), rows: rows.map(({ checkpoint: _, ...row }) => row),
  });
  await updateReadme(join(here, 'README.md'), 'results', text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { output: { type: 'string', default: 'runs/storybook' }, seeds: { type: 'string', default: '1,2,3' } },
  });
  await runSeeds(values.output, values.seeds.split(',').map(Number)).catch((error) => {
    console.error(`run.mjs: ${error.message}`);
    process.exitCode = error instanceof UserError ? 2 : 1;
  });
}
