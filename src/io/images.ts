import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { messageOf, UserError } from '../core/errors.ts';
import { systemReason } from '../core/files.ts';

/** A path, or the bytes of an image file. */
export type PhotoSource = string | Uint8Array;

/** Decoded pixels: `data` is [height, width, 3], red first, 0 to 255. */
export interface RgbImage {
  width: number;
  height: number;
  data: Uint8Array;
}

/**
 * How pixels are interpolated. The first four are libvips kernels, widened when shrinking (anti-aliased as Pillow's are;
 * measured on photos, they differ from Pillow's by 1 grey level of 255 on average); `opencv-linear` is `cv2.resize` with
 * INTER_LINEAR, which reads four pixels however much it shrinks (within 1 level of OpenCV everywhere).
 */
export const RESIZE_KERNELS = ['nearest', 'linear', 'cubic', 'lanczos3', 'opencv-linear'] as const;
export type ResizeKernel = (typeof RESIZE_KERNELS)[number];

/**
 * Decodes a JPEG, PNG or WebP, recognised by content: EXIF orientation honoured, grey and CMYK turned into RGB,
 * transparency laid on white, the first frame of an animation.
 * @param name how messages call the photo; its path when there is one
 * @throws UserError naming the photo when it is missing, empty, truncated or not such an image
 */
export async function decodeImage(source: PhotoSource, name = nameOf(source)): Promise<RgbImage> {
  return pixels(openImage(await imageBytes(source, name)), name);
}

/**
 * Decodes a photo so that its shorter side has `shortSide` pixels, aspect kept.
 *
 * JPEG and WebP can be decoded at a reduced scale, several times faster, but that changes pixels by several grey
 * levels and depends on the size of the original: features would not be reproducible. So every photo is decoded
 * whole (naming a pipeline colour space is what tells sharp so; a test holds it to that).
 * @throws UserError as `decodeImage`
 */
export async function decodeResized(
  source: PhotoSource,
  shortSide: number,
  kernel: ResizeKernel,
  name = nameOf(source),
): Promise<RgbImage> {
  const bytes = await imageBytes(source, name);
  if (kernel === 'opencv-linear') {
    const image = await pixels(openImage(bytes), name);
    return resizeOpenCv(image, ...openCvSize(image, shortSide));
  }
  return pixels(openImage(bytes).resize({ width: shortSide, height: shortSide, fit: 'outside', kernel }), name);
}

/** Decodes a photo to exactly [height, width, 3], aspect not kept: nothing is cut off. @throws UserError as `decodeImage` */
export async function decodeStretched(
  source: PhotoSource,
  width: number,
  height: number,
  kernel: ResizeKernel,
  name = nameOf(source),
): Promise<RgbImage> {
  const bytes = await imageBytes(source, name);
  if (kernel === 'opencv-linear') return resizeOpenCv(await pixels(openImage(bytes), name), width, height);
  return pixels(openImage(bytes).resize({ width, height, fit: 'fill', kernel }), name);
}

/**
 * A photo made small enough to lie in a page: JPEG bytes, aspect kept, at most `side` pixels wide and high; a smaller
 * photo keeps its size.
 * @throws UserError as `decodeImage`
 */
export async function encodeThumbnail(source: PhotoSource, side: number, name = nameOf(source)): Promise<Uint8Array> {
  const bytes = await imageBytes(source, name);
  try {
    return await openImage(bytes).resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true }).toColourspace('srgb').jpeg({ quality: 75 }).toBuffer();
  } catch (error) {
    throw new UserError(`${name}: the photo cannot be decoded (${plainReason(messageOf(error))}): replace or remove it`);
  }
}

/** The middle [size, size] pixels; of an odd margin the larger half is cut at the left or top, as VIST-seq2seq does. */
export function centreCrop(image: RgbImage, size: number): RgbImage {
  const { width, height } = image;
  if (size > width || size > height) throw new RangeError(`cannot crop ${size}x${size} out of ${width}x${height}`);
  const left = Math.round((width - size) / 2);
  const top = Math.round((height - size) / 2);
  const data = new Uint8Array(size * size * 3);
  for (let y = 0; y < size; y++) {
    const start = ((top + y) * width + left) * 3;
    data.set(image.data.subarray(start, start + size * 3), y * size * 3);
  }
  return { width: size, height: size, data };
}

