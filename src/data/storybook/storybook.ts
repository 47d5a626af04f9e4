import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../core/errors.ts';
import { exists, writeFolderAtomic } from '../../core/files.ts';
import { hashText, Random } from '../../core/random.ts';
import { rasteriseSvg } from '../../io/rasterise.ts';
import { checkBookOptions, writeStorybookBooks } from './books.ts';
import { checkCaptionCount, cocoFile } from './captionfile.ts';
import { captionPhoto } from './captions.ts';
import { descriptionsFile, storiesFile } from './official.ts';
import { drawPlot, PHOTOS } from './plot.ts';
import { drawScene, SCENE_HEIGHT, SCENE_WIDTH } from './scenes/scene.ts';
import { SPLITS } from './sequence.ts';
import type { Sequence, Split } from './sequence.ts';
import { tellStory } from './telling.ts';
import type { Telling } from './telling.ts';
import type { PhotoFacts } from './world.ts';

/** Raised whenever equal options would give other stories or photos than before. */
export const STORYBOOK_VERSION = 1;

/** Size and seed of a Storybook. */
export interface StorybookOptions {
  seed: number;
  /** Stories, not sequences: in val and test each sequence is told twice, in train once or twice. */
  stories: { train: number; val: number; test: number };
  /** Pixels; 256 by 192 unless given. Scenes are drawn 4 to 3. */
  width?: number;
  height?: number;
  /** Also `books/STYLE.txt`, one in each style: so many passages a book. */
  books?: number;
  /** Also `captions.json`, in the structure of COCO: so many different captions a photo. */
  captions?: number;
}

/** Told how much of what is drawn or written. */
export type StorybookProgress = (done: number, total: number, what: 'photos' | 'passages') => void;

/** The chance that a training sequence is told twice. */
const RETOLD = 0.5;

/** JPEG quality. */
const QUALITY = 85;

/** Photos rendered at once: sharp works in the thread pool of Node, which has four threads. */
const RENDERS = 4;

/**
 * Writes a whole dataset, or nothing: `{train,val,test}.story-in-sequence.json` and
 * `{train,val,test}.description-in-isolation.json` in the structure of VIST, `photos/SPLIT/ID.jpg`,
 * `facts.json` (photo id to `PhotoFacts`) and `storybook.json` (options, version, counts).
 * `books` and `captions` add files and change none of these. Equal options give equal files. An earlier Storybook in
 * `folder` is replaced.
 * @param onProgress told after each photo how many of all are drawn, and of books, which come first, how many passages.
 * @throws UserError for options that make no sense, or a folder that holds something else.
 */
export async function writeStorybook(folder: string, options: StorybookOptions, onProgress?: StorybookProgress): Promise<void> {
  checkOptions(options);
  await checkFolder(folder);
  const splits = drawStorybook(options);
  await writeFolderAtomic(folder, async (fresh) => {
    await writeJson(fresh, 'storybook.json', describe(options, splits), 2);
    const facts: [string, PhotoFacts][] = [];
    for (const split of SPLITS) {
      const sequences = splits[split];
      await writeJson(fresh, `${split}.story-in-sequence.json`, storiesFile(split, sequences));
      await writeJson(fresh, `${split}.description-in-isolation.json`, descriptionsFile(split, sequences));
      for (const { photoIds, photos } of sequences) photoIds.forEach((id, i) => facts.push([id, photos[i]!]));
    }
    await writeJson(fresh, 'facts.json', Object.fromEntries(facts));
    await writeExtras(fresh, options, splits, onProgress);
    await renderPhotos(fresh, options, splits, onProgress);
  });
}

/** What is written only where it is asked for. */
async function writeExtras(folder: string, options: StorybookOptions, splits: Record<Split, readonly Sequence[]>, onProgress?: StorybookProgress): Promise<void> {
  const { seed, books, captions, width = SCENE_WIDTH, height = SCENE_HEIGHT } = options;
  if (captions !== undefined) await writeJson(folder, 'captions.json', cocoFile(splits, { seed, captions, width, height }));
  if (books !== undefined) {
    await writeStorybookBooks(folder, { seed, passages: books }, (done, total) => onProgress?.(done, total, 'passages'));
  }
}

