import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { encodeSafetensors } from '../../src/io/safetensors.ts';
import { TensorFile, tensorHeader } from '../../src/io/tensorfile.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-tensorfile-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

test('what encodeSafetensors writes is read at its place', async () => {
  const path = join(folder, 'small.safetensors');
  await writeFile(path, encodeSafetensors({ a: { dtype: 'F32', shape: [2], data: Float32Array.of(1, 2) }, b: { dtype: 'F32', shape: [2, 2], data: Float32Array.of(3, 4, 5, 6) } }, { by: 'test' }));
  const file = await TensorFile.open(path);
  const { start, bytes, shape } = file.tensor('b', 'F32', 2);
  expect([bytes, shape]).toEqual([16, [2, 2]]);
  const row = new Float32Array(2);
  file.readNow(new Uint8Array(row.buffer), start + 8);
  expect([...row]).toEqual([5, 6]);
  await file.read(new Uint8Array(row.buffer), start);
  expect([...row]).toEqual([3, 4]);
  expect(() => file.tensor('c', 'F32', 2)).toThrow(`${path}: it has no tensor c; there are a, b`);
  expect(() => file.tensor('a', 'F32', 2)).toThrow(`${path}: tensor a is F32 [2]; F32 of 2 dimensions is needed`);
  expect(() => file.tensor('b', 'I8', 2)).toThrow(UserError);
  await truncate(path, start + 8);
  expect(() => file.readNow(new Uint8Array(8), start + 4)).toThrow(/it was cut to \d+ bytes while in use/);
  await expect(file.read(new Uint8Array(8), start + 4)).rejects.toThrow(/it was cut to \d+ bytes while in use/);
  await file.close();
});

test('a file of 5 GiB, of which only a row is there', async () => {
  const path = join(folder, 'large.safetensors');
  const rows = 5 * 2 ** 20;
  const header = tensorHeader({ codes: { dtype: 'I8', shape: [3] }, vectors: { dtype: 'F32', shape: [rows, 256] } });
  const last = header.length + 3 + (rows - 1) * 1024;
  const handle = await open(path, 'w');
  await handle.write(header, 0, header.length, 0);
  await handle.write(new Uint8Array(Float32Array.from({ length: 256 }, (_, i) => i).buffer), 0, 1024, last);
  await handle.close();
  const file = await TensorFile.open(path);
  const { start, bytes } = file.tensor('vectors', 'F32', 2);
  expect([start + (rows - 1) * 1024, bytes]).toEqual([last, 5 * 2 ** 30]);
  const row = new Float32Array(256);
  file.readNow(new Uint8Array(row.buffer), last);
  expect([row[0], row[255]]).toEqual([0, 255]);
  await file.close();
});

test('broken files: one line', async () => {
  const path = join(folder, 'broken.safetensors');
  const whole = Buffer.concat([tensorHeader({ a: { dtype: 'F64', shape: [2] } }), new Uint8Array(16)]);
  const problem = async (bytes: Uint8Array): Promise<string> => {
    await writeFile(path, bytes);
    const error: unknown = await TensorFile.open(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message.replace(`${path}: `, '');
  };
  expect(await problem(whole.subarray(0, -1))).toBe(`truncated: ${whole.length - 1} bytes, its header describes ${whole.length}; copy or make it again`);
  expect(await problem(Buffer.concat([whole, new Uint8Array(2)]))).toContain('too long');
  expect(await problem(new Uint8Array(0))).toBe('not a safetensors file');
  expect(await problem(new Uint8Array(100).fill(255))).toBe('not a safetensors file');
  expect(await problem(whole.subarray(0, 20))).toContain('truncated in its header');
  expect(await problem(Buffer.from(whole.toString('latin1').replace('F64', 'BF8'), 'latin1'))).toContain('tensor a: dtype BF8 is not supported');
  await expect(TensorFile.open(join(folder, 'none'))).rejects.toThrow(`${join(folder, 'none')}: cannot read vectors: no such file or folder`);
  await expect(TensorFile.open(folder)).rejects.toThrow(/it is a folder/);
});
