import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { Optimizer, optimizerSchema } from '../../src/optim/optimizer.ts';
import type { Runtime } from '../../src/runtime/jit.ts';
import { openRuntime } from '../../src/runtime/jit.ts';
import { StoryNetwork, previousForm, stepSeed } from '../../src/training/network.ts';
import { FEATURES, smallBatches, smallModel, STEPS, WORDS } from '../models/storybatch.ts';
import { expectClose } from '../support/compare.ts';

/** The binding, where `.ci/tensorflow.sh` builds it or `FABULA_TENSORFLOW` says. */
const built = fileURLToPath(new URL('../../.ci/work/tensorflow', import.meta.url));
if (!process.env['FABULA_TENSORFLOW'] && existsSync(`${built}/built`)) process.env['FABULA_TENSORFLOW'] = built;
const present = process.env['FABULA_TENSORFLOW'] !== undefined;
if (!present) process.stdout.write('skipped: --backend tensorflow is not tested, @tensorflow/tfjs-node is not built (.ci/tensorflow.sh builds it)\n');

const SIZES = { features: FEATURES, vocabulary: WORDS, steps: STEPS };
const ADAM = optimizerSchema.parse({ name: 'adam', learning_rate: 1e-2, clip_value: 5 });

const VARIANTS: Record<string, Record<string, unknown>> = {
  'encoder-decoder': { name: 'encoder-decoder' },
  'encoder-decoder, three layers, lstm': { name: 'encoder-decoder', cell: { type: 'lstm' }, photos: { layers: 3 }, decoder: { layers: 3 } },
  'without masking, reversed': { name: 'encoder-decoder', photos: { last: 4, masking: false, reverse: true } },
  'previous sentence': { name: 'previous-sentence' },
  'previous sentence, lstm': { name: 'previous-sentence', cell: { type: 'lstm' } },
  'previous sentence, reset before, hard gates': { name: 'previous-sentence', cell: { reset: 'before', gates: 'hard' } },
  'previous sentence by cnn': { name: 'previous-sentence', previous: { encoder: 'cnn' } },
  attention: { name: 'attention' },
  'attention concat': { name: 'attention', attention: { score: 'concat' }, decoder: { layers: 2 } },
  'attention as coded': { name: 'attention', attention: { score: 'rank-one', feed: 'state' }, previous: { mask: false } },
  'dropout everywhere': { name: 'previous-sentence', dropout: { photos: 0.2, words: 0.2, previous: 0.2, recurrent: 0.2, output: 0.2 } },
};

/** Loss and gradients of the first step, then losses and weights over five more. */
async function train(runtime: Runtime, options: Record<string, unknown>) {
  const model = smallModel(options);
  const batches = smallBatches(previousForm(model));
  const network = new StoryNetwork(runtime, model, SIZES, 2);
  network.initialise(3);
  const optimizer = await Optimizer.open(network.arena, ADAM);
  const losses = [await network.lossAndGradients(batches.pack([2, 5, 0]), 11)];
  const gradients = structuredClone(network.arena.gradients.tensors);
  for (let step = 1; step <= 5; step++) {
    losses.push(await network.lossAndGradients(batches.pack([step % 7, (step + 3) % 7]), stepSeed(1, step)));
    optimizer.update();
  }
  return { losses, gradients, weights: network.arena.trainable.tensors, summed: await network.summedLoss(batches.pack([1, 4])) };
}

describe.skipIf(!present)('the tensorflow backend', () => {
  for (const [name, options] of Object.entries(VARIANTS)) {
    test(`${name}: loss, gradients and five steps of Adam equal onnx`, async () => {
      const tensorflow = await train(await openRuntime({ backend: 'tensorflow' }), options);
      expect(tf.getBackend()).toBe('tensorflow');
      const onnx = await train(await openRuntime({ threads: 1 }), options);
      tensorflow.losses.forEach((loss, i) => expect(Math.abs(loss - onnx.losses[i]!), `loss ${i}`).toBeLessThan(1e-5));
      expect(Math.abs(tensorflow.summed / onnx.summed - 1)).toBeLessThan(1e-5);
      expectClose(tensorflow.gradients, onnx.gradients, 1e-5, 'gradient');
      expectClose(tensorflow.weights, onnx.weights, 1e-5, 'weight');
    });
  }

  test('tensors are freed after every call', async () => {
    const runtime = await openRuntime({ backend: 'tensorflow' });
    const model = smallModel({ name: 'attention' });
    const network = new StoryNetwork(runtime, model, SIZES, 0);
    network.initialise(3);
    const batch = smallBatches(previousForm(model)).pack([2, 5, 0]);
    await network.lossAndGradients(batch, 1);
    const before = tf.memory();
    for (let i = 0; i < 3; i++) await network.lossAndGradients(batch, i);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers);
  });

  test('results belong to the caller and are written where asked', async () => {
    const runtime = await openRuntime({ backend: 'tensorflow' });
    const double = runtime.jit((x: tf.Tensor) => ({ y: tf.mul(x, 2), n: tf.argMax(x) }));
    const x = { dtype: 'float32' as const, shape: [3], data: Float32Array.of(1, 5, 3) };
    const into = { y: { dtype: 'float32' as const, shape: [3], data: new Float32Array(3) } };
    const result = await double.call([x] as never, { into } as never);
    expect(result.y).toBe(into.y);
    expect([...into.y.data]).toEqual([2, 10, 6]);
    expect(result.n).toMatchObject({ dtype: 'int32', data: Int32Array.of(1) });
    expect([...x.data]).toEqual([1, 5, 3]);
  });
});
