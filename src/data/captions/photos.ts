import { basename, extname } from 'node:path';
import { UserError } from '../../core/errors.ts';

/** A photo and what people said about it. */
export interface CaptionedPhoto {
  /** COCO's or VIST's id; a file's name without its ending, as features have it; `line 12` where a file names no photos. */
  readonly id: string;
  /** The photo's file, as the captions name it. */
  readonly file?: string;
  /** `train`, `validation`, `test`, or another name that the file uses, such as `restval`. */
  readonly split?: string;
  /** At least one; not tokenised, without line breaks. */
  readonly captions: readonly string[];
}

/** What a file says about a photo besides its captions. */
export interface PhotoEntry {
  readonly id: string;
  readonly file?: string | null | undefined;
  readonly split?: string | null | undefined;
}

/** Brings the captions of each photo together while files are read; photos stay in the order in which they come first. */
export class PhotoCollector {
  readonly #photos = new Map<string, { id: string; file?: string; split?: string; captions: string[] }>();

  /** Makes a photo known, or tells more about a known one. @throws UserError when it is in two splits */
  declare({ id, file, split }: PhotoEntry, where: string): void {
    const photo = this.#photos.get(id) ?? { id, captions: [] };
    this.#photos.set(id, photo);
    if (typeof file === 'string' && file !== '') photo.file = file;
    if (typeof split !== 'string' || split.trim() === '') return;
    const name = splitName(split);
    if (photo.split !== undefined && photo.split !== name) throw new UserError(`${where}: photo ${id} is in ${photo.split} and in ${name}; leave it in one split`);
    photo.split = name;
  }

  /** Adds a caption. @param where file and line or field, for the error. @throws UserError when nothing is in it */
  add(id: string, caption: string, where: string): void {
    const text = caption.replace(/\s+/gu, ' ').trim();
    if (text === '') throw new UserError(`${where}: the caption is empty; write one, or take its entry out`);
    const photo = this.#photos.get(id) ?? { id, captions: [] };
    this.#photos.set(id, photo);
    photo.captions.push(text);
  }

  has(id: string): boolean {
    return this.#photos.has(id);
  }

  /** The photos that have a caption. @throws UserError when none has */
  photos(path: string): CaptionedPhoto[] {
    const photos = [...this.#photos.values()].filter(({ captions }) => captions.length > 0);
    if (photos.length === 0) throw new UserError(`${path}: there is no caption in it; give a file with captions of photos`);
    return photos;
  }
}

const SPLIT_NAMES: Readonly<Record<string, string>> = { training: 'train', val: 'validation', valid: 'validation', dev: 'validation', development: 'validation', testing: 'test' };

/** One name a split, whatever a data set calls it: `val` and `dev` are `validation`. */
export function splitName(name: string): string {
  const lower = name.trim().toLowerCase();
  return SPLIT_NAMES[lower] ?? lower;
}

/** A file's name without its folders and ending: how extracted features call the photo. */
export function stem(file: string): string {
  return basename(file, extname(file));
}

/** The ids under which features of a photo may be found: its own, and the name of its file (COCO's photo 139 is `000000000139.jpg`). */
export function featureNames({ id, file }: CaptionedPhoto): string[] {
  return file === undefined || stem(file) === id ? [id] : [id, stem(file)];
}
