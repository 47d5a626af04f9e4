import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { convolution, convolutionParameters } from '../nn/convolution.ts';
import { dense, denseParameters } from '../nn/dense.ts';
import { crossEntropy } from '../nn/losses.ts';
import type { ParameterDefinitions, Parameters } from '../nn/parameters.ts';

/**
 * Task: what a photo shows, one answer a question (subject, place, weather, ...); its last hidden layer gives features.
 * Paper: a small relative of AlexNet (Krizhevsky et al. 2012); strides in place of pooling (Springenberg et al. 2015).
 * Equations: x_l = relu(conv_l(x_{l-1})), f = relu(W vec(x_L) + b), p(label of question q) = softmax(W_q f + b_q).
 */
export const photoClassifierSchema = z.strictObject({
  size: z.int().min(8).default(96).describe('photos are resized to size x size pixels'),
  filters: z.array(z.int().min(1)).min(1).default([16, 32, 48, 64]).describe('filters of each convolution; each halves height and width'),
  first: z.int().min(1).default(5).describe('side of the filters of the first convolution, in pixels'),
  rest: z.int().min(1).default(3).describe('side of the filters of the others'),
  features: z.int().min(1).default(128).describe('width of the last hidden layer'),
});
export type PhotoClassifierOptions = z.infer<typeof photoClassifierSchema>;

/** The answers that each question can have; a label is the answer's place in its list. */
export type LabelTable = Readonly<Record<string, readonly string[]>>;

export function photoClassifierParameters(o: PhotoClassifierOptions, labels: LabelTable): ParameterDefinitions {
  const layers = o.filters.map((outputs, i) =>
    convolutionParameters(`conv${i}`, i === 0 ? o.first : o.rest, i === 0 ? 3 : o.filters[i - 1]!, outputs));
  const side = o.filters.reduce((n) => Math.ceil(n / 2), o.size);
  const heads = Object.entries(labels).map(([question, answers]) => denseParameters(`head.${question}`, o.features, answers.length));
  return Object.assign({}, ...layers, denseParameters('features', side * side * o.filters.at(-1)!, o.features), ...heads) as ParameterDefinitions;
}

/** @param photos [n, 3, size, size], red first, values about -1 to 1; @returns [n, features] */
export function photoFeatures(p: Parameters, o: PhotoClassifierOptions, photos: tf.Tensor4D): tf.Tensor2D {
  const lastChannels = tf.transpose(photos, [0, 2, 3, 1]); // [n, size, size, 3]
  const maps = o.filters.reduce((x, _, i) => tf.relu(convolution(p, `conv${i}`, x, 2)), lastChannels);
  const [n, height, width, filters] = maps.shape;
  return tf.relu(dense(p, 'features', tf.reshape(maps, [n, height * width * filters])));
}

/** Scores before the softmax, question by question: [n, answers]. */
export function photoLogits(p: Parameters, labels: LabelTable, features: tf.Tensor2D): Record<string, tf.Tensor2D> {
  return Object.fromEntries(Object.keys(labels).map((question) => [question, dense(p, `head.${question}`, features)]));
}

/** Probabilities of every answer, the questions side by side in the table's order: [n, all answers]. */
export function photoAnswers(p: Parameters, labels: LabelTable, features: tf.Tensor2D): tf.Tensor2D {
  return tf.concat(Object.values(photoLogits(p, labels, features)).map((logits) => tf.softmax(logits) as tf.Tensor2D), 1);
}

/** Cross-entropy summed over the questions, mean over the photos. @param targets question -> [n] int32 */
export function photoLoss(
  p: Parameters, o: PhotoClassifierOptions, labels: LabelTable, photos: tf.Tensor4D, targets: Readonly<Record<string, tf.Tensor>>,
): tf.Scalar {
  const logits = photoLogits(p, labels, photoFeatures(p, o, photos));
  return tf.addN(Object.keys(labels).map((question) => crossEntropy(logits[question]!, targets[question] as tf.Tensor1D))) as tf.Scalar;
}
