import * as tf from '@tensorflow/tfjs-core';
import { Random } from '../core/random.ts';
import type { PackedStories, PreviousForm } from '../data/batches.ts';
import { batchSizes, standInBatch } from '../data/batchsizes.ts';
import type { StoryBatch } from '../models/model.ts';
import type { StoryModelOptions, StorySizes } from '../models/options.ts';
import { PHOTOS } from '../models/options.ts';
import { STORY_MODELS, storyLoss, storyParameters } from '../models/registry.ts';
import type { Host, Runtime } from '../runtime/jit.ts';
import { LossNetwork } from './lossnetwork.ts';

/** How a model reads the sentence before. */
export function previousForm(o: StoryModelOptions): PreviousForm {
  if (!STORY_MODELS[o.name].readsPreviousSentence) return 'none';
  return o.previous.encoder === 'cnn' || !o.previous.mask ? 'padded' : 'packed';
}

/** A story model with its parameters in memory, ready to be trained or measured. */
export class StoryNetwork extends LossNetwork<StoryBatch> {
  readonly options: StoryModelOptions;
  readonly sizes: StorySizes;

  /** @param slotCount optimiser slots per weight; 0 for a network that is only measured */
  constructor(runtime: Runtime, options: StoryModelOptions, sizes: StorySizes, slotCount: number) {
    const { steps } = sizes;
    super(runtime, {
      parameters: storyParameters(options, sizes),
      loss: (p, batch, training) => storyLoss(p, options, batch, training),
      count: ({ weights }) => tf.sum(weights),
      sizes: (batch) => batchSizes(batch as PackedStories, PHOTOS, steps),
      standIn: (batch, draw) => standInBatch(batch as PackedStories, PHOTOS, steps, draw) as Host<StoryBatch>,
    }, slotCount);
    this.options = options;
    this.sizes = sizes;
  }
}

/** The dropout seed of a step: fixed by the run's seed and the step, so that a resumed run draws the same. */
export function stepSeed(seed: number, step: number): number {
  return new Random(`${seed}/step ${step}`).uint32();
}
