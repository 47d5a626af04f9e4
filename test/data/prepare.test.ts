import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeFeatures } from '../../src/data/features.ts';
import { prepare } from '../../src/data/prepare.ts';
import { readStories } from '../../src/data/stories.ts';
import { Vocabulary } from '../../src/text/vocabulary.ts';
import { annotation, captionFile, vistFile } from './vistfixture.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-prepare-'));
const at = (name: string): string => join(folder, name);
const write = async (name: string, value: unknown): Promise<string> => {
  await writeFile(at(name), JSON.stringify(value));
  return at(name);
};
const train = await write('train.json', vistFile(['1', '2', '3'], (story, order) => `the dog ran ${order} ${story === '1' ? 'home' : ''} .`));
const val = await write('val.json', vistFile(['8', '9'], () => 'the cat ran .'));

test('JSON in, vocabulary and stories out, with a report of what was kept', async () => {
  const report = await prepare({ stories: { train, val }, output: at('out'), words: 5 });
  expect((await readdir(at('out'))).sort()).toEqual(['report.json', 'train.h5', 'val.h5', 'vocabulary.json']);
  const vocabulary = await Vocabulary.load(at('out/vocabulary.json'));
  // Fifteen of each of four words, five of `home`, three of each digit.
  expect(vocabulary.words.slice(4)).toEqual(['.', 'dog', 'ran', 'the', 'home']);
  const set = await readStories(report.splits.val!.file, { vocabulary });
  expect([...set.sentences.subarray(0, 7)]).toEqual([1, 7, 3, 6, 4, 2, 0]);
  expect(report.splits.train).toMatchObject({
    read: 3, kept: 3, cut: 0, sentenceLength: { min: 5, max: 6, histogram: [0, 0, 0, 0, 0, 10, 5] }, words: 80, unknown: 15,
  });
  expect(report.splits.train!.sentenceLength.mean).toBeCloseTo(80 / 15);
  expect(report.splits.val!.coverage).toBeCloseTo(0.75);
  expect(JSON.parse(await readFile(at('out/report.json'), 'utf8'))).toEqual(report);
});

test('stories without features or captions are dropped where asked', async () => {
  const features = at('f.h5');
  const photos = ['1', '3'].flatMap((story) => [0, 1, 2, 3, 4].map((order) => `p${story}${order}`));
  const info = { cnn: 'c', layer: 'l', weightsSha256: 'w', preprocessing: null };
  await writeFeatures(features, { ids: photos, embeddings: new Float32Array(photos.length), info });
  const descriptions = [await write('dii.json', captionFile(photos.slice(0, 9).map((photo) => [photo, 'a dog'])))];
  const report = await prepare({ stories: { train }, features: [features], descriptions, requireDescriptions: true, output: at('less') });
  expect(report.splits.train).toMatchObject({ kept: 1, dropped: { 'missing feature': 1, 'missing description': 1 } });
  expect((await readStories(at('less/train.h5'))).ids).toEqual(['1']);
});

test('an existing vocabulary serves a split of its own', async () => {
  const report = await prepare({ stories: { val }, vocabulary: at('out/vocabulary.json'), output: at('val-only') });
  expect(report.splits).toHaveProperty('val.kept', 2);
  await expect(prepare({ stories: { val }, output: at('x') })).rejects.toThrow('give --train, or --vocabulary');
  await expect(prepare({ stories: {}, output: at('x') })).rejects.toThrow('no stories given');
});

test('nothing is written when an input is bad or no story is left', async () => {
  const short = await write('short.json', { annotations: [annotation('5', 0, 'alone')] });
  await expect(prepare({ stories: { train: short }, output: at('none') })).rejects.toThrow(
    /short\.json: none of 1 stories can be used \(incomplete 1; story 5: photo orders 0\)$/);
  await expect(prepare({ stories: { train, val: at('absent.json') }, output: at('none') })).rejects.toThrow(/absent\.json: cannot read/);
  await expect(readdir(at('none'))).rejects.toThrow('ENOENT');
});
