import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../../src/core/random.ts';
import { writeFeatures } from '../../../src/data/features.ts';
import { imageSentenceTraining } from '../../../src/style/training/imagesentencetask.ts';
import { passageTraining } from '../../../src/style/training/passagetask.ts';
import { skipThoughtsTraining } from '../../../src/style/training/skipthoughtstask.ts';
import type { RunConfig, TrainingKind } from '../../../src/training/task.ts';
import type { TrainRequest } from '../../../src/training/run.ts';
import { TINY_INFO } from '../../training/tinyrun.ts';

const NOUNS = ['dog', 'boat', 'king', 'lamp', 'rose', 'storm'];
const VERBS = ['ran', 'sank', 'sang', 'fell', 'slept', 'rose'];
export const FEATURES = 6;

/** A training of one task with the least that it takes to learn. */
export interface TinyTask {
  readonly kind: TrainingKind<RunConfig>;
  readonly config: Record<string, Record<string, unknown>>;
}

export interface TinyTasks {
  readonly folder: string;
  readonly tasks: Readonly<Record<'skip-thoughts' | 'image-sentence' | 'passages', TinyTask>>;
}

/**
 * Made-up data that can be learned. Sentences: each block is about one noun and its verb, so that a sentence tells its
 * neighbours. Photos: their features are the noun of their captions, and noise. Passages: their words' vectors tell them.
 */
export async function tinyTasks(): Promise<TinyTasks> {
  const folder = await mkdtemp(join(tmpdir(), 'fabula-style-'));
  const at = (name: string): string => join(folder, name);
  await writeTexts(at);
  await writePhotos(at);
  const [optimizer, runtime] = [{ learning_rate: 0.05 }, { threads: 1 }];
  const training = { epochs: 8, patience: null, checkpoint_seconds: 1000 };
  const embedding = { size: 5 };
  const make = (kind: unknown, own: Record<string, Record<string, unknown>>): TinyTask => {
    const { task } = kind as TrainingKind;
    return { kind: kind as TrainingKind<RunConfig>, config: { task, name: 'tiny', seed: 3, optimizer, runtime, ...own } as never };
  };
  return {
    folder,
    tasks: {
      'skip-thoughts': make(skipThoughtsTraining, {
        data: { sentences: at('book.txt'), max_words: 4, held_out: 0.1 },
        model: { direction: 'bi', units: 8, embedding, dropout: { words: 0.1, output: 0.1 } },
        training: { ...training, batch: 12, samples: 2 },
      }),
      'image-sentence': make(imageSentenceTraining, {
        data: { captions: at('captions.csv'), features: at('features.h5'), held_out: 0.2, max_words: 5 },
        model: { units: 8, embedding, photos: { normalise: 'standardise' }, dropout: { photos: 0.1, words: 0.1 } },
        training: { ...training, batch: 6 },
      }),
      passages: make(passageTraining, {
        data: { passages: at('passages.txt'), encoder: at('vectors.txt'), max_words: 5, held_out: 0.1 },
        model: { units: 8, embedding, dropout: { vectors: 0.1, words: 0.1, output: 0.1 } },
        training: { ...training, batch: 6, samples: 2 },
      }),
    },
  };
}

async function writeTexts(at: (name: string) => string): Promise<void> {
  const blocks = NOUNS.flatMap((noun, i) => Array.from({ length: 3 }, (_, turn) => [
    `the ${noun} ${VERBS[i]} .`, `a ${noun} !`, `${turn} ${noun} ${VERBS[i]} .`, `the ${noun} .`, `so ${VERBS[i]} ${noun} .`,
  ].join('\n')));
  await writeFile(at('book.txt'), `${blocks.join('\n\n')}\n`);
  const passages = NOUNS.flatMap((noun, i) => [`the ${noun} ${VERBS[i]} .`, `${noun} and ${noun} ${VERBS[i]} .`, `a ${noun} !`, `here ${VERBS[i]} a ${noun} .`]);
  await writeFile(at('passages.txt'), `${passages.join('\n')}\n`);
  const random = new Random('word vectors');
  const words = [...new Set([...NOUNS, ...VERBS, 'the', 'a', 'and', 'here', '.', '!'])];
  await writeFile(at('vectors.txt'), words.map((word) => `${word} ${Array.from({ length: 6 }, () => random.normal().toFixed(4)).join(' ')}\n`).join(''));
}

async function writePhotos(at: (name: string) => string): Promise<void> {
  const random = new Random('photos');
  const ids = Array.from({ length: 36 }, (_, i) => `photo${i}`);
  const embeddings = new Float32Array(ids.length * FEATURES);
  for (let i = 0; i < embeddings.length; i++) embeddings[i] = 0.1 * random.normal();
  ids.forEach((_, i) => (embeddings[i * FEATURES + (i % NOUNS.length)]! += 1));
  await writeFeatures(at('features.h5'), { ids, embeddings, info: TINY_INFO });
  const captions = ids.flatMap((id, i) => [`${id}.jpg,the ${NOUNS[i % NOUNS.length]} .`, `${id}.jpg,a ${NOUNS[i % NOUNS.length]} ${VERBS[i % NOUNS.length]} .`]);
  await writeFile(at('captions.csv'), `image,caption\n${captions.join('\n')}\n`);
}

/** Stops a training after so many steps of this sitting. */
export function stopAfter(steps: number): Pick<TrainRequest, 'signal'> & { events: () => { onStep: () => void } } {
  const controller = new AbortController();
  let done = 0;
  return { signal: controller.signal, events: () => ({ onStep: () => { if (++done === steps) controller.abort(); } }) };
}

/** A configuration with settings changed, part by part. */
export function changed(config: TinyTask['config'], parts: Record<string, unknown>): TinyTask['config'] {
  const entries = Object.entries(parts).map(([key, value]) => [key, typeof value === 'object' && value !== null ? { ...config[key], ...value } : value]);
  return { ...config, ...Object.fromEntries(entries) } as TinyTask['config'];
}
