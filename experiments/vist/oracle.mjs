// The three models on real VIST stories without photos: mean word vectors of the photos' human captions stand in for
// pixels. Every result is labelled so; it cannot be set beside published VIST scores.
// @ts-check
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildStories, captionFeatures, readVistCaptions, readVistStories, readWordVectors, splitByPhoto, Vocabulary, writeFeatures, writeStories,
} from 'fabula';

export const LABEL = 'oracle caption features, no pixels';

/**
 * Stories whose five photos are all captioned, split by photo; vocabulary of words seen three times in training.
 * @param {string} data folder with vist/ and glove/ @param {string} work
 */
export async function prepareOracle(data, work) {
  const stories = await readVistStories(join(data, 'vist/val.story-in-sequence.json'));
  const captions = await readVistCaptions(join(data, 'vist/val.description-in-isolation.json'));
  const captioned = new Set(captions.map((caption) => caption.photoId));
  const usable = stories.filter((story) => story.sentences.length === 5 && story.sentences.every(({ photoId }) => captioned.has(photoId)));
  const places = splitByPhoto(usable.map((story) => ({ imageIds: story.sentences.map(({ photoId }) => photoId) })), { share: 0.151, seed: 0 });
  const [train, development] = [places.train, places.development].map((list) => list.map((place) => /** @type {any} */ (usable[place])));
  const counts = new Map();
  for (const { sentences } of train) for (const { text } of sentences) for (const word of text.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1);
  const vocabulary = Vocabulary.fromCounts(counts, { minCount: 3 });
  await mkdir(work, { recursive: true });
  await writeStories(join(work, 'train.h5'), buildStories(train, { vocabulary }).set);
  await writeStories(join(work, 'development.h5'), buildStories(development, { vocabulary }).set);
  const vectors = await readWordVectors(join(data, 'glove'));
  const photos = train.flatMap((/** @type {any} */ story) => story.sentences.map((/** @type {any} */ sentence) => sentence.photoId));
  await writeFeatures(join(work, 'captions.h5'), captionFeatures(captions, vectors, { trainingPhotos: photos }));
  return { train: train.length, development: development.length, vocabulary: vocabulary.size };
}

/** The yardstick's settings. @param {string} work @param {string} glove @param {string} name @param {boolean} shuffled */
export function oracleConfig(work, glove, name, shuffled) {
  return {
    name: shuffled ? `${name}-shuffled` : name,
    seed: 1,
    data: { train: join(work, 'train.h5'), validation: join(work, 'development.h5'), features: join(work, 'captions.h5'), shuffle_photos: shuffled },
    model: {
      name, photos: { units: 256, last: 3 }, previous: { units: 256 },
      embedding: { size: 100, trainable: true, vectors: glove },
      dropout: { words: 0.3, previous: 0.3, output: 0.4 },
    },
    optimizer: { learning_rate: 0.002 },
    training: { epochs: 14, stories_per_batch: 20, patience: 2, samples: 0 },
  };
}
