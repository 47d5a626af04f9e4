// The storyteller on the shared real data: captions of COCO, Flickr8k and Multi30k, 390 COCO photos, two romances and two
// science-fiction novels. Everything is trained here. See README.md.
// @ts-check
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  addStyle, formatSeconds, learnStoryteller, passageTraining, readCaptions, sourceSplit, trainTask, writeCorpus, writeFileAtomic,
} from 'fabula';
import { round } from '../shared/compare.mjs';
import { classifierFigures, genreClassifier, groupFigures, retrievalFigures, shiftFigures } from './figures.mjs';

/**
 * The decoders read the first novel of each genre, and the classifier is trained on the other, which they never see; then the
 * other way round.
 */
const NOVELS = {
  romance: ['pride_and_prejudice', 'wuthering_heights'],
  scifi: ['a_princess_of_mars', 'war_of_the_worlds'],
};
/** COCO photos that nothing is trained on, and those that the embedding is validated on. */
const TEST_PHOTOS = 100;
const VALIDATION_PHOTOS = 30;
/** Photos whose captions measure the sentence vectors: every pair of captions is compared. */
const UNSEEN_PHOTOS = 990;

/** @param {string} data @param {string} genre @param {string} novel */
const bookFile = (data, genre, novel) => join(data, 'texts', genre, `${novel}.txt`);

/**
 * @param {{ data: string, work: string, seed: number, small: boolean }} setup
 * @returns {Promise<import('fabula').LearnSettings>}
 */
async function configuration({ data, work, seed, small }) {
  const glove = join(data, 'glove');
  const multi30k = [1, 2, 3, 4, 5].map((n) => join(data, 'captions/multi30k', `train.${n}.en.gz`)).join('+');
  return {
    photos: join(data, 'coco/images'),
    cnn: { file: join(data, 'cnn/efficientnet_lite0.onnx'), layer: 'pooled', preprocess: 'efficientnet-lite0' },
    captions: join(work, 'coco-train.json'),
    more_captions: small ? null : [join(data, 'captions/Flickr8k.token.txt'), multi30k],
    books: Object.fromEntries(Object.entries(NOVELS).map(([genre, [seen]]) => [genre, bookFile(data, genre, /** @type {string} */ (seen))])),
    corpus: { sentence_words: 0 },
    encoder: {
      settings: {
        seed, data: { words: 5000, max_words: 24 },
        model: { units: 512, decoder_units: 256, embedding: { size: 100, vectors: glove }, dropout: { words: 0.3 } },
        optimizer: { learning_rate: 0.001 }, training: { epochs: small ? 1 : 3, batch: 32, patience: null },
      },
    },
    embedding: {
      settings: {
        seed, data: { train: 'train', validation: 'validation', max_words: 30 },
        model: { units: 256, photos: { normalise: 'standardise' }, embedding: { size: 100, vectors: glove }, dropout: { photos: 0.5, words: 0.2 } },
        optimizer: { learning_rate: 0.001 }, training: { epochs: small ? 4 : 30, batch: 64, patience: 6 },
      },
    },
    decoder: { shared: true, own: false, settings: decoderSettings(glove, seed, small) },
  };
}

/** @param {string} glove @param {number} seed @param {boolean} small */
function decoderSettings(glove, seed, small) {
  return {
    seed, data: { words: 6000, min_count: 2, max_words: 80 },
    model: { units: 384, embedding: { size: 100, vectors: glove }, dropout: { vectors: 0.2, words: 0.3, output: 0.3 } },
    optimizer: { learning_rate: 0.002 }, training: { epochs: small ? 1 : 12, batch: 16, patience: 3, samples: 0 },
  };
}

/** How passages are told here. */
const TELLING = { captions: 100, decoding: { beam: 10, min_words: 30, max_words: 60, block_ngram: 3, length_penalty: 1 } };

/**
 * Trains everything and measures it.
 * @param {{ data: string, work: string, seed: number, small: boolean, log: (line: string) => void }} setup small: one epoch of everything, to try it out
 */
