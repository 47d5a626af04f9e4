import * as tf from '@tensorflow/tfjs-core';
import { CUSTOM_KERNELS } from '../core/customkernels.ts';

/** A mask of 0 (chance `rate`) and 1 / (1 - rate), drawn anew at each call of the compiled function. */
export function dropoutMask(shape: readonly number[], rate: number): tf.Tensor {
  return tf.engine().runKernel(CUSTOM_KERNELS.dropoutMask, {}, { shape: [...shape], keep: 1 - rate });
}

/** Inverted dropout; the input itself when the rate is 0 or the model is not training. */
export function dropout<T extends tf.Tensor>(x: T, rate: number, training: boolean): T {
  return training && rate > 0 ? tf.mul(x, dropoutMask(x.shape, rate)) : x;
}
