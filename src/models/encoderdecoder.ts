import { stateWidth } from '../nn/cells.ts';
import { zeroStates } from './start.ts';
import type { StoryModel } from './model.ts';
import { photoEncoderParameters } from './photoencoder.ts';

/**
 * Encoder-decoder over the photo sequence (the baseline of Huang et al. 2016 as coded in VIST-seq2seq).
 *
 *   s_j = PhotoRNN(v_max(0, j-k+1) .. v_j)        the last k photos, absent ones skipped
 *   h_0 = s_j;   h_t = RNN(E[y_t-1], h_t-1);   p(y_t) = softmax(h_t W + b)
 *
 * Every sentence is told from its photos alone.
 */
export const encoderDecoder: StoryModel = {
  name: 'encoder-decoder',
  title: 'Encoder-decoder',
  readsPreviousSentence: false,
  decoderUnits: (o) => o.photos.units,
  encoderParameters: photoEncoderParameters,
  start: (_, o, photos) => ({ state: zeroStates(o, photos, stateWidth(o.cell, o.photos.units)) }),
};

