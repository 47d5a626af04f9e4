// The style-shifting storyteller applied to photo sequences. It tells one passage a photo and knows nothing of the other
// photos, so a sequence can be told in two ways: from its first photo alone, or a passage for each photo in order.
// @ts-check
import { decodingSchema, openFeatureFiles, readRun, splitSentences, Storyteller, StyleStoryteller, tellSplit, tokenize, UserError } from 'fabula';

/** Photos whose passages are decoded at once. */
const TOGETHER = 16;
/** Of a storyteller without a shift: c and b are zero. */
export const NO_STYLE = 'none';

/** The two ways of telling a sequence, as rows of a table name them. */
export const MODES = /** @type {const} */ ({ one: 'one photo', each: 'each of the five' });
/** @typedef {keyof typeof MODES} Mode */

/**
 * @typedef {object} ToldPhoto
 * @property {string[]} sentences tokens apart; none where no passage could be told
 * @property {string[]} captions the nearest ones, as they were found
 */

/**
 * Tells every photo once in one style, from its features.
 * @param {object} request
 * @param {StyleStoryteller} request.storyteller
 * @param {import('fabula').FeatureTable} request.features
 * @param {readonly string[]} request.photos ids
 * @param {string} request.style @param {object} [request.settings] of telling
 * @returns {Promise<{ told: Map<string, ToldPhoto>, seconds: number, untold: number }>} seconds: of all photos, models opened before
 */
export async function tellPhotos({ storyteller, features, photos, style, settings = {} }) {
  const source = { path: features.path, size: features.size, fingerprint: features.fingerprint };
  const tell = async (/** @type {readonly string[]} */ ids) =>
    storyteller.tell(await storyteller.featureVectors(features.rows([...ids]), source), ids, style, settings);
  // The first call opens the decoder and compiles it.
  await tell(photos.slice(0, 1));
  const told = new Map();
  let untold = 0;
  const begun = performance.now();
  for (let at = 0; at < photos.length; at += TOGETHER) {
    const ids = photos.slice(at, at + TOGETHER);
    for (const [i, passage] of (await tell(ids)).entries()) {
      if (passage instanceof UserError) throw passage;
      if (passage.text === null) untold++;
      told.set(ids[i], { sentences: passage.text === null ? [] : sentencesOf(passage.text), captions: passage.captions.map(({ text }) => text) });
    }
  }
  return { told, seconds: (performance.now() - begun) / 1000, untold };
}

/** A passage as sentences with their tokens apart, as stories have them. @param {string} passage readable text */
export function sentencesOf(passage) {
  return splitSentences(passage).map((sentence) => tokenize(sentence).join(' ')).filter((sentence) => sentence !== '');
}

/**
 * Stories in the form that `tellSplit` gives: one entry of `sentences` a photo.
 *
 * One photo: the first photo's passage is the story, a sentence an entry; where there are fewer sentences than photos the
 * last entries are empty, and where there are more the last entry holds the rest. Each of the five: entry i is the whole passage of photo i.
 * @param {{ readonly ids: readonly string[], readonly imageIds: readonly (readonly string[])[] }} stories
 * @param {ReadonlyMap<string, ToldPhoto>} told @param {Mode} mode
 */
export function storiesOf(stories, told, mode) {
  return stories.ids.map((id, i) => {
    const imageIds = /** @type {readonly string[]} */ (stories.imageIds[i]);
    return { id, imageIds, sentences: mode === 'each' ? imageIds.map((photo) => passageOf(told, photo).sentences.join(' ')) : spread(passageOf(told, imageIds[0]).sentences, imageIds.length) };
  });
}

/**
 * The same stories for judges that hold each sentence against a photo: all of "one photo" against the first.
 * @param {{ readonly imageIds: readonly (readonly string[])[] }} stories
 * @param {ReadonlyMap<string, ToldPhoto>} told @param {Mode} mode
 */
export function judgedStoriesOf(stories, told, mode) {
  return distinct(stories.imageIds).map((imageIds) => {
    const photos = mode === 'each' ? imageIds : imageIds.slice(0, 1);
    const sentences = photos.flatMap((id) => passageOf(told, id).sentences.map((text) => ({ id, text })));
    return { sentences: sentences.map(({ text }) => text), imageIds: sentences.map(({ id }) => id) };
  });
}

