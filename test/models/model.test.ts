import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { floats, sizeOf } from '../../src/core/hosttensor.ts';
import type { PackedStories } from '../../src/data/batches.ts';
import { decodingSchema } from '../../src/decoding/options.ts';
import { Teller } from '../../src/decoding/teller.ts';
import { logProbabilities, runDecoder, wordVectors } from '../../src/models/decoder.ts';
import type { StoryBatch } from '../../src/models/model.ts';
import type { StoryModelOptions } from '../../src/models/options.ts';
import { encodePhotos } from '../../src/models/photoencoder.ts';
import { STORY_MODELS, storyParameters } from '../../src/models/registry.ts';
import { Optimizer, optimizerSchema } from '../../src/optim/optimizer.ts';
import { headOf, loadCheckpoint, restore, saveCheckpoint } from '../../src/training/checkpoint.ts';
import type { TrainingState } from '../../src/training/checkpointfiles.ts';
import { StoryNetwork, previousForm, stepSeed } from '../../src/training/network.ts';
import type { Runtime } from '../../src/runtime/jit.ts';
import { runtimes } from '../support/compare.ts';
import { FEATURES, randomStories, smallBatches, smallModel, STEPS, WORDS } from './storybatch.ts';

const SIZES = { features: FEATURES, vocabulary: WORDS, steps: STEPS };
const OPTIMIZER = optimizerSchema.parse({ learning_rate: 0.01 });
const STATE: TrainingState = {
  step: 3, epoch: 1, batch: 2, epoch_loss: 4.5, epoch_words: 70, best_loss: 2.25, best_epoch: 0,
  history: [{ epoch: 0, loss: 2.5, val_loss: 2.25 }], seconds: 1.5,
};

/** Each model with either cell, and with what changes its parameters or its form most. */
const MODELS: Record<string, Record<string, unknown>> = {
  'encoder-decoder': { name: 'encoder-decoder' },
  'encoder-decoder, lstm': { name: 'encoder-decoder', cell: { type: 'lstm' }, decoder: { layers: 2 } },
  'previous sentence': { name: 'previous-sentence', dropout: { words: 0.2, output: 0.2 } },
  'previous sentence, lstm, cnn': { name: 'previous-sentence', cell: { type: 'lstm' }, previous: { encoder: 'cnn' } },
  attention: { name: 'attention', embedding: { trainable: false } },
  'attention, lstm': { name: 'attention', cell: { type: 'lstm' }, attention: { score: 'concat' }, previous: { mask: false }, decoder: { layers: 2 } },
};

interface Setup { readonly runtime: Runtime; readonly model: StoryModelOptions; readonly network: StoryNetwork; readonly batch: PackedStories }

async function setup(options: Record<string, unknown>, backend: 'onnx' | 'cpu' = 'onnx'): Promise<Setup> {
  const runtime = (await runtimes())[backend];
  const model = smallModel(options);
  const network = new StoryNetwork(runtime, model, SIZES, 2);
  network.initialise(1);
  return { runtime, model, network, batch: smallBatches(previousForm(model)).pack([1, 4, 6]) };
}

