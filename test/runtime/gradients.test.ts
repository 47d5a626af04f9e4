import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { floats } from '../../src/core/hosttensor.ts';
import { runtimes } from '../support/compare.ts';

test('equal largest values share the gradient of max, which sums to that of the result', async () => {
  const gradient = (x: tf.Tensor, dy: tf.Tensor): tf.Tensor => tf.grads((a: tf.Tensor) => tf.sum(tf.mul(tf.max(a, 1), dy)))([x])[0]!;
  const x = floats([3, 1, 3, 0, 2, 2, 2, 5], [2, 4]);
  const ties = floats([7, 7, 7, 7], [1, 4]);
  for (const runtime of Object.values(await runtimes())) {
    const compiled = runtime.jit(gradient);
    expect([...(await compiled(x, floats([2, 4], [2]))).data]).toEqual([1, 0, 1, 0, 0, 0, 0, 4]);
    expect([...(await compiled(ties, floats([1], [1]))).data]).toEqual([0.25, 0.25, 0.25, 0.25]);
  }
});
