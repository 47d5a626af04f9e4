import * as tf from '@tensorflow/tfjs-core';
import type { ParameterDefinitions } from '../nn/parameters.ts';
import { initialValues } from '../nn/parameters.ts';
import type { FloatTensors } from '../runtime/arena.ts';
import { ParameterArena } from '../runtime/arena.ts';
import type { Compiled, Host, Runtime } from '../runtime/jit.ts';
import type { Named } from './gradients.ts';
import { lossAndGradients } from './gradients.ts';

type LossAndGradients = { loss: tf.Tensor; gradients: Named };

/** A model as its loss. B = a batch of tensors. */
export interface LossProgram<B> {
  readonly parameters: ParameterDefinitions;
  /** Loss of a batch, summed over whatever it counts. */
  loss(p: Named, batch: B, training: boolean): tf.Scalar;
  /** How many words (or pairs) a batch counts, as a tensor. */
  count(batch: B): tf.Scalar;
  /** The sizes in which batches differ: see `FreeSizes`. */
  sizes(batch: Host<B>): readonly number[];
  standIn(batch: Host<B>, draw: () => number): Host<B>;
}

/** A model with its parameters in memory, ready to be trained or measured. */
export class LossNetwork<B> {
  readonly arena: ParameterArena;
  readonly #definitions: ParameterDefinitions;
  readonly #frozen: FloatTensors;
  readonly #loss = { dtype: 'float32', shape: [], data: new Float32Array(1) } as const;
  readonly #train: Compiled<[Named, Named, B], LossAndGradients>;
  readonly #measure: Compiled<[Named, B], tf.Tensor>;

  /** @param slotCount optimiser slots per weight; 0 for a network that is only measured */
  constructor(runtime: Runtime, program: LossProgram<B>, slotCount: number) {
    this.#definitions = program.parameters;
    this.arena = new ParameterArena(program.parameters, slotCount);
    const { trainable, values } = this.arena;
    this.#frozen = Object.fromEntries(Object.entries(values).filter(([name]) => !(name in trainable.tensors)));
    this.#train = runtime.jit((trainable: Named, frozen: Named, batch: B) =>
      lossAndGradients((parameters) => tf.div(program.loss({ ...frozen, ...parameters }, batch, true), program.count(batch)) as tf.Scalar, trainable), {
      free: {
        of: ([, , batch]) => program.sizes(batch),
        standIn: ([trainable, frozen, batch], draw) => [trainable, frozen, program.standIn(batch, draw)],
      },
    });
    this.#measure = runtime.jit((parameters: Named, batch: B): tf.Tensor => program.loss(parameters, batch, false), {
      free: { of: ([, batch]) => program.sizes(batch), standIn: ([parameters, batch], draw) => [parameters, program.standIn(batch, draw)] },
    });
  }

  /** Sets every parameter to its initial value. */
  initialise(seed: number): void {
    for (const [name, data] of initialValues(this.#definitions, seed)) this.arena.values[name]!.data.set(data);
  }

  /** Mean loss of a batch; its gradients are left in the arena. @param seed of the dropout masks */
  async lossAndGradients(batch: Host<B>, seed: number): Promise<number> {
    const { trainable, gradients } = this.arena;
    await this.#train.call([trainable.tensors, this.#frozen, batch] as never, { seed, into: { loss: this.#loss, gradients: gradients.tensors } as never });
    return this.#loss.data[0]!;
  }

  /** Summed loss of a batch, without dropout. */
  async summedLoss(batch: Host<B>): Promise<number> {
    const loss = await this.#measure(...([this.arena.values, batch] as never));
    return ((loss as { data: Float32Array }).data)[0]!;
  }
}
