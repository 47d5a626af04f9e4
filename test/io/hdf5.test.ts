import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as h5wasm from 'h5wasm/node';
import { expect, test, vi } from 'vitest';
import { readHdf5, writeHdf5 } from '../../src/io/hdf5.ts';
import { readingProblem } from '../../src/io/hdf5errors.ts';
import { decodeStrings } from '../../src/io/hdf5values.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-hdf5-'));
const at = (name: string): string => join(folder, name);

async function writeSample(path: string, rows = 6): Promise<void> {
  await writeHdf5(path, (file) => {
    file.numbers('x', Float32Array.from({ length: rows * 3 }, (_, i) => i / 2), [rows, 3], {
      chunkRows: 4,
      attributes: { cnn: 'Alex é', count: 3, means: [1.5, 2] },
    });
    file.numbers('ids', Int32Array.of(1, -2, 2147483647));
    file.strings('names', ['a', 'bé', '', 'four'], [2, 2]);
    file.attributes({ title: 'sample' });
  });
}

test('everything written is read back: rows, attributes, texts', async () => {
  await writeSample(at('a.h5'));
  await readHdf5(at('a.h5'), (file) => {
    expect(file.keys()).toEqual(['ids', 'names', 'x']);
    expect(file.shape('x')).toEqual([6, 3]);
    expect(file.floats('x', { rank: 2, rows: [2, 4] })).toEqual(Float32Array.of(3, 3.5, 4, 4.5, 5, 5.5));
    expect(file.floats('x')).toHaveLength(18);
    expect([...file.ints('ids')]).toEqual([1, -2, 2147483647]);
    expect(file.strings('names')).toEqual(['a', 'bé', '', 'four']);
    expect(file.strings('names', { rows: [1, 2] })).toEqual(['', 'four']);
    expect(file.attributes('x')).toEqual({ cnn: 'Alex é', count: 3, means: [1.5, 2] });
    expect(file.attributes()).toEqual({ title: 'sample' });
  });
});

test('what other programs write opens: fixed-length texts, float64, 64-bit ids, UTF-8 marked ASCII', async () => {
  const file = new h5wasm.File(at('other.h5'), 'w');
  file.create_dataset({ name: 'fixed', data: ['12', 'abc'], dtype: 'S8' });
  file.create_dataset({ name: 'doubles', data: Float64Array.of(0.5, 2), dtype: '<d' });
  file.create_dataset({ name: 'longs', data: BigInt64Array.of(7n, 9007199254740991n), dtype: '<q' });
  file.close();
  await readHdf5(at('other.h5'), (other) => {
    expect(other.strings('fixed')).toEqual(['12', 'abc']);
    expect(other.floats('doubles')).toEqual(Float32Array.of(0.5, 2));
    expect(other.strings('longs')).toEqual(['7', '9007199254740991']);
    expect(other.ints('longs', { rows: [0, 1] })).toEqual(Int32Array.of(7));
    expect(() => other.ints('longs')).toThrow('other.h5: dataset longs: value 9007199254740991 at place 1 is not a 32-bit integer');
  });
});

test('bytes that Python 2 marked ASCII are read as UTF-8 where they are UTF-8', () => {
  const marked = { type: 3, cset: 0, vlen: true };
  expect(decodeStrings(['caf\xc3\xa9', 'plain', 'caf\xe9'], marked)).toEqual(['café', 'plain', 'café']);
  expect(decodeStrings(['caf\xc3\xa9'], { ...marked, cset: 1 })).toEqual(['caf\xc3\xa9']);
});

test('empty datasets keep their shape', async () => {
  await writeHdf5(at('empty.h5'), (file) => {
    file.numbers('x', new Float32Array(0), [0, 4]);
    file.strings('s', [], [0, 5]);
  });
  await readHdf5(at('empty.h5'), (file) => {
    expect(file.shape('x')).toEqual([0, 4]);
    expect(file.floats('x')).toHaveLength(0);
    expect(file.strings('s', { rank: 2 })).toEqual([]);
  });
});

