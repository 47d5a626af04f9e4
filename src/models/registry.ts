import * as tf from '@tensorflow/tfjs-core';
import { dropout } from '../nn/dropout.ts';
import { softmaxLoss } from '../nn/losses.ts';
import type { ParameterDefinitions, Parameters } from '../nn/parameters.ts';
import { get, normal, parameter } from '../nn/parameters.ts';
import { attention } from './attention.ts';
import { decoderParameters, runDecoder, wordVectors } from './decoder.ts';
import { encoderDecoder } from './encoderdecoder.ts';
import type { StoryBatch, StoryModel } from './model.ts';
import type { StoryModelOptions, StorySizes } from './options.ts';
import { checkModelOptions } from './options.ts';
import { encodePhotos } from './photoencoder.ts';
import { previousSentence } from './previoussentence.ts';

/** The story models by name. */
export const STORY_MODELS: Readonly<Record<StoryModelOptions['name'], StoryModel>> = {
  'encoder-decoder': encoderDecoder,
  'previous-sentence': previousSentence,
  attention,
};

/** All parameters of a model, in the order they are stored. @throws UserError when options do not agree */
export function storyParameters(o: StoryModelOptions, sizes: StorySizes): ParameterDefinitions {
  checkModelOptions(o);
  const model = STORY_MODELS[o.name];
  return {
    embedding: parameter([sizes.vocabulary, o.embedding.size], normal(0.3), o.embedding.trainable),
    ...model.encoderParameters(o, sizes),
    ...decoderParameters(o, sizes, model.decoderUnits(o)),
  };
}

/** Summed negative log-likelihood of a batch, in nats. Divide by the sum of its weights for the mean per word. */
export function storyLoss(p: Parameters, o: StoryModelOptions, batch: StoryBatch, training: boolean): tf.Scalar {
  const photos = tf.gather(encodePhotos(p, o, batch.photos, training), batch.order as tf.Tensor1D);
  const { state, memory } = STORY_MODELS[o.name].start(p, o, photos, batch.previous, training);
  const decoded = runDecoder(p, o, wordVectors(p, batch.tokens), batch.ladder, state, memory, training);
  const outputs = dropout(decoded.outputs, o.dropout.output, training);
  return softmaxLoss(outputs, get(p, 'output.kernel'), get(p, 'output.bias'), batch.targets as tf.Tensor1D, batch.weights as tf.Tensor1D);
}
