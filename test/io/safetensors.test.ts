import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, readSafetensors, writeSafetensors } from '../../src/io/safetensors.ts';
import type { SafeTensor } from '../../src/io/safetensors.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-safetensors-'));
const tensors: Record<string, SafeTensor> = {
  w: { dtype: 'F32', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6.5) },
  step: { dtype: 'I32', shape: [], data: Int32Array.of(-7) },
  none: { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) },
};

test('write, read: names, order, shapes, values, metadata', async () => {
  const path = join(folder, 'w.safetensors');
  await writeSafetensors(path, tensors, { format: 'fabula', note: 'é' });
  const file = await readSafetensors(path);
  expect([...file.tensors.keys()]).toEqual(['w', 'step', 'none']);
  expect(file.tensors.get('w')).toEqual(tensors['w']);
  expect(file.tensors.get('step')!.data).toEqual(Int32Array.of(-7));
  expect(file.tensors.get('none')!.shape).toEqual([0, 4]);
  expect(file.metadata).toEqual({ format: 'fabula', note: 'é' });
});

test('aligned data is viewed, not copied; unaligned data is copied', () => {
  const bytes = encodeSafetensors(new Map(Object.entries(tensors)));
  const view = decodeSafetensors(bytes, 'x').tensors.get('w')!.data;
  expect(view.buffer).toBe(bytes.buffer);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  const copy = decodeSafetensors(shifted.subarray(1), 'x').tensors.get('w')!.data;
  expect(copy.buffer).not.toBe(shifted.buffer);
  expect(copy).toEqual(view);
});

test('a file cut anywhere is refused, with its name', () => {
  const bytes = encodeSafetensors(tensors);
  for (let length = 0; length < bytes.length; length++) {
    expect(() => decodeSafetensors(bytes.subarray(0, length), 'cut.safetensors')).toThrow(/^cut\.safetensors: (truncated|not a)/);
  }
  const longer = new Uint8Array(bytes.length + 4);
  longer.set(bytes);
  expect(() => decodeSafetensors(longer, 'x')).toThrow('x: 4 bytes more than the header describes');
});

test('headers that lie are refused', async () => {
  const forge = (entry: unknown): Uint8Array => {
    const json = new TextEncoder().encode(JSON.stringify({ w: entry }).padEnd(120));
    const bytes = new Uint8Array(8 + json.length + 16);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
    bytes.set(json, 8);
    return bytes;
  };
  const read = (entry: unknown) => (): unknown => decodeSafetensors(forge(entry), 'f');
  expect(read({ dtype: 'BF16', shape: [4], data_offsets: [0, 8] })).toThrow('f: tensor w: dtype BF16 is not supported; convert the file to F32');
  expect(read({ dtype: 'F32', shape: [5], data_offsets: [0, 16] })).toThrow('f: tensor w: data_offsets 0 to 16 do not fit shape [5]');
  expect(read({ dtype: 'F32', shape: [-4], data_offsets: [0, 16] })).toThrow('its shape is not a list of counts');
  expect(read({ dtype: 'F32', shape: [4], data_offsets: [4, 20] })).toThrow('f: truncated in tensor w');
  expect(read(null)).toThrow('dtype undefined');
  await writeFile(join(folder, 'no.safetensors'), 'plain words, not tensors');
  await expect(readSafetensors(join(folder, 'no.safetensors'))).rejects.toThrow(/no\.safetensors: not a safetensors file$/);
  await expect(readSafetensors(join(folder, 'absent'))).rejects.toThrow(/absent: cannot read weights: no such file/);
});
