import * as tf from '@tensorflow/tfjs-core';
import { prepareMemory } from '../nn/attention.ts';
import { stateWidth } from '../nn/cells.ts';
import type { StoryModel } from './model.ts';
import { photoEncoderParameters } from './photoencoder.ts';
import { sentenceEncoderParameters, wordMemory } from './sentenceencoder.ts';
import { zeroStates } from './start.ts';

/**
 * Encoder-decoder with Luong attention over the previous sentence (Luong, Pham and Manning 2015; the third model of
 * VIST-seq2seq).
 *
 *   s_j = PhotoRNN(v_max(0, j-k+1) .. v_j);   S = SentenceRNN outputs over sentence j-1
 *   h_0 = s_j;   h_t = RNN([E[y_t-1]; a_t-1], h_t-1);   c_t = attend(h_t, S);   a_t = tanh([h_t; c_t] W_c + b_c)
 *   p(y_t) = softmax(a_t W + b)
 *
 * As coded in VIST-seq2seq: score "rank-one", feed "state", previous.mask false.
 */
export const attention: StoryModel = {
  name: 'attention',
  title: 'Attention',
  readsPreviousSentence: true,
  decoderUnits: (o) => o.photos.units,
  encoderParameters: (o, sizes) => ({ ...photoEncoderParameters(o, sizes), ...sentenceEncoderParameters(o, sizes) }),
  start(p, o, photos, previous, training) {
    const memory = prepareMemory(o.attention.score, p, 'attention', wordMemory(p, o, previous!, training), previous!.mask);
    const state = zeroStates(o, photos, stateWidth(o.cell, o.photos.units));
    if (o.attention.feed !== 'input') return { state, memory };
    return { state: { ...state, attended: tf.zeros([photos.shape[0], o.photos.units]) }, memory };
  },
};
