import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { ParameterDefinitions, Parameters } from './parameters.ts';
import { get, glorotUniform, parameter } from './parameters.ts';
import { firstRows } from './recurrent.ts';

/**
 * Attention over a memory s_1..s_M (Luong, Pham and Manning 2015, section 3.1):
 *   dot       score_i = h . s_i
 *   general   score_i = h W s_i
 *   concat    score_i = v . tanh(h W_h + s_i W_s)
 *   rank-one  score_i = (h . w) sum_d s_id: "general" as VIST-seq2seq codes it, with W of shape [units, 1]
 *   a = softmax(score), masked positions excluded; context = sum_i a_i s_i
 */
export const scoreSchema = z.enum(['dot', 'general', 'concat', 'rank-one']);
export type Score = z.infer<typeof scoreSchema>;

type T2 = tf.Tensor2D;
type T3 = tf.Tensor3D;

/** n = rows, M = memory slots, H = units. */
export interface Memory {
  /** [n, M, H] */
  readonly values: T3;
  /** What the query is compared with: [n, M, H], or [n, M] for rank-one. */
  readonly keys: tf.Tensor;
  /** [n, M]: 0, or a large negative number where there is nothing to attend to. */
  readonly bias: T2;
}

export function attentionParameters(score: Score, name: string, units: number): ParameterDefinitions {
  switch (score) {
    case 'dot':
      return {};
    case 'general':
      return { [`${name}.kernel`]: parameter([units, units], glorotUniform) };
    case 'concat':
      return {
        [`${name}.query`]: parameter([units, units], glorotUniform),
        [`${name}.key`]: parameter([units, units], glorotUniform),
        [`${name}.score`]: parameter([units, 1], glorotUniform),
      };
    case 'rank-one':
      return { [`${name}.kernel`]: parameter([units, 1], glorotUniform) };
  }
}

/**
 * What does not change from step to step.
 * @param values [n, M, H]
 * @param mask [n, M]: 1 where there is something to attend to
 */
export function prepareMemory(score: Score, p: Parameters, name: string, values: T3, mask: tf.Tensor): Memory {
  const bias = tf.mul(tf.sub(mask, 1), 1e9) as T2;
  const project = (kernel: T2): T3 => {
    const [n, m, units] = values.shape;
    return tf.reshape(tf.matMul(tf.reshape(values, [n * m, units]), kernel), [n, m, units]);
  };
  switch (score) {
    case 'dot':
      return { values, keys: values, bias };
    case 'general':
      return { values, keys: project(tf.transpose(get<T2>(p, `${name}.kernel`))), bias };
    case 'concat':
      return { values, keys: project(get<T2>(p, `${name}.key`)), bias };
    case 'rank-one':
      return { values, keys: tf.sum(values, 2), bias };
  }
}

/** The memory of the first rows. */
export function memoryRows(memory: Memory, rows: number): Memory {
  return { values: firstRows(memory.values, rows), keys: firstRows(memory.keys, rows), bias: firstRows(memory.bias, rows) };
}

/** @param query [n, H] @returns context [n, H] and attention weights [n, M] */
export function attend(score: Score, p: Parameters, name: string, query: T2, memory: Memory): { context: T2; weights: T2 } {
  const [n, m, units] = memory.values.shape;
  const weights = tf.softmax(tf.add(scores(score, p, name, query, memory), memory.bias)) as T2;
  const context = tf.reshape(tf.matMul(tf.reshape(weights, [n, 1, m]), memory.values), [n, units]) as T2;
  return { context, weights };
}

function scores(score: Score, p: Parameters, name: string, query: T2, { values, keys }: Memory): T2 {
  const [n, m, units] = values.shape;
  if (score === 'rank-one') return tf.mul(tf.matMul(query, get<T2>(p, `${name}.kernel`)), keys) as T2;
  if (score === 'concat') {
    const projected = tf.reshape(tf.matMul(query, get<T2>(p, `${name}.query`)), [n, 1, units]);
    const hidden = tf.reshape(tf.tanh(tf.add(projected, keys)), [n * m, units]) as T2;
    return tf.reshape(tf.matMul(hidden, get<T2>(p, `${name}.score`)), [n, m]);
  }
  return tf.reshape(tf.matMul(tf.reshape(query, [n, 1, units]), keys as T3, false, true), [n, m]);
}
