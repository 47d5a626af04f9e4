import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import yargs from 'yargs';
import { command, preprocessingPath } from '../../src/cli/cnn.ts';
import { command as extract } from '../../src/cli/extract.ts';
import { openFeatures } from '../../src/data/features.ts';
import { writeStorybook } from '../../src/data/storybook/storybook.ts';
import { readPreprocessing } from '../../src/features/cnnspec.ts';
import { openExtractor } from '../../src/features/extractor.ts';
import { listPhotos } from '../../src/features/photolist.ts';
import { openRuntime } from '../../src/runtime/jit.ts';
import { classifierSchema, trainClassifier } from '../../src/training/classifier.ts';
import { emptyBatch, fillRow, labelTable, loadPhotoSet, readLabels } from '../../src/training/photoset.ts';
import { expectClose } from '../support/compare.ts';

let folder: string;
let book: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-cnn-'));
  book = join(folder, 'book');
  await writeStorybook(book, { seed: 5, stories: { train: 4, val: 0, test: 0 }, width: 64, height: 48 });
});

async function fabula(...words: string[]): Promise<string> {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((text: string) => void lines.push(text));
  try {
    await yargs(words).command(command).command(extract).strict().fail(false).exitProcess(false).parseAsync();
  } finally {
    log.mockRestore();
  }
  return lines.join('\n');
}

const train = (output: string, ...more: string[]): Promise<string> =>
  fabula('cnn', join(book, 'photos'), '--labels', join(book, 'facts.json'), '-o', output, '--size', '32', ...more);

test('the files it writes serve fabula extract, and give what the network in memory gives', async () => {
  const output = join(folder, 'scene.onnx');
  const report = JSON.parse(await train(output, '--json', '--epochs', '1', '--threads', '1'));
  expect(report).toMatchObject({ output, preprocessing: join(folder, 'scene.yaml'), steps: 1, losses: [expect.any(Number)] });

  const features = join(folder, 'scene.h5');
  await fabula('extract', join(book, 'photos'), '--cnn', output, '--layer', 'features', '--preprocess', join(folder, 'scene.yaml'), '-o', features, '--threads', '1', '--batch', '6');
  const table = await openFeatures(features);
  const files = (await listPhotos([join(book, 'photos')])).map(({ path }) => path);
  expect(table.rowShape).toEqual([128]);

  const photos = await readLabels(join(book, 'facts.json'), files);
  const options = classifierSchema.parse({ epochs: 1, model: { size: 32 } });
  const { network } = await trainClassifier(await openRuntime({ threads: 1 }), photos, options);
  const set = await loadPhotoSet(photos, labelTable(photos), 32);
  const batch = emptyBatch(set, photos.length);
  photos.forEach((_, i) => fillRow(batch, i, set, i));
  const inMemory = (await network.forward(batch.photos)).features;
  const extractor = await openExtractor({ kind: 'onnx', weights: output, layer: 'features', preprocessing: await readPreprocessing(join(folder, 'scene.yaml')) }, { device: 'cpu', threads: 1, batch: 5 });
  const fromFile = await extractor.extract(files);
  expectClose({ dtype: 'float32', shape: [files.length, 128], data: fromFile }, inMemory, 1e-5);
});

test('the report says how good it is and what to do next', async () => {
  const output = join(folder, 'told.onnx');
  const text = await train(output, '--held-out', '0.25', '--epochs', '1');
  expect(text).toContain('right on ');
  expect(text).toMatch(/ weather +\d+\.\d % {2}\(\d+\.\d %\), \d answers/);
  expect(text).toContain(`--cnn ${output} --layer features --preprocess ${preprocessingPath(output)}`);
  expect((await readFile(output)).includes('fabula.labels')).toBe(true);
});

test('mistakes are one line, before any photo is read', async () => {
  const output = join(folder, 'wrong.onnx');
  await expect(train(join(folder, 'wrong.bin'))).rejects.toThrow('wrong.bin: give a name ending in .onnx');
  await expect(train(output, '--held-out', '1')).rejects.toThrow(/held_out/);
  await expect(train(output, '--epochs', '0')).rejects.toThrow(/epochs/);
  await expect(train(output, '--threads', '-1')).rejects.toThrow('--threads -1');
  await writeFile(output, 'precious');
  await expect(train(output)).rejects.toThrow('exists already: choose another --output, or --force');
  expect(await readFile(output, 'utf8')).toBe('precious');
});
