import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import { photoCaptions, splitPhotos } from '../../../src/style/training/captiondata.ts';
import type { PhotoCaptions } from '../../../src/style/training/captiondata.ts';
import { packPairs, pairBatches } from '../../../src/style/training/imagesentencetask.ts';
import { END_ID, Vocabulary } from '../../../src/text/vocabulary.ts';

function photosWith(counts: readonly number[], split: (i: number) => string | undefined = () => undefined): PhotoCaptions[] {
  return counts.map((count, i) => ({ id: `p${i}`, feature: `p${i}`, split: split(i), captions: Array.from({ length: count }, (_, c) => [`p${i}`, `c${c}`]) }));
}

test('no photo twice in a batch, each caption once an epoch, under its own photo', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 15 }), fc.integer({ min: 2, max: 9 }), fc.option(fc.integer({ min: 0, max: 99 })), (counts, size, seed) => {
    const batches = pairBatches(photosWith(counts), size, seed === null ? undefined : new Random(String(seed)));
    const seen = batches.flat().map(({ caption }) => caption.join(' '));
    expect(new Set(seen).size).toBe(seen.length);
    for (const batch of batches) {
      expect(new Set(batch.map(({ feature }) => feature)).size).toBe(batch.length);
      expect(batch.length).toBeGreaterThan(1);
      expect(batch.length).toBeLessThanOrEqual(size);
      for (const { feature, caption } of batch) expect(caption[0]).toBe(feature);
    }
    // Left out are only pairs that would be alone: one a round at most.
    const all = counts.reduce((sum, count) => sum + count, 0);
    expect(all - seen.length).toBeLessThanOrEqual(Math.max(...counts));
    const alone = Array.from({ length: Math.max(...counts) }, (_, round) => counts.filter((count) => count > round).length).filter((pairs) => pairs % size === 1).length;
    expect(all - seen.length).toBe(alone);
  }), { seed: 1, numRuns: 80 });
});

test('other epochs have other pairs together; without chance it is the order of the data', () => {
  const photos = photosWith([5, 5, 5, 5, 5, 5, 5, 5]);
  const epoch = (name: string): unknown => pairBatches(photos, 4, new Random(name));
  expect(epoch('1')).toEqual(epoch('1'));
  expect(epoch('1')).not.toEqual(epoch('2'));
  expect(pairBatches(photosWith([2, 1, 2]), 2).map((batch) => batch.map(({ caption }) => caption.join('')))).toEqual([['p0c0', 'p1c0'], ['p0c1', 'p2c1']]);
});

test('photos held out: the share of them, none on both sides, the same for the same seed', () => {
  const photos = photosWith(Array.from({ length: 50 }, () => 1));
  const parts = splitPhotos(photos, { train: null, validation: null, held_out: 0.2 }, 1);
  expect([parts.train.length, parts.validation.length]).toEqual([40, 10]);
  expect(new Set([...parts.train, ...parts.validation]).size).toBe(50);
  expect(splitPhotos(photos, { train: null, validation: null, held_out: 0.2 }, 1)).toEqual(parts);
  expect(splitPhotos(photos, { train: null, validation: null, held_out: 0.2 }, 2).validation).not.toEqual(parts.validation);
});

test('splits that the captions name, whatever they call them', () => {
  const photos = photosWith(Array.from({ length: 12 }, () => 1), (i) => ['train', 'validation', 'test'][i % 3]);
  const ids = (keys: { train: string | null; validation: string | null }): string[] => {
    const { train, validation } = splitPhotos(photos, { ...keys, held_out: 0.5 }, 1);
    return [train, validation].map((part) => [...new Set(part.map(({ split }) => split))].join('+') + part.length);
  };
  expect(ids({ train: 'train', validation: 'val' })).toEqual(['train4', 'validation4']);
  expect(ids({ train: 'train', validation: null })).toEqual(['train2', 'train2']);
  expect(ids({ train: null, validation: 'dev' })).toEqual(['train+test8', 'validation4']);
});

test.each<[string, { train: string | null; validation: string | null }, number, RegExp]>([
  ['an unknown split', { train: 'trian', validation: null }, 6, /^data\.train: 0 photos are of split trian; the captions have train, validation, test; two at least are needed: name splits/],
  ['an unknown split to validate on', { train: 'train', validation: 'final' }, 6, /^data\.validation: 0 photos are of split final; the captions have train, validation, test; two at least are needed: name splits/],
  ['too few photos', { train: null, validation: null }, 2, /^data\.train: 1 of 2 photos are left for it; two at least are needed$/],
])('%s is one line', (_, keys, count, message) => {
  const photos = photosWith(Array.from({ length: count }, () => 1), (i) => ['train', 'validation', 'test'][i % 3]);
  expect(() => splitPhotos(photos, { ...keys, held_out: 0.1 }, 1)).toThrow(message);
});

test('captions meet features by the id or by the name of the file; those without are left out', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fabula-captions-'));
  const path = join(folder, 'captions.json');
  await writeFile(path, JSON.stringify([
    { id: '139', file: '000000000139.jpg', captions: ['A Room.', 'Two chairs'] }, { id: 'b', file: 'b.jpg', captions: ['A dog'] }, { id: 'c', file: 'c.jpg', captions: ['A cat'] },
  ]));
  const table = (ids: string[]): { path: string; has(id: string): boolean } => ({ path: 'features.h5', has: (id) => ids.includes(id) });
  expect(await photoCaptions([path], table(['000000000139', 'c']))).toEqual([
    { id: '139', feature: '000000000139', split: undefined, captions: [['a', 'room', '.'], ['two', 'chairs']] },
    { id: 'c', feature: 'c', split: undefined, captions: [['a', 'cat']] },
  ]);
  await expect(photoCaptions([path], table(['d']))).rejects.toThrow(/^features\.h5: holds none of the 3 photos of .*captions\.json, by their ids or the names of their files$/);
});

test('pairs are packed with END, long captions cut before it', () => {
  const vocabulary = new Vocabulary(['<NULL>', '<START>', '<END>', '<UNK>', 'a', 'dog', 'runs']);
  const features = { size: 2, rows: (ids: readonly string[]) => Float32Array.from(ids.flatMap((id) => [Number(id), -Number(id)])) };
  const { photos, sentences } = packPairs([{ feature: '7', caption: ['a', 'dog', 'runs'] }, { feature: '3', caption: ['dog'] }], features, vocabulary, 2);
  expect(photos).toMatchObject({ shape: [2, 2], data: Float32Array.from([7, -7, 3, -3]) });
  expect([sentences.ladder, [...sentences.tokens.data as Int32Array]]).toEqual([[2, 2, 1], [4, 5, 5, END_ID, END_ID]]);
  expect([...sentences.last.data as Int32Array]).toEqual([4, 3]);
});
