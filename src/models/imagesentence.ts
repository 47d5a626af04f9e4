import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { UserError } from '../core/errors.ts';
import { cellSchema } from '../nn/cells.ts';
import { dense, denseParameters, embed } from '../nn/dense.ts';
import { dropout } from '../nn/dropout.ts';
import type { ParameterDefinitions, Parameters } from '../nn/parameters.ts';
import { get, ones, parameter, uniform, zeros } from '../nn/parameters.ts';
import { firstRows, splitSteps } from '../nn/recurrent.ts';
import type { ReadSentences } from './sentences.ts';
import { readerParameters, readSentences, unitRows } from './sentences.ts';
import { wordTableSchema } from './wordtable.ts';

/**
 * The image-sentence embedding of neural-storyteller (Kiros, Salakhutdinov and Zemel 2014; ryankiros/visual-semantic-embedding).
 *
 *   s = L2(GRU(w_1 .. w_n, END)), or L2(sum of word vectors)     v = W x + b, x the photo's features
 *   S = v s'                loss = sum_{i != j} max(0, m - S_jj + S_ij) + max(0, m - S_ii + S_ij)
 *
 * over all pairs of a batch. As published v has length 1 too; as coded only the sentence has in the loss, and v when
 * vectors are compared. B = pairs, F = features, D = units.
 */
const rate = z.number().min(0).max(0.95).default(0);

export const imageSentenceSchema = z.strictObject({
  encoder: z.enum(['gru', 'bow']).default('gru').describe('how a sentence is read: a recurrent layer, or the sum of its word vectors'),
  units: z.int().min(1).default(1024).describe('width of the joint space'),
  objective: z.enum(['as-published', 'as-coded']).default('as-published').describe('photos have length 1 in the loss as sentences have, or are left as they are'),
  margin: z.number().positive().default(0.2).describe('by how much a right pair must be nearer than a wrong one'),
  photos: z.strictObject({
    normalise: z.enum(['standardise', 'l2', 'none']).default('l2').describe('of features: mean 0 and deviation 1 over the training photos, length 1 (as published), or as they are'),
  }).prefault({}),
  cell: cellSchema.prefault({}),
  embedding: wordTableSchema(300, '; bow: must equal units').prefault({}),
  dropout: z.strictObject({
    photos: rate.describe('on photo features'),
    words: rate.describe('on word vectors'),
  }).prefault({}),
});
export type ImageSentenceOptions = z.infer<typeof imageSentenceSchema>;

type T2 = tf.Tensor2D;

/** Sizes that come from the data. */
export interface ImageSentenceSizes {
  readonly features: number;
  readonly vocabulary: number;
}

/** A batch of photos with one caption each; caption i belongs to photo i. */
export interface ImageSentenceBatch {
  /** [B, F] */
  readonly photos: tf.Tensor;
  readonly sentences: ReadSentences;
}

/** @throws UserError when options do not agree */
export function checkImageSentenceOptions({ encoder, units, embedding }: ImageSentenceOptions): void {
  if (encoder === 'bow' && embedding.size !== units) {
    throw new UserError(`model.embedding.size: ${embedding.size}, but with encoder bow a sentence is the sum of its word vectors, so it must equal model.units (${units})`);
  }
}

export function imageSentenceParameters(o: ImageSentenceOptions, sizes: ImageSentenceSizes): ParameterDefinitions {
  checkImageSentenceOptions(o);
  return {
    embedding: parameter([sizes.vocabulary, o.embedding.size], uniform(0.1), o.embedding.trainable),
    ...(o.encoder === 'gru' && readerParameters(o.cell, 'sentence', o.embedding.size, o.units, false)),
    ...denseParameters('photo', sizes.features, o.units),
    // Set from the training photos before training starts, then kept with the weights.
    ...(o.photos.normalise === 'standardise' && {
      'photos.mean': parameter([sizes.features], zeros, false), 'photos.scale': parameter([sizes.features], ones, false),
    }),
  };
}

/** Photos in the joint space, [B, D]; not yet of length 1. */
function projectPhotos(p: Parameters, o: ImageSentenceOptions, photos: tf.Tensor, training: boolean): T2 {
  const features = o.photos.normalise === 'standardise' ? tf.mul(tf.sub(photos, get(p, 'photos.mean')), get(p, 'photos.scale'))
    : o.photos.normalise === 'l2' ? unitRows(photos) : photos;
  return dense(p, 'photo', dropout(features as T2, o.dropout.photos, training));
}

/** Sentences in the joint space, each of length 1: [B, D]. @param words word vectors [N, size] of ids, in place of the model's table */
export function embedSentences(p: Parameters, o: ImageSentenceOptions, sentences: ReadSentences, words = (ids: tf.Tensor): tf.Tensor => embed(p, 'embedding', ids)): T2 {
  if (o.encoder === 'gru') return unitRows(readSentences(o.cell, p, 'sentence', sentences, words));
  return unitRows(sumWords(words(sentences.tokens) as T2, sentences));
}

/** Photos in the joint space, each of length 1: [B, D]. */
export function embedPhotos(p: Parameters, o: ImageSentenceOptions, photos: tf.Tensor): T2 {
  return unitRows(projectPhotos(p, o, photos, false));
}

/** Ranking loss of a batch, summed over all its wrong pairs. */
export function imageSentenceLoss(p: Parameters, o: ImageSentenceOptions, { photos, sentences }: ImageSentenceBatch, training: boolean): tf.Scalar {
  const projected = projectPhotos(p, o, photos, training);
  const v = o.objective === 'as-published' ? unitRows(projected) : projected;
  const s = embedSentences(p, o, sentences, (ids) => dropout(embed(p, 'embedding', ids), o.dropout.words, training));
  const scores = tf.matMul(v, s, false, true) as T2;
  const right = tf.sum(tf.mul(v, s), 1, true) as T2;
  const slack = tf.add(scores, o.margin);
  // Both hinges are the margin where photo and caption belong together, whatever the weights: what they add is taken off.
  const hinges = tf.add(tf.relu(tf.sub(slack, right)), tf.relu(tf.sub(slack, tf.transpose(right))));
  return tf.sub(tf.sum(hinges), tf.mul(tf.sum(tf.onesLike(right)), 2 * o.margin)) as tf.Scalar;
}

/** Word vectors [N, E] summed within each sentence: the running sums of a step are those of the step before, and its words. */
function sumWords(words: T2, { ladder, last }: ReadSentences): T2 {
  const sums: T2[] = [];
  splitSteps(words, ladder).forEach((step, t) => {
    const before = sums.at(-1);
    sums.push(before ? tf.add(firstRows(before, ladder[t]!), step) as T2 : step);
  });
  return tf.gather(tf.concat(sums, 0), last as tf.Tensor1D) as T2;
}
