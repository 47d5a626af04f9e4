import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { cellParameters, cellSchema, cellStep, gateCount, outputOf, projectInput, stateFrom, stateWidth } from '../nn/cells.ts';
import { dense, denseParameters, embed } from '../nn/dense.ts';
import { dropout } from '../nn/dropout.ts';
import { logSoftmax, softmaxLoss } from '../nn/losses.ts';
import type { ParameterDefinitions, Parameters } from '../nn/parameters.ts';
import { get, glorotUniform, ones, parameter, uniform, zeros } from '../nn/parameters.ts';
import { runLayer } from '../nn/recurrent.ts';
import type { ToldSentences } from './sentences.ts';
import { wordTableSchema } from './wordtable.ts';

/**
 * Tells a passage from its sentence vector s: the decoder of neural-storyteller (ryankiros/skip-thoughts, decoding/), and of
 * Pix2Story.
 *
 *   as published (Kiros et al. 2015, section 2): s enters every gate at every step; the first state is zero
 *   as coded: h_0 = tanh(W_s s + b_s), and nothing more of s
 *   p(word) = softmax(h W + b), or with a deep output softmax(tanh(h W_1 + b_1) W + b)
 *
 * B = passages, N = packed words, D = width of s, H = units.
 */
const rate = z.number().min(0).max(0.95).default(0);

export const passageDecoderSchema = z.strictObject({
  conditioning: z.enum(['as-published', 'as-coded']).default('as-published').describe('the vector enters every gate, or makes the first state'),
  units: z.int().min(1).default(1600).describe('width of the decoder'),
  vectors: z.enum(['standardise', 'none']).default('standardise').describe('sentence vectors: mean 0 and deviation 1 over the training passages, or as they are (as coded)'),
  cut: z.number().positive().nullable().default(3).describe('standardised numbers are cut at so many deviations: a shifted vector lies further out than any passage\'s; null cuts none'),
  deep_output: z.boolean().default(false).describe('a tanh layer as wide as the word vectors before the softmax'),
  cell: cellSchema.prefault({}),
  embedding: wordTableSchema(620).prefault({}),
  dropout: z.strictObject({
    vectors: rate.describe('on sentence vectors'),
    words: rate.describe('on word vectors'),
    output: rate.describe('before the softmax'),
  }).prefault({}),
});
export type PassageDecoderOptions = z.infer<typeof passageDecoderSchema>;

type T2 = tf.Tensor2D;

/** Sizes that come from the data. */
export interface PassageSizes {
  /** Width of a sentence vector. */
  readonly vector: number;
  readonly vocabulary: number;
}

/** Passages with their vectors. */
export interface PassageBatch {
  /** [B, D] */
  readonly vectors: tf.Tensor;
  readonly passages: ToldSentences;
}

/** Where telling begins: a first state, and what enters the gates at every step. */
export interface PassageStart {
  /** [B, state width] */
  readonly state: T2;
  /** As published: [B, gates * H]. */
  readonly context?: T2;
}

export function passageParameters(o: PassageDecoderOptions, sizes: PassageSizes): ParameterDefinitions {
  return {
    embedding: parameter([sizes.vocabulary, o.embedding.size], uniform(0.1), o.embedding.trainable),
    ...(o.vectors === 'standardise' && {
      // Set from the training passages before training starts, then kept with the weights.
      'vectors.mean': parameter([sizes.vector], zeros, false), 'vectors.scale': parameter([sizes.vector], ones, false),
    }),
    ...(o.conditioning === 'as-published'
      ? { 'decoder.vector': parameter([sizes.vector, gateCount(o.cell) * o.units], glorotUniform) }
      : denseParameters('start', sizes.vector, o.units)),
    ...cellParameters(o.cell, 'decoder', o.embedding.size, o.units),
    ...(o.deep_output && denseParameters('deep', o.units, o.embedding.size)),
    ...denseParameters('output', o.deep_output ? o.embedding.size : o.units, sizes.vocabulary),
  };
}

/** @param vectors [B, D] */
export function startPassages(p: Parameters, o: PassageDecoderOptions, vectors: tf.Tensor, training = false): PassageStart {
  const seen = dropout(o.vectors === 'standardise' ? standardised(p, o, vectors) : vectors, o.dropout.vectors, training) as T2;
  if (o.conditioning === 'as-coded') return { state: stateFrom(o.cell, tf.tanh(dense(p, 'start', seen))) };
  return {
    state: tf.zeros([seen.shape[0], stateWidth(o.cell, o.units)]) as T2,
    context: tf.matMul(seen, get<T2>(p, 'decoder.vector')),
  };
}

function standardised(p: Parameters, { cut }: PassageDecoderOptions, vectors: tf.Tensor): tf.Tensor {
  const own = tf.mul(tf.sub(vectors, get(p, 'vectors.mean')), get(p, 'vectors.scale'));
  return cut === null ? own : tf.clipByValue(own, -cut, cut);
}

/** Summed negative log-likelihood of the passages, in nats. */
export function passageLoss(p: Parameters, o: PassageDecoderOptions, { vectors, passages }: PassageBatch, training: boolean): tf.Scalar {
  const { order, tokens, targets, weights, ladder } = passages;
  const { state, context } = startPassages(p, o, tf.gather(vectors, order as tf.Tensor1D), training);
  const words = dropout(embed(p, 'embedding', tokens), o.dropout.words, training);
  const outputs = outputOf(o.cell, runLayer(o.cell, p, 'decoder', words, state, ladder, { context }).states);
  const deep = dropout(beforeSoftmax(p, o, outputs), o.dropout.output, training);
  return softmaxLoss(deep, get(p, 'output.kernel'), get(p, 'output.bias'), targets as tf.Tensor1D, weights as tf.Tensor1D);
}

/** One word further. @param tokens [B] int32: the words told last @returns the new state, and log-probabilities of the next words [B, vocabulary] */
export function stepPassages(p: Parameters, o: PassageDecoderOptions, { state, context }: PassageStart, tokens: tf.Tensor): { state: T2; logProbabilities: T2 } {
  const projected = projectInput(p, 'decoder', embed(p, 'embedding', tokens));
  const next = cellStep(o.cell, p, 'decoder', context ? tf.add(projected, context) as T2 : projected, state);
  return { state: next, logProbabilities: logSoftmax(dense(p, 'output', beforeSoftmax(p, o, outputOf(o.cell, next)))) };
}

function beforeSoftmax(p: Parameters, o: PassageDecoderOptions, outputs: T2): T2 {
  return o.deep_output ? tf.tanh(dense(p, 'deep', outputs)) as T2 : outputs;
}
