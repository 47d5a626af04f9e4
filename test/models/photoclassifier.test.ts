import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { floats, ints, sizeOf } from '../../src/core/hosttensor.ts';
import type { HostTensor } from '../../src/core/hosttensor.ts';
import { Random } from '../../src/core/random.ts';
import { photoClassifierParameters, photoClassifierSchema, photoFeatures, photoLogits, photoLoss } from '../../src/models/photoclassifier.ts';
import { initialValues } from '../../src/nn/parameters.ts';
import { expectSame, randomFloats, runtimes } from '../support/compare.ts';

const TABLE = { place: ['beach', 'farm', 'lake'], weather: ['rainy', 'sunny'] };
const TINY = photoClassifierSchema.parse({ size: 9, filters: [3, 4], features: 5 });

function parametersOf(options: typeof TINY, table: typeof TABLE): Record<string, HostTensor> {
  const definitions = photoClassifierParameters(options, table);
  const values = Object.fromEntries(initialValues(definitions, 1));
  return Object.fromEntries(Object.entries(definitions).map(([name, { shape }]) => [name, floats(values[name]!, shape)]));
}

test('features and scores have their shapes, for a side that halves unevenly', async () => {
  const { onnx } = await runtimes();
  const forward = onnx.jit((p: Record<string, tf.Tensor>, x: tf.Tensor) => {
    const features = photoFeatures(p, TINY, x as tf.Tensor4D);
    return { features, logits: photoLogits(p, TABLE, features) };
  });
  const { features, logits } = await forward(parametersOf(TINY, TABLE), randomFloats(new Random(1), [4, 3, 9, 9]));
  expect(features.shape).toEqual([4, 5]);
  expect(Math.min(...(features.data as Float32Array))).toBeGreaterThanOrEqual(0);
  expect([logits['place']!.shape, logits['weather']!.shape]).toEqual([[4, 3], [4, 2]]);
});

test('as many values as the equations say', () => {
  const options = photoClassifierSchema.parse({});
  const count = Object.values(photoClassifierParameters(options, TABLE)).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const convolutions = 75 * 16 + 16 + 9 * 16 * 32 + 32 + 9 * 32 * 48 + 48 + 9 * 48 * 64 + 64;
  const side = Math.ceil(options.size / 16);
  expect(count).toBe(convolutions + side * side * 64 * 128 + 128 + 128 * 5 + 5);
});

test('loss and gradients equal the CPU backend', async () => {
  const p = parametersOf(TINY, TABLE);
  const names = Object.keys(p);
  const fn = (parameters: Record<string, tf.Tensor>, photos: tf.Tensor, targets: Record<string, tf.Tensor>) => {
    const loss = (...xs: tf.Tensor[]): tf.Scalar =>
      photoLoss(Object.fromEntries(names.map((name, i) => [name, xs[i]!])), TINY, TABLE, photos as tf.Tensor4D, targets);
    return tf.valueAndGrads(loss)(names.map((name) => parameters[name]!));
  };
  const targets = { place: ints([0, 2, 1], [3]), weather: ints([1, 1, 0], [3]) };
  const { value } = (await expectSame(fn as never, [p, randomFloats(new Random(2), [3, 3, 9, 9]), targets])) as { value: HostTensor };
  expect((value.data as Float32Array)[0]).toBeGreaterThan(0);
});
