import { z } from 'zod';
import { messageOf, UserError } from '../../core/errors.ts';
import { checkShape } from '../schema.ts';
import { readVistCaptions } from '../vist.ts';
import { PhotoCollector, stem } from './photos.ts';
import type { CaptionedPhoto } from './photos.ts';

/** Structures of caption JSON. */
export type JsonFormat = 'coco' | 'list' | 'vist' | 'karpathy';

const FORMS = 'COCO captions (images and annotations), VIST descriptions-in-isolation, NeuralTalk\'s dataset.json (images with sentences), or a list of {"id", "file", "captions"}';

/** Numbers in COCO, strings elsewhere. */
const id = z.union([z.string().min(1), z.number().int()], { error: 'expected a string or a whole number' }).transform(String);
const name = z.string().nullish();

const cocoFile = z.object({
  images: z.array(z.object({ id, file_name: name, split: name })),
  annotations: z.array(z.object({ image_id: id, caption: z.string() })),
});

const listFile = z.array(z.object({ id, file: name, split: name, captions: z.array(z.string()) }));

const karpathyFile = z.object({
  images: z.array(z.object({
    filename: z.string().min(1, { error: 'expected the name of a file' }),
    filepath: name,
    cocoid: z.number().int().nullish(),
    split: name,
    sentences: z.array(z.object({ raw: name, tokens: z.array(z.string()).nullish() })),
  })),
});

/**
 * Captions from JSON, whichever of the known structures it has.
 * @throws UserError with the path of a field that is not as its structure says, or listing the structures
 */
export async function parseJsonCaptions(text: string, path: string): Promise<{ format: JsonFormat; photos: CaptionedPhoto[] }> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path}: captions are not valid JSON: ${messageOf(error).replace(/\s+/g, ' ')}`);
  }
  const format = recognise(value, path);
  if (format === 'vist') return { format, photos: await vistPhotos(path) };
  const parse = { coco: cocoPhotos, list: listPhotos, karpathy: karpathyPhotos }[format];
  return { format, photos: parse(value, path) };
}

function recognise(value: unknown, path: string): JsonFormat {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object' && value !== null) {
    const { images, annotations, type } = value as Record<string, unknown>;
    if (Array.isArray(annotations)) return type === 'vist' || Array.isArray(annotations[0]) ? 'vist' : 'coco';
    if (Array.isArray(images)) return 'karpathy';
  }
  throw new UserError(`${path}: no structure of captions that is known; expected ${FORMS}`);
}

function cocoPhotos(value: unknown, path: string): CaptionedPhoto[] {
  const { images, annotations } = checkShape(cocoFile, value, path, 'expected COCO captions');
  const photos = new PhotoCollector();
  images.forEach((image, i) => photos.declare({ id: image.id, file: image.file_name, split: image.split }, `${path}: images[${i}]`));
  annotations.forEach(({ image_id, caption }, i) => {
    if (!photos.has(image_id)) throw new UserError(`${path}: annotations[${i}].image_id: ${image_id} is none of the ${images.length} images; the file is not whole, so make or fetch it again`);
    photos.add(image_id, caption, `${path}: annotations[${i}].caption`);
  });
  return photos.photos(path);
}

function listPhotos(value: unknown, path: string): CaptionedPhoto[] {
  const photos = new PhotoCollector();
  checkShape(listFile, value, path, 'expected a list of {"id", "file", "captions"}').forEach((photo, i) => {
    if (photos.has(photo.id)) throw new UserError(`${path}: [${i}].id: ${photo.id} is there twice; give each photo one entry`);
    photos.declare(photo, `${path}: [${i}]`);
    photo.captions.forEach((caption, k) => photos.add(photo.id, caption, `${path}: [${i}].captions[${k}]`));
  });
  return photos.photos(path);
}

/** `raw` is the caption as it was written; some copies of the data sets hold its tokens only. */
function karpathyPhotos(value: unknown, path: string): CaptionedPhoto[] {
  const photos = new PhotoCollector();
  checkShape(karpathyFile, value, path, 'expected NeuralTalk\'s dataset.json').images.forEach((image, i) => {
    const { filename, filepath, cocoid, split, sentences } = image;
    const photo = { id: cocoid == null ? stem(filename) : String(cocoid), file: filepath ? `${filepath}/${filename}` : filename, split };
    if (photos.has(photo.id)) throw new UserError(`${path}: images[${i}].filename: photo ${photo.id} is there twice; give each photo one entry`);
    photos.declare(photo, `${path}: images[${i}]`);
    sentences.forEach(({ raw, tokens }, k) => {
      const where = `${path}: images[${i}].sentences[${k}]`;
      if (raw == null && tokens == null) throw new UserError(`${where}: neither raw nor tokens; each sentence needs one of them`);
      photos.add(photo.id, raw ?? tokens!.join(' '), raw == null ? `${where}.tokens` : `${where}.raw`);
    });
  });
  return photos.photos(path);
}

async function vistPhotos(path: string): Promise<CaptionedPhoto[]> {
  if (path.toLowerCase().endsWith('.gz')) throw new UserError(`${path}: VIST descriptions are read uncompressed; run gunzip on the file first`);
  const photos = new PhotoCollector();
  (await readVistCaptions(path)).forEach(({ photoId, text }, i) => photos.add(photoId, text, `${path}: annotations[${i}][0].text`));
  return photos.photos(path);
}