export async function runShared({ data, work, seed, small, log }) {
  await mkdir(work, { recursive: true });
  const captions = await splitCaptions(data, work, seed);
  const config = await configuration({ data, work, seed, small });
  const learned = await learnStoryteller({
    config, out: work,
    onStep: (step, before) => log(`${step}${before ? ': done before' : ''}`),
    onTraining: ({ task }) => {
      log(`  ${task.title}`);
      return { onEpoch: ({ epoch, loss, val_loss, seconds }) => log(`  epoch ${epoch + 1}  loss ${loss.toFixed(4)}  validation ${val_loss.toFixed(4)}  ${formatSeconds(seconds)}`) };
    },
  });
  const { storyteller, runs } = learned;
  const further = await furtherDecoders({ data, work, seed, small, storyteller, log });
  const training = await trainingSeconds({ ...runs, ...further });
  const features = join(work, 'features.h5');
  const retrieval = await retrievalFigures({ embedding: /** @type {string} */ (runs['embedding']), captions: captions.test, features });
  const vectors = await groupFigures({
    captions: captions.unseen,
    encoders: { 'mean of word vectors': join(data, 'glove'), 'uni-skip': /** @type {string} */ (runs['uni']), 'bi-skip': /** @type {string} */ (runs['bi']), 'combine-skip': `${runs['uni']}+${runs['bi']}` },
  });
  const shift = await styleShift({ data, work, storyteller, features, photos: captions.testIds, log });
  const novels = (/** @type {0 | 1} */ which) => Object.fromEntries(Object.entries(NOVELS).map(([genre, list]) => [genre, bookFile(data, genre, /** @type {string} */ (list[which]))]));
  return { training, retrieval, vectors, shift, encoder: `${runs['uni']}+${runs['bi']}`, books: novels(0), unread: novels(1) };
}

/**
 * What was trained how long, over all sittings.
 * @param {Record<string, string>} runs
 */
async function trainingSeconds(runs) {
  /** @type {Record<string, { seconds: number, epochs: number, validation_loss: number }>} */
  const trainings = {};
  for (const [name, folder] of Object.entries(runs)) {
    const { seconds, epochs, validation_loss } = JSON.parse(await readFile(join(folder, 'result.json'), 'utf8'));
    trainings[name] = { seconds: Math.round(seconds), epochs, validation_loss: round(validation_loss, 4) };
  }
  return { seconds: Object.values(trainings).reduce((sum, { seconds }) => sum + seconds, 0), trainings };
}

/** COCO's captions in files: those to learn from, split for validation, and those of the test photos. @param {string} data @param {string} work @param {number} seed */
async function splitCaptions(data, work, seed) {
  const { photos } = await readCaptions(join(data, 'coco/captions.json'));
  const { train, validation, test } = sourceSplit(photos, { validation: VALIDATION_PHOTOS, test: TEST_PHOTOS, seed });
  const entries = (/** @type {typeof photos} */ list, /** @type {string} */ split) => list.map(({ id, file, captions }) => ({ id, file, split, captions }));
  await writeFileAtomic(join(work, 'coco-train.json'), JSON.stringify([...entries(train, 'train'), ...entries(validation, 'validation')]));
  await writeFileAtomic(join(work, 'coco-test.json'), JSON.stringify(entries(test, 'test')));
  // Of the captions of val2017 those of other photos than these 390: no model has seen them.
  const known = new Set(photos.map(({ id }) => id));
  const others = (await readCaptions(join(data, 'coco/captions_val2017.json.gz'))).photos.filter(({ id }) => !known.has(id)).slice(0, UNSEEN_PHOTOS);
  await writeFileAtomic(join(work, 'coco-unseen.json'), JSON.stringify(others));
  return {
    unseen: join(work, 'coco-unseen.json'), test: join(work, 'coco-test.json'),
    testIds: test.map(({ id, file }) => file?.replace(/\.\w+$/, '') ?? id),
  };
}

/** No filter but the published one. */
const FILTER = { longer_than: 100, min_words: 0, max_words: 1000 };

/**
 * Decoders beside that of the storyteller, each in styles of its own: one a genre (the published way), and one that reads the
 * other novels of both.
 * @param {{ data: string, work: string, seed: number, small: boolean, storyteller: string, log: (line: string) => void }} setup
 */
