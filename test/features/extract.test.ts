import { mkdir, mkdtemp, readFile, rm, truncate, writeFile, appendFile, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import yargs from 'yargs';
import { command } from '../../src/cli/extract.ts';
import { Random } from '../../src/core/random.ts';
import { exists } from '../../src/core/files.ts';
import { openFeatures } from '../../src/data/features.ts';
import type { CnnSpec } from '../../src/features/cnnspec.ts';
import { extractFeatures } from '../../src/features/extract.ts';
import { openExtractor } from '../../src/features/extractor.ts';
import type { Extractor } from '../../src/features/extractor.ts';
import { tensorNames } from '../../src/features/onnxnames.ts';
import { listPhotos } from '../../src/features/photolist.ts';
import { tinyCnn, TINY_PREPROCESSING } from './tinyonnx.ts';

const RUN = { device: 'cpu', threads: 1, batch: 3 } as const;
let folder: string;
let model: string;
let spec: CnnSpec;
let extractor: Extractor;

/** Seven photos, one in a subfolder. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-extract-'));
  await mkdir(join(folder, 'photos', 'more'), { recursive: true });
  const random = new Random(2);
  for (let i = 0; i < 7; i++) {
    const pixels = Buffer.from(Array.from({ length: 30 * 20 * 3 }, () => random.int(256)));
    const jpeg = await sharp(pixels, { raw: { width: 30, height: 20, channels: 3 } }).jpeg().toBuffer();
    await writeFile(join(folder, 'photos', i === 6 ? 'more' : '', `10${i}.jpg`), jpeg);
  }
  model = join(folder, 'tiny.onnx');
  await writeFile(model, tinyCnn());
  spec = { kind: 'onnx', weights: model, layer: 'vector', preprocessing: { ...TINY_PREPROCESSING, mean: [...TINY_PREPROCESSING.mean], std: [...TINY_PREPROCESSING.std] } };
  extractor = await openExtractor(spec, RUN);
});

afterAll(async () => {
  await extractor.dispose();
  await rm(folder, { recursive: true });
});

const photosOf = () => listPhotos([join(folder, 'photos')]);
const settings = (name: string) => ({ output: join(folder, name), bad: 'fail', force: false }) as const;

/** An extractor that stops as a killed process would, after some batches. */
function dying(batches: number): Extractor {
  let left = batches;
  return Object.assign(Object.create(extractor) as Extractor, {
    load: (path: string) => extractor.load(path),
    forward: (photos: Float32Array[]) => (left-- > 0 ? extractor.forward(photos) : Promise.reject(new Error('killed'))),
  });
}

async function dataset(path: string): Promise<{ ids: readonly string[]; rows: number[] }> {
  const table = await openFeatures(path);
  const rows = [...table.rows(table.ids)];
  table.close();
  return { ids: table.ids, rows };
}

test('the file holds what the extractor gives for each photo, with the same fingerprint', async () => {
  const report = await extractFeatures(await photosOf(), extractor, settings('a.h5'));
  expect(report).toMatchObject({ shape: [7, 4], photos: 7, resumed: 0, skipped: [] });
  const table = await openFeatures(join(folder, 'a.h5'));
  expect(table.ids).toEqual(['100', '101', '102', '103', '104', '105', '106']);
  expect(table.fingerprint).toBe(extractor.fingerprint);
  const paths = (await photosOf()).map(({ path }) => path);
  expect([...table.rows(table.ids)]).toEqual([...(await extractor.extract(paths))]);
  const bytes = await Promise.all(paths.map((path) => readFile(path)));
  expect([...(await extractor.extract(bytes))]).toEqual([...table.rows(table.ids)]);
  table.close();
  expect(JSON.parse(await readFile(join(folder, 'a.h5.report.json'), 'utf8'))).toMatchObject({ photos: 7, fingerprint: extractor.fingerprint });
  expect(await exists(join(folder, 'a.h5.partial'))).toBe(false);
  await expect(extractFeatures(await photosOf(), extractor, settings('a.h5'))).rejects.toThrow('a.h5: exists already');
});

test('a killed run goes on where it was, even with its last write cut off', async () => {
  const photos = await photosOf();
  const whole = await dataset(join(folder, 'a.h5'));
  for (const damage of ['none', 'rows', 'ids'] as const) {
    const output = join(folder, `${damage}.h5`);
    await expect(extractFeatures(photos, dying(2), settings(`${damage}.h5`))).rejects.toThrow('killed');
    expect(await exists(output)).toBe(false);
    const rows = join(`${output}.partial`, 'rows.f32');
    expect((await stat(rows)).size).toBe(6 * 16);
    if (damage === 'rows') await truncate(rows, 6 * 16 - 5);
    if (damage === 'ids') await appendFile(join(`${output}.partial`, 'ids.jsonl'), '{"id":"10');
    const report = await extractFeatures(photos, extractor, settings(`${damage}.h5`));
    expect(report.resumed).toBe(damage === 'rows' ? 5 : 6);
    expect(await dataset(output)).toEqual(whole);
  }
});

test('unfinished rows of another CNN are refused, or thrown away with force', async () => {
  const photos = await photosOf();
  await expect(extractFeatures(photos, dying(1), settings('b.h5'))).rejects.toThrow('killed');
  const other = await openExtractor({ ...spec, layer: 'map', pool: 'mean' }, RUN);
  await expect(extractFeatures(photos, other, settings('b.h5'))).rejects.toThrow(/b\.h5\.partial: holds unfinished rows of another CNN/);
  const report = await extractFeatures(photos, other, { ...settings('b.h5'), force: true });
  expect(report.resumed).toBe(0);
  const mean = await dataset(join(folder, 'b.h5'));
  const vector = await dataset(join(folder, 'a.h5'));
  mean.rows.forEach((x, i) => expect(x).toBeCloseTo(vector.rows[i]!, 5));
  await other.dispose();
});

test('places are kept row by row in reading order', async () => {
  const spatial = await openExtractor({ ...spec, layer: 'map', pool: 'spatial' }, RUN);
  expect(spatial.shape).toEqual([64, 4]);
  await extractFeatures(await photosOf(), spatial, settings('s.h5'));
  const table = await openFeatures(join(folder, 's.h5'));
  expect(table.rowShape).toEqual([64, 4]);
  const row = table.row('103');
  const vector = (await dataset(join(folder, 'a.h5'))).rows.slice(12, 16);
  for (let c = 0; c < 4; c++) {
    let sum = 0;
    for (let l = 0; l < 64; l++) sum += row[l * 4 + c]!;
    expect(sum / 64).toBeCloseTo(vector[c]!, 5);
  }
  table.close();
  await spatial.dispose();
  await expect(openExtractor({ ...spec, layer: 'map' }, RUN)).rejects.toThrow('64 places of 4 numbers for a photo: keep them with --spatial');
  await expect(openExtractor({ ...spec, pool: 'spatial' }, RUN)).rejects.toThrow('leave out --spatial');
});

test('a tensor inside the model can be asked for; an unknown one is answered with the names', async () => {
  const names = tensorNames(tinyCnn());
  const convolution = names[0]!;
  const inside = await openExtractor({ ...spec, layer: convolution, pool: 'spatial' }, RUN);
  const relu = await openExtractor({ ...spec, layer: 'map', pool: 'spatial' }, RUN);
  const photo = (await photosOf())[0]!.path;
  const [before, after] = [await inside.extract([photo]), await relu.extract([photo])];
  expect(before.some((x) => x < 0)).toBe(true);
  expect([...before].map((x) => Math.max(0, x))).toEqual([...after]);
  await Promise.all([inside.dispose(), relu.dispose()]);
  await expect(openExtractor({ ...spec, layer: 'vectr' }, RUN)).rejects.toThrow(/tiny.onnx: it has no output "vectr" \(did you mean vector\?\): choose map, vector/);
  await expect(openExtractor({ ...spec, preprocessing: 'imagenet' }, RUN)).rejects.toThrow(/its input is \[1, 3, 16, 16\], the preprocessing gives \[n, 3, 224, 224\]/);
  await expect(openExtractor({ ...spec, weights: join(folder, 'no.onnx') }, RUN)).rejects.toThrow(/no.onnx: cannot read the weights/);
  await writeFile(join(folder, 'broken.onnx'), tinyCnn().subarray(0, 300));
  await expect(openExtractor({ ...spec, weights: join(folder, 'broken.onnx') }, RUN)).rejects.toThrow(/broken.onnx: not an ONNX model/);
});

test('a bad photo fails the run and loses nothing, or is skipped and listed', async () => {
  const place = join(folder, 'bad');
  await mkdir(place);
  const photos = await photosOf();
  for (const { id, path } of photos) await writeFile(join(place, `${id}.jpg`), await readFile(path));
  const bad = join(place, '103.jpg');
  await truncate(bad, 200);
  await expect(extractFeatures(await listPhotos([place]), extractor, settings('bad.h5')))
    .rejects.toThrow(/103\.jpg: the photo cannot be decoded \(truncated or damaged\).*; 5 photos are kept in .*bad\.h5\.partial.*--bad skip/);
  const report = await extractFeatures(await listPhotos([place]), extractor, { ...settings('bad.h5'), bad: 'skip' });
  expect(report.photos).toBe(6);
  expect(report.skipped).toEqual([{ file: bad, reason: expect.stringContaining('103.jpg: the photo cannot be decoded') as unknown }]);
  expect((await dataset(join(folder, 'bad.h5'))).ids).not.toContain('103');
  const only = await listPhotos([bad]);
  await expect(extractFeatures(only, extractor, { ...settings('none2.h5'), bad: 'skip' })).rejects.toThrow('none of the 1 photos can be read');
});

test('photos are found in folders and lists; what is ambiguous or missing is named', async () => {
  const list = join(folder, 'list.txt');
  await writeFile(list, 'photos/102.jpg\n\nphotos/101.jpg\n');
  expect((await listPhotos([list, join(folder, 'photos', '101.jpg')])).map(({ id }) => id)).toEqual(['102', '101']);
  const twice = join(folder, 'twice');
  await mkdir(twice);
  await writeFile(join(twice, '100.png'), '');
  await expect(listPhotos([twice, join(folder, 'photos')])).rejects.toThrow(/100\.jpg and .*100\.png would both have the id "100"/);
  await expect(listPhotos([join(folder, 'nowhere')])).rejects.toThrow(/nowhere: cannot read photos there: no such file/);
  await mkdir(join(folder, 'void'));
  await expect(listPhotos([join(folder, 'void')])).rejects.toThrow('no photos found');
});

test('the command extracts and prints its report; contradictions are refused', async () => {
  const yaml = join(folder, 'tiny.yaml');
  await writeFile(yaml, JSON.stringify(TINY_PREPROCESSING));
  const base = ['extract', join(folder, 'photos'), '--cnn', model, '--preprocess', yaml, '--threads', '1'];
  const run = (...words: string[]) => yargs([...base, ...words]).command(command).exitProcess(false).fail((message, error) => { throw error ?? new Error(message); }).parseAsync();
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await run('--layer', 'vector', '-o', join(folder, 'c.h5'), '--json');
    expect(JSON.parse(String(log.mock.calls[0]![0]))).toMatchObject({ photos: 7, shape: [7, 4] });
    expect(await dataset(join(folder, 'c.h5'))).toEqual(await dataset(join(folder, 'a.h5')));
    await run('--layer', 'vector', '-o', join(folder, 'c.h5'), '--force');
    expect(String(log.mock.calls[1]![0])).toContain('c.h5: 7 photos x 4, onnx, vector');
    await expect(run('--layer', 'map', '--spatial', '--pool', 'mean', '-o', 'x.h5')).rejects.toThrow('--spatial and --pool mean');
    await expect(run('--layer', 'vector', '-o', join(folder, 'x.h5'), '--batch', '0')).rejects.toThrow('--batch 0');
    await expect(run('-o', 'x.h5')).rejects.toThrow('--layer');
    await expect(run('--layer', 'vector', '--weights', 'w.npy', '-o', 'x.h5')).rejects.toThrow('--weights is for alexnet and vgg19');
  } finally {
    log.mockRestore();
  }
  expect((await readdir(folder)).filter((name) => name.endsWith('.partial') && !name.startsWith('none2'))).toEqual([]);
});
