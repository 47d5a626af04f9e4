/** A small Storybook with its CNN and features, and small runs on it: made once, in notebooks/work. */
import { access, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import process from 'node:process';
import {
  classifierSchema, extractFeatures, listPhotos, openExtractor, prepare, readPreprocessing, train, trainPhotoCnn, writeStorybook,
} from 'fabula';
import type { TrainConfig } from 'fabula';

/** As seen from the folder that the kernel runs in, so that no machine's paths are shown. */
export const WORK = relative(process.cwd(), join(import.meta.dirname!, 'work'));

/** One thread: sums are then added up in the same order on every machine with the same instructions. */
const THREADS = 1;

/** Where everything of the small Storybook is. */
export const BOOK = {
  storybook: join(WORK, 'storybook'),
  photos: join(WORK, 'storybook', 'photos'),
  facts: join(WORK, 'storybook', 'facts.json'),
  annotations: (split: 'train' | 'val'): string => join(WORK, 'storybook', `${split}.story-in-sequence.json`),
  cnn: join(WORK, 'scenes.onnx'),
  features: join(WORK, 'features.h5'),
  train: join(WORK, 'train.h5'),
  validation: join(WORK, 'val.h5'),
  runs: join(WORK, 'runs'),
};

/** Draws 1000 + 80 stories, trains a CNN on the training scenes, extracts features, prepares stories: half a minute, once. */
export async function makeBook(): Promise<void> {
  // Written last: it is there when all the others are.
  if (await there(join(WORK, 'report.json'))) return;
  await writeStorybook(BOOK.storybook, { seed: 1, stories: { train: 1000, val: 80, test: 0 }, width: 128, height: 96 });
  const options = classifierSchema.parse({ seed: 1, epochs: 6, learning_rate: 0.004, model: { size: 64 } });
  await trainPhotoCnn({ photos: [join(BOOK.photos, 'train')], labels: BOOK.facts, output: BOOK.cnn, threads: THREADS, options });
  const preprocessing = await readPreprocessing(BOOK.cnn.replace(/\.onnx$/, '.yaml'));
  const extractor = await openExtractor({ kind: 'onnx', weights: BOOK.cnn, layer: 'answers', preprocessing }, { device: 'cpu', threads: THREADS, batch: 64 });
  await extractFeatures(await listPhotos([BOOK.photos]), extractor, { output: BOOK.features, bad: 'fail', force: false });
  await extractor.dispose();
  await prepare({ stories: { train: BOOK.annotations('train'), val: BOOK.annotations('val') }, output: WORK });
}

/** The configuration of a small model of the small Storybook. @param epochs over 1000 stories, 125 steps each */
export function smallConfig(name: TrainConfig['model']['name'], epochs = 14) {
  return {
    name,
    seed: 1,
    data: { train: BOOK.train, validation: BOOK.validation, features: BOOK.features, cnn: BOOK.cnn },
    model: {
      name,
      photos: { units: 128, last: 2, normalise: 'none' as const },
      previous: { units: 128 },
      embedding: { size: 64 },
      dropout: { photos: 0.1, words: 0.1, previous: 0.1, output: 0.2 },
    },
    optimizer: { learning_rate: 0.006, schedule: { kind: 'linear' as const, steps: 125 * epochs, final: 0.1 } },
    training: { epochs, stories_per_batch: 8, patience: null, samples: 0 },
    runtime: { threads: THREADS },
  };
}

/** The newest finished run of a model on the small Storybook; trained now where there is none. @returns its folder */
export async function smallRun(name: TrainConfig['model']['name']): Promise<string> {
  await makeBook();
  const names = (await readdir(BOOK.runs).catch(() => [])).filter((folder) => folder.startsWith(`${name}-20`)).sort();
  for (const folder of names.reverse()) if (await there(join(BOOK.runs, folder, 'result.json'))) return join(BOOK.runs, folder);
  return (await train({ config: smallConfig(name), runs: BOOK.runs })).folder;
}

function there(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