/** Draws facts, tellings and captions of all splits; no pictures yet. */
export function drawStorybook(options: StorybookOptions): Record<Split, Sequence[]> {
  let photoNumber = 0;
  const photoId = (): string => scatteredId(options.seed, photoNumber++);
  const drawSplit = (split: Split): Sequence[] => {
    const random = new Random(`storybook:${options.seed}:${split}`);
    const sequences: Sequence[] = [];
    for (let left = options.stories[split]; left > 0; left -= sequences.at(-1)!.tellings.length) {
      const tellings = split !== 'train' || random.uniform() < RETOLD ? 2 : 1;
      const albumId = String(100_000 * (SPLITS.indexOf(split) + 1) + sequences.length);
      sequences.push(drawSequence(random, albumId, Math.min(left, tellings), photoId));
    }
    return sequences;
  };
  return { train: drawSplit('train'), val: drawSplit('val'), test: drawSplit('test') };
}

function drawSequence(random: Random, albumId: string, count: number, photoId: () => string): Sequence {
  const photos = drawPlot(random);
  const tellings: Telling[] = [];
  while (tellings.length < count) tellings.push(tellStory(random, photos, tellings));
  const captions = photos.map((facts) => captionPhoto(random, facts));
  return { albumId, photoIds: photos.map(photoId), photos, tellings, captions };
}

/**
 * A ten-digit id, as Flickr's are: multiplication by an odd number permutes the 32-bit integers, so ids never collide
 * and do not count upwards along a story, which shows up anything that sorts by id.
 */
function scatteredId(seed: number, n: number): string {
  return String(1_000_000_000 + ((Math.imul(n, 0x9e3779b1) + hashText(`storybook:${seed}`)) >>> 0));
}

async function renderPhotos(
  folder: string,
  options: StorybookOptions,
  splits: Record<Split, readonly Sequence[]>,
  onProgress?: StorybookProgress,
): Promise<void> {
  const { seed, width = SCENE_WIDTH, height = SCENE_HEIGHT } = options;
  const jobs = SPLITS.flatMap((split) =>
    splits[split].flatMap(({ photoIds, photos }) => photos.map((facts, i) => ({ split, id: photoIds[i]!, facts }))));
  for (const split of SPLITS) await mkdir(join(folder, 'photos', split), { recursive: true });
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < jobs.length) {
      const { split, id, facts } = jobs[next++]!;
      const svg = drawScene(new Random(`storybook:${seed}:photo:${id}`), facts);
      const jpeg = await rasteriseSvg(svg, { width, height, quality: QUALITY });
      await writeFile(join(folder, 'photos', split, `${id}.jpg`), jpeg);
      onProgress?.(++done, jobs.length, 'photos');
    }
  };
  await Promise.all(Array.from({ length: RENDERS }, work));
}

function describe(options: StorybookOptions, splits: Record<Split, readonly Sequence[]>): unknown {
  const { seed, stories, width = SCENE_WIDTH, height = SCENE_HEIGHT, books, captions } = options;
  const extras = { ...(books !== undefined && { books }), ...(captions !== undefined && { captions }) };
  const counts = Object.fromEntries(SPLITS.map((split) => {
    const sequences = splits[split].length;
    return [split, { stories: stories[split], sequences, photos: sequences * PHOTOS }];
  }));
  return { dataset: 'storybook', version: STORYBOOK_VERSION, options: { seed, stories, width, height, ...extras }, counts };
}

async function writeJson(folder: string, name: string, value: unknown, indent = 0): Promise<void> {
  await writeFile(join(folder, name), `${JSON.stringify(value, null, indent)}\n`);
}

function checkOptions({ seed, stories, width = SCENE_WIDTH, height = SCENE_HEIGHT, books, captions }: StorybookOptions): void {
  if (!Number.isSafeInteger(seed)) throw new UserError(`Storybook: seed is ${seed}; give a whole number`);
  for (const split of SPLITS) {
    const count = stories[split];
    if (!Number.isInteger(count) || count < 0) throw new UserError(`Storybook: stories.${split} is ${count}; give a whole number, 0 or more`);
  }
  if (books !== undefined) checkBookOptions({ seed, passages: books });
  if (captions !== undefined) checkCaptionCount(captions);
  for (const [side, pixels] of Object.entries({ width, height })) {
    if (Number.isInteger(pixels) && pixels >= 16 && pixels <= 4096) continue;
    throw new UserError(`Storybook: ${side} is ${pixels}; give pixels between 16 and 4096`);
  }
}

/** A folder is replaced only if it is empty or a Storybook: never somebody's photos. */
async function checkFolder(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  const names = await readdir(folder).catch(() => {
    throw new UserError(`${folder}: not a folder; name another place for the Storybook`);
  });
  if (names.length > 0 && !names.includes('storybook.json')) {
    throw new UserError(`${folder}: not empty and not a Storybook; name a new or empty folder`);
  }
}
