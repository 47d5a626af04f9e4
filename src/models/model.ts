import type * as tf from '@tensorflow/tfjs-core';
import type { Memory } from '../nn/attention.ts';
import type { ParameterDefinitions, Parameters } from '../nn/parameters.ts';
import type { Ladder } from '../nn/recurrent.ts';
import type { DecoderState } from './decoder.ts';
import type { StoryModelOptions, StorySizes } from './options.ts';
import type { PreviousSentences, SentenceTable } from './sentenceencoder.ts';

export interface DecoderStart {
  readonly state: DecoderState;
  /** What the decoder attends to, if it does. */
  readonly memory?: Memory;
}

/** A model that tells one sentence per photo. Pure functions over tensors: it runs on every backend. */
export interface StoryModel {
  readonly name: StoryModelOptions['name'];
  /** What it is called in tables. */
  readonly title: string;
  readonly readsPreviousSentence: boolean;
  /** Units of the decoder. */
  decoderUnits(o: StoryModelOptions): number;
  /** Parameters of the encoders; the decoder and the word table are the same for all models. */
  encoderParameters(o: StoryModelOptions, sizes: StorySizes): ParameterDefinitions;
  /**
   * The decoder's first state.
   * @param photos [B, state width]: photo states of the sentences to tell
   * @param previous the sentences told before them
   */
  start(p: Parameters, o: StoryModelOptions, photos: tf.Tensor2D, previous: PreviousSentences | SentenceTable | undefined, training: boolean): DecoderStart;
}

/** A batch of whole stories, packed. S = stories, B = S * 5 sentences, N = packed words. */
export interface StoryBatch {
  /** [S * 5, features] */
  readonly photos: tf.Tensor;
  /** [B] int32: story * 5 + position of each sentence, longest first. */
  readonly order: tf.Tensor;
  /** [N] int32: START w1 .. wn, packed. */
  readonly tokens: tf.Tensor;
  /** [N] int32: w1 .. wn END. */
  readonly targets: tf.Tensor;
  /** [N]: what each word counts; 1, or 0 for a row that only pads. */
  readonly weights: tf.Tensor;
  readonly ladder: Ladder;
  readonly previous?: PreviousSentences;
}
