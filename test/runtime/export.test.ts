import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { floats } from '../../src/core/hosttensor.ts';
import type { HostTensor } from '../../src/core/hosttensor.ts';
import { Random } from '../../src/core/random.ts';
import { photoClassifierSchema } from '../../src/models/photoclassifier.ts';
import type { ExportOptions } from '../../src/runtime/export.ts';
import { exportModel } from '../../src/runtime/export.ts';
import type { FreeSizes } from '../../src/runtime/jit.ts';
import { openSession } from '../../src/runtime/session.ts';
import { PhotoNetwork } from '../../src/training/photonetwork.ts';
import { expectClose, randomFloats, runtimes } from '../support/compare.ts';

const random = new Random('export');
const P = { kernel: randomFloats(random, [3, 3, 3, 4]), weights: randomFloats(random, [36, 5]) };
const photos = (n: number): HostTensor => randomFloats(random, [n, 6, 6, 3]);
const constants = { '0.kernel': P.kernel, '0.weights': P.weights };
const OPTIONS: ExportOptions = { constants, inputs: { 1: 'photos' }, outputs: { 'out.y': 'scores' } };

type Named = Record<string, tf.Tensor>;
const network = (p: Named, x: tf.Tensor) => {
  const maps = tf.relu(tf.conv2d(x as tf.Tensor4D, p['kernel'] as tf.Tensor4D, 2, 'same'));
  return { y: tf.softmax(tf.matMul(tf.reshape(maps, [x.shape[0]!, 36]), p['weights'] as tf.Tensor2D)) };
};

const BATCH: FreeSizes<[Named, tf.Tensor]> = {
  of: ([, x]) => [x.shape[0]!],
  standIn: ([p, x], draw) => [p, { ...x, shape: [draw(), ...x.shape.slice(1)] }],
  axes: [{ name: 'n', input: '1', axis: 0 }],
};

async function compiled() {
  return (await runtimes()).onnx.jit(network);
}

test('the file gives what the compiled function gives, under its new names', async () => {
  const fn = await compiled();
  const x = photos(3);
  const session = await openSession(exportModel(fn.graph(P, x), OPTIONS), { device: 'cpu', threads: 1 });
  expect(session.inputs).toEqual([{ name: 'photos', shape: [3, 6, 6, 3] }]);
  expect(session.outputs).toEqual([{ name: 'scores', shape: [3, 5] }]);
  expectClose((await session.run({ photos: x }))['scores'], (await fn(P, x)).y, 1e-6);
});

test('sizes that are free in the graph are free in the file, under their names', async () => {
  const { onnx } = await runtimes();
  const fn = onnx.jit(network, { free: BATCH });
  const session = await openSession(exportModel(fn.graph(P, photos(2)), OPTIONS), { device: 'cpu', threads: 1 });
  expect(session.inputs).toEqual([{ name: 'photos', shape: ['n', 6, 6, 3] }]);
  expect(session.outputs).toEqual([{ name: 'scores', shape: ['n', 5] }]);
  for (const n of [1, 2, 7, 0]) {
    const x = photos(n);
    expectClose((await session.run({ photos: x }))['scores'], (await fn(P, x)).y, 1e-6);
  }
});

test('the file does not depend on the size it was made with', async () => {
  const { onnx } = await runtimes();
  const fn = onnx.jit(network, { free: BATCH });
  const [one, nine] = [1, 9].map((n) => exportModel(fn.graph(P, photos(n)), OPTIONS));
  expect(Buffer.from(one!).equals(nine!)).toBe(true);
});

test('axes that are multiples of a free size are named so, and two sizes are two names', async () => {
  const { onnx } = await runtimes();
  const rows = (n: number): HostTensor => randomFloats(random, [n, 3]);
  const free: FreeSizes<[tf.Tensor, tf.Tensor]> = {
    of: ([x, y]) => [x.shape[0]! / 5, y.shape[0]!],
    standIn: ([x, y], draw) => [{ ...x, shape: [5 * draw(), 3] }, { ...y, shape: [draw(), 3] }],
    axes: [{ name: 'n', input: '0', axis: 0, times: 5 }, { name: 'm', input: '1', axis: 0 }],
  };
  const fn = onnx.jit((x: tf.Tensor, y: tf.Tensor) => ({
    // Stories of five photos, and words: five times n photos, m words.
    sums: tf.sum(tf.reshape(x, [x.shape[0]! / 5, 5, 3]), 1), twice: tf.concat([y, y], 0), scores: tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D, false, true),
  }), { free });
  const bytes = exportModel(fn.graph(rows(5), rows(1)), { constants: {}, inputs: { 0: 'photos', 1: 'words' } });
  const session = await openSession(bytes, { device: 'cpu', threads: 1 });
  expect(session.inputs).toEqual([{ name: 'photos', shape: ['5 n', 3] }, { name: 'words', shape: ['m', 3] }]);
  expect(session.outputs).toEqual([{ name: 'out.sums', shape: ['n', 3] }, { name: 'out.twice', shape: ['2 m', 3] }, { name: 'out.scores', shape: ['5 n', 'm'] }]);
  for (const [n, m] of [[15, 4], [5, 1], [10, 0]] as const) {
    const [photosIn, words] = [rows(n), rows(m)];
    const { sums, twice, scores } = await fn(photosIn, words);
    expectClose(await session.run({ photos: photosIn, words }), { 'out.sums': sums, 'out.twice': twice, 'out.scores': scores }, 1e-6);
  }
});

