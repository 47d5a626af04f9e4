import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Sharp } from 'sharp';
import { expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { centreCrop, decodeImage, decodeResized, decodeStretched } from '../../src/io/images.ts';

/** A smooth picture in which every place differs. */
function gradient(width: number, height: number): { data: Buffer; raw: { width: number; height: number; channels: 3 } } {
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      data.set([(x * 255) / (width - 1), (y * 255) / (height - 1), ((x * 7 + y * 13) % 64) + 96], (y * width + x) * 3);
    }
  }
  return { data, raw: { width, height, channels: 3 } };
}

const image = (width: number, height: number): Sharp => {
  const { data, raw } = gradient(width, height);
  return sharp(data, { raw });
};

test('decodes PNG and WebP to the very pixels, whatever the name', async () => {
  const { data } = gradient(31, 17);
  for (const bytes of [await image(31, 17).png().toBuffer(), await image(31, 17).webp({ lossless: true }).toBuffer()]) {
    const folder = await mkdtemp(join(tmpdir(), 'fabula-image-'));
    const path = join(folder, 'wrong-ending.jpg');
    await writeFile(path, bytes);
    for (const source of [path, bytes]) {
      const decoded = await decodeImage(source);
      expect([decoded.width, decoded.height]).toEqual([31, 17]);
      expect(Buffer.compare(Buffer.from(decoded.data), data)).toBe(0);
    }
  }
});

test('honours EXIF orientation', async () => {
  const upright = await decodeImage(await image(30, 20).png().toBuffer());
  const turned = await image(30, 20).rotate(90).png().toBuffer();
  const marked = await sharp(turned).withMetadata({ orientation: 8 }).png().toBuffer();
  const decoded = await decodeImage(marked);
  expect([decoded.width, decoded.height]).toEqual([30, 20]);
  expect([...decoded.data]).toEqual([...upright.data]);
});

test('grey, transparent, 16-bit and CMYK photos become three channels of a byte', async () => {
  const grey = await decodeImage(await sharp(Buffer.from([0, 100, 200, 255]), { raw: { width: 2, height: 2, channels: 1 } }).png().toBuffer());
  expect([...grey.data]).toEqual([0, 0, 0, 100, 100, 100, 200, 200, 200, 255, 255, 255]);
  const half = sharp({ create: { width: 2, height: 1, channels: 4, background: { r: 0, g: 100, b: 200, alpha: 0 } } });
  expect([...(await decodeImage(await half.png().toBuffer())).data]).toEqual([255, 255, 255, 255, 255, 255]);
  const flat = { create: { width: 1, height: 1, channels: 3 as const, background: { r: 200, g: 100, b: 50 } } };
  expect([...(await decodeImage(await sharp(flat).toColourspace('rgb16').png().toBuffer())).data]).toEqual([200, 100, 50]);
  const cmyk = await decodeImage(await sharp(flat).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer());
  expect(cmyk.data).toHaveLength(3);
  expect(Math.abs(cmyk.data[0]! - 200)).toBeLessThan(6);
});

test('large JPEGs are decoded whole before they are resized, not at a reduced scale', async () => {
  const jpeg = await image(1203, 801).jpeg({ quality: 90 }).toBuffer();
  const whole = await decodeImage(jpeg);
  const raw = { width: whole.width, height: whole.height, channels: 3 as const };
  for (const kernel of ['linear', 'cubic'] as const) {
    const expected = await sharp(whole.data, { raw }).resize({ width: 100, height: 100, fit: 'outside', kernel }).raw().toBuffer();
    const resized = await decodeResized(jpeg, 100, kernel);
    expect([resized.width, resized.height]).toEqual([150, 100]);
    expect(Buffer.compare(Buffer.from(resized.data), expected)).toBe(0);
  }
});

test('opencv-linear reads two neighbours at half-pixel centres, as cv2.resize does', async () => {
  const row = Buffer.from([0, 10, 20, 30, 40, 50, 60, 70].flatMap((x) => [x, x, x]));
  const png = await sharp(Buffer.concat([row, row]), { raw: { width: 8, height: 2, channels: 3 } }).png().toBuffer();
  const half = await decodeResized(png, 1, 'opencv-linear');
  expect([half.width, half.height]).toEqual([4, 1]);
  expect([...half.data].filter((_, i) => i % 3 === 0)).toEqual([5, 25, 45, 65]);
  const tall = await sharp(png).rotate(90).png().toBuffer();
  expect((await decodeResized(tall, 1, 'opencv-linear')).height).toBe(4);
});

test('crops the centre', () => {
  const { data } = gradient(6, 4);
  const cropped = centreCrop({ width: 6, height: 4, data }, 3);
  expect([...cropped.data.subarray(0, 3)]).toEqual([...data.subarray((1 * 6 + 2) * 3, (1 * 6 + 3) * 3)]);
  expect(() => centreCrop({ width: 6, height: 4, data }, 5)).toThrow(RangeError);
});

test('what is no photo is one line that names it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fabula-image-'));
  const jpeg = await image(300, 200).jpeg().toBuffer();
  const png = await image(300, 200).png().toBuffer();
  const webp = await image(300, 200).webp().toBuffer();
  const cases: [string, Uint8Array, RegExp][] = [
    ['empty.jpg', new Uint8Array(0), /an empty file/],
    ['text.jpg', Buffer.from('<html>404</html>'), /not a photo: expected a JPEG, PNG or WebP/],
    ['half.jpg', jpeg.subarray(0, jpeg.length / 2), /truncated or damaged/],
    ['head.jpg', jpeg.subarray(0, 300), /truncated or damaged/],
    ['half.png', png.subarray(0, png.length / 2), /truncated or damaged/],
    ['half.webp', webp.subarray(0, webp.length / 2), /truncated or damaged/],
  ];
  for (const [name, bytes, reason] of cases) {
    const path = join(folder, name);
    await writeFile(path, bytes);
    const error: unknown = await decodeResized(path, 64, 'linear').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(reason);
    expect((error as Error).message.startsWith(`${path}: `)).toBe(true);
    expect((error as Error).message).not.toContain('\n');
  }
  await expect(decodeImage(join(folder, 'missing.jpg'))).rejects.toThrow(/missing.jpg: cannot read the photo: no such file/);
  await expect(decodeImage(folder)).rejects.toThrow(/it is a folder/);
});

test('stretching gives exactly the size asked for and keeps every corner', async () => {
  const photo = await image(60, 20).png().toBuffer();
  for (const kernel of ['linear', 'lanczos3', 'opencv-linear'] as const) {
    const { width, height, data } = await decodeStretched(photo, 12, 16, kernel);
    expect([width, height, data.length]).toEqual([12, 16, 12 * 16 * 3]);
    const red = (x: number, y: number): number => data[(y * 12 + x) * 3]!;
    const green = (x: number, y: number): number => data[(y * 12 + x) * 3 + 1]!;
    expect([red(0, 0), green(0, 0)].every((value) => value < 20)).toBe(true);
    expect([red(11, 15), green(11, 15)].every((value) => value > 235)).toBe(true);
  }
  await expect(decodeStretched(photo.subarray(0, 60), 4, 4, 'linear', 'half.png')).rejects.toThrow('half.png: the photo cannot be decoded');
});
