import * as tf from '@tensorflow/tfjs-core';
import type { ParameterDefinitions, Parameters } from './parameters.ts';
import { get, glorotUniform, parameter, zeros } from './parameters.ts';

export function denseParameters(name: string, inputs: number, outputs: number): ParameterDefinitions {
  return { [`${name}.kernel`]: parameter([inputs, outputs], glorotUniform), [`${name}.bias`]: parameter([outputs], zeros) };
}

/** x [rows, inputs] -> [rows, outputs]. */
export function dense(p: Parameters, name: string, x: tf.Tensor): tf.Tensor2D {
  return tf.add(tf.matMul(x as tf.Tensor2D, get<tf.Tensor2D>(p, `${name}.kernel`)), get(p, `${name}.bias`));
}

/** Rows of a word table: ids [n] -> [n, size]. */
export function embed(p: Parameters, name: string, ids: tf.Tensor): tf.Tensor2D {
  return tf.gather(get<tf.Tensor2D>(p, name), ids as tf.Tensor1D);
}
