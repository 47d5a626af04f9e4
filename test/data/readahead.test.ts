import { mkdtemp, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { openFeatureFiles } from '../../src/data/featureset.ts';
import { featureStatistics, writeFeatures } from '../../src/data/features.ts';
import { PhotoReader } from '../../src/data/readahead.ts';
import { writeHdf5 } from '../../src/io/hdf5.ts';
import { builtProgram } from '../cli/built.ts';

// A worker can only be started from compiled code: what concerns it goes through the built files.
let built: { openFeatureFiles: typeof openFeatureFiles; PhotoReader: typeof PhotoReader };

const SIZE = 33;
const info = { cnn: 'c', layer: 'l', weightsSha256: 'w', preprocessing: null };
const folder = await mkdtemp(join(tmpdir(), 'fabula-readahead-'));
const at = (name: string): string => join(folder, name);
const idsOf = (letter: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${letter}${i}`);
const [as, bs] = [idsOf('a', 300), idsOf('b', 200)];
const paths = [at('a.h5'), at('b.h5')];
const valueOf = (id: string, i: number): number => Math.fround((id.startsWith('a') ? 1 : -1) * (Number(id.slice(1)) + Math.sin(i)));
const rowsOf = (ids: readonly string[]): Float32Array => Float32Array.from({ length: ids.length * SIZE }, (_, k) => valueOf(ids[Math.floor(k / SIZE)]!, k % SIZE));

beforeAll(async () => {
  await writeFeatures(paths[0]!, { ids: as, embeddings: rowsOf(as), info });
  await writeFeatures(paths[1]!, { ids: bs, embeddings: rowsOf(bs), info });
  const dist = dirname(dirname(await builtProgram()));
  const load = async (name: string): Promise<object> => (await import(pathToFileURL(join(dist, 'data', name)).href)) as object;
  built = { ...(await load('featureset.js')), ...(await load('readahead.js')) } as typeof built;
}, 60_000);

/** Both ways of reading: copied from memory, and by the worker. */
async function eachWay(use: (reader: PhotoReader, way: string) => Promise<void>, files = paths): Promise<void> {
  const loaded = await openFeatureFiles(files);
  const memory = new PhotoReader(loaded);
  await use(memory, 'memory');
  await memory.close();
  const onDisk = await built.openFeatureFiles(files, { maxBytes: 1 });
  const worker = new built.PhotoReader(onDisk);
  await use(worker, 'worker').finally(async () => {
    await worker.close();
    onDisk.close();
  });
}

test('every list arrives in its turn, whole and in its own order, from several files', async () => {
  const lists = [['a7', 'b3', 'a7', 'a6'], ['b199', 'b0', 'a299'], [], ['a0'], ['a1', 'a2', 'a3', 'b5', 'b6', 'b4'], ['b1']];
  await eachWay(async (reader, way) => {
    let turn = 0;
    for await (const rows of reader.inTurn(lists)) expect(rows, `${way}, list ${turn}`).toEqual(rowsOf(lists[turn++]!));
    expect(turn).toBe(lists.length);
  });
});

test('lists are asked for two ahead, not all at once; their arrays are used again', async () => {
  await eachWay(async (reader, way) => {
    let asked = 0;
    function* lists(): Generator<string[]> {
      for (; asked < 40;) yield [as[asked++]!, bs[asked]!];
    }
    const buffers = new Set<ArrayBufferLike>();
    let turn = 0;
    for await (const rows of reader.inTurn(lists())) {
      expect(asked).toBeLessThanOrEqual(++turn + 2);
      expect(rows).toEqual(rowsOf([as[turn - 1]!, bs[turn]!]));
      buffers.add(rows.buffer);
    }
    // A transferred array is a new object over the same memory.
    if (way === 'memory') expect(buffers.size).toBe(3);
  });
});

test('a loop that is left early leaves a reader that goes on', async () => {
  await eachWay(async (reader) => {
    for await (const rows of reader.inTurn(as.map((id) => [id]))) if (rows[0] === 5) break;
    expect(await reader.read(['b9', 'a9'])).toEqual(rowsOf(['b9', 'a9']));
  });
});

test('the statistics are those of the table, wherever they are computed', async () => {
  const wanted = [...as.filter((_, i) => i % 3 !== 1), ...bs.slice(50), 'a0', 'a0'];
  const expected = featureStatistics(await openFeatureFiles(paths), wanted);
  const photos = [...new Set(wanted)];
  for (const i of [0, 20]) {
    const values = photos.map((id) => valueOf(id, i));
    const mean = values.reduce((a, b) => a + b) / values.length;
    const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
    expect(expected.mean[i]).toBeCloseTo(mean, 4);
    expect(expected.scale[i]! * deviation).toBeCloseTo(1, 5);
  }
  await eachWay(async (reader) => {
    const { mean, scale } = await reader.statistics(wanted);
    for (let i = 0; i < SIZE; i++) {
      expect(Math.abs(mean[i]! - expected.mean[i]!)).toBeLessThan(1e-5);
      expect(Math.abs(scale[i]! / expected.scale[i]! - 1)).toBeLessThan(1e-6);
    }
    await expect(reader.statistics(['a1', 'zz'])).rejects.toThrow(/a\.h5: no features for photo zz; extract them$/);
  });
  await eachWay(async (reader) => expect(await reader.statistics(as)).toEqual(featureStatistics(await openFeatureFiles([paths[0]!]), as)), [paths[0]!]);
});

test('a photo that is not there, or is no number, is reported at its turn and harms no other', async () => {
  await eachWay(async (reader) => {
    const [missing, good] = [reader.read(['a1', 'zz']), reader.read(['a2'])];
    expect(await good).toEqual(rowsOf(['a2']));
    await expect(missing).rejects.toThrow(/a\.h5: no features for photo zz; extract them$/);
  });
  const bad = rowsOf(as);
  bad[150 * SIZE + 4] = NaN;
  await writeHdf5(at('nan.h5'), (file) => {
    file.strings('image_ids', as);
    file.numbers('embeddings', bad, [as.length, SIZE]);
  });
  const table = await built.openFeatureFiles([at('nan.h5')], { maxBytes: 1 });
  const reader = new built.PhotoReader(table);
  const answer = reader.read(['a151', 'a150']);
  expect(await reader.read(['a151'])).toEqual(rowsOf(['a151']));
  const problem = await answer.catch((error: unknown) => error as Error);
  expect(problem).toMatchObject({ name: 'UserError', message: `${at('nan.h5')}: the features of photo a150 hold NaN at place 4; extract this photo again` });
  await expect(reader.statistics(as)).rejects.toThrow(/photo a150 hold NaN at place 4/);
  await reader.close();
  table.close();
});

test('a file that has gone is reported, and a closed reader refuses what it still owes', async () => {
  await writeFeatures(at('gone.h5'), { ids: as, embeddings: rowsOf(as), info });
  const table = await built.openFeatureFiles([at('gone.h5')], { maxBytes: 1 });
  await truncate(at('gone.h5'), 100);
  const reader = new built.PhotoReader(table);
  await expect(reader.read(['a1'])).rejects.toMatchObject({ name: 'UserError', message: expect.stringMatching(/gone\.h5: the HDF5 file is truncated or damaged/) as unknown });
  const owed = reader.read(['a2']);
  await reader.close();
  await expect(owed).rejects.toThrow('gone.h5: photos asked for after close');
  await expect(reader.read(['a3'])).rejects.toThrow('after close');
});
