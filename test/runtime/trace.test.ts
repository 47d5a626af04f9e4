import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { floats } from '../../src/core/hosttensor.ts';
import { runtimes } from '../support/compare.ts';

const X = floats([1, -2, 3, 4], [2, 2]);

test.each(['dataSync', 'arraySync', 'print', 'bool'] as const)('reading a value while tracing is told: %s', async (how) => {
  const { onnx } = await runtimes();
  const fn = onnx.jit((x: tf.Tensor) => {
    if (how === 'dataSync') return tf.mul(x, x.dataSync()[0]!);
    if (how === 'arraySync') return tf.mul(x, (x.arraySync() as number[][])[0]![0]!);
    if (how === 'print') x.print();
    return tf.greater(x, 0).dataSync()[0] ? x : tf.neg(x);
  });
  await expect(fn(X)).rejects.toThrow('a traced function read the value of a tensor');
});

test('using or returning a tensor made outside is told', async () => {
  const { onnx, cpu } = await runtimes();
  await cpu.jit((x: tf.Tensor) => x)(X);
  const outside = tf.tensor2d([[1, 2], [3, 4]]);
  for (const fn of [(x: tf.Tensor) => tf.add(x, outside), () => outside, () => tf.reshape(outside, [4]), (x: tf.Tensor) => tf.grads((a: tf.Tensor) => tf.sum(tf.mul(a, outside)))([x])[0]!]) {
    await expect(onnx.jit(fn)(X)).rejects.toThrow('a traced function used a tensor made outside it: pass it as an argument');
  }
  outside.dispose();
});

test('so is keeping a tensor of an earlier tracing', async () => {
  const { onnx } = await runtimes();
  let kept: tf.Tensor | undefined;
  const fn = onnx.jit((x: tf.Tensor) => tf.add(x, (kept ??= tf.keep(tf.exp(x)))));
  await fn(X);
  await expect(fn(floats([1, 2], [2]))).rejects.toThrow('a traced function used a tensor made outside it');
});

test('mistakes leave the backend that was in use, the scopes and the next function as they were', async () => {
  const { onnx, cpu } = await runtimes();
  await cpu.jit((x: tf.Tensor) => x)(X);
  const before = tf.memory().numTensors;
  await expect(onnx.jit((x: tf.Tensor) => tf.mul(x, x.dataSync()[0]!))(X)).rejects.toThrow();
  expect(tf.getBackend()).toBe('cpu');
  expect(tf.memory().numTensors).toBe(before);
  expect([...(await onnx.jit((x: tf.Tensor) => tf.neg(x))(X)).data]).toEqual([-1, 2, -3, -4]);
  expect([...tf.tidy(() => tf.add(tf.scalar(1), 2)).dataSync()]).toEqual([3]);
});
