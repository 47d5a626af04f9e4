import { cp, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { formatConfig } from '../../src/core/config.ts';
import { sha256File } from '../../src/core/files.ts';
import { writeFeatures } from '../../src/data/features.ts';
import { writeStories } from '../../src/data/stories.ts';
import type { TrainConfig } from '../../src/training/config.ts';
import { trainSchema } from '../../src/training/config.ts';
import { randomFeatures, randomStories, WORDS } from '../models/storybatch.ts';

export const TINY_INFO = { cnn: 'onnx', layer: 'vector', weightsSha256: 'ab', preprocessing: { crop: 16 } };

/** Stories, features and a configuration that has everything whose state a checkpoint must hold. */
export interface TinyRun {
  readonly folder: string;
  readonly config: TrainConfig;
  /** The configuration as a file. */
  readonly file: string;
}

/**
 * Random stories: 40 to train on, 9 to validate on. All words of these are one that those never have, so that training
 * makes it unlikely and the first epoch validates best, whatever the masks are.
 * @param training settings of the `training` part
 */
export async function tinyRun(training: Partial<TrainConfig['training']> = {}): Promise<TinyRun> {
  const folder = await mkdtemp(join(tmpdir(), 'fabula-training-'));
  const [stories, validation] = [randomStories(40, 'train'), randomStories(9, 'val')];
  stories.sentences.forEach((id, i, ids) => (ids[i] = id === WORDS - 1 ? id - 1 : id));
  validation.sentences.forEach((id, i, ids) => (ids[i] = id > 2 ? WORDS - 1 : id));
  await writeStories(join(folder, 'train.h5'), stories);
  await writeStories(join(folder, 'val.h5'), validation);
  await writeTinyFeatures(join(folder, 'features.h5'));
  const config = trainSchema.parse({
    name: 'tiny', seed: 3,
    data: { train: join(folder, 'train.h5'), validation: join(folder, 'val.h5'), features: join(folder, 'features.h5') },
    model: {
      photos: { units: 6 }, previous: { units: 5 }, embedding: { size: 4 },
      dropout: { photos: 0.2, words: 0.2, previous: 0.2, recurrent: 0.2, output: 0.2 },
    },
    optimizer: { learning_rate: 0.2, schedule: { kind: 'cosine', warmup: 3, steps: 20, final: 0.1 } },
    training: { epochs: 3, stories_per_batch: 5, patience: null, checkpoint_seconds: 1000, samples: 0, ...training },
    runtime: { threads: 1 },
  });
  const file = join(folder, 'tiny.yaml');
  await writeFile(file, formatConfig(config));
  return { folder, config, file };
}

/** The features of every photo of `tinyRun`. @param info what made them; @param size values a photo, 7 in the run */
export async function writeTinyFeatures(path: string, info = TINY_INFO, size = 7): Promise<void> {
  const table = randomFeatures(randomStories(40, 'train'), 'photos');
  const embeddings = new Float32Array(table.ids.length * size);
  table.ids.forEach((id, i) => embeddings.set(table.row(id).subarray(0, size), i * size));
  await writeFeatures(path, { ids: table.ids, embeddings, info });
}

/** A copy of a run folder, to be harmed. */
export async function copyRun(run: string): Promise<string> {
  const copy = join(await mkdtemp(join(tmpdir(), 'fabula-copy-')), 'run');
  await cp(run, copy, { recursive: true });
  return copy;
}

/** Everything a run leaves that must not depend on whether it was stopped on the way. */
export async function traces(run: string): Promise<Record<string, unknown>> {
  const text = (name: string): Promise<string> => readFile(join(run, name), 'utf8');
  const found: Record<string, unknown> = { metrics: (await text('metrics.jsonl')).split('\n'), history: await text('history.csv') };
  for (const which of ['best', 'last']) {
    for (const name of ['weights.safetensors', 'optimizer.safetensors', 'config.json', 'vocabulary.json']) {
      found[`${which}/${name}`] = await sha256File(join(run, 'checkpoints', which, name));
    }
    const { seconds: _, ...state } = JSON.parse(await text(`checkpoints/${which}/state.json`)) as Record<string, unknown>;
    found[`${which}/state`] = state;
  }
  const { seconds: _, ...result } = JSON.parse(await text('result.json')) as Record<string, unknown>;
  return { ...found, result };
}

/** SHA-256 of every file below a folder. */
export async function hashes(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(await Promise.all(files.map(async (file) => [relative(folder, file), await sha256File(file)] as const)));
}
