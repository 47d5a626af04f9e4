// The three sequence models and the style-shifting storyteller on Storybook: the same photos, features and references.
// @ts-check
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPassages, readStories, STORYBOOK_NAMES, trainGenreClassifier, writeCorpus, writeFileAtomic, writeStorybookBooks } from 'fabula';
import { round } from '../shared/compare.mjs';
import { clearOutput, DEMO_SIZE, makeStorybookData, namedRightly, step, trainStorybookModels } from '../shared/storybook.mjs';
import { comparisonPage } from './page.mjs';
import { judgedStoriesOf, learnedLosses, NO_STYLE, styleShift, tellInStyles } from './stories.mjs';
import { figuresOf, learn, ownTables, scoreSystems, sequenceSystem, shownStories, storytellerSystems } from './systems.mjs';

/** Storybook's styles of books; its stories are told in the first. */
const STYLES = ['plain', 'fairytale', 'logbook'];
/** Books that the genre classifier learns from are of another seed, so that the decoder has not seen them. */
const OTHER_BOOKS = 1000;
/** Ten captions in the mean: with a hundred, what twenty photos show would be mixed. */
const TELLING = { captions: 10, decoding: { beam: 5 } };
/** Longer passages are cut between sentences. */
const PASSAGE_WORDS = 80;
/** Stories on the page. */
const SHOWN = 8;

/**
 * @typedef {import('../shared/storybook.mjs').StorybookSize & { passages: number, captions: number, units: number, learning: { encoder: number, embedding: number, decoder: number } }} ComparisonSize
 * passages a book, captions a photo, units of the decoder, epochs of the storyteller's parts
 */

/** @type {Record<'demo' | 'small', ComparisonSize>} */
export const SIZES = {
  demo: { ...DEMO_SIZE, passages: 1000, captions: 5, units: 192, learning: { encoder: 3, embedding: 6, decoder: 8 } },
  small: {
    stories: { train: 60, val: 10, test: 2 }, cnn: { epochs: 2, learning_rate: 0.003, model: { size: 48 } }, epochs: () => 2,
    passages: 80, captions: 4, units: 64, learning: { encoder: 1, embedding: 2, decoder: 2 },
  },
};

/**
 * @param {{ captions: string, features: string, cnn: string, book: string, seed: number, size: ComparisonSize }} setup
 * @returns {import('fabula').LearnSettings}
 */
function storytellerConfig({ captions, features, cnn, book, seed, size: { units, learning } }) {
  const optimizer = { learning_rate: 0.003 };
  const embedding = { size: 64 };
  return {
    features, captions, cnn: { file: cnn, layer: 'answers', preprocess: cnn.replace(/\.onnx$/, '.yaml') },
    books: Object.fromEntries(STYLES.map((style) => [style, join(book, 'books', `${style}.txt`)])),
    corpus: { sentence_words: 0, max_words: PASSAGE_WORDS },
    encoder: { settings: { seed, model: { units: 128, decoder_units: 96, embedding }, optimizer, training: { epochs: learning.encoder, batch: 64, patience: null, samples: 0 } } },
    embedding: { settings: { seed, model: { units: 128, photos: { normalise: 'standardise' }, embedding }, optimizer, training: { epochs: learning.embedding, batch: 64, samples: false } } },
    decoder: {
      settings: {
        seed, data: { max_words: PASSAGE_WORDS }, model: { units, embedding, dropout: { vectors: 0.1, output: 0.2 } }, optimizer,
        training: { epochs: learning.decoder, batch: 16, samples: 0 },
      },
    },
  };
}

/**
 * The whole comparison for one seed.
 * @param {{ output: string, seed: number, size?: 'demo' | 'small', log?: (line: string) => void }} options `output` is emptied if an earlier run made it
 */