let tuned = false;

function openImage(bytes: Uint8Array): Sharp {
  if (!tuned) {
    // Photos are decoded several at once, so one thread each; none is read twice, so nothing to remember.
    sharp.concurrency(1);
    sharp.cache(false);
    tuned = true;
  }
  return sharp(bytes, { failOn: 'error' }).autoOrient().pipelineColourspace('srgb').flatten({ background: '#ffffff' });
}

async function pixels(image: Sharp, name: string): Promise<RgbImage> {
  try {
    const { data, info } = await image.toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`it decodes to ${info.channels} channels`);
    return { width: info.width, height: info.height, data };
  } catch (error) {
    throw new UserError(`${name}: the photo cannot be decoded (${plainReason(messageOf(error))}): replace or remove it`);
  }
}

async function imageBytes(source: PhotoSource, name: string): Promise<Uint8Array> {
  const bytes = typeof source === 'string' ? await readPhoto(source) : source;
  if (bytes.length === 0) throw new UserError(`${name}: the photo is an empty file: replace or remove it`);
  if (!hasImageSignature(bytes)) throw new UserError(`${name}: not a photo: expected a JPEG, PNG or WebP file`);
  return bytes;
}

async function readPhoto(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UserError(`${path}: cannot read the photo: ${systemReason(error)}`);
  }
}

/** By content, because photos from the web carry wrong endings. */
function hasImageSignature(bytes: Uint8Array): boolean {
  const text = (start: number, end: number): string => String.fromCharCode(...bytes.subarray(start, end));
  const jpeg = bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
  const png = bytes[0] === 0x89 && text(1, 8) === 'PNG\r\n\x1a\n';
  const webp = text(0, 4) === 'RIFF' && text(8, 12) === 'WEBP';
  return jpeg || png || webp;
}

function plainReason(message: string): string {
  if (/premature end|truncat|read error|unable to parse/i.test(message)) return 'truncated or damaged';
  return message.replace(/\s+/g, ' ').slice(0, 120);
}

function nameOf(source: PhotoSource): string {
  return typeof source === 'string' ? source : 'photo';
}

/** Width and height as VIST-seq2seq computes them: the longer side cut to a whole number. */
function openCvSize({ width, height }: RgbImage, shortSide: number): [number, number] {
  return height > width ? [shortSide, Math.floor(shortSide * (height / width))] : [Math.floor(shortSide / (height / width)), shortSide];
}

/** `cv2.resize(image, (newWidth, newHeight))` with INTER_LINEAR. */
function resizeOpenCv({ width, height, data }: RgbImage, newWidth: number, newHeight: number): RgbImage {
  const xs = linearTaps(width, newWidth);
  const ys = linearTaps(height, newHeight);
  const out = new Uint8Array(newWidth * newHeight * 3);
  let o = 0;
  for (const y of ys) {
    for (const x of xs) {
      for (let c = 0; c < 3; c++) {
        const at = (row: number, column: number): number => data[(row * width + column) * 3 + c]!;
        const above = at(y.low, x.low) * (1 - x.share) + at(y.low, x.high) * x.share;
        const below = at(y.high, x.low) * (1 - x.share) + at(y.high, x.high) * x.share;
        out[o++] = Math.round(above * (1 - y.share) + below * y.share);
      }
    }
  }
  return { width: newWidth, height: newHeight, data: out };
}

/** For each target pixel the two source pixels it lies between (pixel centres at .5) and the share of the second. */
function linearTaps(from: number, to: number): { low: number; high: number; share: number }[] {
  return Array.from({ length: to }, (_, i) => {
    const position = Math.min(Math.max((i + 0.5) * (from / to) - 0.5, 0), from - 1);
    const low = Math.floor(position);
    return { low, high: Math.min(low + 1, from - 1), share: position - low };
  });
}
