import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { UserError } from '../core/errors.ts';
import { cellParameters, cellSchema, gateCount, outputOf, stateFrom, stateWidth } from '../nn/cells.ts';
import { embed } from '../nn/dense.ts';
import { dropout } from '../nn/dropout.ts';
import { softmaxLoss } from '../nn/losses.ts';
import type { ParameterDefinitions, Parameters } from '../nn/parameters.ts';
import { get, glorotUniform, parameter, uniform, zeros } from '../nn/parameters.ts';
import { runLayer } from '../nn/recurrent.ts';
import type { ReadSentences, ToldSentences } from './sentences.ts';
import { readerParameters, readSentences } from './sentences.ts';
import { wordTableSchema } from './wordtable.ts';

/**
 * Skip-thought vectors (Kiros et al. 2015): a sentence is read into a vector s, from which two decoders tell the
 * sentences before and after it.
 *
 *   uni-skip   s = GRU(w_1 .. w_n, END), all units one way
 *   bi-skip    s = [GRU forwards; GRU backwards], half the units each way
 *   as published (section 2): each decoder's gates read the vector at every step, starting from zeros
 *     r = s(W_r x + U_r h + C_r s), z and the new state alike
 *   as coded (ryankiros/skip-thoughts, training/model.py): s is the decoder's first state, and the word before the first
 *     is a zero vector
 *   loss = sum_t -log p(next_t) + sum_t -log p(previous_t), one output matrix for both
 *
 * B = sentences, N = packed words, D = width of s.
 */
const rate = z.number().min(0).max(0.95).default(0);

export const skipThoughtsSchema = z.strictObject({
  direction: z.enum(['uni', 'bi']).default('uni').describe('read one way, or both ways with half the units each'),
  units: z.int().min(2).default(2400).describe('width of a sentence vector'),
  objective: z.enum(['as-published', 'as-coded']).default('as-published').describe('the vector enters every gate of the two decoders, or is their first state'),
  decoder_units: z.int().min(1).nullable().default(null).describe('width of the two decoders; null = units'),
  cell: cellSchema.prefault({}),
  embedding: wordTableSchema(620).prefault({}),
  dropout: z.strictObject({
    words: rate.describe('on word vectors that enter the decoders'),
    output: rate.describe('before the softmax'),
  }).prefault({}),
});
export type SkipThoughtsOptions = z.infer<typeof skipThoughtsSchema>;

type T2 = tf.Tensor2D;

/** A batch of triples: sentences with those after and before them. */
export interface SkipThoughtsBatch {
  readonly sentences: ReadSentences;
  readonly next: ToldSentences;
  readonly previous: ToldSentences;
}

const DECODERS = ['next', 'previous'] as const;

/** @throws UserError when options do not agree */
export function checkSkipThoughtsOptions({ direction, units, objective, decoder_units }: SkipThoughtsOptions): void {
  if (direction === 'bi' && units % 2 === 1) throw new UserError(`model.units: ${units} cannot be halved: bi-skip has half of them each way`);
  if (objective === 'as-coded' && decoder_units !== null && decoder_units !== units) {
    throw new UserError(`model.decoder_units: as coded the vector is the decoders' first state, so they have model.units (${units}) too, not ${decoder_units}`);
  }
}

export function skipThoughtsParameters(o: SkipThoughtsOptions, vocabulary: number): ParameterDefinitions {
  checkSkipThoughtsOptions(o);
  const units = o.decoder_units ?? o.units;
  const decoders = DECODERS.map((name) => ({
    ...cellParameters(o.cell, name, o.embedding.size, units),
    ...(o.objective === 'as-published' && { [`${name}.vector`]: parameter([o.units, gateCount(o.cell) * units], glorotUniform) }),
  }));
  return {
    embedding: parameter([vocabulary, o.embedding.size], uniform(0.1), o.embedding.trainable),
    ...readerParameters(o.cell, 'encoder', o.embedding.size, o.units, o.direction === 'bi'),
    ...Object.assign({}, ...decoders) as ParameterDefinitions,
    'output.kernel': parameter([units, vocabulary], glorotUniform),
    'output.bias': parameter([vocabulary], zeros),
  };
}

/** Parameters that encoding needs: those of the decoders stay behind. */
export function encoderParameters(o: SkipThoughtsOptions, vocabulary: number): ParameterDefinitions {
  return Object.fromEntries(Object.entries(skipThoughtsParameters(o, vocabulary)).filter(([name]) => name === 'embedding' || name.startsWith('encoder.')));
}

/** Sentence vectors [B, D]. @param words word vectors [N, size] of ids, in place of the model's table: for words that it has not */
export function skipThoughtVectors(p: Parameters, o: SkipThoughtsOptions, sentences: ReadSentences, words = (ids: tf.Tensor): tf.Tensor => embed(p, 'embedding', ids)): T2 {
  return readSentences(o.cell, p, 'encoder', sentences, words);
}

/** Summed negative log-likelihood of the sentences after and before, in nats. */
export function skipThoughtsLoss(p: Parameters, o: SkipThoughtsOptions, batch: SkipThoughtsBatch, training: boolean): tf.Scalar {
  const vectors = skipThoughtVectors(p, o, batch.sentences);
  const losses = DECODERS.map((name) => {
    const told = batch[name];
    const outputs = dropout(decode(p, o, name, vectors, told, training), o.dropout.output, training);
    return softmaxLoss(outputs, get(p, 'output.kernel'), get(p, 'output.bias'), told.targets as tf.Tensor1D, told.weights as tf.Tensor1D);
  });
  return tf.add(losses[0]!, losses[1]!);
}

/** Outputs of one decoder, packed [N, units]. */
function decode(p: Parameters, o: SkipThoughtsOptions, name: string, vectors: T2, { order, tokens, ladder }: ToldSentences, training: boolean): T2 {
  const own = tf.gather(vectors, order as tf.Tensor1D) as T2;
  const words = dropout(embed(p, 'embedding', tokens), o.dropout.words, training);
  if (o.objective === 'as-coded') {
    return outputOf(o.cell, runLayer(o.cell, p, name, withoutFirst(words, ladder[0]!), stateFrom(o.cell, own), ladder).states);
  }
  const start = tf.zeros([ladder[0]!, stateWidth(o.cell, o.decoder_units ?? o.units)]) as T2;
  return outputOf(o.cell, runLayer(o.cell, p, name, words, start, ladder, { context: tf.matMul(own, get<T2>(p, `${name}.vector`)) }).states);
}

/** Packed word vectors with zeros in place of those of the first step. */
function withoutFirst(words: T2, rows: number): T2 {
  return tf.concat([tf.zeros([rows, words.shape[1]]), tf.slice(words, [rows, 0], [words.shape[0] - rows, words.shape[1]])], 0);
}