export async function compareStorybook({ output, seed, size: name = 'demo', log = console.error }) {
  const begun = performance.now();
  const size = SIZES[name];
  await clearOutput(output);
  const data = await makeStorybookData({ output, seed, size, extras: { books: size.passages, captions: size.captions }, log });
  const { book, facts, features, cnn } = data;
  const sequence = await trainStorybookModels({ output, data, seed, size, log });
  const captions = await writeTrainingCaptions(book, output);
  const learned = await learn(storytellerConfig({ captions, features, cnn, book, seed, size }), join(output, 'storyteller'), log);
  const stories = await readStories(join(output, 'val.h5'));
  const byStyle = await tellInStyles({ folder: learned.storyteller, features, stories, styles: [...STYLES, NO_STYLE], settings: TELLING, log });
  /** @type {import('./systems.mjs').System[]} */
  const systems = [];
  // One after the other: each is timed.
  for (const [i, row] of sequence.rows.entries()) {
    const told = sequence.told[i]?.stories ?? [];
    systems.push(await sequenceSystem(row, told, { features, stories, named: namedRightly(told, facts) }));
  }
  systems.push(...await storytellerSystems({
    folder: join(output, 'told'), stories, styles: STYLES, byStyle, named: (told, mode) => namedRightly(judgedStoriesOf(stories, told, mode), facts),
  }));
  const losses = await learnedLosses(learned.runs);
  const { classifier, accuracy } = await step(log, 'training the genre classifier', () => genreClassifier(output, seed, size.passages));
  const shift = styleShift(classifier, byStyle);
  const table = await step(log, 'scoring and comparing', () => scoreSystems({
    output: join(output, 'evaluations'), protocol: 'story-multi', references: [join(book, 'val.story-in-sequence.json')], training: [join(book, 'train.story-in-sequence.json')],
    systems, decoderLoss: losses.find((row) => row.step === 'decoder')?.validation_loss ?? null, shift, notes: NOTES,
  }));
  const page = join(output, 'comparison.html');
  const tables = ownTables({ shift, styles: STYLES, losses, classifier: `It tells ${(100 * accuracy.share).toFixed(1)} % of the ${accuracy.passages} passages that the decoder has read.` });
  const shown = await shownStories({ stories, systems, count: SHOWN, human: 'Storybook\'s own telling', photo: (id) => photoOf(join(book, 'photos', 'val'), id) });
  await writeFileAtomic(page, comparisonPage({ title: 'Storybook: sequence models and the style-shifting storyteller', table, tables, stories: shown, names: STORYBOOK_NAMES }));
  return { seed, size: name, page, table, shift, classifier: accuracy, ...figuresOf(table, systems, losses), seconds: round((performance.now() - begun) / 1000, 1) };
}

/** @type {[string, string][]} */
const NOTES = [
  ['styles', 'the references are in Storybook\'s plain style; fairytale and logbook word everything differently, so that of their scores only named rightly compares'],
  ['named rightly', 'of the sentences that name a subject or a place (naming sentences %: how many do), those in which every one named is in the sentence\'s photo; all sentences of "one photo" are held against the first'],
];

/** Captions of training photos alone: else a validation photo would find its own. @param {string} book @param {string} output */
async function writeTrainingCaptions(book, output) {
  const path = join(output, 'captions.train.json');
  const file = JSON.parse(await readFile(join(book, 'captions.json'), 'utf8'));
  const images = file.images.filter((/** @type {any} */ { split }) => split === 'train');
  const ids = new Set(images.map((/** @type {any} */ { id }) => id));
  const annotations = file.annotations.filter((/** @type {any} */ annotation) => ids.has(annotation.image_id));
  await writeFileAtomic(path, JSON.stringify({ ...file, images, annotations }));
  return path;
}

/** Trained on books that nothing else reads, tested on those that the decoder has read. @param {string} output @param {number} seed @param {number} passages */
async function genreClassifier(output, seed, passages) {
  const other = join(output, 'other-books');
  await mkdir(other, { recursive: true });
  await writeStorybookBooks(other, { seed: seed + OTHER_BOOKS, passages });
  /** @type {Awaited<ReturnType<typeof passagesOf>>} */
  const unread = [];
  /** @type {Awaited<ReturnType<typeof passagesOf>>} */
  const read = [];
  for (const style of STYLES) {
    const out = join(other, 'corpora', style);
    await writeCorpus({ sources: [join(other, 'books', `${style}.txt`)], out });
    unread.push(...await passagesOf(out, style));
    read.push(...await passagesOf(join(output, 'storyteller', 'corpora', style), style));
  }
  const classifier = trainGenreClassifier(unread);
  const { accuracy, total } = classifier.accuracy(read);
  return { classifier, accuracy: { share: round(accuracy, 4), passages: total } };
}

/** @param {string} corpus @param {string} genre */
async function passagesOf(corpus, genre) {
  const texts = [];
  for await (const text of readPassages(corpus)) texts.push({ text, genre });
  return texts;
}

/** @param {string} folder @param {string} id */
async function photoOf(folder, id) {
  return { id, image: `data:image/jpeg;base64,${(await readFile(join(folder, `${id}.jpg`))).toString('base64')}` };
}
