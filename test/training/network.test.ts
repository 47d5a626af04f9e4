import { expect, test } from 'vitest';
import { StoryBatches } from '../../src/data/batches.ts';
import type { PackedStories } from '../../src/data/batches.ts';
import type { Runtime } from '../../src/runtime/jit.ts';
import { previousForm, StoryNetwork } from '../../src/training/network.ts';
import { FEATURES, randomFeatures, randomStories, smallModel, STEPS, WORDS } from '../models/storybatch.ts';
import { expectClose, runtimes } from '../support/compare.ts';

const DROPOUT = { photos: 0.1, words: 0.2, previous: 0.3, layers: 0.2, recurrent: 0.2, output: 0.3 };

/** A runtime that counts how often functions are traced: twice for one program. */
function counting(runtime: Runtime): { runtime: Runtime; count: { traced: number } } {
  const count = { traced: 0 };
  return {
    count,
    runtime: {
      ...runtime,
      jit: (fn, options) => runtime.jit((...args) => {
        count.traced++;
        return fn(...args);
      }, options),
    },
  };
}

/** Batches of many ladders: several stories, few, one; sentences cut short, and one word at most. */
function unlikeBatches(options: ReturnType<typeof smallModel>): PackedStories[] {
  const stories = randomStories(12, 'unlike');
  const at = (story: number): Int32Array => stories.sentences.subarray(story * 5 * STEPS, (story + 1) * 5 * STEPS);
  // Story 10 has no words, only ENDs; story 11 fills every step, its third sentence without an END.
  at(10).forEach((_, i, ids) => (ids[i] = [1, 2][i % STEPS] ?? 0));
  at(11).forEach((_, i, ids) => (ids[i] = i % STEPS === 0 ? 1 : i % STEPS === STEPS - 1 && i !== 3 * STEPS - 1 ? 2 : 3 + (i % (WORDS - 3))));
  const batches = new StoryBatches(stories, randomFeatures(stories, 'photos'), { storiesPerBatch: 4, previous: previousForm(options), seed: 1 });
  return [[0, 1, 2, 3], [10], [4, 5, 6, 7, 8, 9], [11], [3, 10], [10, 11]].map((numbers) => batches.pack(numbers));
}

test.each<[string, Record<string, unknown>]>([
  ['encoder-decoder', { name: 'encoder-decoder', decoder: { layers: 2 }, dropout: DROPOUT }],
  ['previous sentence, lstm', { name: 'previous-sentence', cell: { type: 'lstm' }, dropout: DROPOUT }],
  ['previous sentence, cnn', { name: 'previous-sentence', previous: { encoder: 'cnn' }, dropout: DROPOUT }],
  ['attention', { name: 'attention', dropout: DROPOUT }],
  ['attention, concat, padding read, state fed', { name: 'attention', previous: { mask: false }, attention: { score: 'concat', feed: 'state' }, embedding: { trainable: false } }],
  ['attention as coded, lstm', { name: 'attention', cell: { type: 'lstm', gates: 'hard' }, photos: { masking: false, last: 5 }, previous: { mask: false }, attention: { score: 'rank-one', feed: 'none' }, decoder: { layers: 2 }, dropout: DROPOUT }],
])('one program for batches of all ladders gives the losses and gradients of the CPU backend: %s', async (_, options) => {
  const { onnx, cpu } = await runtimes();
  const model = smallModel(options);
  const { runtime, count } = counting(onnx);
  const [compiled, oracle] = [runtime, cpu].map((backend) => {
    const network = new StoryNetwork(backend, model, { features: FEATURES, vocabulary: WORDS, steps: STEPS }, 0);
    network.initialise(3);
    return network;
  }) as [StoryNetwork, StoryNetwork];
  for (const [seed, batch] of unlikeBatches(model).entries()) {
    const words = batch.tokens.shape[0]!;
    expect(Math.abs((await compiled.summedLoss(batch)) - (await oracle.summedLoss(batch))) / words, `summed loss of batch ${seed}`).toBeLessThan(1e-5);
    expect(await compiled.lossAndGradients(batch, seed), `loss of batch ${seed}`).toBeCloseTo(await oracle.lossAndGradients(batch, seed), 5);
    expectClose(compiled.arena.gradients.tensors, oracle.arena.gradients.tensors, 1e-5, `gradients of batch ${seed}`);
  }
  expect(count.traced).toBe(4);
});

test.each(['encoder-decoder', 'previous-sentence'])('sentences may be as long as forty words: %s', async (name) => {
  const { onnx } = await runtimes();
  const steps = 42;
  const stories = randomStories(1, 'long');
  const sentences = Int32Array.from({ length: 5 * steps }, (_, i) => (i % steps === 0 ? 1 : i % steps === steps - 1 ? 2 : 4));
  const model = smallModel({ name });
  const network = new StoryNetwork(onnx, model, { features: FEATURES, vocabulary: WORDS, steps }, 0);
  const batches = new StoryBatches({ ...stories, steps, sentences }, randomFeatures(stories, 'photos'), { storiesPerBatch: 1, previous: previousForm(model), seed: 1 });
  // With all parameters zero every word is as likely as any other.
  for (const { data } of Object.values(network.arena.values)) data.fill(0);
  expect(await network.summedLoss(batches.pack([0]))).toBeCloseTo(5 * (steps - 1) * Math.log(WORDS), 1);
});
