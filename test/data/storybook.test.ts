import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sha256 } from '../../src/core/files.ts';
import { readFacts } from '../../src/data/storybook/facts.ts';
import { descriptionsFile, storiesFile } from '../../src/data/storybook/official.ts';
import type { DescriptionAnnotation, OfficialFile, StoryAnnotation } from '../../src/data/storybook/official.ts';
import { SPLITS } from '../../src/data/storybook/sequence.ts';
import { drawStorybook, writeStorybook } from '../../src/data/storybook/storybook.ts';
import type { StorybookOptions } from '../../src/data/storybook/storybook.ts';
import type { PhotoFacts } from '../../src/data/storybook/world.ts';

const OPTIONS: StorybookOptions = { seed: 7, stories: { train: 6, val: 3, test: 2 } };

let scratch = '';
let folder = '';
const progress: [number, number][] = [];

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'storybook-'));
  folder = join(scratch, 'first');
  await writeStorybook(folder, OPTIONS, (done, total) => progress.push([done, total]));
});

afterAll(() => rm(scratch, { recursive: true, force: true }));

async function allFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)).sort();
}

async function json<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(join(folder, name), 'utf8')) as T;
}

test('equal options give equal bytes, another seed other stories and photos', async () => {
  const again = join(scratch, 'again');
  await writeStorybook(again, OPTIONS);
  const names = await allFiles(folder);
  expect(await allFiles(again)).toEqual(names);
  for (const name of names) {
    expect(sha256(await readFile(join(again, name))), name).toBe(sha256(await readFile(join(folder, name))));
  }
  const [one, other] = [drawStorybook(OPTIONS), drawStorybook({ ...OPTIONS, seed: 8 })];
  expect(other.train[0]!.photoIds).not.toEqual(one.train[0]!.photoIds);
  expect(other.train.map((s) => s.tellings)).not.toEqual(one.train.map((s) => s.tellings));
});

test('every photo is a JPEG of the size asked for, named by the stories and described in facts.json', async () => {
  const facts = await json<Record<string, PhotoFacts>>('facts.json');
  const seen = new Set<string>();
  for (const split of SPLITS) {
    const stories = await json<OfficialFile<StoryAnnotation>>(`${split}.story-in-sequence.json`);
    const ids = stories.images.map((image) => image.id);
    expect((await readdir(join(folder, 'photos', split))).sort()).toEqual(ids.map((id) => `${id}.jpg`).sort());
    for (const id of ids) {
      expect(seen.has(id), `${id} is in two splits`).toBe(false);
      seen.add(id);
      expect(jpegSize(await readFile(join(folder, 'photos', split, `${id}.jpg`)))).toEqual({ width: 256, height: 192 });
      expect(Object.keys(facts[id]!)).toEqual(['subject', 'place', 'thing', 'weather', 'companion', 'action']);
    }
  }
  expect(Object.keys(facts)).toHaveLength(seen.size);
  expect(progress.at(-1)).toEqual([seen.size, seen.size]);
});

