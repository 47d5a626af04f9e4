import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { writeStorybook } from '../../src/data/storybook/storybook.ts';
import { listPhotos } from '../../src/features/photolist.ts';
import { loadPhoto } from '../../src/features/preprocess.ts';
import type { Runtime } from '../../src/runtime/jit.ts';
import { openRuntime } from '../../src/runtime/jit.ts';
import type { ClassifierOptions } from '../../src/training/classifier.ts';
import { classifierSchema, trainClassifier } from '../../src/training/classifier.ts';
import { PhotoNetwork } from '../../src/training/photonetwork.ts';
import type { LabelledPhoto } from '../../src/training/photoset.ts';
import { emptyBatch, fillRow, labelTable, loadPhotoSet, photoPreprocessing, readLabels } from '../../src/training/photoset.ts';

const SMALL = { size: 24, filters: [12, 16], features: 32 };
let folder: string;
let photos: LabelledPhoto[];
let runtime: Runtime;

/** Some 60 small scenes. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-classifier-'));
  await writeStorybook(join(folder, 'book'), { seed: 3, stories: { train: 17, val: 0, test: 0 }, width: 64, height: 48 });
  const files = (await listPhotos([join(folder, 'book/photos')])).map(({ path }) => path);
  photos = await readLabels(join(folder, 'book/facts.json'), files);
  runtime = await openRuntime({ threads: 1 });
});

const options = (change: Record<string, unknown> = {}): ClassifierOptions => classifierSchema.parse({ model: SMALL, batch: 12, shift: 1, ...change });

test('some sixty scenes are enough to know weather and place far better than chance', async () => {
  expect(photos.length).toBeGreaterThan(50);
  const { report, network } = await trainClassifier(runtime, photos, options({ epochs: 40, held_out: 0.3, learning_rate: 3e-3 }));
  expect(report.photos + report.heldOut).toBe(photos.length);
  expect(report.heldOut).toBe(Math.round(0.3 * photos.length));
  expect(report.losses).toHaveLength(40);
  expect(report.losses.at(-1)!).toBeLessThan(0.4 * report.losses[0]!);
  expect(Object.keys(report.questions)).toEqual(['action', 'companion', 'place', 'subject', 'thing', 'weather']);
  const { weather, place } = report.questions;
  expect(weather!.accuracy!).toBeGreaterThan(weather!.chance! + 0.25);
  expect(place!.accuracy!).toBeGreaterThan(place!.chance! + 0.15);
  expect(network.table['place']!.length).toBe(place!.answers);
});

test('equal seeds give equal weights, another seed others', async () => {
  const weights = async (seed: number): Promise<Buffer> => {
    const { network } = await trainClassifier(runtime, photos.slice(0, 26), options({ epochs: 2, seed }));
    return Buffer.from(network.exportOnnx());
  };
  const first = await weights(1);
  expect(first.equals(await weights(1))).toBe(true);
  expect(first.equals(await weights(2))).toBe(false);
});

test('progress counts every photo and every step', async () => {
  const seen = { reading: [] as number[], training: [] as number[] };
  await trainClassifier(runtime, photos.slice(0, 20), options({ epochs: 3, held_out: 0 }), (phase, done, total) => {
    expect(total).toBe(phase === 'reading' ? 20 : 3);
    seen[phase].push(done);
  });
  expect(seen.reading.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(seen.training).toEqual([1, 2, 3]);
});

test('photos are prepared for training exactly as for extraction', async () => {
  const size = 20;
  const set = await loadPhotoSet(photos.slice(0, 2), labelTable(photos.slice(0, 2)), size);
  const batch = emptyBatch(set, 2);
  fillRow(batch, 0, set, 1);
  const expected = await loadPhoto(photos[1]!.file, photoPreprocessing(size));
  expect(Buffer.compare(Buffer.from(batch.photos.data.buffer, 0, 4 * 3 * size * size), Buffer.from(expected.buffer))).toBe(0);
});

test('a moved photo repeats its borders', async () => {
  const pixels = Buffer.from([0, 51, 102, 153, 204, 255, 0, 51, 102].flatMap((grey) => [grey, grey, grey]));
  const file = join(folder, 'nine.png');
  await writeFile(file, await sharp(pixels, { raw: { width: 3, height: 3, channels: 3 } }).png().toBuffer());
  const set = await loadPhotoSet([{ file, labels: { a: 'x' } }], { a: ['w', 'x'] }, 3);
  const batch = emptyBatch(set, 2);
  fillRow(batch, 1, set, 0, 1, -1);
  const greys = [...batch.photos.data.subarray(27, 36)].map((x) => Math.round(x * 127.5 + 127.5));
  expect(greys).toEqual([153, 153, 204, 0, 0, 51, 0, 0, 51]);
  expect([...batch.targets['a']!.data]).toEqual([0, 1]);
});

test('labels that do not do are named', async () => {
  const path = join(folder, 'labels.json');
  const file = photos[0]!.file;
  const attempt = async (content: string): Promise<LabelledPhoto[]> => {
    await writeFile(path, content);
    return readLabels(path, [file]);
  };
  await expect(attempt('{"1": {"place": "beach"}}')).rejects.toThrow(/labels\.json: no labels for photo \d{10} \(.*\): add them, or take the photo away$/);
  await expect(attempt('[1]')).rejects.toThrow(/labels\.json: /);
  await expect(attempt('{"1": {"place": 4}}')).rejects.toThrow('labels.json: 1.place: expected a string, found 4');
  await expect(attempt('{"1": ')).rejects.toThrow(/labels\.json: the labels is not valid JSON/);
  await expect(readLabels(join(folder, 'none.json'), [file])).rejects.toThrow('no such file');
  expect(() => labelTable([{ file: 'a.jpg', labels: { place: 'lake' } }, { file: 'b.jpg', labels: { thing: 'key' } }])).toThrow('b.jpg and a.jpg differ: only one has a label "place"');
  expect(() => labelTable([])).toThrow(UserError);
  await expect(loadPhotoSet([{ file, labels: { place: 'moon' } }], { place: ['lake'] }, 8)).rejects.toThrow(`${file}: its place is "moon"`);
});

test('a damaged photo, and too few photos, end the training with one line', async () => {
  const [name] = await readdir(join(folder, 'book/photos/train'));
  const half = join(folder, name!);
  const bytes = await readFile(join(folder, 'book/photos/train', name!));
  await writeFile(half, bytes.subarray(0, bytes.length / 2));
  await expect(trainClassifier(runtime, [{ ...photos[0]!, file: half }], options({ held_out: 0 }))).rejects.toThrow(`${half}: the photo cannot be decoded`);
  await expect(trainClassifier(runtime, photos.slice(0, 1), options({ held_out: 0.6 }))).rejects.toThrow('leave none to train on');
});

test('a learning rate that is far too high is reported, not trained on', async () => {
  const attempt = trainClassifier(runtime, photos.slice(0, 12), options({ epochs: 30, held_out: 0, learning_rate: 1e18 }));
  await expect(attempt).rejects.toThrow(/^the loss is (NaN|Infinity) after \d+ steps: choose a lower learning_rate/);
});

test('before training every answer is about equally likely', async () => {
  const set = await loadPhotoSet(photos.slice(0, 12), labelTable(photos), 24);
  const network = new PhotoNetwork(runtime, options().model, labelTable(photos), 2);
  network.initialise(1);
  const batch = emptyBatch(set, 12);
  for (let row = 0; row < 12; row++) fillRow(batch, row, set, row);
  const even = Object.values(network.table).reduce((sum, answers) => sum + Math.log(answers.length), 0);
  const loss = await network.lossAndGradients(batch);
  expect(loss).toBeGreaterThan(0.8 * even);
  expect(loss).toBeLessThan(1.5 * even);
});