test('each mistake is one line with file and dataset, and HDF5 itself prints nothing', async () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
  const written = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  try {
    const open = (name: string): Promise<unknown> => readHdf5(at(name), (file) => file.floats('x'));
    await expect(open('none.h5')).rejects.toThrow(/none\.h5: cannot read HDF5 file: no such file/);
    await writeFile(at('text.h5'), 'this is no HDF5 file, whatever its name says');
    await expect(open('text.h5')).rejects.toThrow(/text\.h5: not an HDF5 file$/);
    await writeFile(at('zero.h5'), '');
    await expect(open('zero.h5')).rejects.toThrow(/zero\.h5: not an HDF5 file$/);
    await writeSample(at('whole.h5'), 4000);
    const bytes = await readFile(at('whole.h5'));
    await writeFile(at('cut.h5'), bytes.subarray(0, 20000));
    await expect(open('cut.h5')).rejects.toThrow(
      new RegExp(`cut\\.h5: the HDF5 file is truncated or damaged \\(20000 of ${bytes.length} bytes\\); copy or make it again$`));
    await expect(readHdf5(at('whole.h5'), (file) => file.floats('y'))).rejects.toThrow('whole.h5: no dataset y; it holds ids, names, x');
    await expect(readHdf5(at('whole.h5'), (file) => file.floats('names'))).rejects.toThrow(
      'whole.h5: dataset names holds string values; float or integer values are needed');
    await expect(readHdf5(at('whole.h5'), (file) => file.ints('x'))).rejects.toThrow('dataset x: value 0.5 at place 1');
    await expect(readHdf5(at('whole.h5'), (file) => file.floats('x', { rank: 3 }))).rejects.toThrow(
      'dataset x has shape [4000, 3]; 3 dimension(s) are needed');
    expect(printed).not.toHaveBeenCalled();
    expect(written).not.toHaveBeenCalled();
  } finally {
    printed.mockRestore();
    written.mockRestore();
  }
});

test('a write that fails leaves the old file and nothing beside it', async () => {
  await writeSample(at('keep.h5'));
  const before = await readFile(at('keep.h5'));
  await expect(writeHdf5(at('keep.h5'), (file) => {
    file.numbers('x', Float32Array.of(1));
    throw new Error('power cut');
  })).rejects.toThrow('power cut');
  expect(await readFile(at('keep.h5'))).toEqual(before);
  expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  await writeFile(at('plain'), '');
  await expect(writeHdf5(join(at('plain'), 'x.h5'), () => {})).rejects.toThrow(/cannot write HDF5 file/);
});

test('values in bytes overwritten on the disk are reported, not guessed', async () => {
  await writeSample(at('hurt.h5'));
  const bytes = await readFile(at('hurt.h5'));
  bytes.fill(0xff, 96, 800);
  await writeFile(at('hurt.h5'), bytes);
  await expect(readHdf5(at('hurt.h5'), (file) => file.floats('x'))).rejects.toThrow(/hurt\.h5: .*(damaged|no dataset)/);
});

test('a half-precision dataset says what to do', () => {
  expect(readingProblem('f.h5', 'x', new Error('Float16 not supported')).message).toBe('f.h5: dataset x holds float16 values; save them as float32');
});

test('large data is written in blocks and read back by row', async () => {
  const rows = 300;
  const data = new Float32Array(rows * 65536);
  for (let row = 0; row < rows; row++) data[row * 65536] = row;
  await writeHdf5(at('large.h5'), (file) => file.numbers('x', data, [rows, 65536]));
  await readHdf5(at('large.h5'), (file) => {
    expect(file.shape('x')).toEqual([rows, 65536]);
    expect(file.floats('x', { rows: [299, 300] })[0]).toBe(299);
    const all = file.floats('x');
    expect([all[0], all[150 * 65536], all[299 * 65536]]).toEqual([0, 150, 299]);
  });
});

test('rows are written part by part, of any size, and none too many', async () => {
  await writeHdf5(at('parts.h5'), (file) => {
    const rows = file.rows('x', [5, 2, 3], { attributes: { cnn: 'c' } });
    rows.append(Float32Array.from({ length: 12 }, (_, i) => i));
    expect(rows.written).toBe(2);
    rows.append(Float32Array.from({ length: 18 }, (_, i) => 12 + i));
    expect(() => rows.append(new Float32Array(6))).toThrow('6 values after 5 of 5 rows of 6');
    expect(() => file.rows('y', [4, 3]).append(new Float32Array(4))).toThrow('4 values after 0 of 4 rows of 3');
    file.rows('empty', [0, 3]);
  });
  await readHdf5(at('parts.h5'), (file) => {
    expect([file.shape('x'), file.shape('empty'), file.attributes('x')]).toEqual([[5, 2, 3], [0, 3], { cnn: 'c' }]);
    expect(file.floats('x')).toEqual(Float32Array.from({ length: 30 }, (_, i) => i));
    expect(file.floats('x', { rows: [1, 2] })).toEqual(Float32Array.of(6, 7, 8, 9, 10, 11));
  });
});
