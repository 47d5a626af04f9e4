import { z } from 'zod';
import type { ParameterArena } from '../runtime/arena.ts';
import type { UpdateKernels } from './kernels.ts';
import { loadUpdateKernels } from './kernels.ts';
import { scheduleFactor, scheduleSchema } from './schedule.ts';

/** Update rules, in order of increasing complexity, with the slots each keeps per weight. */
export const OPTIMIZER_SLOTS = { sgd: ['momentum'], adagrad: ['sum'], rmsprop: ['mean'], adadelta: ['mean', 'delta'], adam: ['first', 'second'] } as const;
export type OptimizerName = keyof typeof OPTIMIZER_SLOTS;

export const optimizerSchema = z.strictObject({
  name: z.enum(['sgd', 'adagrad', 'rmsprop', 'adadelta', 'adam']).default('adam').describe('update rule'),
  learning_rate: z.number().positive().default(1e-3).describe('step size before the schedule'),
  beta1: z.number().min(0).max(1).default(0.9).describe('Adam: decay of the first moment'),
  beta2: z.number().min(0).max(1).default(0.999).describe('Adam: decay of the second moment'),
  epsilon: z.number().positive().default(1e-7).describe('added to the root of the second moment'),
  decay: z.number().min(0).max(1).default(0.95).describe('RMSProp, AdaDelta: decay of the mean square'),
  momentum: z.number().min(0).max(1).default(0).describe('SGD: momentum'),
  clip_value: z.number().positive().nullable().default(5).describe('gradients are cut to [-clip_value, clip_value] one by one; null leaves them'),
  clip_norm: z.number().positive().nullable().default(null).describe('gradients are scaled down to this global norm; null leaves them'),
  schedule: scheduleSchema.prefault({}),
});
export type OptimizerOptions = z.infer<typeof optimizerSchema>;

/** What one update reports. */
export interface UpdateReport {
  /** Euclidean norm of all gradients before clipping; NaN or infinite when the step has gone wrong. */
  readonly gradientNorm: number;
  readonly learningRate: number;
}

/** Applies gradients in the arena to the parameters beside them. */
export class Optimizer {
  /** Updates made so far; part of a checkpoint. */
  step = 0;
  readonly #arena: ParameterArena;
  readonly #kernels: UpdateKernels;
  readonly #options: OptimizerOptions;

  private constructor(arena: ParameterArena, kernels: UpdateKernels, options: OptimizerOptions) {
    this.#arena = arena;
    this.#kernels = kernels;
    this.#options = options;
  }

  static async open(arena: ParameterArena, options: OptimizerOptions): Promise<Optimizer> {
    return new Optimizer(arena, await loadUpdateKernels(arena.memory), options);
  }

  /** One update. When the gradients are not finite nothing changes and the report says so. */
  update(): UpdateReport {
    const { byteOffset: g, length: n } = this.#arena.gradients;
    const gradientNorm = Math.sqrt(this.#kernels.sumOfSquares(g, n));
    const step = this.step + 1;
    const learningRate = this.#options.learning_rate * scheduleFactor(this.#options.schedule, step);
    if (!Number.isFinite(gradientNorm)) return { gradientNorm, learningRate };
    const { clip_norm } = this.#options;
    if (clip_norm !== null && gradientNorm > clip_norm) this.#kernels.scale(g, n, clip_norm / gradientNorm);
    this.#apply(learningRate, step);
    this.step = step;
    return { gradientNorm, learningRate };
  }

  #apply(rate: number, step: number): void {
    const { name, beta1, beta2, epsilon, decay, momentum } = this.#options;
    const clip = this.#options.clip_value ?? Infinity;
    const { byteOffset: p, length: n } = this.#arena.trainable;
    const g = this.#arena.gradients.byteOffset;
    const [s, t] = this.#arena.slots.map((slot) => slot.byteOffset) as [number, number];
    switch (name) {
      case 'sgd':
        return this.#kernels.sgd(p, g, s, n, rate, momentum, clip);
      case 'adagrad':
        return this.#kernels.adagrad(p, g, s, n, rate, epsilon, clip);
      case 'rmsprop':
        return this.#kernels.rmsprop(p, g, s, n, rate, decay, epsilon, clip);
      case 'adadelta':
        return this.#kernels.adadelta(p, g, s, t, n, rate, decay, epsilon, clip);
      case 'adam': {
        // Keras' form: the bias correction goes into the rate and leaves epsilon alone.
        const corrected = (rate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
        return this.#kernels.adam(p, g, s, t, n, corrected, beta1, beta2, epsilon, clip);
      }
    }
  }
}
