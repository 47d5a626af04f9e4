// Writes cases for check_diversity.py: seeded stories and vectors, and what we measure of them.
// Use: node .ci/node/diversity_case.mjs FOLDER [DIST]   (DIST: folder of the compiled project, dist/ by default)
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, dist = 'dist'] = process.argv.slice(2);
if (!folder) throw new Error('use: diversity_case.mjs FOLDER [DIST]');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { diversity } = await load('evaluation/diversity.js');
const { repetition } = await load('evaluation/repetition.js');
const { comparedWords, novelty } = await load('evaluation/novelty.js');
const { rankScores, retrievalRanks } = await load('evaluation/retrieval.js');
const { Random } = await load('core/random.js');

const WORDS = 'the the the a a we we went went to to beach dog dog ran had great great time day . , ! [male] <UNK> didn\'t was'.split(' ');
const random = new Random('diversity cases');
const some = (items, from, to) => Array.from({ length: from + random.int(to - from) }, () => random.pick(items));

/** Sentences of 0 to 19 words, some of them said before. */
function story() {
  const sentences = [];
  const count = random.int(10) === 0 ? random.int(3) : 5;
  for (let i = 0; i < count; i++) {
    sentences.push(i > 0 && random.int(5) === 0 ? random.pick(sentences) : some(WORDS, random.int(12) === 0 ? 0 : 1, 20).join(' '));
  }
  return sentences;
}

const corpora = Array.from({ length: 60 }, (_, i) => {
  const stories = Array.from({ length: i < 20 ? 1 : 2 + random.int(60) }, story);
  const training = Array.from({ length: random.int(40) }, () => (random.int(6) === 0 ? random.pick(stories).map((text) => text.toUpperCase()) : story()));
  const vocabulary = some(WORDS, 1, 20).concat('zebra');
  return {
    stories, training, vocabulary,
    words: stories.map((sentences) => sentences.map(comparedWords)), trainingWords: training.map((sentences) => sentences.map(comparedWords)),
    diversity: diversity(stories, { training: new Set(vocabulary) }), repetition: repetition(stories), novelty: novelty(stories, training),
  };
});

/** Rows near their image, or of small whole numbers, which are often equal. */
function vectors(count, width, whole) {
  const images = Array.from({ length: count }, () => Array.from({ length: width }, () => (whole ? random.int(5) - 2 : Math.fround(random.normal()))));
  for (const row of images) if (row.every((value) => value === 0)) row[0] = 1;
  const imageOf = random.shuffle([...images.keys(), ...Array.from({ length: random.int(4 * count) }, () => random.int(count))]);
  const sentences = imageOf.map((image) => (whole ? random.pick(images) : images[image].map((value) => Math.fround(value + 3 * random.normal()))));
  return { images, sentences, imageOf };
}

const spaces = Array.from({ length: 80 }, (_, i) => {
  const [whole, width] = [i % 2 === 1, 1 + random.int(i % 2 === 1 ? 4 : 60)];
  const { images, sentences, imageOf } = vectors(1 + random.int(60), width, whole);
  const table = (name, rows) => ({ name, data: Float32Array.from(rows.flat()), rows: rows.length, width });
  const similarity = whole ? 'dot' : random.pick(['cosine', 'dot']);
  const ranks = retrievalRanks(table('images', images), table('sentences', sentences), imageOf, { similarity });
  return {
    images, sentences, imageOf, similarity, tied: ranks.tied,
    imageToSentence: { ranks: [...ranks.imageToSentence], scores: rankScores(ranks.imageToSentence) },
    sentenceToImage: { ranks: [...ranks.sentenceToImage], scores: rankScores(ranks.sentenceToImage) },
  };
});

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'diversity.json'), JSON.stringify({ corpora, spaces }));
