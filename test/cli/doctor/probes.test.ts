import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { listLibraries } from '../../../src/cli/doctor/libraries.ts';
import { describeMachine } from '../../../src/cli/doctor/machine.ts';
import { readSamples } from '../../../src/cli/doctor/samples.ts';
import { trainOnce } from '../../../src/cli/doctor/smallmodel.ts';
import { measureProducts } from '../../../src/cli/doctor/speed.ts';
import { UserError } from '../../../src/core/errors.ts';

test('the small model trains, also on the backend for checking', async () => {
  await trainOnce({ backend: 'onnx' });
  await trainOnce({ backend: 'cpu' });
});

test('a backend that is not there refuses', async () => {
  const before = process.env['FABULA_TENSORFLOW'];
  process.env['FABULA_TENSORFLOW'] = tmpdir();
  try {
    await expect(trainOnce({ backend: 'tensorflow' })).rejects.toThrow(UserError);
  } finally {
    if (before === undefined) delete process.env['FABULA_TENSORFLOW'];
    else process.env['FABULA_TENSORFLOW'] = before;
  }
});

test('the three formats that photos come in are read, and the samples of the others are not', async () => {
  expect(await readSamples()).toEqual({ JPEG: true, PNG: true, WebP: true, AVIF: false, HEIC: false });
});

test('speed is measured for each product with each number of threads', async () => {
  const speeds = await measureProducts([[64, 32, 16], [8, 8, 8]], [1, 2], 0.04);
  expect(speeds.map(({ shape, threads }) => [shape.join('x'), threads])).toEqual([['64x32x16', 1], ['64x32x16', 2], ['8x8x8', 1], ['8x8x8', 2]]);
  for (const { gflops } of speeds) expect(gflops).toBeGreaterThan(0);
  expect(Math.max(...speeds.map(({ gflops }) => gflops))).toBeLessThan(5000);
});

test('libraries are found as installed, a missing one has no version', async () => {
  const installed = await listLibraries();
  expect(installed.map(({ name }) => name)).toEqual(['onnxruntime-node', '@tensorflow/tfjs-core', 'sharp', 'libvips', 'h5wasm']);
  for (const { name, version } of installed) expect(version, name).toMatch(/^\d+\.\d+/);

  const folder = await mkdtemp(join(tmpdir(), 'fabula-libraries-'));
  try {
    const file = join(folder, 'node_modules/@tensorflow/tfjs-core/package.json');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, '{"version": "9.8.7"}');
    const found = await listLibraries(join(folder, 'program.js'));
    expect(Object.fromEntries(found.map(({ name, version }) => [name, version]))).toEqual({ 'onnxruntime-node': null, '@tensorflow/tfjs-core': '9.8.7', sharp: null, libvips: null, h5wasm: null });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the disk is that of the nearest folder that exists', async () => {
  const { disk, memory, processor } = await describeMachine(join(tmpdir(), 'none', 'of', 'these'));
  expect(disk).toMatchObject({ path: join(tmpdir(), 'none', 'of', 'these'), writable: true });
  expect(disk.free).toBeGreaterThan(0);
  expect(memory.free).toBeLessThanOrEqual(memory.total);
  expect(processor.threads).toBeGreaterThan(0);
});