/** Width and height from the frame header. */
function jpegSize(bytes: Uint8Array): { width: number; height: number } {
  expect([...bytes.slice(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 2;
  while ((view.getUint16(at) & 0xfffc) !== 0xffc0) at += 2 + view.getUint16(at + 2);
  return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
}

test('the stories have the structure of VIST, field for field', async () => {
  const file = await json<OfficialFile<StoryAnnotation>>('val.story-in-sequence.json');
  expect(Object.keys(file)).toEqual(['info', 'type', 'albums', 'images', 'annotations']);
  expect(file.type).toBe('vist');
  expect(file.annotations).toHaveLength(3 * 5);
  for (const annotation of file.annotations) {
    expect(annotation).toEqual([{
      original_text: expect.stringMatching(/^[A-Z].*[^ ][.!]$/),
      text: expect.stringMatching(/^[a-z ,]+ [.!]$/),
      album_id: expect.stringMatching(/^\d+$/),
      photo_flickr_id: expect.stringMatching(/^\d{10}$/),
      setting: expect.stringMatching(/^(first-2-pick-and-tell|last-3-tell-remaining)$/),
      worker_id: expect.any(String),
      story_id: expect.stringMatching(/^\d+$/),
      tier: 'story-in-sequence',
      worker_arranged_photo_order: expect.any(Number),
      storylet_id: expect.stringMatching(/^\d+$/),
    }]);
  }
  const orders = file.annotations.map(([one]) => one.worker_arranged_photo_order);
  expect(orders).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
});

test('each photo has three descriptions in the structure of VIST, different and without names', async () => {
  const file = await json<OfficialFile<DescriptionAnnotation>>('test.description-in-isolation.json');
  const byPhoto = new Map<string, string[]>();
  for (const [one] of file.annotations) {
    expect(Object.keys(one)).toEqual(['original_text', 'text', 'photo_flickr_id', 'album_id', 'tier', 'photo_order_in_story', 'worker_id']);
    expect(one.tier).toBe('descriptions-in-isolation');
    expect(one.text).toMatch(/^[a-z ,]+ \.$/);
    byPhoto.set(one.photo_flickr_id, [...(byPhoto.get(one.photo_flickr_id) ?? []), one.text]);
  }
  expect([...byPhoto.keys()].sort()).toEqual(file.images.map((image) => image.id).sort());
  for (const texts of byPhoto.values()) expect(new Set(texts).size).toBe(3);
});

test('counts are of stories: two tellings a sequence in val and test, one or two in train', () => {
  const splits = drawStorybook({ seed: 3, stories: { train: 200, val: 41, test: 40 } });
  const told = SPLITS.map((split) => splits[split].reduce((sum, sequence) => sum + sequence.tellings.length, 0));
  expect(told).toEqual([200, 41, 40]);
  expect(splits.val).toHaveLength(21);
  expect(splits.test).toHaveLength(20);
  expect(splits.train.length).toBeGreaterThan(110);
  expect(splits.train.length).toBeLessThan(160);
  const all = SPLITS.flatMap((split) => [storiesFile(split, splits[split])]).flatMap((file) => file.annotations.map(([one]) => one));
  expect(new Set(all.map((one) => one.storylet_id)).size).toBe(281 * 5);
  expect(new Set(all.map((one) => one.story_id)).size).toBe(281);
  const second = all.filter((one) => one.setting === 'last-3-tell-remaining');
  const photosOfFirst = new Set(all.filter((one) => one.setting === 'first-2-pick-and-tell').map((one) => one.photo_flickr_id));
  expect(second.every((one) => photosOfFirst.has(one.photo_flickr_id))).toBe(true);
});

test('photo ids are unique in a large Storybook and do not sort in story order', () => {
  const splits = drawStorybook({ seed: 1, stories: { train: 3000, val: 300, test: 300 } });
  const ids = SPLITS.flatMap((split) => splits[split].flatMap((sequence) => sequence.photoIds));
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids.slice(0, 5)].sort()).not.toEqual(ids.slice(0, 5));
  expect(descriptionsFile('val', splits.val).annotations).toHaveLength(splits.val.length * 5 * 3);
});

test('a folder with something else in it is left alone; an earlier Storybook is replaced', async () => {
  const mine = join(scratch, 'mine');
  await mkdir(mine);
  await writeFile(join(mine, 'holiday.jpg'), 'precious');
  await expect(writeStorybook(mine, OPTIONS)).rejects.toThrow(/mine: not empty and not a Storybook; name a new or empty folder$/);
  await expect(writeStorybook(join(mine, 'holiday.jpg'), OPTIONS)).rejects.toThrow(/not a folder/);
  expect(await readFile(join(mine, 'holiday.jpg'), 'utf8')).toBe('precious');

  const small = { seed: 9, stories: { train: 1, val: 0, test: 0 }, width: 64, height: 48 };
  const replaced = join(scratch, 'replaced');
  await writeStorybook(replaced, { ...small, seed: 1 });
  await writeStorybook(replaced, small);
  const about = JSON.parse(await readFile(join(replaced, 'storybook.json'), 'utf8'));
  expect(about.options).toEqual(small);
  expect(about.counts.train).toEqual({ stories: 1, sequences: 1, photos: 5 });
  const [photo] = await readdir(join(replaced, 'photos/train'));
  expect(jpegSize(await readFile(join(replaced, 'photos/train', photo!)))).toEqual({ width: 64, height: 48 });
});

test('options that make no sense are one-line errors naming the option', async () => {
  const bad = (change: Partial<StorybookOptions>): Promise<void> => writeStorybook(join(scratch, 'bad'), { ...OPTIONS, ...change });
  await expect(bad({ seed: 1.5 })).rejects.toThrow('Storybook: seed is 1.5; give a whole number');
  await expect(bad({ stories: { train: -1, val: 0, test: 0 } })).rejects.toThrow('stories.train is -1');
  await expect(bad({ width: 0 })).rejects.toThrow('width is 0');
});

test('facts are read back by photo id; a file of another shape is named with its field', async () => {
  const facts = await readFacts(join(folder, 'facts.json'));
  const sequence = drawStorybook(OPTIONS).test[0]!;
  sequence.photoIds.forEach((id, i) => expect(facts.get(id)).toEqual(sequence.photos[i]));

  const bad = join(scratch, 'bad-facts.json');
  await writeFile(bad, JSON.stringify({ 4283249791: { ...sequence.photos[0], place: 'moon' } }));
  await expect(readFacts(bad)).rejects.toThrow(/bad-facts\.json: not the facts of a Storybook: 4283249791\.place: [^\n]*; generate/);
  await writeFile(bad, '{"4283249791": {"subject"');
  await expect(readFacts(bad)).rejects.toThrow(/bad-facts\.json: the facts of a Storybook is not valid JSON/);
  await expect(readFacts(join(scratch, 'none.json'))).rejects.toThrow('no such file');
});
