import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/core/errors.ts';
import { floats, ints } from '../../src/core/hosttensor.ts';
import { packPrevious } from '../../src/data/packing.ts';
import { attentionWeights } from '../../src/decoding/attentionweights.ts';
import type { AttentionWeights } from '../../src/decoding/attentionweights.ts';
import type { ProgramSetup } from '../../src/decoding/programs.ts';
import { runDecoder, wordVectors } from '../../src/models/decoder.ts';
import { encodePhotos } from '../../src/models/photoencoder.ts';
import { STORY_MODELS } from '../../src/models/registry.ts';
import type { PreviousSentences } from '../../src/models/sentenceencoder.ts';
import { StoryNetwork } from '../../src/training/network.ts';
import { runtimes } from '../support/compare.ts';
import { FEATURES, randomFeatures, randomStories, smallModel, STEPS, WORDS } from '../models/storybatch.ts';

const SIZES = { features: FEATURES, vocabulary: WORDS, steps: STEPS };
/** The second sentence is one word longer than a stored one; the third is empty. */
const STORY = [[4, 5, 6], [7, 8, 9, 10, 11, 4, 5, 6], [], [5, 5], [9]];

async function open(options: Record<string, unknown> = {}): Promise<{ setup: ProgramSetup; photos: Float32Array }> {
  const runtime = (await runtimes()).onnx;
  const model = smallModel({ name: 'attention', ...options });
  const network = new StoryNetwork(runtime, model, SIZES, 0);
  network.initialise(2);
  for (const { data } of Object.values(network.arena.values)) for (let i = 0; i < data.length; i++) data[i]! *= 2;
  const set = randomStories(1, 'told');
  return { setup: { runtime, options: model, sizes: SIZES, parameters: network.arena.values }, photos: randomFeatures(set, 'photos').rows(set.imageIds.flat()) };
}

const rowsOf = ({ told, read, weights }: AttentionWeights): number[][] => told.map((_, t) => [...weights.subarray(t * read.length, (t + 1) * read.length)]);

describe.each([
  ['general', 'input', true], ['dot', 'none', true], ['concat', 'input', true], ['rank-one', 'state', false],
] as const)('score %s, feed %s, mask %s', (score, feed, mask) => {
  test('each row is a share of the words read, padding only where the model reads it', async () => {
    const { setup, photos } = await open({ attention: { score, feed }, previous: { mask } });
    const [maps] = await attentionWeights(setup, photos, [STORY]);
    expect(maps!.map(({ told }) => told)).toEqual([[4, 5, 6, 2], [7, 8, 9, 10, 11, 4, 5, 2], [2], [5, 5, 2], [9, 2]]);
    const before = [[1], [1, 4, 5, 6, 2], [1, 7, 8, 9, 10, 11, 4, 5, 2], [1, 2], [1, 5, 5, 2]];
    const padded = before.map((ids) => Array.from({ length: STEPS }, (_, t) => ids[t] ?? 0));
    expect(maps!.map(({ read }) => read)).toEqual(mask ? before : padded);
    for (const row of maps!.flatMap(rowsOf)) expect(row.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
    if (mask) expect(rowsOf(maps![0]!)).toEqual([[1], [1], [1], [1]]);
    // Random weights look everywhere, but not everywhere alike.
    expect(new Set(rowsOf(maps![1]!)[1]!.map((share) => share.toFixed(4))).size).toBeGreaterThan(1);
  });

  test('a row is what the decoder gives after the words before it, sentence by sentence on the CPU backend', async () => {
    const { setup, photos } = await open({ attention: { score, feed }, previous: { mask } });
    const [maps] = await attentionWeights(setup, photos, [STORY]);
    for (const [position, map] of maps!.entries()) await expectRows(setup, photos, position, map);
  });
});

/** Runs the packed decoder over each beginning of the sentence: the weights it gives are those of its last step. */
async function expectRows(setup: ProgramSetup, photos: Float32Array, position: number, map: AttentionWeights): Promise<void> {
  const { options: o, parameters } = setup;
  const lastRow = (await runtimes()).cpu.jit((p: Record<string, tf.Tensor>, features: tf.Tensor, tokens: tf.Tensor, before: PreviousSentences): tf.Tensor => {
    const state = tf.slice(encodePhotos(p, o, features, false), [position, 0], [1, -1]) as tf.Tensor2D;
    const { state: start, memory } = STORY_MODELS.attention.start(p, o, state, before, false);
    return runDecoder(p, o, wordVectors(p, tokens), Array.from({ length: tokens.shape[0]! }, () => 1), start, memory, false).weights!;
  });
  for (const [t, row] of rowsOf(map).entries()) {
    const tokens = [1, ...map.told].slice(0, t + 1);
    const { data } = await lastRow(parameters, floats(photos, [5, FEATURES]), ints(tokens, [t + 1]), packPrevious([map.read], STEPS) as never);
    row.forEach((share, i) => expect(share).toBeCloseTo(data[i] as number, 4));
  }
}

test('stories read together, also more than fit at once, are read as alone', async () => {
  const { setup, photos } = await open();
  const other = [[4], [4, 4], [4, 4, 4], [6], [8, 8]];
  const count = 40;
  const many = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? STORY : other));
  const together = await attentionWeights(setup, Float32Array.from({ length: count * photos.length }, (_, i) => photos[i % photos.length]!), many);
  const [alone] = await attentionWeights(setup, photos, [other]);
  expect(together).toHaveLength(count);
  expect(together[39]!.map(({ told }) => told)).toEqual(alone!.map(({ told }) => told));
  together[39]!.forEach(({ weights }, j) => weights.forEach((share, i) => expect(share).toBeCloseTo(alone![j]!.weights[i]!, 5)));
});

test('what cannot be is refused', async () => {
  const { setup, photos } = await open();
  await expect(attentionWeights({ ...setup, options: { ...setup.options, name: 'encoder-decoder' } }, photos, [STORY])).rejects.toThrow(ShapeError);
  await expect(attentionWeights(setup, photos.subarray(1), [STORY])).rejects.toThrow('photos: expected [5, 7], got 34 numbers');
  await expect(attentionWeights(setup, photos, [STORY.slice(1)])).rejects.toThrow('a story has 5 sentences, got 4');
  expect(await attentionWeights(setup, new Float32Array(), [])).toEqual([]);
});
