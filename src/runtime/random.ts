import { Random } from '../core/random.ts';

/**
 * Dropout masks are drawn on the host from (seed of the call, number of the mask), so that every backend draws the
 * same and a resumed run draws what the uninterrupted one would have.
 */
export function fillDropoutMask(out: Float32Array, keep: number, seed: number, index: number): void {
  const random = new Random((seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0);
  const threshold = keep * 4294967296;
  const scale = 1 / keep;
  for (let i = 0; i < out.length; i++) out[i] = random.uint32() < threshold ? scale : 0;
}

/** The seed and mask counter of the eager call that is running; the compiled path numbers its masks while tracing. */
export const eagerMasks = { seed: 0, next: 0 };