describe.each(Object.entries(MODELS))('%s', (_, options) => {
  test('output shapes', async () => {
    const { runtime, model, network, batch } = await setup(options);
    const forward = runtime.jit((p: Record<string, tf.Tensor>, b: StoryBatch) => {
      const photos = encodePhotos(p, model, b.photos, false);
      const { state, memory } = STORY_MODELS[model.name].start(p, model, photos, b.previous, false);
      const decoded = runDecoder(p, model, wordVectors(p, b.tokens), b.ladder, state, memory, false);
      return { photos, start: state, memory: memory ?? null, outputs: decoded.outputs, words: logProbabilities(p, decoded.outputs) };
    });
    const result = await forward(network.arena.values, batch as never);
    const states = model.cell.type === 'lstm' ? 2 : 1;
    const units = STORY_MODELS[model.name].decoderUnits(model);
    expect(units).toBe(model.name === 'previous-sentence' ? 12 : 6);
    expect(result.photos.shape).toEqual([15, 6 * states]);
    expect(result.start.layers.map(({ shape }) => shape)).toEqual(Array.from({ length: model.decoder.layers }, () => [15, units * states]));
    const rows = batch.tokens.data.length;
    expect(result.outputs.shape).toEqual([rows, units]);
    expect(result.words.shape).toEqual([rows, WORDS]);
    for (let row = 0; row < rows; row++) {
      const total = Array.from(result.words.data.subarray(row * WORDS, (row + 1) * WORDS) as Float32Array).reduce((sum, x) => sum + Math.exp(x), 0);
      expect(total).toBeCloseTo(1, 5);
    }
    expect(result.memory?.values.shape).toEqual(model.name === 'attention' ? [15, STEPS, 6] : undefined);
    for (const [name, { shape }] of Object.entries(storyParameters(model, SIZES))) expect(network.arena.values[name]!.shape, name).toEqual(shape);
  });

  test('one step lowers the loss, and moves what is to be trained and nothing else', async () => {
    const { model, network, batch } = await setup(options);
    const optimizer = await Optimizer.open(network.arena, OPTIMIZER);
    const before = await network.summedLoss(batch);
    // A random model is about as good as guessing among all words.
    expect(before / (batch.weights.data as Float32Array).reduce((a, b) => a + b, 0)).toBeCloseTo(Math.log(WORDS), 0);
    const values = Object.fromEntries(Object.entries(network.arena.values).map(([name, { data }]) => [name, [...data]]));
    await network.lossAndGradients(batch, 1);
    optimizer.update();
    expect(await network.summedLoss(batch)).toBeLessThan(before);
    for (const [name, { trainable }] of Object.entries(storyParameters(model, SIZES))) {
      expect(network.arena.values[name]!.data.some((x, i) => x !== values[name]![i]), name).toBe(trainable);
    }
  });

  test('saved and loaded it has the same loss, and learns on as it would have', async () => {
    const { runtime, model, network, batch } = await setup(options);
    const train = async (trained: StoryNetwork, optimizer: Optimizer, steps: number): Promise<number[]> => {
      const losses: number[] = [];
      for (let i = 0; i < steps; i++) {
        losses.push(await trained.lossAndGradients(batch, stepSeed(1, optimizer.step)));
        optimizer.update();
      }
      return losses;
    };
    const optimizer = await Optimizer.open(network.arena, OPTIMIZER);
    await train(network, optimizer, 3);
    const folder = await mkdtemp(join(tmpdir(), 'fabula-model-'));
    try {
      const { vocabulary } = randomStories(1, 'words');
      const head = headOf(model, SIZES, { fingerprint: 'random', info: null }, vocabulary, 'adam');
      await saveCheckpoint(join(folder, 'last'), head, vocabulary, network.arena, STATE);
      const checkpoint = await loadCheckpoint(join(folder, 'last'));
      expect(checkpoint.head).toEqual(head);
      expect(checkpoint.state).toEqual(STATE);
      const fresh = new StoryNetwork(runtime, checkpoint.head.model, checkpoint.head.sizes, 2);
      await restore(checkpoint, fresh.arena);
      expect(await fresh.summedLoss(batch)).toBe(await network.summedLoss(batch));
      const resumed = await Optimizer.open(fresh.arena, OPTIMIZER);
      resumed.step = checkpoint.state.step;
      expect(await train(fresh, resumed, 3)).toEqual(await train(network, optimizer, 3));
      expect(fresh.arena.values).toEqual(network.arena.values);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('no tensor is left behind', () => expectNoLeak(options, 'cpu'));
});

test('nor by compiling', () => expectNoLeak(MODELS['attention']!, 'onnx'));

/** Training, measuring and telling leave as many tensors as there were. */
async function expectNoLeak(options: Record<string, unknown>, backend: 'onnx' | 'cpu'): Promise<void> {
  await (await runtimes()).cpu.jit((x: tf.Tensor) => x)(floats([1], [1]));
  const { runtime, model, network, batch } = await setup(options, backend);
  const teller = new Teller({ runtime, options: model, sizes: SIZES, parameters: network.arena.values, previous: previousForm(model) });
  const before = tf.memory().numTensors;
  await network.lossAndGradients(batch, 1);
  expect(tf.memory().numTensors).toBe(before);
  await network.summedLoss(batch);
  expect(tf.memory().numTensors).toBe(before);
  await teller.tell(new Float32Array(2 * 5 * FEATURES).fill(0.5), 2, decodingSchema.parse({ max_words: 3 }));
  expect(tf.memory().numTensors).toBe(before);
}

test('as many values as the equations say', () => {
  const count = (options: Record<string, unknown>): number =>
    Object.values(storyParameters(smallModel(options), SIZES)).filter(({ trainable }) => trainable).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const [V, E, F, H] = [WORDS, 5, FEATURES, 6];
  const gru = (inputs: number, units: number): number => 3 * units * (inputs + units + 2);
  const lstm = (inputs: number, units: number): number => 4 * units * (inputs + units + 1);
  const output = (units: number): number => (units + 1) * V;
  expect(count({ name: 'encoder-decoder' })).toBe(V * E + gru(F, H) + gru(E, H) + output(H));
  expect(count({ name: 'encoder-decoder', cell: { type: 'lstm' }, decoder: { layers: 2 } })).toBe(V * E + lstm(F, H) + lstm(E, H) + lstm(H, H) + output(H));
  expect(count({ name: 'encoder-decoder', cell: { reset: 'before' }, embedding: { trainable: false } })).toBe(gru(F, H) + gru(E, H) - 6 * H + output(H));
  expect(count({ name: 'previous-sentence' })).toBe(V * E + gru(F, H) + gru(E, H) + gru(E, 2 * H) + output(2 * H));
  expect(count({ name: 'attention' })).toBe(V * E + gru(F, H) + gru(E, H) + gru(E, H) + H * H + (2 * H + 1) * H + 3 * H * H + output(H));
  expect(count({ name: 'attention', attention: { score: 'dot', feed: 'none' } })).toBe(V * E + gru(F, H) + gru(E, H) + gru(E, H) + (2 * H + 1) * H + output(H));
});

test('attention refuses what it cannot compare, naming the field', () => {
  expect(() => storyParameters(smallModel({ name: 'attention', previous: { units: 7 } }), SIZES)).toThrow('model.previous.units');
  expect(() => storyParameters(smallModel({ name: 'attention', previous: { encoder: 'cnn' } }), SIZES)).toThrow('model.previous.encoder');
});
