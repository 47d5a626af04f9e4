import * as tf from '@tensorflow/tfjs-core';
import type { Cell } from '../nn/cells.ts';
import { cellParameters, outputOf, stateWidth } from '../nn/cells.ts';
import type { ParameterDefinitions, Parameters } from '../nn/parameters.ts';
import type { Ladder } from '../nn/recurrent.ts';
import { runLayer } from '../nn/recurrent.ts';

/**
 * Sentences as batches of packed words: those that are read, and those that are told. Skip-thoughts, the image-sentence
 * embedding and the passage decoder share them. B = sentences, N = packed words, H = units.
 */
type T2 = tf.Tensor2D;

/** Sentences to read. */
export interface ReadSentences {
  /** [N] int32: words (and END, where it is read), packed, longest first. */
  readonly tokens: tf.Tensor;
  /** [N] int32: the same with the words of every sentence turned round; for reading backwards. */
  readonly backwards?: tf.Tensor;
  readonly ladder: Ladder;
  /** [B] int32: packed row of the last word of sentence b, in the order of the batch. */
  readonly last: tf.Tensor;
}

/** Sentences to tell. */
export interface ToldSentences {
  /** [B] int32: sentence of the batch at each place, longest first. */
  readonly order: tf.Tensor;
  /** [N] int32: START w1 .. wn, packed. */
  readonly tokens: tf.Tensor;
  /** [N] int32: w1 .. wn END. */
  readonly targets: tf.Tensor;
  /** [N]: what each word counts. */
  readonly weights: tf.Tensor;
  readonly ladder: Ladder;
}

/** Parameters of a reader: one way, or two halves of `units`. */
export function readerParameters(cell: Cell, name: string, inputs: number, units: number, both: boolean): ParameterDefinitions {
  if (!both) return cellParameters(cell, `${name}.forward`, inputs, units);
  return { ...cellParameters(cell, `${name}.forward`, inputs, units / 2), ...cellParameters(cell, `${name}.backward`, inputs, units / 2) };
}

/**
 * The outputs after the last words, [B, H]; both ways side by side.
 * @param words makes word vectors [N, inputs] of ids [N]
 */
export function readSentences(cell: Cell, p: Parameters, name: string, sentences: ReadSentences, words: (ids: tf.Tensor) => tf.Tensor): T2 {
  const forward = lastOutputs(cell, p, `${name}.forward`, words(sentences.tokens), sentences);
  if (!sentences.backwards) return forward;
  return tf.concat([forward, lastOutputs(cell, p, `${name}.backward`, words(sentences.backwards), sentences)], 1);
}

function lastOutputs(cell: Cell, p: Parameters, name: string, words: tf.Tensor, { ladder, last }: ReadSentences): T2 {
  const units = p[`${name}.recurrent`]!.shape[0]!;
  const start = tf.zeros([ladder[0]!, stateWidth(cell, units)]) as T2;
  return tf.gather(outputOf(cell, runLayer(cell, p, name, words, start, ladder).states), last as tf.Tensor1D);
}

/** Rows scaled to length 1; a row of zeros stays. x [n, d] */
export function unitRows(x: tf.Tensor): T2 {
  return tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), 1, true), 1e-12))) as T2;
}
