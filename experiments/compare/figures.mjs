// The figures of the storyteller's parts: image-sentence retrieval, sentence vectors, and the style shift.
// @ts-check
import { readFile } from 'node:fs/promises';
import {
  JointSpace, openFeatureFiles, openSentenceEncoder, proportion, properNames, rankScores, readCaptions, readPassages, retrievalRanks, sameGroupAuc,
  StyleStoryteller, trainGenreClassifier,
} from 'fabula';
import { round } from '../shared/compare.mjs';

/**
 * Recall both ways on photos that were not trained on, beside what chance gives.
 * @param {{ embedding: string, captions: string, features: string }} setup captions: of the test photos alone
 */
export async function retrievalFigures({ embedding, captions, features: file }) {
  const joint = await JointSpace.open(embedding);
  const features = await openFeatureFiles([file]);
  const { photos } = await readCaptions(captions);
  const names = photos.map(({ id, file: name }) => [id, name?.replace(/\.\w+$/, '') ?? id].find((key) => features.has(key)) ?? id);
  const vectors = await joint.photos(features.rows(names), features);
  const texts = photos.flatMap(({ captions: list }) => list);
  const imageOf = photos.flatMap(({ captions: list }, i) => list.map(() => i));
  const sentences = await joint.sentences(texts);
  const ranks = retrievalRanks(
    { name: 'photos', data: vectors, rows: photos.length, width: joint.size }, { name: 'captions', data: sentences, rows: texts.length, width: joint.size }, imageOf);
  await joint.dispose();
  features.close();
  const toSentences = rankScores(ranks.imageToSentence);
  const toPhotos = rankScores(ranks.sentenceToImage);
  const each = texts.length / photos.length;
  return {
    photos: photos.length, captions: texts.length,
    photo_to_captions: withChance(toSentences, chanceOfFirst(texts.length, each), chanceMedian(texts.length, each)),
    caption_to_photos: withChance(toPhotos, 1 / photos.length, chanceMedian(photos.length, 1)),
  };
}

/** @param {any} scores @param {number} chanceR1 @param {number} chanceRank */
function withChance({ recall1, recall5, recall10, medianRank }, chanceR1, chanceRank) {
  return {
    recall1: round(recall1, 2), recall5: round(recall5, 2), recall10: round(recall10, 2), median_rank: medianRank,
    chance_recall1: round(100 * chanceR1, 2), chance_median_rank: round(chanceRank, 1),
    recall1_times_chance: round(recall1 / (100 * chanceR1), 1), median_rank_of_chance: round(medianRank / chanceRank, 3),
  };
}

/** The chance that one of `right` answers among `all` stands first. @param {number} all @param {number} right */
function chanceOfFirst(all, right) {
  return right / all;
}

/** The median of the best rank of `right` answers that stand anywhere among `all`. @param {number} all @param {number} right */
function chanceMedian(all, right) {
  let none = 1;
  for (let rank = 1; rank <= all; rank++) {
    none *= Math.max(0, all - right - rank + 1) / (all - rank + 1);
    if (none <= 0.5) return rank;
  }
  return all;
}

/**
 * Are vectors of captions of one photo nearer than those of different photos?
 * @param {{ encoders: Record<string, string>, captions: string }} setup captions of photos that no encoder learned from
 */
export async function groupFigures({ encoders, captions }) {
  const { photos } = await readCaptions(captions);
  const texts = photos.flatMap(({ captions: list }) => list);
  const groups = photos.flatMap(({ captions: list }, i) => list.map(() => i));
  /** @type {Record<string, { size: number, auc: number }>} */
  const figures = {};
  for (const [name, path] of Object.entries(encoders)) {
    const encoder = await openSentenceEncoder(path);
    const { auc } = sameGroupAuc(await encoder.encode(texts), encoder.size, groups);
    figures[name] = { size: encoder.size, auc: round(auc, 4) };
    await encoder.dispose();
  }
  return { photos: photos.length, captions: texts.length, encoders: figures };
}

/**
 * A classifier of sentences by genre. Names of persons and places are left out, so that wording decides.
 * @param {Record<string, { corpora: string[], texts: string[] }>} genres corpora of passages, and the books as they are, by genre
 */
