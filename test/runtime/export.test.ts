import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { floats } from '../../src/core/hosttensor.ts';
import type { HostTensor } from '../../src/core/hosttensor.ts';
import { Random } from '../../src/core/random.ts';
import type { ExportOptions } from '../../src/runtime/export.ts';
import { exportModel } from '../../src/runtime/export.ts';
import { openSession } from '../../src/runtime/session.ts';
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

test('with a free batch axis one file serves every number of rows', async () => {
  const fn = await compiled();
  const session = await openSession(exportModel(fn.graph(P, photos(2)), { ...OPTIONS, batch: 'n' }), { device: 'cpu', threads: 1 });
  expect(session.inputs).toEqual([{ name: 'photos', shape: ['n', 6, 6, 3] }]);
  for (const n of [1, 2, 7]) {
    const x = photos(n);
    expectClose((await session.run({ photos: x }))['scores'], (await fn(P, x)).y, 1e-6);
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
  const one = fn.graph(P, photos(1));
  expect(() => exportModel(one, { ...OPTIONS, batch: 'n' })).toThrow('a batch of two or more');
});

test('a function that mixes rows keeps its batch size', async () => {
  const { onnx } = await runtimes();
  const options: ExportOptions = { constants: {}, inputs: { 0: 'x' }, batch: 'n' };
  const graphOf = (fn: (x: tf.Tensor) => tf.Tensor) => onnx.jit(fn).graph(photos(3));
  expect(() => exportModel(graphOf((x) => tf.mean(x, 0)), options)).toThrow('the batch axis cannot be left free: ReduceMean gives [6, 6, 3]');
  expect(() => exportModel(graphOf((x) => tf.mul(x, tf.fill([3, 6, 6, 3], 2))), options)).toThrow(/filled for it|cannot be left free/);
});
