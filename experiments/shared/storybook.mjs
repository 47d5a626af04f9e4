// What experiments on Storybook share: scenes, stories and features, the three sequence models on them, and what their
// stories name rightly.
// @ts-check
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  classifierSchema, extractFeatures, formatSeconds, judgeStories, listPhotos, openExtractor, prepare, readFacts, readPreprocessing, trainPhotoCnn,
  UserError, writeFileAtomic, writeStorybook,
} from 'fabula';
import { MODELS, round, TITLES, trainAndTell } from './compare.mjs';

const BATCH = 8;
/** Marks a folder as made by one of these programs. */
const MARK = 'demo.json';

/**
 * How large a Storybook is, and how long is learned from it.
 * @typedef {object} StorybookSize
 * @property {{ train: number, val: number, test: number }} stories of each split
 * @property {object} cnn settings of the CNN
 * @property {(name: string) => number} epochs of a sequence model
 */

/** @type {StorybookSize} */
export const DEMO_SIZE = {
  stories: { train: 1000, val: 150, test: 150 },
  // Small photos and a high rate: two thirds of the time of the defaults, and as good on these scenes.
  cnn: { epochs: 8, learning_rate: 0.003, model: { size: 72 } },
  // A step of the encoder-decoder takes a third of the time of the others.
  epochs: (name) => (name === 'encoder-decoder' ? 20 : 14),
};

/** @param {{ data: string, seed: number, name: string, cnn: string, size: StorybookSize }} setup */
function modelConfig({ data, seed, name, cnn, size }) {
  const epochs = size.epochs(name);
  return {
    name, seed,
    data: { train: join(data, 'train.h5'), validation: join(data, 'val.h5'), features: join(data, 'features.h5'), cnn },
    model: {
      name, photos: { units: 192, last: 2, normalise: 'none' }, previous: { units: 192 }, embedding: { size: 96 },
      dropout: { photos: 0.1, words: 0.2, previous: 0.2, output: 0.4 },
    },
    optimizer: { learning_rate: 0.006, schedule: { kind: 'linear', steps: epochs * Math.ceil(size.stories.train / BATCH), final: 0.1 } },
    training: { epochs, stories_per_batch: BATCH, patience: 3, samples: 0 },
  };
}

/**
 * Scenes, stories, CNN, features: everything the models read.
 * @param {object} setup
 * @param {string} setup.output @param {number} setup.seed @param {StorybookSize} setup.size
 * @param {{ books?: number, captions?: number }} [setup.extras] passages a book and captions a photo, where they are wanted
 * @param {(line: string) => void} setup.log
 */
export async function makeStorybookData({ output, seed, size, extras = {}, log }) {
  const book = join(output, 'storybook');
  await step(log, 'drawing scenes and writing stories', () => writeStorybook(book, { seed, stories: size.stories, ...extras }));
  const facts = await readFacts(join(book, 'facts.json'));
  const cnn = join(output, 'scenes.onnx');
  const classifier = await step(log, 'training a small CNN on the training scenes', () => trainSceneCnn(book, seed, cnn, size.cnn));
  const features = join(output, 'features.h5');
  await step(log, 'extracting features of all scenes', async () => {
    const extractor = await openExtractor(classifier.spec, { device: 'cpu', threads: 0, batch: 64 });
    await extractFeatures(await listPhotos([join(book, 'photos')]), extractor, { output: features, bad: 'fail' });
    await extractor.dispose();
  });
  await step(log, 'preparing stories', () => prepare({
    stories: Object.fromEntries(['train', 'val', 'test'].map((split) => [split, join(book, `${split}.story-in-sequence.json`)])), output,
  }));
  return { book, facts, cnn, features, accuracy: classifier.accuracy };
}

/** @param {string} book @param {number} seed @param {string} output @param {object} settings */
async function trainSceneCnn(book, seed, output, settings) {
  const options = classifierSchema.parse({ seed, ...settings });
  const report = await trainPhotoCnn({ photos: [join(book, 'photos/train')], labels: join(book, 'facts.json'), output, threads: 0, options });
  const accuracy = Object.fromEntries(Object.entries(report.questions).map(([question, { accuracy }]) => [question, round(accuracy ?? 0, 4)]));
  const preprocessing = await readPreprocessing(output.replace(/\.onnx$/, '.yaml'));
  return { accuracy, spec: /** @type {const} */ ({ kind: 'onnx', weights: output, layer: 'answers', preprocessing }) };
}

/**
 * Trains the sequence models and tells the validation stories with each.
 * @param {object} setup
 * @param {string} setup.output as `makeStorybookData` filled it
 * @param {{ facts: Awaited<ReturnType<typeof readFacts>>, cnn: string }} setup.data
 * @param {number} setup.seed @param {StorybookSize} setup.size
 * @param {string[]} [setup.models] @param {(line: string) => void} setup.log
 */
export async function trainStorybookModels({ output, data, seed, size, models = MODELS, log }) {
  const rows = [];
  const told = [];
  for (const name of models) {
    const outcome = await trainAndTell({
      label: name, config: modelConfig({ data: output, seed, name, cnn: data.cnn, size }), runs: join(output, 'runs'), protocol: 'story-multi', log,
    });
    const named = namedRightly(outcome.told, data.facts);
    rows.push({ ...outcome.row, title: TITLES[/** @type {keyof typeof TITLES} */ (name)], seed, named_rightly: named.share, naming: named.kinds });
    told.push({ name, stories: outcome.told, references: outcome.stories });
  }
  return { rows, told };
}

/**
 * The share of the sentences that name a subject or a place in which every one named agrees with the photo.
 * @param {readonly { sentences: readonly string[], imageIds: readonly string[] }[]} stories a photo a sentence
 * @param {Awaited<ReturnType<typeof readFacts>>} facts
 */
export function namedRightly(stories, facts) {
  const judged = judgeStories(stories.map(({ sentences, imageIds }) => ({ sentences, photos: imageIds.map((id) => /** @type {any} */ (facts.get(id))) })));
  return {
    share: round(judged.naming.share ?? 0, 4),
    sentences: judged.sentences, naming: judged.naming.named,
    kinds: Object.fromEntries(Object.entries(judged.kinds).map(([kind, { share }]) => [kind, round(share ?? 0, 4)])),
  };
}

/** @template T @param {(line: string) => void} log @param {string} what @param {() => Promise<T>} work */
export async function step(log, what, work) {
  const begun = performance.now();
  const result = await work();
  log(`${what}: ${formatSeconds((performance.now() - begun) / 1000)}`);
  return result;
}

/**
 * Empties a folder that an earlier run made; any other that holds something is left alone.
 * @param {string} output
 */
export async function clearOutput(output) {
  const files = await readdir(output).catch(() => /** @type {string[]} */ ([]));
  if (files.length > 0 && !files.includes(MARK)) throw new UserError(`${output}: not empty, and no demo made it; name a new or empty folder with --output`);
  await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  await writeFileAtomic(join(output, MARK), '{}\n');
}