async function furtherDecoders({ data, work, seed, small, storyteller, log }) {
  const noted = join(work, 'further-decoders.json');
  /** @type {Record<string, string>} */
  const trained = JSON.parse(await readFile(noted, 'utf8').catch(() => '{}'));
  const train = async (/** @type {string} */ name, /** @type {string[]} */ passages) => {
    log(`${name}${trained[name] === undefined ? '' : ': done before'}`);
    if (trained[name] !== undefined) return trained[name];
    const settings = decoderSettings(join(data, 'glove'), seed, small);
    const config = { ...settings, task: 'passages', name, data: { ...settings.data, passages, encoder: join(storyteller, 'encoder') } };
    trained[name] = (await trainTask(passageTraining, { runs: join(work, 'runs'), config })).folder;
    await writeFileAtomic(noted, JSON.stringify(trained));
    return trained[name];
  };
  const other = join(work, 'other-corpora');
  for (const [genre, [, novel]] of Object.entries(NOVELS)) {
    await writeCorpus({ sources: [bookFile(data, genre, /** @type {string} */ (novel))], out: join(other, genre), options: { sentence_words: 0 } });
  }
  const swapped = await train('decoder-swapped', Object.keys(NOVELS).map((genre) => join(other, genre)));
  for (const genre of Object.keys(NOVELS)) {
    const passages = [join(work, 'corpora', genre)];
    const decoder = await train(`decoder-${genre}`, passages);
    await addStyle(storyteller, { name: `${genre}-own`, passages, captions: [], filter: FILTER, decoder });
    await addStyle(storyteller, { name: `${genre}-swapped`, passages: [join(other, genre)], captions: [], filter: FILTER, decoder: swapped });
  }
  return trained;
}

/**
 * The shift, both ways round: the classifier knows the novels that the decoder does not.
 * @param {{ data: string, work: string, storyteller: string, features: string, photos: string[], log: (line: string) => void }} setup
 */
async function styleShift({ data, work, storyteller, features, photos, log }) {
  const genres = Object.keys(NOVELS);
  const named = (/** @type {string} */ ending) => Object.fromEntries(genres.map((genre) => [`${genre}${ending}`, genre]));
  /** @type {Record<string, any>} */
  const figures = {};
  for (const [name, read, styles] of /** @type {[string, 0 | 1, Record<string, string>][]} */ ([['first', 0, { ...named(''), ...named('-own') }], ['swapped', 1, named('-swapped')]])) {
    /** @type {Record<string, { corpora: string[], texts: string[] }>} */
    const unseen = {};
    /** @type {Record<string, string[]>} */
    const seen = {};
    for (const [genre, novels] of Object.entries(NOVELS)) {
      const corpora = await Promise.all(novels.map((novel) => passagesOf(data, work, genre, novel)));
      unseen[genre] = { corpora: [/** @type {string} */ (corpora[1 - read])], texts: novels.map((novel) => bookFile(data, genre, novel)) };
      seen[genre] = [/** @type {string} */ (corpora[read])];
    }
    const { classifier, passages, left_out } = await genreClassifier(unseen);
    const known = await classifierFigures(classifier, seen);
    log(`${name}: classifier trained on ${JSON.stringify(passages)} passages of novels that the decoder has not read; right of those that it has: ${JSON.stringify(known)}`);
    const told = await shiftFigures({ storyteller, styles, classifier, photos, features, telling: TELLING, log });
    // Without a shift both styles are one and the same passage.
    const control = await shiftFigures({ storyteller, styles: { [Object.keys(styles)[0] ?? '']: 'none' }, classifier, photos, features, telling: { ...TELLING, strength: 0 }, log });
    figures[name] = {
      decoder_reads: Object.fromEntries(Object.entries(NOVELS).map(([genre, novels]) => [genre, novels[read]])),
      classifier: { passages, left_out_names: left_out, right_of_the_novels_that_the_decoder_reads: known },
      styles: { ...told.figures, none: Object.values(control.figures)[0] },
    };
    await writeFileAtomic(join(work, `told-${name}.json`), JSON.stringify({ ...told.told, none: Object.values(control.told)[0] }, null, 1));
  }
  return { telling: TELLING, ...figures };
}

/** A novel's passages for the classifier. @param {string} data @param {string} work @param {string} genre @param {string} novel */
async function passagesOf(data, work, genre, novel) {
  const out = join(work, 'classifier', novel);
  await writeCorpus({ sources: [bookFile(data, genre, novel)], out });
  return out;
}
