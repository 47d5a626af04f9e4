import * as tf from '@tensorflow/tfjs-core';

/**
 * An operation with its gradient written by hand.
 * @param forward the value, and the tensors that the gradient needs
 * @param backward the gradient of each input
 */
export function customOp<I extends readonly tf.Tensor[], S extends readonly tf.Tensor[]>(
  inputs: readonly [...I],
  forward: (...inputs: I) => { value: tf.Tensor; saved: readonly [...S] },
  backward: (dy: tf.Tensor, ...saved: S) => tf.Tensor[],
): tf.Tensor {
  const op = tf.customGrad((...args) => {
    const save = args.pop() as unknown as (tensors: tf.Tensor[]) => void;
    const { value, saved } = forward(...(args as unknown as I));
    save([...saved]);
    return { value, gradFunc: (dy: tf.Tensor, kept: tf.Tensor[]) => backward(dy, ...(kept as unknown as S)) };
  });
  return op(...inputs);
}
