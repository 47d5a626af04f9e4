import * as tf from '@tensorflow/tfjs-core';
import { CUSTOM_KERNELS } from '../core/customkernels.ts';
import { customOp } from './customop.ts';

/** log softmax of the rows of x [n, v]; without a gradient of its own. */
export function logSoftmax(x: tf.Tensor2D): tf.Tensor2D {
  return tf.engine().runKernel(CUSTOM_KERNELS.logSoftmax, { x }) as tf.Tensor2D;
}

function takeAt(x: tf.Tensor2D, at: tf.Tensor1D): tf.Tensor1D {
  return tf.engine().runKernel(CUSTOM_KERNELS.takeAt, { x, at }) as tf.Tensor1D;
}

function subtractOneAt(x: tf.Tensor2D, at: tf.Tensor1D): tf.Tensor2D {
  return tf.engine().runKernel(CUSTOM_KERNELS.subtractOneAt, { x, at }) as tf.Tensor2D;
}

/**
 * Weighted negative log-likelihood of the targets under softmax(h kernel + bias), summed: sum_i w_i * -log p_i(target_i).
 *
 * The [rows, words] matrices are the largest of a step, so each is written once: log-softmax forward; backward its
 * exponential with one subtracted at the targets. The row weights are applied to the narrow side of the products.
 *
 * @param h [rows, units]
 * @param kernel [units, words]
 * @param bias [words]
 * @param targets [rows] int32
 * @param weights [rows]; 0 for rows that only pad
 */
export function softmaxLoss(h: tf.Tensor2D, kernel: tf.Tensor2D, bias: tf.Tensor1D, targets: tf.Tensor1D, weights: tf.Tensor1D): tf.Scalar {
  const forward = (x: tf.Tensor2D, w: tf.Tensor2D, b: tf.Tensor1D) => {
    const logProbabilities = logSoftmax(tf.add(tf.matMul(x, w), b));
    const value = tf.neg(tf.sum(tf.mul(takeAt(logProbabilities, targets), weights)));
    return { value, saved: [x, w, logProbabilities] as const };
  };
  return customOp([h, kernel, bias], forward, (dy, x, w, logProbabilities) => {
    const error = subtractOneAt(tf.exp(logProbabilities), targets);
    const scale = tf.mul(weights, dy) as tf.Tensor1D;
    const column = tf.reshape(scale, [-1, 1]);
    return [
      tf.mul(tf.matMul(error, w, false, true), column),
      tf.matMul(tf.mul(x, column) as tf.Tensor2D, error, true, false),
      tf.reshape(tf.matMul(tf.reshape(scale, [1, -1]) as tf.Tensor2D, error), [-1]),
    ];
  }) as tf.Scalar;
}

/** Mean cross-entropy of plain logits [rows, classes] against targets [rows] int32: for classifiers. */
export function crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor1D): tf.Scalar {
  const forward = (x: tf.Tensor2D) => {
    const logProbabilities = logSoftmax(x);
    return { value: tf.neg(tf.mean(takeAt(logProbabilities, targets))), saved: [logProbabilities] as const };
  };
  return customOp([logits], forward, (dy, logProbabilities) =>
    [tf.mul(subtractOneAt(tf.exp(logProbabilities), targets), tf.div(dy, targets.shape[0]))]) as tf.Scalar;
}
