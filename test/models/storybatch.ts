import { Random } from '../../src/core/random.ts';
import { StoryBatches } from '../../src/data/batches.ts';
import type { PreviousForm } from '../../src/data/batches.ts';
import type { FeatureTable } from '../../src/data/features.ts';
import type { StorySet } from '../../src/data/stories.ts';
import type { StoryModelOptions } from '../../src/models/options.ts';
import { storyModelSchema } from '../../src/models/options.ts';
import { Vocabulary } from '../../src/text/vocabulary.ts';

export const WORDS = 12;
export const FEATURES = 7;
export const STEPS = 9;

/** Small random stories: sentence lengths 0 to 7 words, so that cutting and empty sentences are met. */
export function randomStories(count: number, seed: string): StorySet {
  const random = new Random(seed);
  const words = ['<NULL>', '<START>', '<END>', '<UNK>', ...Array.from({ length: WORDS - 4 }, (_, i) => `w${i}`)];
  const sentences = new Int32Array(count * 5 * STEPS);
  for (let i = 0; i < count * 5; i++) {
    const length = random.int(STEPS - 1);
    sentences[i * STEPS] = 1;
    for (let t = 0; t < length; t++) sentences[i * STEPS + 1 + t] = 3 + random.int(WORDS - 3);
    sentences[i * STEPS + 1 + length] = 2;
  }
  const imageIds = Array.from({ length: count }, (_, s) => Array.from({ length: 5 }, (_, j) => `${s}.${j}`));
  return { length: count, photos: 5, steps: STEPS, ids: imageIds.map((_, s) => String(s)), imageIds, sentences, texts: imageIds, vocabulary: new Vocabulary(words) };
}

export function randomFeatures(stories: StorySet, seed: string): FeatureTable {
  const random = new Random(seed);
  const rows = new Map(stories.imageIds.flat().map((id) => [id, Float32Array.from({ length: FEATURES }, () => random.between(-1, 1))]));
  const table = {
    path: 'random', ids: [...rows.keys()], rowShape: [FEATURES], size: FEATURES, fingerprint: 'random', info: undefined,
    has: (id: string) => rows.has(id),
    row: (id: string) => rows.get(id)!,
    rows: (ids: readonly string[], out = new Float32Array(ids.length * FEATURES)) => {
      ids.forEach((id, i) => out.set(rows.get(id)!, i * FEATURES));
      return out;
    },
    close: () => {},
  };
  return table;
}

export function smallBatches(previous: PreviousForm, seed = 'batch', storiesPerBatch = 3, count = 7): StoryBatches {
  const stories = randomStories(count, seed);
  return new StoryBatches(stories, randomFeatures(stories, seed), { storiesPerBatch, previous, seed: 1 });
}

export function smallModel(options: Record<string, unknown>): StoryModelOptions {
  const given = options as Record<string, Record<string, unknown>>;
  return storyModelSchema.parse({
    ...options,
    photos: { units: 6, ...given['photos'] },
    previous: { units: 6, filters: 4, ...given['previous'] },
    embedding: { size: 5, ...given['embedding'] },
  });
}
