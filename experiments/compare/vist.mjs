// The same comparison on VIST's real stories: oracle caption features stand in for photos, for all systems alike, so that
// nothing here can be set beside scores of systems that see photos.
// @ts-check
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readStories, readVistCaptions, selectStories, UserError, writeCorpus, writeFileAtomic, writeStories } from 'fabula';
import { MODELS, round, TITLES, trainAndTell } from '../shared/compare.mjs';
import { LABEL, oracleConfig, prepareOracle } from '../vist/oracle.mjs';
import { genreClassifier } from './figures.mjs';
import { comparisonPage } from './page.mjs';
import { learnedLosses, NO_STYLE, styleShift, tellInStyles } from './stories.mjs';
import { figuresOf, learn, ownTables, scoreSystems, sequenceSystem, shownStories, storytellerSystems } from './systems.mjs';

/** The style of VIST's own stories. */
const VIST = 'vist';
/** Longer passages are cut between sentences. */
const PASSAGE_WORDS = 80;
const TELLING = { captions: 100, decoding: { beam: 5, min_words: 15, max_words: 60, block_ngram: 3, length_penalty: 1 } };
/** @param {string} data */
const wordVectors = (data) => join(data, 'glove', 'vectors_40k_x100.f32');
/** Stories on the page. */
const SHOWN = 8;

/** Epochs of everything that is trained, and of how many stories of each set; null: all. */
const SIZES = {
  full: { sequence: 14, embedding: 15, decoder: 10, stories: null },
  small: { sequence: 1, embedding: 1, decoder: 1, stories: { train: 100, development: 10 } },
};

/**
 * @param {object} options
 * @param {string} options.data the shared data, with vist/ and glove/
 * @param {string} options.work folder of everything; a storyteller learned there with the same options is not learned again
 * @param {string} options.encoder a sentence encoder: its run or folder, "uni+bi" for two
 * @param {Readonly<Record<string, string | readonly string[]>>} options.books text files of further styles that the decoder reads
 * @param {Readonly<Record<string, string | readonly string[]>>} options.unread texts of the same styles that it does not read, for the classifier
 * @param {number} [options.seed] @param {'full' | 'small'} [options.size] @param {(line: string) => void} [options.log]
 */
export async function compareVist({ data, work, encoder, books, unread, seed = 1, size = 'full', log = console.error }) {
  const begun = performance.now();
  const without = Object.keys(books).find((style) => unread[style] === undefined);
  if (without !== undefined) throw new UserError(`books of ${without}: the classifier needs texts of this style that the decoder does not read`);
  const oracle = join(work, 'oracle');
  const counts = await prepareOracle(data, oracle);
  for (const [name, count] of Object.entries(SIZES[size].stories ?? {})) await keepFirst(join(oracle, `${name}.h5`), count);
  log(`${counts.train} stories for training, ${counts.development} for development, ${counts.vocabulary} words (${LABEL}; size ${size})`);
  const { sequence, features, stories } = await sequenceModels({ data, work, oracle, size, log });
  const files = await writeVistTexts(data, work, oracle);
  const learned = await learn(
    storytellerConfig({ glove: wordVectors(data), features, captions: files.captions, encoder, books: { [VIST]: files.book, ...books }, seed, size }), join(work, 'storyteller'), log);
  const styles = [...learned.styles];
  const byStyle = await tellInStyles({ folder: learned.storyteller, features, stories, styles: [...styles, NO_STYLE], settings: TELLING, log });
  const systems = [...sequence, ...await storytellerSystems({ folder: join(work, 'told'), stories, styles, byStyle })];
  const losses = await learnedLosses(learned.runs);
  const { classifier, passages } = await classifierOf({ work, texts: { [VIST]: files.unread, ...unread } });
  const shift = styleShift(classifier, byStyle);
  const table = await scoreSystems({
    output: join(work, 'evaluations'), protocol: 'single-reference', references: [join(oracle, 'development.h5')], training: [join(oracle, 'train.h5')],
    systems, decoderLoss: losses.find((row) => row.step === 'decoder')?.validation_loss ?? null, shift, notes: NOTES,
  });
  const page = join(work, 'comparison.html');
  const described = new Map(files.descriptions.map(({ id, captions }) => [id, captions[0]]));
  const tables = ownTables({ shift, styles, losses, classifier: `It was trained on ${Object.entries(passages).map(([style, count]) => `${count} passages of ${style}`).join(', ')} that no decoder has read.` });
  const shown = await shownStories({ stories, systems, count: SHOWN, human: 'A person', photo: async (id) => ({ id, image: null, note: described.get(id) ?? id }) });
  await writeFileAtomic(page, comparisonPage({ title: `VIST stories: sequence models and the style-shifting storyteller (${LABEL})`, table, tables, stories: shown }));
  return { label: LABEL, seed, size, counts, page, table, shift, classifier: passages, ...figuresOf(table, systems, losses), seconds: round((performance.now() - begun) / 1000, 1) };
}

