import type { HostTensor } from '../core/hosttensor.ts';
import { sizeOf } from '../core/hosttensor.ts';
import { Random } from '../core/random.ts';

/**
 * Dropout masks are drawn on the host from (seed of the call, number of the mask), so that every backend draws the
 * same and a resumed run draws what the uninterrupted one would have.
 */
export function fillDropoutMask(out: Float32Array, keep: number, seed: number, index: number): void {
  const threshold = keep * 4294967296;
  const scale = 1 / keep;
  // The generator of core/random.ts with its state in local variables: masks are drawn at every step.
  let [a, b, c, d] = new Random((seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0).state;
  for (let i = 0; i < out.length; i++) {
    const x = Math.imul(b, 5);
    out[i] = Math.imul((x << 7) | (x >>> 25), 9) >>> 0 < threshold ? scale : 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
  }
}

/** The seed and mask counter of the eager call that is running; the compiled path numbers its masks while tracing. */
export const eagerMasks = { seed: 0, next: 0 };

/** Memory for the masks of a program, kept from call to call and grown where a mask needs more. */
export class MaskMemory {
  readonly #buffers: Float32Array[] = [];

  floats(index: number, shape: readonly number[]): HostTensor & { dtype: 'float32' } {
    const length = sizeOf(shape);
    if ((this.#buffers[index]?.length ?? 0) < length) this.#buffers[index] = new Float32Array(Math.ceil(length * 1.2));
    return { dtype: 'float32', shape, data: this.#buffers[index]!.subarray(0, length) };
  }
}
