import { stateWidth } from '../nn/cells.ts';
import type { StoryModel } from './model.ts';
import { photoEncoderParameters } from './photoencoder.ts';
import { besides, encodeSentences, sentenceEncoderParameters } from './sentenceencoder.ts';
import { zeroStates } from './start.ts';

/**
 * Photo sequence plus previous sentence ("Stories for Images-in-Sequence by using Visual and Narrative Components",
 * Smilevski, Lalkovski and Madjarov 2018).
 *
 *   s_j = PhotoRNN(v_max(0, j-k+1) .. v_j);   e_j = SentenceRNN(sentence j-1), or a CNN over its words
 *   h_0 = [s_j; e_j];   h_t = RNN(E[y_t-1], h_t-1);   p(y_t) = softmax(h_t W + b)
 *
 * The decoder is as wide as both encoders together.
 */
export const previousSentence: StoryModel = {
  name: 'previous-sentence',
  title: 'Previous sentence',
  readsPreviousSentence: true,
  decoderUnits: (o) => o.photos.units + o.previous.units,
  encoderParameters: (o, sizes) => ({ ...photoEncoderParameters(o, sizes), ...sentenceEncoderParameters(o, sizes) }),
  start(p, o, photos, previous, training) {
    const joined = besides(o, photos, encodeSentences(p, o, previous!, training));
    return { state: zeroStates(o, joined, stateWidth(o.cell, o.photos.units + o.previous.units)) };
  },
};
