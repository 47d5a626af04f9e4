import * as tf from '@tensorflow/tfjs-core';
import { Random } from '../core/random.ts';
import type { StoryBatch } from '../models/model.ts';
import type { StoryModelOptions, StorySizes } from '../models/options.ts';
import { PHOTOS } from '../models/options.ts';
import { STORY_MODELS, storyLoss, storyParameters } from '../models/registry.ts';
import { initialValues } from '../nn/parameters.ts';
import type { PackedStories, PreviousForm } from '../data/batches.ts';
import { batchSizes, standInBatch } from '../data/batchsizes.ts';
import type { Named } from './gradients.ts';
import { lossAndGradients } from './gradients.ts';
import type { FloatTensors } from '../runtime/arena.ts';
import { ParameterArena } from '../runtime/arena.ts';
import type { Compiled, Runtime } from '../runtime/jit.ts';

type LossAndGradients = { loss: tf.Tensor; gradients: Named };

/** How a model reads the sentence before. */
export function previousForm(o: StoryModelOptions): PreviousForm {
  if (!STORY_MODELS[o.name].readsPreviousSentence) return 'none';
  return o.previous.encoder === 'cnn' || !o.previous.mask ? 'padded' : 'packed';
}

/** A story model with its parameters in memory, ready to be trained or measured. */
export class StoryNetwork {
  readonly options: StoryModelOptions;
  readonly sizes: StorySizes;
  readonly arena: ParameterArena;
  readonly #frozen: FloatTensors;
  readonly #loss = { dtype: 'float32', shape: [], data: new Float32Array(1) } as const;
  readonly #train: Compiled<[Named, Named, StoryBatch], LossAndGradients>;
  readonly #measure: Compiled<[Named, StoryBatch], tf.Tensor>;

  /** @param slotCount optimiser slots per weight; 0 for a network that is only measured */
  constructor(runtime: Runtime, options: StoryModelOptions, sizes: StorySizes, slotCount: number) {
    this.options = options;
    this.sizes = sizes;
    this.arena = new ParameterArena(storyParameters(options, sizes), slotCount);
    const { trainable, values } = this.arena;
    this.#frozen = Object.fromEntries(Object.entries(values).filter(([name]) => !(name in trainable.tensors)));
    const { steps } = sizes;
    this.#train = runtime.jit((trainable: Named, frozen: Named, batch: StoryBatch) => {
      const mean = (parameters: Named): tf.Scalar => tf.div(storyLoss({ ...frozen, ...parameters }, options, batch, true), tf.sum(batch.weights));
      return lossAndGradients(mean, trainable);
    }, {
      free: {
        of: ([, , batch]) => batchSizes(batch, PHOTOS, steps),
        standIn: ([trainable, frozen, batch], draw) => [trainable, frozen, standInBatch(batch, PHOTOS, steps, draw)],
      },
    });
    this.#measure = runtime.jit((parameters: Named, batch: StoryBatch): tf.Tensor => storyLoss(parameters, options, batch, false), {
      free: {
        of: ([, batch]) => batchSizes(batch, PHOTOS, steps),
        standIn: ([parameters, batch], draw) => [parameters, standInBatch(batch, PHOTOS, steps, draw)],
      },
    });
  }

  /** Sets every parameter to its initial value. */
  initialise(seed: number): void {
    for (const [name, data] of initialValues(storyParameters(this.options, this.sizes), seed)) this.arena.values[name]!.data.set(data);
  }

  /** Mean loss per word of a batch, in nats; its gradients are left in the arena. @param seed of the dropout masks */
  async lossAndGradients(batch: PackedStories, seed: number): Promise<number> {
    const { trainable, gradients } = this.arena;
    await this.#train.call([trainable.tensors, this.#frozen, batch as never], { seed, into: { loss: this.#loss, gradients: gradients.tensors } as never });
    return this.#loss.data[0]!;
  }

  /** Summed loss of a batch without dropout, in nats. */
  async summedLoss(batch: PackedStories): Promise<number> {
    const loss = await this.#measure(this.arena.values, batch as never);
    return (loss.data as Float32Array)[0]!;
  }
}

/** The dropout seed of a step: fixed by the run's seed and the step, so that a resumed run draws the same. */
export function stepSeed(seed: number, step: number): number {
  return new Random(`${seed}/step ${step}`).uint32();
}