test('later changes of the parameters do not reach the file; texts are kept in it', async () => {
  const fn = await compiled();
  const own = floats(new Float32Array(P.weights.data), [36, 5]);
  const bytes = exportModel(fn.graph(P, photos(2)), { ...OPTIONS, constants: { ...constants, '0.weights': own }, metadata: { labels: 'sun, rain' } });
  const before = Buffer.from(bytes);
  own.data.fill(0);
  expect(before.equals(bytes)).toBe(true);
  expect(before.includes('sun, rain')).toBe(true);
});

test('what does not fit is named', async () => {
  const fn = await compiled();
  const graph = fn.graph(P, photos(2));
  const attempt = (change: Partial<ExportOptions>) => () => exportModel(graph, { ...OPTIONS, ...change });
  expect(attempt({ constants: { ...constants, '0.weights': floats(new Float32Array(180), [5, 36]) } })).toThrow('0.weights is float32 [36, 5] in the graph, the constant is float32 [5, 36]');
  expect(attempt({ constants: { '0.kernel': P.kernel } })).toThrow('input 0.weights is neither a constant nor given a name');
  expect(attempt({ inputs: { 1: 'photos', 2: 'more' } })).toThrow('the graph has no input 2');
  expect(attempt({ outputs: { out: 'scores' } })).toThrow('the graph has no output out: it has out.y');
});

test('free sizes that no input tells must be given by the one who runs the file', async () => {
  const { onnx } = await runtimes();
  const free: FreeSizes<[tf.Tensor]> = { of: ([x]) => [x.shape[0]!], standIn: ([x], draw) => [{ ...x, shape: [draw(), 3] }] };
  const fn = onnx.jit((x: tf.Tensor) => tf.zeros([x.shape[0]!, 2]), { free });
  const recorded = fn.graph(floats([1, 2, 3], [1, 3]));
  expect(() => exportModel(recorded, { constants: {}, inputs: { 0: 'x' } })).toThrow('input sizes is neither a constant nor given a name');
  const session = await openSession(exportModel(recorded, { constants: {}, inputs: { 0: 'x', sizes: 'rows' } }), { device: 'cpu', threads: 1 });
  const rows: HostTensor = { dtype: 'int64', shape: [1], data: BigInt64Array.of(4n) };
  expect((await session.run({ x: floats(new Float32Array(12), [4, 3]), rows }))['out']).toEqual(floats(new Float32Array(8), [4, 2]));
});

test('a photo classifier is written for any number of photos', async () => {
  const { onnx } = await runtimes();
  const network = new PhotoNetwork(onnx, photoClassifierSchema.parse({ size: 9, filters: [3, 4], features: 5 }), { place: ['beach', 'farm', 'lake'], weather: ['rainy', 'sunny'] }, 0);
  network.initialise(1);
  const session = await openSession(network.exportOnnx(), { device: 'cpu', threads: 1 });
  expect(session.inputs).toEqual([{ name: 'photos', shape: ['n', 3, 9, 9] }]);
  expect(session.outputs).toEqual([{ name: 'features', shape: ['n', 5] }, { name: 'answers', shape: ['n', 5] }]);
  for (const n of [1, 4]) {
    const x = randomFloats(random, [n, 3, 9, 9]);
    const { features, answers } = await session.run({ photos: x });
    expectClose(features, (await network.forward(x)).features, 1e-6);
    const sums = Array.from({ length: n }, (_, row) => (answers!.data as Float32Array).subarray(5 * row, 5 * row + 5).reduce((a, b) => a + b, 0));
    for (const sum of sums) expect(sum).toBeCloseTo(2, 5);
  }
});
