import { UserError, unknownName } from '../../core/errors.ts';
import { readCaptionText } from './captiontext.ts';
import { parseJsonCaptions } from './jsoncaptions.ts';
import type { JsonFormat } from './jsoncaptions.ts';
import { PhotoCollector, splitName } from './photos.ts';
import type { CaptionedPhoto } from './photos.ts';
import { parseCsvCaptions, parseFlickr, parseLines, parseVse, recogniseText, splitsOf } from './textcaptions.ts';
import type { TextFormat } from './textcaptions.ts';

export type { CaptionedPhoto } from './photos.ts';

/** The forms in which captions are read. */
export type CaptionFormat = JsonFormat | TextFormat;

/** Photos with their captions, in the order of the file. */
export interface CaptionSet {
  /** Where they come from; several files are joined by a comma. */
  readonly path: string;
  readonly format: CaptionFormat;
  readonly photos: readonly CaptionedPhoto[];
}

/** Which captions are read. */
export interface CaptionOptions {
  /** Only photos of this split: `train`, `validation` (or `val`, `dev`), `test`, or another name that the file uses. */
  split?: string;
}

/**
 * Reads captions, recognising the format of the files, plain or gzip-compressed:
 * - COCO's annotations `.json` (`images`, `annotations`); a `split` beside a `file_name` is kept;
 * - a `.json` list of `{"id", "file", "captions": [..]}`;
 * - VIST's description-in-isolation `.json`;
 * - NeuralTalk's `dataset.json` (`images` with `split`, `filename`, `sentences`);
 * - Flickr8k's and Flickr30k's token files, with lists of splits beside them;
 * - visual-semantic-embedding's `NAME_caps.txt`, five captions a photo;
 * - `.csv` with the columns `image` and `caption`;
 * - text: a caption a line, a photo a line. Of several such files line n is about the same photo (Multi30k).
 *
 * Several files of another format are put together; photos with the same id become one, with the captions of both.
 * Photos without a caption are left out. Text is read whole: memory is a few times the size of the files.
 * @throws UserError naming file and line or field of the first problem
 */
export async function readCaptions(paths: string | readonly string[], options: CaptionOptions = {}): Promise<CaptionSet> {
  const names = typeof paths === 'string' ? [paths] : paths;
  if (names.length === 0) throw new UserError('captions: no file is given; name at least one');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UserError(`${twice}: given twice; name each file of captions once`);
  const path = names.join(', ');
  const files = await readFiles(names);
  const format = files[0]!.format;
  const other = files.find((file) => file.format !== format);
  if (other !== undefined) throw new UserError(`${files[0]!.path} has the format ${format} and ${other.path} ${other.format}; give files of one format`);
  const photos = format === 'lines' ? parseLines(files) : merge(files, path);
  return { path, format, photos: options.split === undefined ? photos : select(photos, options.split, path) };
}

interface CaptionFile {
  readonly path: string;
  readonly format: CaptionFormat;
  /** Kept for `lines`, which are only told apart together. */
  readonly text: string;
  readonly photos: readonly CaptionedPhoto[];
}

/** One file at a time, so that the text of one is in memory at once. */
async function readFiles(paths: readonly string[]): Promise<CaptionFile[]> {
  const files: CaptionFile[] = [];
  for (const path of paths) {
    const text = await readCaptionText(path);
    if (/\.json(\.gz)?$/i.test(path)) {
      files.push({ path, text: '', ...(await parseJsonCaptions(text, path)) });
      continue;
    }
    const format = recogniseText(path, text);
    files.push({ path, format, text: format === 'lines' ? text : '', photos: await textPhotos(format, text, path) });
  }
  return files;
}

async function textPhotos(format: TextFormat, text: string, path: string): Promise<CaptionedPhoto[]> {
  if (format === 'flickr') return parseFlickr(text, path);
  if (format === 'csv') return parseCsvCaptions(text, path);
  return format === 'vse' ? parseVse(text, path) : [];
}

function merge(files: readonly CaptionFile[], path: string): readonly CaptionedPhoto[] {
  if (files.length === 1) return files[0]!.photos;
  const merged = new PhotoCollector();
  for (const file of files) {
    for (const photo of file.photos) {
      merged.declare(photo, file.path);
      for (const caption of photo.captions) merged.add(photo.id, caption, file.path);
    }
  }
  return merged.photos(path);
}

function select(photos: readonly CaptionedPhoto[], split: string, path: string): CaptionedPhoto[] {
  const wanted = splitName(split);
  const known = splitsOf(photos);
  if (known.length === 0) throw new UserError(`${path}: its photos are in no split, so there is none called ${split}; read all, and divide them with sourceSplit`);
  if (!known.includes(wanted)) throw unknownName(`${path}: split`, split, known);
  return photos.filter((photo) => photo.split === wanted);
}
