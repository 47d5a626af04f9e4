import * as tf from '@tensorflow/tfjs-core';
import type { ParameterDefinitions, Parameters } from './parameters.ts';
import { get, heNormal, parameter, zeros } from './parameters.ts';

/** Filters [size, size, inputs, outputs] and a bias for each output channel, for a layer followed by ReLU. */
export function convolutionParameters(name: string, size: number, inputs: number, outputs: number): ParameterDefinitions {
  return { [`${name}.kernel`]: parameter([size, size, inputs, outputs], heNormal), [`${name}.bias`]: parameter([outputs], zeros) };
}

/**
 * Convolution with the borders filled with zeros ("same").
 * @param x [photos, height, width, inputs]
 * @returns [photos, ceil(height / stride), ceil(width / stride), outputs]
 */
export function convolution(p: Parameters, name: string, x: tf.Tensor4D, stride: number): tf.Tensor4D {
  return tf.add(tf.conv2d(x, get<tf.Tensor4D>(p, `${name}.kernel`), stride, 'same'), get(p, `${name}.bias`));
}
