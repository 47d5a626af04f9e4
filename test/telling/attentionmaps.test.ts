import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openFeatures } from '../../src/data/features.ts';
import type { FeatureTable } from '../../src/data/features.ts';
import { attentionMaps } from '../../src/telling/attentionmaps.ts';
import { train } from '../../src/training/run.ts';
import { TINY_INFO, tinyRun, writeTinyFeatures } from '../training/tinyrun.ts';

const STORY = { id: 'a', imageIds: ['0.0', '0.1', '0.2', '0.3', '0.4'], sentences: ['w1 w2', 'w3', 'w4 nowhere w1', '', 'w2 w2'] };
let folder: string;
let run: string;
let other: string;
let features: FeatureTable;

beforeAll(async () => {
  const tiny = await tinyRun({ epochs: 1 });
  folder = tiny.folder;
  const { config } = tiny;
  const runs = join(folder, 'runs');
  const attention = { ...config, model: { ...config.model, name: 'attention' as const, previous: { ...config.model.previous, units: config.model.photos.units } } };
  run = (await train({ config: attention, runs })).folder;
  other = (await train({ config, runs })).folder;
  features = await openFeatures(join(folder, 'features.h5'));
});

test('the words told beside the words read, a share for each pair', async () => {
  const [maps, again] = await attentionMaps(run, features, [STORY, { ...STORY, id: 'b' }], { threads: 1 });
  expect(maps).toHaveLength(5);
  expect(maps!.map(({ told }) => told.join(' '))).toEqual(['w1 w2 <END>', 'w3 <END>', 'w4 <UNK> w1 <END>', '<END>', 'w2 w2 <END>']);
  expect(maps!.map(({ read }) => read.join(' '))).toEqual(['<START>', '<START> w1 w2 <END>', '<START> w3 <END>', '<START> w4 <UNK> w1 <END>', '<START> <END>']);
  for (const { told, read, weights } of maps!) {
    expect(weights).toHaveLength(told.length);
    for (const row of weights) {
      expect(row).toHaveLength(read.length);
      expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
    }
  }
  expect(again).toEqual(maps);
});

test('models, photos and stories that do not fit are named', async () => {
  await expect(attentionMaps(other, features, [STORY])).rejects.toThrow(`${other}: a model "previous-sentence" has no attention; name a run of a model "attention"`);
  await expect(attentionMaps(run, features, [{ ...STORY, imageIds: ['0.0', '0.1', 'gone', '0.3', '0.4'] }])).rejects.toThrow(`${features.path}: no features for photo gone`);
  await expect(attentionMaps(run, features, [{ ...STORY, sentences: ['w1'] }])).rejects.toThrow('story a: 5 photos and 1 sentences; attention is shown for 5 of each');
  const changed = join(folder, 'changed.h5');
  await writeTinyFeatures(changed, { ...TINY_INFO, weightsSha256: 'cd' });
  const table = await openFeatures(changed);
  await expect(attentionMaps(run, table, [STORY])).rejects.toThrow(changed);
  table.close();
});