/** @type {[string, string][]} */
const NOTES = [
  ['features', `${LABEL}: the mean word vector of what people wrote about a photo, for all systems; not comparable with systems that see photos`],
  ['styles', `the references are VIST's stories, as ${VIST} is; passages of novels word everything differently`],
];

/** @param {string} file @param {number} count */
async function keepFirst(file, count) {
  const stories = await readStories(file);
  await writeStories(file, selectStories(stories, [...stories.ids.keys()].slice(0, count)));
}

/** @param {{ data: string, work: string, oracle: string, size: keyof typeof SIZES, log: (line: string) => void }} setup */
async function sequenceModels({ data, work, oracle, size, log }) {
  const features = join(oracle, 'captions.h5');
  const stories = await readStories(join(oracle, 'development.h5'));
  const sequence = [];
  for (const name of MODELS) {
    const config = oracleConfig(oracle, wordVectors(data), name, false);
    config.training = { ...config.training, epochs: Math.min(config.training.epochs, SIZES[size].sequence) };
    const { row, told } = await trainAndTell({ label: name, config, runs: join(work, 'runs'), log });
    sequence.push(await sequenceSystem({ ...row, title: /** @type {Record<string, string>} */ (TITLES)[name] ?? name }, told, { features, stories }));
  }
  return { sequence, features, stories };
}

/**
 * @param {{ glove: string, features: string, captions: string, encoder: string, books: Record<string, any>, seed: number, size: keyof typeof SIZES }} setup
 * @returns {import('fabula').LearnSettings}
 */
function storytellerConfig({ glove, features, captions, encoder, books, seed, size }) {
  const embedding = { size: 100, vectors: glove };
  return {
    features, captions, books, corpus: { sentence_words: 0, max_words: PASSAGE_WORDS }, encoder: { use: encoder },
    embedding: {
      settings: {
        seed, data: { max_words: 30 }, model: { units: 256, photos: { normalise: 'standardise' }, embedding, dropout: { photos: 0.2, words: 0.2 } },
        optimizer: { learning_rate: 0.001 }, training: { epochs: SIZES[size].embedding, batch: 64, patience: 3, samples: false },
      },
    },
    decoder: {
      settings: {
        seed, data: { words: 6000, min_count: 2, max_words: PASSAGE_WORDS }, model: { units: 384, embedding, dropout: { vectors: 0.2, words: 0.3, output: 0.3 } },
        optimizer: { learning_rate: 0.002 }, training: { epochs: SIZES[size].decoder, batch: 16, patience: 2, samples: 0 },
      },
    },
  };
}

/**
 * Captions of the training photos, and VIST's stories as books: those of training, a paragraph each, and those of development for the classifier.
 * @param {string} data @param {string} work @param {string} oracle
 */
async function writeVistTexts(data, work, oracle) {
  await mkdir(work, { recursive: true });
  const [train, development] = [await readStories(join(oracle, 'train.h5')), await readStories(join(oracle, 'development.h5'))];
  const training = new Set(train.imageIds.flat());
  /** @type {Map<string, { id: string, captions: string[] }>} */
  const photos = new Map();
  for (const { photoId, text } of await readVistCaptions(join(data, 'vist/val.description-in-isolation.json'))) {
    const photo = photos.get(photoId) ?? { id: photoId, captions: [] };
    photos.set(photoId, photo);
    photo.captions.push(text);
  }
  const descriptions = [...photos.values()];
  const files = { captions: join(work, 'captions.train.json'), book: join(work, 'vist.train.txt'), unread: join(work, 'vist.development.txt') };
  await writeFileAtomic(files.captions, JSON.stringify(descriptions.filter(({ id }) => training.has(id))));
  await writeFileAtomic(files.book, bookOf(train));
  await writeFileAtomic(files.unread, bookOf(development));
  return { ...files, descriptions };
}

/** A capital where a sentence begins: books are cut into sentences there. @param {import('fabula').StorySet} stories */
function bookOf({ texts }) {
  const sentence = (/** @type {string} */ text) => text.replace(/\p{L}/u, (letter) => letter.toUpperCase());
  return `${texts.map((sentences) => sentences.map(sentence).join(' ')).join('\n\n')}\n`;
}

/** @param {{ work: string, texts: Readonly<Record<string, string | readonly string[]>> }} setup */
async function classifierOf({ work, texts }) {
  /** @type {Record<string, { corpora: string[], texts: string[] }>} */
  const genres = {};
  for (const [style, files] of Object.entries(texts)) {
    const sources = [files].flat();
    const out = join(work, 'unread', style);
    await writeCorpus({ sources, out });
    // VIST has tags in place of names.
    genres[style] = { corpora: [out], texts: style === VIST ? [] : sources };
  }
  return genreClassifier(genres);
}
