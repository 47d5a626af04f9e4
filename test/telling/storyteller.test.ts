import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FeatureTable } from '../../src/data/features.ts';
import { openFeatures } from '../../src/data/features.ts';
import type { StorySet } from '../../src/data/stories.ts';
import { readStories } from '../../src/data/stories.ts';
import { decodingSchema } from '../../src/decoding/options.ts';
import { openExtractor, specFromInfo } from '../../src/features/extractor.ts';
import { tellSplit } from '../../src/telling/split.ts';
import { Storyteller } from '../../src/telling/storyteller.ts';
import { copyRun } from '../training/tinyrun.ts';
import type { TinyBook } from './tinybook.ts';
import { tinyBook } from './tinybook.ts';

let book: TinyBook;
let stories: StorySet;
let features: FeatureTable;
let storyteller: Storyteller;

beforeAll(async () => {
  book = await tinyBook();
  stories = await readStories(book.at('data', 'val.h5'));
  features = await openFeatures(book.at('features.h5'));
  storyteller = await Storyteller.open(book.run, { threads: 1 });
}, 60_000);

afterAll(() => storyteller.dispose());

const files = (story: number): string[] => stories.imageIds[story]!.map((id) => book.at('book', 'photos', 'val', `${id}.jpg`));

test('photos told one sequence at a time go through what training extracted in batches', async () => {
  const extractor = await openExtractor(specFromInfo(features.info!, join(book.run, 'cnn-tiny.onnx')), { device: 'cpu', threads: 1, batch: 5 });
  const worst = (a: Float32Array, b: Float32Array): number => a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
  for (const story of [0, 2]) expect(worst(await extractor.extract(files(story)), features.rows(stories.imageIds[story]!))).toBeLessThanOrEqual(1e-6);
  expect(worst(features.rows(stories.imageIds[0]!), features.rows(stories.imageIds[2]!))).toBeGreaterThan(0.01);
  expect(extractor.fingerprint).toBe(storyteller.checkpoint.head.features.fingerprint);
  await extractor.dispose();
});

test.each(['greedy', 'beam', 'sample'] as const)('%s: from files the same story as from features, each its own', async (strategy) => {
  const decoding = decodingSchema.parse({ strategy, seed: 5 });
  const told = await tellSplit(storyteller, stories, features, decoding);
  const alone = await storyteller.tellPhotos(files(0), decoding);
  expect(alone.sentences).toEqual(told[0]!.sentences);
  alone.scores.forEach((score, i) => expect(score).toBeCloseTo(told[0]!.scores![i]!, 4));
  expect(told[1]).toMatchObject({ id: stories.ids[1], sentences: told[0]!.sentences, scores: told[0]!.scores });
  expect(told[2]!.scores).not.toEqual(told[0]!.scores);
});

test('the order of the photos matters, and so does every photo the window reaches', async () => {
  const decoding = decodingSchema.parse({ strategy: 'greedy' });
  const [a, b, c, d, e] = files(0) as [string, string, string, string, string];
  const { scores } = await storyteller.tellPhotos([a, b, c, d, e], decoding);
  const turned = await storyteller.tellPhotos([e, d, c, b, a], decoding);
  expect(turned.scores[0]).not.toBeCloseTo(scores[0]!, 4);
  // The model reads the last three photos: the first sentence sees photo 1 alone, so changing photo 5 leaves it.
  const other = await storyteller.tellPhotos([a, b, c, d, a], decoding);
  expect(other.scores.slice(0, 4)).toEqual(scores.slice(0, 4));
  expect(other.scores[4]).not.toBeCloseTo(scores[4]!, 4);
});

test('a checkpoint within its run finds the CNN kept there; one by itself needs it named', async () => {
  const run = await copyRun(book.run);
  const decoding = decodingSchema.parse({ strategy: 'greedy' });
  const inside = await Storyteller.open(join(run, 'checkpoints', 'best'), { threads: 1 });
  const expected = await inside.tellPhotos(files(0), decoding);
  // A folder of checkpoints somebody copied out, beside things that happen to be called cnn-.
  const apart = join(run, 'elsewhere', 'mine');
  await cp(join(run, 'checkpoints', 'best'), apart, { recursive: true });
  await mkdir(join(run, 'elsewhere', 'cnn-other'));
  const alone = await Storyteller.open(apart, { threads: 1 });
  await expect(alone.tellPhotos(files(0), decoding)).rejects.toThrow(/photos must go through the CNN that the checkpoint was trained with \(onnx, vector\): give its file with --cnn$/);
  expect(await alone.tellPhotos(files(0), decoding, book.at('tiny.onnx'))).toEqual(expected);
  await Promise.all([inside.dispose(), alone.dispose()]);
});

test('another CNN with the same output is refused by its weights', async () => {
  // One more field of the protobuf, the model's documentation: it loads and computes the same, and is another file.
  const bytes = await readFile(book.at('tiny.onnx'));
  await writeFile(book.at('twin.onnx'), Buffer.concat([bytes, Buffer.from([0x32, 1, 0x78])]));
  await expect(storyteller.tellPhotos(files(0), decodingSchema.parse({}), book.at('twin.onnx'))).rejects.toThrow(
    /twin\.onnx: features of another CNN, layer or preprocessing than those of the checkpoint/);
  await writeFile(book.at('broken.onnx'), 'not a CNN');
  await expect(storyteller.tellPhotos(files(0), decodingSchema.parse({}), book.at('broken.onnx'))).rejects.toThrow(/broken\.onnx: not an ONNX model/);
});
