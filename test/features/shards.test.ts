import { mkdir, mkdtemp, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exists, sha256File } from '../../src/core/files.ts';
import { openHdf5 } from '../../src/io/hdf5.ts';
import { Random } from '../../src/core/random.ts';
import { openFeatures } from '../../src/data/features.ts';
import { extractFeatures } from '../../src/features/extract.ts';
import type { Extractor } from '../../src/features/extractor.ts';
import { openExtractor } from '../../src/features/extractor.ts';
import { listPhotos } from '../../src/features/photolist.ts';
import type { Photo } from '../../src/features/photolist.ts';
import type { Preprocessing } from '../../src/features/preprocess.ts';
import { extractShard, findShards, joinShards, parseShard, photosOfShard, shardFile } from '../../src/features/shards.ts';
import { fabula } from '../cli/fabula.ts';
import { tinyCnn, TINY_PREPROCESSING } from './tinyonnx.ts';

let folder: string;
let photos: Photo[];
let extractor: Extractor;

const { mean, std } = TINY_PREPROCESSING;
const PREPROCESSING: Preprocessing = { ...TINY_PREPROCESSING, mean: [...mean], std: [...std] };
const at = (...names: string[]): string => join(folder, ...names);
const settings = (output: string) => ({ output: at(output), bad: 'skip', force: false }) as const;
const all = (of: number) => Array.from({ length: of }, (_, i) => ({ index: i + 1, of }));

/** All that a features file holds, and its size: HDF5 notes the time of writing too, so that the bytes are never the same twice. */
async function contents(path: string): Promise<unknown> {
  const file = await openHdf5(path);
  try {
    return [file.attributes(), file.strings('image_ids'), file.shape('embeddings'), [...file.floats('embeddings')], (await stat(path)).size];
  } finally {
    file.close();
  }
}

