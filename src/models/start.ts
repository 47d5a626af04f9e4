import * as tf from '@tensorflow/tfjs-core';
import type { DecoderState } from './decoder.ts';
import type { StoryModelOptions } from './options.ts';

/** Layer 0 starts from `first` [B, width]; the layers above start from zeros, as VIST-seq2seq has it. */
export function zeroStates(o: StoryModelOptions, first: tf.Tensor2D, width: number): DecoderState {
  const above = Array.from({ length: o.decoder.layers - 1 }, () => tf.zeros([first.shape[0], width]) as tf.Tensor2D);
  return { layers: [first, ...above] };
}
