import { expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { photoGroups, splitByPhoto } from '../../src/data/split.ts';

test('stories that share a photo, also through others, form one group', () => {
  const stories = [['a', 'b'], ['c', 'd'], ['b', 'e'], ['f'], ['e', 'g']].map((imageIds) => ({ imageIds }));
  expect(photoGroups(stories)).toEqual([[0, 2, 4], [1], [3]]);
});

test('no photo is in both parts, the share is met, and the seed decides', () => {
  const random = new Random(3);
  const stories = Array.from({ length: 600 }, (_, i) => {
    const sequence = random.int(250);
    return { imageIds: Array.from({ length: 5 }, (_, k) => `${sequence + (i % 7 === 0 && k === 4 ? 1 : 0)}-${k}`) };
  });
  const parts = splitByPhoto(stories, { share: 0.15, seed: 0 });
  expect([...parts.train, ...parts.development].sort((a, b) => a - b)).toEqual(stories.map((_, i) => i));
  expect(parts.development).toHaveLength(90);
  const trained = new Set(parts.train.flatMap((i) => stories[i]!.imageIds));
  expect(parts.development.flatMap((i) => stories[i]!.imageIds).filter((id) => trained.has(id))).toEqual([]);
  expect(splitByPhoto(stories, { share: 0.15, seed: 0 })).toEqual(parts);
  expect(splitByPhoto(stories, { share: 0.15, seed: 1 }).development).not.toEqual(parts.development);
});

test('what cannot be split says so', () => {
  const stories = [{ imageIds: ['a'] }, { imageIds: ['a'] }];
  expect(() => splitByPhoto(stories, { share: 0.5 })).toThrow('2 stories cannot be split by photo');
  expect(() => splitByPhoto(stories, { share: 1.5 })).toThrow('share 1.5: a number between 0 and 1 is needed');
});
