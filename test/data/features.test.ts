import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { featureFingerprint, featureStatistics, openFeatures, requireFeatures, writeFeatures } from '../../src/data/features.ts';
import { openFeatureFiles } from '../../src/data/featureset.ts';
import type { StorySet } from '../../src/data/stories.ts';
import { writeHdf5 } from '../../src/io/hdf5.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-features-'));
const at = (name: string): string => join(folder, name);
const info = { cnn: 'alexnet', layer: 'fc7', weightsSha256: 'ab', preprocessing: { crop: 227, mean: [1, 2, 3] } };
const ids = Array.from({ length: 700 }, (_, i) => `p${i}`);
const embeddings = Float32Array.from({ length: 700 * 1024 }, (_, i) => Math.floor(i / 1024) + (i % 1024) / 1024);
/** For arrays too large to be compared number by number in a test. */
const bytesOf = (data: Float32Array): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

test('loaded whole or read by range, a table says the same', async () => {
  await writeFeatures(at('f.h5'), { ids, embeddings, info });
  const loaded = await openFeatures(at('f.h5'));
  const ranged = await openFeatures(at('f.h5'), { maxBytes: 1 });
  for (const table of [loaded, ranged]) {
    expect([table.size, table.rowShape, table.ids.length, table.has('p3'), table.has('q')]).toEqual([1024, [1024], 700, true, false]);
    expect(table.row('p699')).toEqual(embeddings.subarray(699 * 1024));
    const out = new Float32Array(3 * 1024);
    expect(table.rows(['p500', 'p2', 'p500'], out)).toBe(out);
    expect([out[0], out[1024], out[2048 + 512]]).toEqual([500, 2, 500.5]);
    expect(() => table.row('q')).toThrow(/f\.h5: no features for photo q; extract them$/);
    expect(table.fingerprint).toBe(featureFingerprint(info));
    expect(table.info).toEqual(info);
    table.close();
  }
  expect(() => ranged.row('p0')).toThrow('read after close');
});

test('the fingerprint sees each of the four parts, and not the order of keys', () => {
  const same = featureFingerprint({ ...info, preprocessing: { mean: [1, 2, 3], crop: 227 } });
  expect(same).toBe(featureFingerprint(info));
  const others = [{ cnn: 'vgg' }, { layer: 'fc6' }, { weightsSha256: 'cd' }, { preprocessing: { crop: 224, mean: [1, 2, 3] } }];
  expect(new Set(others.map((other) => featureFingerprint({ ...info, ...other }))).size).toBe(4);
  expect(others.some((other) => featureFingerprint({ ...info, ...other }) === same)).toBe(false);
});

test('spatial features keep their shape', async () => {
  await writeFeatures(at('grid.h5'), { ids: ['a', 'b'], embeddings: Float32Array.from({ length: 12 }, (_, i) => i), rowShape: [3, 2], info });
  const table = await openFeatures(at('grid.h5'));
  expect([table.rowShape, table.size]).toEqual([[3, 2], 6]);
  expect(table.row('b')[0]).toBe(6);
});

test('NaN and infinity are refused with the photo\'s id: on writing, on loading, on reading a range', async () => {
  const bad = Float32Array.of(1, 2, 3, NaN);
  await writeFeatures(at('kept.h5'), { ids: ['a'], embeddings: Float32Array.of(1), info });
  const before = await readFile(at('kept.h5'));
  await expect(writeFeatures(at('kept.h5'), { ids: ['a', 'b'], embeddings: bad, info })).rejects.toThrow(
    /kept\.h5: the features of photo b hold NaN at place 1; extract this photo again$/);
  expect(await readFile(at('kept.h5'))).toEqual(before);
  await writeHdf5(at('nan.h5'), (file) => {
    file.strings('image_ids', ['a', 'b']);
    file.numbers('embeddings', Float32Array.of(1, 2, Infinity, 4), [2, 2]);
  });
  await expect(openFeatures(at('nan.h5'))).rejects.toThrow(/nan\.h5: the features of photo b hold Infinity at place 0/);
  const ranged = await openFeatures(at('nan.h5'), { maxBytes: 1 });
  expect(() => ranged.row('b')).toThrow(/photo b hold Infinity/);
  ranged.close();
});

