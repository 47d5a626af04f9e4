import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { readPreprocessing, resolveCnn } from '../../src/features/cnnspec.ts';
import { inputShape, loadPhoto, normalise, PREPROCESSINGS, preprocessingNamed, preprocessingSchema } from '../../src/features/preprocess.ts';
import type { Preprocessing } from '../../src/features/preprocess.ts';

const TWO: Preprocessing = {
  short_side: 2, crop: 2, kernel: 'linear', order: 'rgb', layout: 'nchw', mean: [1, 2, 3], std: [2, 4, 8], scale: 0.5,
};
const PIXELS = Uint8Array.from([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110]);

test('value = (pixel * scale - mean) / std, in the order and layout asked for', () => {
  const red = [0, 30, 60, 90].map((x) => (x * 0.5 - 1) / 2);
  const green = [10, 40, 70, 100].map((x) => (x * 0.5 - 2) / 4);
  const blue = [20, 50, 80, 110].map((x) => (x * 0.5 - 3) / 8);
  expect([...normalise(PIXELS, TWO)]).toEqual([...red, ...green, ...blue]);
  expect([...normalise(PIXELS, { ...TWO, layout: 'nhwc' })]).toEqual([0, 1, 2, 3].flatMap((i) => [red[i]!, green[i]!, blue[i]!]));
  const blueFirst = [20, 50, 80, 110].map((x) => (x * 0.5 - 1) / 2);
  expect([...normalise(PIXELS, { ...TWO, order: 'bgr' }).subarray(0, 4)]).toEqual(blueFirst);
});

test('a photo of one colour through each known preprocessing', async () => {
  const photo = await sharp({ create: { width: 400, height: 300, channels: 3, background: { r: 200, g: 100, b: 50 } } }).png().toBuffer();
  const first = async (name: keyof typeof PREPROCESSINGS): Promise<number[]> => {
    const preprocessing = preprocessingNamed(name);
    const values = await loadPhoto(photo, preprocessing);
    expect(values).toHaveLength(3 * preprocessing.crop ** 2);
    expect(inputShape(preprocessing)).toEqual([3, preprocessing.crop, preprocessing.crop]);
    return [0, 1, 2].map((c) => values[c * preprocessing.crop ** 2]!);
  };
  const near = (expected: number[]): unknown[] => expected.map((x): unknown => expect.closeTo(x, 4));
  expect(await first('alexnet')).toEqual(near([50 - 111.86036, 100 - 122.84648, 200 - 129.10659]));
  expect(await first('alexnet-as-coded')).toEqual(near([200 - 129.10659, 100 - 122.84648, 50 - 111.86036]));
  expect(await first('vgg19')).toEqual(near([50 - 103.939, 100 - 116.779, 200 - 123.68]));
  expect(await first('efficientnet-lite0')).toEqual(near([73 / 128, -27 / 128, -77 / 128]));
  expect(await first('imagenet')).toEqual(near([(200 / 255 - 0.485) / 0.229, (100 / 255 - 0.456) / 0.224, (50 / 255 - 0.406) / 0.225]));
});

test('stretch keeps the sides of a photo that crop cuts off', async () => {
  const half = { width: 20, height: 40, channels: 3 as const };
  const photo = await sharp({ create: { ...half, width: 80, background: '#000000' } })
    .composite([{ input: { create: { ...half, background: '#ffffff' } }, left: 0, top: 0 }]).png().toBuffer();
  const plain: Preprocessing = { ...TWO, short_side: 4, crop: 4, kernel: 'nearest', mean: [0, 0, 0], std: [1, 1, 1], scale: 1 };
  const row = async (preprocessing: Preprocessing): Promise<number[]> => [...(await loadPhoto(photo, preprocessing)).subarray(0, 4)];
  expect(await row(plain)).toEqual([0, 0, 0, 0]);
  expect(await row({ ...plain, fit: 'crop' })).toEqual([0, 0, 0, 0]);
  expect(await row({ ...plain, fit: 'stretch' })).toEqual([255, 0, 0, 0]);
  expect(await row({ ...plain, fit: 'stretch', kernel: 'opencv-linear' })).toEqual([255, 0, 0, 0]);
  expect(() => preprocessingSchema.parse({ ...plain, short_side: 5, fit: 'stretch' })).toThrow('must be short_side where fit is stretch');
  expect(() => preprocessingSchema.parse({ ...plain, fit: 'squeeze' })).toThrow();
});

test('writing the default fit out changes no fingerprint', () => {
  const resolved = (fit: Preprocessing['fit'] | 'absent') => resolveCnn({
    kind: 'onnx', weights: 'net.onnx', layer: 'a', preprocessing: fit === 'absent' ? { ...TWO } : { ...TWO, fit },
  }).preprocessing;
  expect(Object.keys(resolved('absent'))).not.toContain('fit');
  expect(resolved('crop')).toStrictEqual(resolved('absent'));
  expect(resolved('stretch')).toEqual({ ...TWO, fit: 'stretch' });
});

test('a preprocessing file: its mistakes are named with their field', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fabula-preprocess-'));
  const path = join(folder, 'own.yaml');
  const text = 'short_side: 64\ncrop: 60\nkernel: cubic\norder: rgb\nlayout: nhwc\nmean: [0, 0, 0]\nstd: [1, 1, 1]\nscale: 1\n';
  await writeFile(path, text);
  expect(await readPreprocessing(path)).toEqual(preprocessingSchema.parse({
    short_side: 64, crop: 60, kernel: 'cubic', order: 'rgb', layout: 'nhwc', mean: [0, 0, 0], std: [1, 1, 1], scale: 1,
  }));
  await writeFile(path, text.replace('crop:', 'crp:'));
  await expect(readPreprocessing(path)).rejects.toThrow(`${path}: crp: there is no such field: did you mean crop?`);
  await writeFile(path, text.replace('crop: 60', 'crop: 65'));
  await expect(readPreprocessing(path)).rejects.toThrow(/own.yaml: crop: must not be larger than short_side/);
  await writeFile(path, text.replace('std: [1, 1, 1]', 'std: [1, 0, 1]'));
  await expect(readPreprocessing(path)).rejects.toThrow(/own.yaml: std\[1\]: /);
  await writeFile(path, 'a: [1');
  await expect(readPreprocessing(path)).rejects.toThrow(/^[^\n]*own.yaml: not valid YAML[^\n]*$/);
  await expect(readPreprocessing('alexnt')).rejects.toThrow('did you mean alexnet?');
});

test('a CNN that cannot be is refused with the reason', () => {
  expect(resolveCnn({ kind: 'alexnet', weights: 'random:3' })).toMatchObject({ seed: 3, layer: 'fc7', padding: 'valid', pool: 'none' });
  expect(() => resolveCnn({ kind: 'onnx', weights: 'net.onnx', layer: 'pooled' })).toThrow('net.onnx: say how its photos are prepared');
  expect(() => resolveCnn({ kind: 'onnx', weights: 'net.onnx', preprocessing: 'imagenet' })).toThrow('--layer');
  expect(() => resolveCnn({ kind: 'alexnet', weights: 'random:x' })).toThrow('random:SEED');
  expect(() => resolveCnn({ kind: 'alexnet', weights: 'random:1', preprocessing: 'vgg19' })).toThrow('alexnet reads photos of 227 x 227');
  expect(() => resolveCnn({ kind: 'vgg19', weights: 'random:1', padding: 'same' })).toThrow('a switch of alexnet');
});
