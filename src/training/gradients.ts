import * as tf from '@tensorflow/tfjs-core';

export type Named = Record<string, tf.Tensor>;

/** A loss and its gradient by every named parameter; zeros where the loss does not depend on one. */
export function lossAndGradients(loss: (parameters: Named) => tf.Scalar, parameters: Named): { loss: tf.Tensor; gradients: Named } {
  const names = Object.keys(parameters);
  const ofTensors = (...tensors: tf.Tensor[]): tf.Scalar => loss(Object.fromEntries(names.map((name, i) => [name, tensors[i]!])));
  const { value, grads } = tf.valueAndGrads(ofTensors)(names.map((name) => parameters[name]!));
  return { loss: value, gradients: Object.fromEntries(names.map((name, i) => [name, grads[i] ?? tf.zerosLike(parameters[name]!)])) };
}
