import * as tf from '@tensorflow/tfjs-core';
import { cellParameters, joinStates, outputOf, stateFrom, stateWidth } from '../nn/cells.ts';
import { dense, denseParameters, embed } from '../nn/dense.ts';
import { dropout } from '../nn/dropout.ts';
import type { ParameterDefinitions, Parameters } from '../nn/parameters.ts';
import type { Ladder } from '../nn/recurrent.ts';
import { runLayer } from '../nn/recurrent.ts';
import type { StoryModelOptions, StorySizes } from './options.ts';

/**
 * Reads the sentence told before: START w1 .. wn END, or START alone before the first. Training and telling use the
 * same sentences. B = sentences, N = packed words, M = slots (the longest sentence), W = state width.
 */
type T2 = tf.Tensor2D;

export interface PreviousSentences {
  /** [N] int32: packed, longest first. */
  readonly tokens: tf.Tensor;
  readonly ladder: Ladder;
  /** [B] int32: the packed row of the last word of the sentence before sentence b. */
  readonly last: tf.Tensor;
  /** [B, M] int32: the packed row of each of its words; any row where the mask is 0. */
  readonly slots: tf.Tensor;
  /** [B, M]: 1 where there is a word. */
  readonly mask: tf.Tensor;
}

/** Sentences as they are, read with their padding: what plain files take, for which nobody packs. */
export interface SentenceTable {
  /** [B, M] int32: START w1 .. wn END, then 0. */
  readonly ids: tf.Tensor;
  /** [B, M]: 1 where there is a word. */
  readonly mask: tf.Tensor;
}

/** @param ids [B, M] int32: START w1 .. wn END, then 0; START alone before the first sentence */
export function sentenceTable(o: StoryModelOptions, ids: tf.Tensor): SentenceTable {
  const words = tf.cast(tf.greater(ids, tf.scalar(0, 'int32')), 'float32');
  return { ids, mask: o.previous.mask ? words : tf.onesLike(words) };
}

export function sentenceEncoderParameters(o: StoryModelOptions, sizes: StorySizes): ParameterDefinitions {
  const { encoder, units, filters, kernel, pool } = o.previous;
  if (encoder === 'rnn') return cellParameters(o.cell, 'previous', o.embedding.size, units);
  const positions = Math.floor((sizes.steps - kernel + 1) / pool);
  return {
    ...denseParameters('previous.filters', kernel * o.embedding.size, filters),
    ...denseParameters('previous.dense', positions * filters, units),
  };
}

/** States after every word, packed [N, W]; those of a table step by step, [M * B, W]. */
export function encodeWords(p: Parameters, o: StoryModelOptions, previous: PreviousSentences | SentenceTable, training: boolean): T2 {
  const { tokens, ladder } = 'ids' in previous ? stepByStep(previous) : previous;
  const words = dropout(embed(p, 'embedding', tokens), o.dropout.previous, training);
  const start = tf.zeros([ladder[0]!, stateWidth(o.cell, o.previous.units)]) as T2;
  return runLayer(o.cell, p, 'previous', words, start, ladder, { recurrentDropout: training ? o.dropout.recurrent : 0 }).states;
}

/** One state per sentence [B, W]: the state after its last word, or what the CNN makes of it. */
export function encodeSentences(p: Parameters, o: StoryModelOptions, previous: PreviousSentences | SentenceTable, training: boolean): T2 {
  if (o.previous.encoder === 'cnn') return stateFrom(o.cell, readByFilters(p, o, previous, training));
  const states = encodeWords(p, o, previous, training);
  return 'ids' in previous ? atLastWords(states, previous) : tf.gather(states, previous.last as tf.Tensor1D);
}

/** The photo state with the sentence state beside it: the decoder's first state, widths added. */
export function besides(o: StoryModelOptions, photos: T2, sentences: T2): T2 {
  return joinStates(o.cell, photos, sentences);
}

/** Outputs at every word as attention memory [B, M, H]. */
export function wordMemory(p: Parameters, o: StoryModelOptions, previous: PreviousSentences | SentenceTable, training: boolean): tf.Tensor3D {
  const outputs = outputOf(o.cell, encodeWords(p, o, previous, training));
  return 'ids' in previous ? bySentence(outputs, previous) : (tf.gather(outputs, previous.slots as tf.Tensor2D) as unknown as tf.Tensor3D);
}

/** A table packed as sentences that all are as long as it is wide. */
function stepByStep({ ids }: SentenceTable): { tokens: tf.Tensor; ladder: Ladder } {
  const [rows, slots] = ids.shape as [number, number];
  return { tokens: tf.reshape(tf.transpose(ids), [slots * rows]), ladder: Array.from({ length: slots }, () => rows) };
}

/** [M * B, W] -> [B, M, W] */
function bySentence(states: T2, { ids }: SentenceTable): tf.Tensor3D {
  const [rows, slots] = ids.shape as [number, number];
  return tf.transpose(tf.reshape(states, [slots, rows, states.shape[1]]), [1, 0, 2]);
}

/** The states after the last words, [B, W]. A product with ones and zeros finds them: a file knows no row numbers. */
function atLastWords(states: T2, previous: SentenceTable): T2 {
  const [rows, slots] = previous.mask.shape as [number, number];
  const next = tf.concat([tf.slice(previous.mask, [0, 1], [rows, slots - 1]), tf.zeros([rows, 1])], 1);
  const isLast = tf.reshape(tf.sub(previous.mask, next), [rows, 1, slots]);
  return tf.reshape(tf.matMul(isLast, bySentence(states, previous)), [rows, states.shape[1]]);
}

/** tanh filters over `kernel` words, maximum over `pool` positions, one dense layer. Reads the padding: fixed length. */
function readByFilters(p: Parameters, o: StoryModelOptions, previous: PreviousSentences | SentenceTable, training: boolean): T2 {
  const { kernel, pool, filters } = o.previous;
  const [rows, slots] = previous.mask.shape as [number, number];
  const size = o.embedding.size;
  const ids = 'ids' in previous
    ? tf.reshape(previous.ids, [rows * slots])
    : tf.gather(previous.tokens as tf.Tensor1D, tf.reshape(previous.slots, [rows * slots]) as tf.Tensor1D);
  const words = tf.reshape(dropout(embed(p, 'embedding', ids), o.dropout.previous, training), [rows, slots, size]);
  const positions = slots - kernel + 1;
  const windows = tf.concat(Array.from({ length: kernel }, (_, i) => tf.slice(words, [0, i, 0], [rows, positions, size])), 2);
  const found = tf.tanh(dense(p, 'previous.filters', tf.reshape(windows, [rows * positions, kernel * size])));
  const kept = Math.floor(positions / pool);
  const pooled = tf.max(tf.reshape(tf.slice(tf.reshape(found, [rows, positions, filters]), [0, 0, 0], [rows, kept * pool, filters]),
    [rows, kept, pool, filters]), 2);
  return dense(p, 'previous.dense', tf.reshape(pooled, [rows, kept * filters]));
}