/** Eleven photos of which the third and all of the fourth batch of two cannot be read. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-shards-'));
  await mkdir(at('photos'));
  const random = new Random(2);
  for (let i = 10; i < 21; i++) {
    const pixels = Buffer.from(Array.from({ length: 24 * 20 * 3 }, () => random.int(256)));
    await writeFile(at('photos', `${i}.jpg`), await sharp(pixels, { raw: { width: 24, height: 20, channels: 3 } }).jpeg().toBuffer());
  }
  for (const bad of [12, 16, 17]) await truncate(at('photos', `${bad}.jpg`), 150);
  await writeFile(at('tiny.onnx'), tinyCnn());
  await writeFile(at('tiny.yaml'), JSON.stringify(PREPROCESSING));
  photos = await listPhotos([at('photos')]);
  extractor = await openExtractor({ kind: 'onnx', weights: at('tiny.onnx'), layer: 'vector', preprocessing: PREPROCESSING }, { device: 'cpu', threads: 1, batch: 2 });
  await extractFeatures(photos, extractor, settings('whole.h5'));
});

afterAll(async () => {
  await extractor.dispose();
  await rm(folder, { recursive: true });
});

test('shards are whole batches, together the list in its order', () => {
  const list = (n: number): Photo[] => Array.from({ length: n }, (_, i) => ({ id: String(i), path: `${i}.jpg` }));
  fc.assert(fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 20 }), (n, batch, of) => {
    fc.pre(of <= Math.ceil(n / batch));
    const parts = all(of).map((shard) => photosOfShard(list(n), shard, batch));
    expect(parts.flat()).toEqual(list(n));
    for (const part of parts.slice(0, -1)) expect([part.length > 0, part.length % batch]).toEqual([true, 0]);
    const sizes = parts.map(({ length }) => Math.ceil(length / batch));
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  }));
  expect(() => photosOfShard(list(10), { index: 1, of: 4 }, 4)).toThrow('4 shards: 10 photos are 3 batches of 4: use at most 3 shards');
  expect(parseShard('3/8')).toEqual({ index: 3, of: 8 });
  for (const wrong of ['0/8', '9/8', '3', '3/', 'a/b', '-1/2']) expect(() => parseShard(wrong)).toThrow(`--shard ${wrong}: write it as 3/8`);
  expect(shardFile('a/f.h5', { index: 3, of: 16 })).toBe(join('a', 'f.shard-03-of-16.h5'));
});

test('joined, the shards are the file of a single run to the last bit of every row, also where photos or whole shards cannot be read', async () => {
  for (const of of [1, 3, 6]) {
    // In any order, as tasks of a cluster come.
    for (const shard of all(of).reverse()) await extractShard(photos, shard, extractor, settings(`part${of}.h5`));
    const report = await joinShards(at(`part${of}.h5`), { force: false });
    expect(await contents(at(`part${of}.h5`)), `${of} shards`).toEqual(await contents(at('whole.h5')));
    const whole = JSON.parse(await readFile(at('whole.h5.report.json'), 'utf8')) as object;
    expect({ ...report, output: 0, seconds: 0, photosPerSecond: 0 }).toEqual({ ...whole, output: 0, seconds: 0, photosPerSecond: 0 });
    expect(report.skipped.map(({ file }) => file)).toEqual([12, 16, 17].map((id) => at('photos', `${id}.jpg`)));
  }
  const table = await openFeatures(at('part3.h5'));
  expect(table.ids).toEqual(['10', '11', '13', '14', '15', '18', '19', '20']);
});

test('a shard that is there is left as it is; one whose report was never written is done again', async () => {
  await extractShard(photos, { index: 1, of: 2 }, extractor, settings('again.h5'));
  const file = at('again.shard-1-of-2.h5');
  const [before, bytes] = [await contents(file), await sha256File(file)];
  let loads = 0;
  const counting = Object.assign(Object.create(extractor) as Extractor, {
    load: (path: string) => (loads++, extractor.load(path)), forward: (rows: Float32Array[]) => extractor.forward(rows),
  });
  const kept = await extractShard(photos, { index: 1, of: 2 }, counting, settings('again.h5'));
  expect([loads, kept.photos, kept.shard?.index, await sha256File(file)]).toEqual([0, 5, 1, bytes]);
  await rm(`${file}.report.json`);
  await extractShard(photos, { index: 1, of: 2 }, counting, settings('again.h5'));
  expect([loads, await contents(file)]).toEqual([6, before]);
});

test('what does not belong together is refused', async () => {
  await expect(joinShards(at('none.h5'), { force: false })).rejects.toThrow('none.h5: no shard of it is here, such as none.shard-1-of-8.h5');
  await extractShard(photos, { index: 2, of: 3 }, extractor, settings('odd.h5'));
  await expect(joinShards(at('odd.h5'), { force: false, lacking: (index) => `task ${index} failed` })).rejects.toThrow('odd.h5: 2 of 3 shards are missing: 1, 3; extract with --shard 1/3 (task 1 failed)');
  // Another list of photos.
  await expect(extractShard(photos.slice(1), { index: 2, of: 3 }, extractor, settings('odd.h5'))).rejects.toThrow('made from another list of photos');
  await extractShard(photos.slice(1), { index: 1, of: 3 }, extractor, settings('odd.h5'));
  await extractShard(photos, { index: 3, of: 3 }, extractor, settings('odd.h5'));
  await expect(joinShards(at('odd.h5'), { force: false })).rejects.toThrow(/odd\.shard-2-of-3\.h5: made from another list of photos/);
  // Another CNN.
  const other = await openExtractor({ kind: 'onnx', weights: at('tiny.onnx'), layer: 'map', pool: 'mean', preprocessing: PREPROCESSING }, { device: 'cpu', threads: 1, batch: 2 });
  await expect(extractShard(photos, { index: 3, of: 3 }, other, settings('odd.h5'))).rejects.toThrow(/odd\.shard-3-of-3\.h5: features of another CNN, layer or preprocessing/);
  await extractShard(photos, { index: 1, of: 3 }, other, { ...settings('odd.h5'), force: true });
  await expect(joinShards(at('odd.h5'), { force: false })).rejects.toThrow(/odd\.shard-2-of-3\.h5: features of another CNN/);
  await other.dispose();
  // A shard under the name of another, and two divisions at once.
  for (const ending of ['', '.report.json']) await rename(at(`odd.shard-2-of-3.h5${ending}`), at(`odd.shard-1-of-3.h5${ending}`));
  await extractShard(photos, { index: 2, of: 3 }, extractor, settings('odd.h5'));
  await expect(joinShards(at('odd.h5'), { force: false })).rejects.toThrow(/odd\.shard-1-of-3\.h5: it says that it is shard 2\/3/);
  await extractShard(photos, { index: 1, of: 2 }, extractor, settings('odd.h5'));
  await expect(findShards(at('odd.h5'))).rejects.toThrow('odd.h5: there are shards of 2 and of 3');
  await expect(joinShards(at('whole.h5'), { force: false })).rejects.toThrow('whole.h5: exists already');
  // A shard whose end is missing.
  for (const shard of all(2)) await extractShard(photos, shard, extractor, settings('cut.h5'));
  await truncate(at('cut.shard-2-of-2.h5'), 2000);
  await expect(joinShards(at('cut.h5'), { force: false })).rejects.toThrow(/cut\.shard-2-of-2\.h5/);
  expect(await exists(at('cut.h5'))).toBe(false);
});

test('the commands: each shard, then --gather; contradictions in one line', async () => {
  const words = ['extract', at('photos'), '--cnn', at('tiny.onnx'), '--layer', 'vector', '--preprocess', at('tiny.yaml'), '--threads', '1', '--batch', '2', '--bad', 'skip', '-o', at('cli.h5')];
  for (const shard of ['1/2', '2/2']) expect(await fabula(...words, '--shard', shard)).toMatchObject({ code: 0, stderr: '' });
  const gathered = await fabula('extract', '--gather', '-o', at('cli.h5'));
  expect([gathered.code, gathered.stdout]).toEqual([0, expect.stringContaining('cli.h5: 8 photos x 4, onnx, vector')]);
  expect(await contents(at('cli.h5'))).toEqual(await contents(at('whole.h5')));
  const refused = async (more: string[], says: string, from = words): Promise<void> => {
    expect(await fabula(...from, ...more)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(new RegExp(`^fabula: [^\n]*${says.replace(/[/.()-]/g, '\\$&')}[^\n]*\n$`)) as string });
  };
  await refused(['--shards', '2'], '--shards 2: add --slurm to submit them, or extract each with --shard 1/2');
  await refused(['--slurm'], '--slurm: say into how many parts with --shards');
  await refused(['--shard', '1/2', '--shards', '2', '--slurm'], '--shard is one part of the photos');
  await refused(['--write-only'], '--write-only belongs to --slurm');
  await refused(['--parallel', '2'], '--parallel belongs to --slurm');
  await refused(['--gather'], '--gather joins what is there already: give --output alone');
  await refused(['--shards', '9', '--slurm', '--write-only'], '9 shards: 11 photos are 6 batches of 2: use at most 6 shards');
  await refused(['--shards', '2', '--slurm', '--write-only'], 'cli.h5: all 2 shards are there: join them with fabula extract --gather');
  await refused([], 'no photos given', ['extract', '--cnn', 'alexnet', '-o', at('x.h5')]);
  await refused([], '--cnn: missing', ['extract', at('photos'), '-o', at('x.h5')]);
});

test('--slurm --write-only writes a script whose tasks extract one shard each', async () => {
  const words = ['extract', at('photos'), '--cnn', at('tiny.onnx'), '--layer', 'vector', '--preprocess', at('tiny.yaml'), '--batch', '2', '--bad', 'skip', '-o', at('array.h5')];
  const { code, stdout } = await fabula(...words, '--shards', '3', '--slurm', '--write-only', '--parallel', '2', '--slurm-options', 'time=10; cpus-per-task=2', '--json');
  expect(code).toBe(0);
  const { script } = JSON.parse(stdout) as { script: string };
  expect(script).toBe(at('array.h5.slurm', '1', 'submit.sh'));
  const text = await readFile(at('array.h5.slurm', '1', 'array-1.sh'), 'utf8');
  expect(text).toMatch(/#SBATCH --array=0-2%2\n[^]*#SBATCH --cpus-per-task=2\n#SBATCH --time=10\n/);
  expect(text).toContain(` extract ${at('photos')} --cnn ${at('tiny.onnx')} --layer vector --preprocess ${at('tiny.yaml')} --padding valid --output ${at('array.h5')} --batch 2 --device cpu --bad skip --threads 2 --shard "$task"/3 &\n`);
});
