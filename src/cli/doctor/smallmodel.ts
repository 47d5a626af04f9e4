import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { floats } from '../../core/hosttensor.ts';
import { Optimizer, optimizerSchema } from '../../optim/optimizer.ts';
import { ParameterArena } from '../../runtime/arena.ts';
import type { RuntimeOptions } from '../../runtime/jit.ts';
import { openRuntime } from '../../runtime/jit.ts';

/** The TensorFlow package that `--backend tensorflow` has loaded. */
export interface Binding {
  readonly name: string;
  readonly version: string;
  /** The folder whose node_modules hold it. */
  readonly folder: string;
}

/**
 * One step of training of a model with two weights whose figures are known: forward pass and gradients by the runtime,
 * the update by the optimiser's WebAssembly.
 * @throws UserError when the backend or device is not there, Error when it computes something else
 */
export async function trainOnce(options: Partial<RuntimeOptions>): Promise<void> {
  const runtime = await openRuntime({ threads: 1, ...options });
  try {
    const arena = new ParameterArena({ w: { shape: [2, 1], trainable: true } }, 1);
    arena.values['w']!.data.set([1, 2]);
    const step = runtime.jit((w: tf.Tensor2D, x: tf.Tensor2D, y: tf.Tensor2D) => {
      const { value, grad } = tf.valueAndGrad((weights: tf.Tensor2D) => tf.sum<tf.Scalar>(tf.square(tf.sub(tf.matMul(x, weights), y))))(w);
      return { loss: value, gradient: grad };
    });
    const { loss, gradient } = await step(arena.values['w']!, floats([1, 2, 3, 4], [2, 2]), floats([1, 1], [2, 1]));
    arena.gradients.tensors['w']!.data.set(gradient.data as Float32Array);
    const optimizer = await Optimizer.open(arena, optimizerSchema.parse({ name: 'sgd', learning_rate: 0.01, clip_value: null }));
    optimizer.update();
    requireClose('the loss', loss.data as Float32Array, [116]);
    requireClose('the gradient', gradient.data as Float32Array, [68, 96]);
    requireClose('the update', arena.values['w']!.data, [0.32, 1.04]);
  } finally {
    await runtime.dispose();
  }
}

function requireClose(what: string, found: Float32Array, expected: readonly number[]): void {
  // Loose enough for a GPU, far from what a broken driver gives.
  const close = expected.every((value, i) => Math.abs(found[i]! - value) <= 1e-3 * Math.abs(value));
  if (!close) throw new Error(`it computes wrongly: ${what} of a small model is ${[...found].join(', ')} instead of ${expected.join(', ')}`);
}

/** Asked of Node, which has just loaded it: where it is searched is the runtime's business. */
export async function loadedBinding(): Promise<Binding> {
  const inside = join('node_modules', '@tensorflow', 'tfjs-node');
  const file = Object.keys(createRequire(import.meta.url).cache).find((path) => path.includes(`${inside}${sep}`) || path.includes(`${inside}-gpu${sep}`));
  if (file === undefined) throw new Error('TensorFlow works but cannot be found among the loaded modules');
  const folder = file.slice(0, file.indexOf(sep, file.indexOf(inside) + inside.length));
  const { name, version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { name: string; version: string };
  return { name, version, folder: dirname(dirname(dirname(folder))) };
}