export async function genreClassifier(genres) {
  const leaveOut = new Set();
  for (const { texts } of Object.values(genres)) {
    for (const path of texts) for (const name of properNames(paragraphs(await readFile(path, 'utf8')))) leaveOut.add(name);
  }
  const examples = [];
  for (const [genre, { corpora }] of Object.entries(genres)) {
    for (const corpus of corpora) for await (const text of readPassages(corpus)) examples.push({ text, genre, source: corpus });
  }
  const classifier = trainGenreClassifier(examples, { balanced: true, leaveOut, minDocuments: 3 });
  return { classifier, passages: Object.fromEntries(Object.keys(genres).map((genre) => [genre, examples.filter((example) => example.genre === genre).length])), left_out: leaveOut.size };
}

/** @param {string} text */
function paragraphs(text) {
  return text.split(/\r?\n\s*\r?\n/).map((paragraph) => paragraph.replace(/\s+/g, ' ').trim()).filter((paragraph) => paragraph !== '');
}

/**
 * Tells every photo in each style, and asks the classifier which genre it is.
 * @param {object} setup
 * @param {string} setup.storyteller
 * @param {Record<string, string>} setup.styles genre that a style should be classed as; "none" for the control
 * @param {import('fabula').GenreClassifier} setup.classifier
 * @param {string[]} setup.photos ids
 * @param {string} setup.features
 * @param {object} setup.telling
 * @param {(line: string) => void} [setup.log]
 */
export async function shiftFigures({ storyteller: folder, styles, classifier, photos, features: file, telling, log = () => {} }) {
  const storyteller = await StyleStoryteller.open(folder);
  const features = await openFeatureFiles([file]);
  const vectors = await storyteller.featureVectors(features.rows(photos), features);
  /** @type {Record<string, any>} */
  const figures = {};
  /** @type {Record<string, any[]>} */
  const told = {};
  for (const style of Object.keys(styles)) {
    const begun = performance.now();
    const passages = [];
    for (let from = 0; from < photos.length; from += 16) passages.push(...(await storyteller.tell(vectors.slice(from, from + 16), photos.slice(from, from + 16), style, telling)));
    const seconds = (performance.now() - begun) / 1000;
    const texts = passages.map((passage) => ('tokens' in passage ? passage.tokens.join(' ') : ''));
    const classed = texts.map((text) => classifier.classify(text).genre);
    const counts = Object.fromEntries(classifier.genres.map((genre) => [genre, classed.filter((found) => found === genre).length]));
    const right = styles[style] === 'none' ? undefined : proportion(classed.filter((found) => found === styles[style]).length, photos.length);
    figures[style] = {
      should_be: styles[style], photos: photos.length, classed: counts, ...(right && { share: round(right.accuracy, 4), interval: [round(right.low, 4), round(right.high, 4)] }),
      different_passages: new Set(texts).size, words: round(texts.reduce((sum, text) => sum + text.split(' ').length, 0) / texts.length, 1), photos_per_second: round(photos.length / seconds, 2),
    };
    told[style] = passages.map((passage, i) => ({ photo: photos[i], captions: 'captions' in passage ? passage.captions.slice(0, 3).map(({ text }) => text) : [], text: 'text' in passage ? passage.text : null, classed: classed[i] }));
    log(`  ${style}: ${JSON.stringify(counts)}${right ? `, ${(100 * right.accuracy).toFixed(1)} % right` : ''}, ${figures[style].different_passages} different`);
  }
  await storyteller.dispose();
  features.close();
  return { figures, told };
}

/**
 * How well the classifier knows books that it was not trained on.
 * @param {import('fabula').GenreClassifier} classifier @param {Record<string, string[]>} corpora by genre
 */
export async function classifierFigures(classifier, corpora) {
  /** @type {Record<string, number>} */
  const figures = {};
  for (const [genre, list] of Object.entries(corpora)) {
    let [right, all] = [0, 0];
    for (const corpus of list) {
      for await (const text of readPassages(corpus)) {
        all++;
        if (classifier.classify(text).genre === genre) right++;
      }
    }
    figures[genre] = round(right / all, 4);
  }
  return figures;
}