/** @param {readonly string[]} sentences @param {number} places */
function spread(sentences, places) {
  return Array.from({ length: places }, (_, i) => (i < places - 1 ? sentences[i] ?? '' : sentences.slice(i).join(' ')));
}

/** @param {ReadonlyMap<string, ToldPhoto>} told @param {string | undefined} photo */
function passageOf(told, photo) {
  const passage = photo === undefined ? undefined : told.get(photo);
  if (passage === undefined) throw new Error(`stories: photo ${photo} was not told`);
  return passage;
}

/** Photo sequences, each once: several people told some of them. @param {readonly (readonly string[])[]} sequences */
export function distinct(sequences) {
  return [...new Map(sequences.map((ids) => [ids.join(' '), ids])).values()];
}

/**
 * A storyteller on the photos of stories: every photo in every style.
 * @param {object} request
 * @param {string} request.folder of the storyteller @param {string | readonly string[]} request.features files
 * @param {{ readonly imageIds: readonly (readonly string[])[] }} request.stories
 * @param {readonly string[]} request.styles @param {object} [request.settings] of telling
 * @param {(line: string) => void} [request.log]
 */
export async function tellInStyles({ folder, features, stories, styles, settings = {}, log = console.error }) {
  const table = await openFeatureFiles([features].flat());
  const storyteller = await StyleStoryteller.open(folder);
  try {
    const photos = [...new Set(stories.imageIds.flat())];
    /** @type {Record<string, Awaited<ReturnType<typeof tellPhotos>> & { photosPerSecond: number }>} */
    const byStyle = {};
    for (const style of styles) {
      const outcome = await tellPhotos({ storyteller, features: table, photos, style, settings });
      byStyle[style] = { ...outcome, photosPerSecond: photos.length / outcome.seconds };
      log(`  ${style}: ${photos.length} photos, ${(photos.length / outcome.seconds).toFixed(1)} a second${outcome.untold > 0 ? `, ${outcome.untold} without a passage` : ''}`);
    }
    return byStyle;
  } finally {
    await storyteller.dispose();
    table.close();
  }
}

/**
 * How many photo sequences a sequence model tells a second, measured as the storyteller is: from features, after a first call.
 * @param {{ checkpoint: string, features: string | readonly string[], stories: import('fabula').StorySet, decoding?: object }} request
 */
export async function sequenceSpeed({ checkpoint, features, stories, decoding = { strategy: 'beam', beam: 3 } }) {
  const table = await openFeatureFiles([features].flat());
  const storyteller = await Storyteller.open(checkpoint);
  try {
    const options = decodingSchema.parse(decoding);
    await tellSplit(storyteller, stories, table, options);
    const begun = performance.now();
    await tellSplit(storyteller, stories, table, options);
    return (distinct(stories.imageIds).length * 1000) / (performance.now() - begun);
  } finally {
    await storyteller.dispose();
    table.close();
  }
}

/**
 * How the passages of each style are classed.
 * @param {{ classify(text: string): { genre: string } }} classifier trained on texts that the decoder has not seen
 * @param {Readonly<Record<string, { told: ReadonlyMap<string, ToldPhoto> }>>} byStyle
 * @returns shares of the photos by style told and genre found
 */
export function styleShift(classifier, byStyle) {
  return Object.fromEntries(Object.entries(byStyle).map(([style, { told }]) => {
    const passages = [...told.values()].filter(({ sentences }) => sentences.length > 0);
    /** @type {Record<string, number>} */
    const counts = {};
    for (const { sentences } of passages) {
      const { genre } = classifier.classify(sentences.join(' '));
      counts[genre] = (counts[genre] ?? 0) + 1;
    }
    return [style, Object.fromEntries(Object.entries(counts).map(([genre, count]) => [genre, count / passages.length]))];
  }));
}

/**
 * Losses of what a storyteller is made of.
 * @param {Readonly<Record<string, string>>} runs by step, as `learnStoryteller` gives them
 */
export async function learnedLosses(runs) {
  return Promise.all(Object.entries(runs).map(async ([step, folder]) => {
    const { parameters, history, best_epoch, loss, val_loss, seconds } = await readRun(folder);
    return { step, parameters, epochs: history.length, best_epoch, train_loss: loss, validation_loss: val_loss, seconds };
  }));
}
