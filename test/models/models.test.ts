import { describe, expect, test } from 'vitest';
import { StoryNetwork, previousForm } from '../../src/training/network.ts';
import { expectClose, runtimes } from '../support/compare.ts';
import { FEATURES, smallBatches, smallModel, STEPS, WORDS } from './storybatch.ts';

const SIZES = { features: FEATURES, vocabulary: WORDS, steps: STEPS };

/** Every option that changes what is computed. */
const VARIANTS: Record<string, Record<string, unknown>> = {
  'encoder-decoder': { name: 'encoder-decoder' },
  'all five photos': { name: 'encoder-decoder', photos: { last: 5 } },
  'photos of length one': { name: 'encoder-decoder', photos: { normalise: 'l2' } },
  'photos as they are': { name: 'encoder-decoder', photos: { normalise: 'none' } },
  'one photo': { name: 'encoder-decoder', photos: { last: 1 } },
  reversed: { name: 'encoder-decoder', photos: { last: 3, reverse: true } },
  'without masking': { name: 'encoder-decoder', photos: { last: 2, masking: false } },
  'without masking, reversed': { name: 'encoder-decoder', photos: { last: 4, masking: false, reverse: true } },
  'three layers': { name: 'encoder-decoder', photos: { layers: 3 }, decoder: { layers: 3 } },
  lstm: { name: 'encoder-decoder', cell: { type: 'lstm' }, decoder: { layers: 2 } },
  'hard gates': { name: 'encoder-decoder', cell: { gates: 'hard' } },
  'hard lstm': { name: 'previous-sentence', cell: { type: 'lstm', gates: 'hard' } },
  'reset before': { name: 'previous-sentence', cell: { reset: 'before', gates: 'hard' } },
  'previous sentence': { name: 'previous-sentence' },
  'previous sentence, lstm': { name: 'previous-sentence', cell: { type: 'lstm' } },
  'previous sentence with padding': { name: 'previous-sentence', previous: { mask: false } },
  'previous sentence by cnn': { name: 'previous-sentence', previous: { encoder: 'cnn' } },
  'previous sentence by cnn, lstm': { name: 'previous-sentence', cell: { type: 'lstm' }, previous: { encoder: 'cnn' } },
  'frozen words': { name: 'previous-sentence', embedding: { trainable: false } },
  'attention general': { name: 'attention', attention: { score: 'general' } },
  'attention dot': { name: 'attention', attention: { score: 'dot', feed: 'none' } },
  'attention concat': { name: 'attention', attention: { score: 'concat' }, decoder: { layers: 2 } },
  'attention as coded': { name: 'attention', attention: { score: 'rank-one', feed: 'state' }, previous: { mask: false }, cell: { gates: 'hard', reset: 'before' } },
  'attention lstm, fed to the state': { name: 'attention', cell: { type: 'lstm' }, attention: { score: 'general', feed: 'state' }, decoder: { layers: 2 } },
  'dropout everywhere': { name: 'previous-sentence', decoder: { layers: 2 }, photos: { layers: 2 },
    dropout: { photos: 0.2, words: 0.2, previous: 0.2, layers: 0.2, recurrent: 0.2, output: 0.2 } },
  'dropout with attention': { name: 'attention', dropout: { photos: 0.3, words: 0.3, previous: 0.3, recurrent: 0.3, output: 0.3 } },
};

describe('loss and gradients of every variant equal the CPU backend', () => {
  for (const [name, options] of Object.entries(VARIANTS)) {
    test(name, async () => {
      const { onnx, cpu } = await runtimes();
      const model = smallModel(options);
      const batch = smallBatches(previousForm(model)).pack([2, 5, 0]);
      const results = [];
      for (const runtime of [onnx, cpu]) {
        const network = new StoryNetwork(runtime, model, SIZES, 0);
        network.initialise(3);
        results.push({ loss: await network.lossAndGradients(batch, 11), gradients: network.arena.gradients.tensors, summed: await network.summedLoss(batch) });
      }
      expect(results[0]!.loss).toBeCloseTo(results[1]!.loss, 5);
      expect(results[0]!.summed).toBeCloseTo(results[1]!.summed, 3);
      for (const [parameter, gradient] of Object.entries(results[1]!.gradients)) {
        // One photo leaves the photo encoder nothing to remember.
        const idle = name === 'one photo' && parameter === 'photos.0.recurrent';
        expect(gradient.data.some((x) => x !== 0), `${parameter} has a gradient`).toBe(!idle);
        expectClose(results[0]!.gradients[parameter], gradient, 2e-6, parameter);
      }
    });
  }
});
