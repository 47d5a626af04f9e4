import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../core/errors.ts';
import { systemReason } from '../../core/files.ts';
import { parseCsv } from '../../io/csv.ts';
import { readLines } from '../textlines.ts';
import { linesOf } from './captiontext.ts';
import { PhotoCollector, splitName, stem } from './photos.ts';
import type { CaptionedPhoto } from './photos.ts';

/** Captions that a photo has in the files of visual-semantic-embedding. */
export const VSE_CAPTIONS = 5;

/** Structures of caption text; `lines` alone depends on the files read beside it. */
export type TextFormat = 'flickr' | 'csv' | 'vse' | 'lines';

/** `1000268201_693b08cb0e.jpg#0<TAB>A child ...`; Flickr8k's own file calls one photo `2258277193_586949ec62.jpg.1` once. */
const TOKEN_LINE = /^([^\t]+?)(?:(?<=\.(?:jpe?g|png))\.\d+)?#\d+\t(.*)$/i;

const CSV_HEADER = /^"?image"?,"?(caption|split)"?(,|$)/;

const VSE_NAME = /_caps\.txt(\.gz)?$/i;

/** What a text of captions is, by its name and first line. */
export function recogniseText(path: string, text: string): TextFormat {
  const end = text.search(/\r?\n/);
  const first = end < 0 ? text : text.slice(0, end);
  if (TOKEN_LINE.test(first) || /\.token(\.txt)?(\.gz)?$/i.test(path)) return 'flickr';
  if (CSV_HEADER.test(first) || /\.csv(\.gz)?$/i.test(path)) return 'csv';
  if (VSE_NAME.test(path)) return 'vse';
  if (/\.(jsonl|npy|h5|hdf5|xml|zip|parquet)$/i.test(path) || first.startsWith('{"')) {
    throw new UserError(`${path}: not a file of captions that is known; give .json, Flickr's token file, .csv with image,caption, or text with a caption a line`);
  }
  return 'lines';
}

/**
 * Flickr8k's and Flickr30k's token files. Splits are taken from lists beside the file, named as Flickr8k's are
 * (`Flickr_8k.trainImages.txt`, `.devImages.txt`, `.testImages.txt`; a file name a line).
 */
export async function parseFlickr(text: string, path: string): Promise<CaptionedPhoto[]> {
  const photos = new PhotoCollector();
  linesOf(text).forEach((line, i) => {
    const where = `${path}: line ${i + 1}`;
    const [, file, caption] = TOKEN_LINE.exec(line) ?? [];
    if (file === undefined || caption === undefined) throw new UserError(`${where}: expected a photo's file, #, a number, a tab and the caption, found ${clip(line)}`);
    photos.declare({ id: stem(file), file }, where);
    photos.add(stem(file), caption, where);
  });
  await addSplits(photos, path);
  return photos.photos(path);
}

async function addSplits(photos: PhotoCollector, path: string): Promise<void> {
  const folder = dirname(path);
  const names = await readdir(folder).catch((error: unknown) => {
    throw new UserError(`${folder}: cannot look for lists of splits: ${systemReason(error)}`);
  });
  for (const name of names.sort()) {
    const split = /\.(train|dev|val|test)Images\.txt$/i.exec(name)?.[1];
    if (split === undefined) continue;
    const list = join(folder, name);
    const files = (await readLines(list, 'names of photos')).map((line) => line.trim());
    // A list of another data set in the same folder.
    if (!files.some((file) => photos.has(stem(file)))) continue;
    files.forEach((file, i) => {
      if (file === '') return;
      if (!photos.has(stem(file))) throw new UserError(`${list}: line ${i + 1}: ${file} has no caption in ${path}; take it out, or get the whole file of captions`);
      photos.declare({ id: stem(file), split }, `${list}: line ${i + 1}`);
    });
  }
}

/** Columns `image` and `caption`, a line a caption; `split` where there is one. */
export function parseCsvCaptions(text: string, path: string): CaptionedPhoto[] {
  const photos = new PhotoCollector();
  parseCsv(text, path, ['image', 'caption']).forEach((row, i) => {
    const where = `${path}: row ${i + 1} below the header`;
    const file = row['image']!.trim();
    if (file === '') throw new UserError(`${where}: image is empty; name the photo's file`);
    photos.declare({ id: stem(file), file, split: row['split'] }, where);
    photos.add(stem(file), row['caption']!, `${where}: caption`);
  });
  return photos.photos(path);
}

/**
 * `NAME_train_caps.txt` of visual-semantic-embedding: five captions a photo, one after the other. Its matrix
 * `NAME_train_ims.npy` has a row a caption, the photo's vector five times over; folded to a row a photo
 * (`foldRepeatedRows` of features/) row n, from 0, is that of the photo `NAME_train:n`.
 */
export function parseVse(text: string, path: string): CaptionedPhoto[] {
  const lines = linesOf(text);
  if (lines.length % VSE_CAPTIONS !== 0) {
    throw new UserError(`${path}: ${lines.length} lines; a _caps.txt file holds ${VSE_CAPTIONS} captions a photo, so give a multiple of ${VSE_CAPTIONS}, or name the file otherwise to read a photo a line`);
  }
  const name = basename(path).replace(VSE_NAME, '');
  const split = /_(train|dev|val|test)$/i.exec(name)?.[1];
  const photos = new PhotoCollector();
  lines.forEach((line, i) => {
    const id = `${name}:${Math.floor(i / VSE_CAPTIONS)}`;
    photos.declare({ id, split }, path);
    photos.add(id, line, `${path}: line ${i + 1}`);
  });
  return photos.photos(path);
}

/**
 * Text that names no photos: line n of each file is about photo n. Where there are several files a line may be empty
 * in some of them.
 * @throws UserError when the files have different numbers of lines, or nothing is said about a photo
 */
export function parseLines(files: readonly { readonly path: string; readonly text: string }[]): CaptionedPhoto[] {
  const [first, ...others] = files.map(({ path, text }) => ({ path, lines: linesOf(text) }));
  for (const { path, lines } of others) {
    if (lines.length !== first!.lines.length) throw new UserError(`${first!.path} has ${first!.lines.length} lines and ${path} has ${lines.length}; line n of each must be about the same photo`);
  }
  const photos = new PhotoCollector();
  first!.lines.forEach((line, i) => {
    const said = [{ path: first!.path, line }, ...others.map(({ path, lines }) => ({ path, line: lines[i]! }))];
    const captions = said.filter((one) => one.line.trim() !== '');
    if (captions.length === 0) throw new UserError(`${first!.path}: line ${i + 1}: the caption is empty${others.length > 0 ? ' here and in the files beside it' : ''}; write one, or take the line out`);
    for (const one of captions) photos.add(`line ${i + 1}`, one.line, `${one.path}: line ${i + 1}`);
  });
  return photos.photos(first!.path);
}

/** Splits that the photos are in, most used first. */
export function splitsOf(photos: readonly CaptionedPhoto[]): string[] {
  const counts = new Map<string, number>();
  for (const { split } of photos) if (split !== undefined) counts.set(splitName(split), (counts.get(splitName(split)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

function clip(line: string): string {
  return line.trim() === '' ? 'nothing' : JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);
}