test('a stream of blocks gives the same table, whole or not at all', async () => {
  function* blocks(upTo = 700): Generator<Float32Array> {
    // One array for all blocks, of sizes that fit no chunk.
    const block = new Float32Array(37 * 1024);
    for (let row = 0; row < upTo; row += 37) {
      const part = embeddings.subarray(row * 1024, Math.min(upTo, row + 37) * 1024);
      block.set(part);
      yield block.subarray(0, part.length);
    }
  }
  const stream = { ids, rowShape: [32, 32], info };
  await writeFeatures(at('stream.h5'), { ...stream, blocks: blocks() });
  for (const maxBytes of [1, 2 ** 30]) {
    const table = await openFeatures(at('stream.h5'), { maxBytes });
    expect([table.rowShape, table.ids, table.fingerprint]).toEqual([[32, 32], ids, featureFingerprint(info)]);
    expect(Buffer.compare(bytesOf(table.rows(table.ids)), bytesOf(embeddings))).toBe(0);
    table.close();
  }
  const before = await readFile(at('stream.h5'));
  async function* poisoned(): AsyncGenerator<Float32Array> {
    for (const block of blocks(100)) {
      if (block.length < 37 * 1024) block[5 * 1024 + 8] = -Infinity;
      yield await Promise.resolve(block);
    }
  }
  await expect(writeFeatures(at('stream.h5'), { ...stream, blocks: poisoned() })).rejects.toThrow(/stream\.h5: the features of photo p79 hold -Infinity at place 8/);
  await expect(writeFeatures(at('stream.h5'), { ...stream, blocks: blocks(600) })).rejects.toThrow('600 rows for 700 photos');
  await expect(writeFeatures(at('stream.h5'), { ...stream, ids: ids.slice(1), blocks: blocks() })).rejects.toThrow(/after 666 of 699 rows/);
  expect(before.equals(await readFile(at('stream.h5')))).toBe(true);
  expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('rows far apart, near and repeated are read alike', async () => {
  await writeFeatures(at('far.h5'), { ids, embeddings, info });
  const table = await openFeatures(at('far.h5'), { maxBytes: 1 });
  const wanted = ['p699', 'p0', 'p1', 'p3', 'p25', 'p3', 'p400', 'p391', 'p2'];
  const expected = Float32Array.from(wanted.flatMap((id) => [...embeddings.subarray(Number(id.slice(1)) * 1024, (Number(id.slice(1)) + 1) * 1024)]));
  expect(Buffer.compare(bytesOf(table.rows(wanted)), bytesOf(expected))).toBe(0);
  expect(table.store).toMatchObject({ inMemory: false, files: [{ path: at('far.h5'), name: 'embeddings', perRow: 1, size: 1024 }] });
  expect(table.store!.locate('p25')).toEqual({ file: 0, place: 25 });
  table.close();
});

test('several files are one table, in memory only when they fit there together', async () => {
  await writeFeatures(at('j1.h5'), { ids: ['a', 'b'], embeddings: Float32Array.of(1, 2, 3, 4), info });
  await writeFeatures(at('j2.h5'), { ids: ['b', 'c'], embeddings: Float32Array.of(9, 9, 5, 6), info });
  const size = (await readFile(at('j1.h5'))).length;
  for (const [maxBytes, inMemory] of [[3 * size, true], [1.5 * size, false]] as const) {
    const table = await openFeatureFiles([at('j1.h5'), at('j2.h5')], { maxBytes });
    expect([table.ids, table.rows(['c', 'b', 'a', 'c'])]).toEqual([['a', 'b', 'c'], Float32Array.of(5, 6, 3, 4, 1, 2, 5, 6)]);
    expect([table.row('b'), table.store!.inMemory, table.store!.locate('c')]).toEqual([Float32Array.of(3, 4), inMemory, { file: 1, place: 1 }]);
    expect(() => table.rows(['a', 'z'])).toThrow(/j1\.h5: no features for photo z/);
    table.close();
  }
  await expect(openFeatureFiles([at('j1.h5'), at('no.h5')])).rejects.toThrow(/no\.h5: cannot read HDF5 file: no such file/);
});

test('statistics count each photo once, and a feature that never changes keeps its scale', async () => {
  await writeFeatures(at('stat.h5'), { ids: ['a', 'b', 'c', 'd', 'e', 'f'], embeddings: Float32Array.of(1, 7, 2, 7, 3, 7, 4, 7, 5, 7, 99, 0), info });
  for (const maxBytes of [1, 2 ** 20]) {
    const table = await openFeatures(at('stat.h5'), { maxBytes });
    const { mean, scale } = featureStatistics(table, ['e', 'a', 'b', 'c', 'd', 'a']);
    expect([[...mean], [...scale]]).toEqual([[3, 7], [Math.fround(Math.SQRT1_2), 1]]);
    expect(() => featureStatistics(table, ['a', 'z'])).toThrow(/no features for photo z/);
    table.close();
  }
});

test('VIST-seq2seq\'s features open, of unknown origin', async () => {
  await writeHdf5(at('alexnet_train_features.hdf5'), (file) => {
    file.numbers('embeddings', Float32Array.of(1, 2, 3, 4), [2, 2]);
    file.numbers('image_ids', Int32Array.of(11, 12));
  });
  const table = await openFeatures(at('alexnet_train_features.hdf5'));
  expect([table.ids, table.fingerprint, table.info, table.row('12')[1]]).toEqual([['11', '12'], 'unknown', undefined, 4]);
});

test('image_embeddings inside VIST-seq2seq\'s stories file serve as features', async () => {
  await writeHdf5(at('stories_to_index_valid.hdf5'), (file) => {
    file.numbers('image_embeddings', Float32Array.of(1, 1, 2, 2, 2, 2, 3, 3), [2, 2, 2]);
    file.strings('image_ids', ['a', 'b', 'b', 'c'], [2, 2]);
  });
  for (const maxBytes of [1, 2 ** 20]) {
    const table = await openFeatures(at('stories_to_index_valid.hdf5'), { maxBytes });
    expect([table.ids, table.rows(['c', 'a', 'b'])]).toEqual([['a', 'b', 'c'], Float32Array.of(3, 3, 1, 1, 2, 2)]);
    table.close();
  }
});

test('files that are no features say why', async () => {
  await writeHdf5(at('short.h5'), (file) => {
    file.numbers('embeddings', Float32Array.of(1, 2), [2, 1]);
    file.strings('image_ids', ['a']);
  });
  await expect(openFeatures(at('short.h5'))).rejects.toThrow(/short\.h5: 1 image_ids for 2 rows of embeddings$/);
  await writeHdf5(at('twice.h5'), (file) => {
    file.numbers('embeddings', Float32Array.of(1, 2), [2, 1]);
    file.strings('image_ids', ['a', 'a']);
  });
  await expect(openFeatures(at('twice.h5'))).rejects.toThrow(/twice\.h5: image_ids: photo a is there twice, in rows 0 and 1$/);
  await writeHdf5(at('flat.h5'), (file) => file.numbers('embeddings', Float32Array.of(1, 2)));
  await expect(openFeatures(at('flat.h5'))).rejects.toThrow(/flat\.h5: dataset embeddings has shape \[2\]; \[photos, values\] is needed$/);
  await writeHdf5(at('half.h5'), (file) => {
    file.numbers('embeddings', Float32Array.of(1), [1, 1]);
    file.strings('image_ids', ['a']);
    file.attributes({ cnn: 'alexnet' });
  });
  await expect(openFeatures(at('half.h5'))).rejects.toThrow(/half\.h5: attribute layer, weights_sha256, preprocessing is missing/);
});

test('a story whose photo has no features is named', async () => {
  await writeFeatures(at('some.h5'), { ids: ['a', 'b'], embeddings: Float32Array.of(1, 2), info });
  const table = await openFeatures(at('some.h5'));
  const stories = { length: 3, ids: ['1', '2', '3'], imageIds: [['a', 'b'], ['a', 'c'], ['d', 'b']] } as unknown as StorySet;
  expect(() => requireFeatures(stories, table)).toThrow(/some\.h5: no features for photo c of story 2 \(2 of 3 stories lack some\)/);
});
