import { describe, expect, test } from 'vitest';
import { Optimizer, optimizerSchema } from '../../src/optim/optimizer.ts';
import { messageOf } from '../../src/core/errors.ts';
import type { Device } from '../../src/runtime/jit.ts';
import { openRuntime } from '../../src/runtime/jit.ts';
import { StoryNetwork, previousForm, stepSeed } from '../../src/training/network.ts';
import { FEATURES, smallBatches, smallModel, STEPS, WORDS } from '../models/storybatch.ts';
import { expectClose } from '../support/compare.ts';
import { deviceRefusal } from '../support/device.ts';

/** Why the device cannot be used here, if it cannot. */
const absent = await deviceRefusal('webgpu');
if (absent) process.stdout.write(`skipped: ${messageOf(absent)}\n`);

const SIZES = { features: FEATURES, vocabulary: WORDS, steps: STEPS };
const ADAM = optimizerSchema.parse({ name: 'adam', learning_rate: 1e-2, clip_value: 5 });

const VARIANTS: Record<string, Record<string, unknown>> = {
  'encoder-decoder, two layers, lstm': { name: 'encoder-decoder', cell: { type: 'lstm' }, photos: { layers: 2 }, decoder: { layers: 2 } },
  'previous sentence, reset before, hard gates': { name: 'previous-sentence', cell: { reset: 'before', gates: 'hard' } },
  'previous sentence by cnn, with dropout': { name: 'previous-sentence', previous: { encoder: 'cnn' }, dropout: { words: 0.2, output: 0.2 } },
  attention: { name: 'attention' },
};

async function train(device: Device, options: Record<string, unknown>) {
  const runtime = await openRuntime({ device, threads: 1 });
  const model = smallModel(options);
  const batches = smallBatches(previousForm(model));
  const network = new StoryNetwork(runtime, model, SIZES, 2);
  network.initialise(3);
  const optimizer = await Optimizer.open(network.arena, ADAM);
  const losses = [await network.lossAndGradients(batches.pack([2, 5, 0]), 11)];
  const gradients = structuredClone(network.arena.gradients.tensors);
  for (let step = 1; step <= 2; step++) {
    losses.push(await network.lossAndGradients(batches.pack([2, 5, 0]), stepSeed(1, step)));
    optimizer.update();
  }
  const result = { losses, gradients, summed: await network.summedLoss(batches.pack([2, 5, 0])) };
  await runtime.dispose();
  return result;
}

describe.skipIf(absent)('the webgpu device', () => {
  for (const [name, options] of Object.entries(VARIANTS)) {
    test(`${name}: forward pass, gradients and two steps of Adam equal cpu`, { timeout: 60_000 }, async () => {
      const [webgpu, cpu] = [await train('webgpu', options), await train('cpu', options)];
      webgpu.losses.forEach((loss, i) => expect(Math.abs(loss - cpu.losses[i]!), `loss ${i}`).toBeLessThan(1e-4));
      expect(Math.abs(webgpu.summed / cpu.summed - 1)).toBeLessThan(1e-4);
      expectClose(webgpu.gradients, cpu.gradients, 1e-4, 'gradient');
    });
  }
});
