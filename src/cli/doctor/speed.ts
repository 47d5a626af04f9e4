import * as tf from '@tensorflow/tfjs-core';
import { floats } from '../../core/hosttensor.ts';
import { openRuntime } from '../../runtime/jit.ts';

/** [rows, inner] x [inner, columns]. */
export type ProductShape = readonly [rows: number, inner: number, columns: number];

export interface ProductSpeed {
  readonly shape: ProductShape;
  readonly threads: number;
  /** Thousand million multiplications and additions a second, of the quickest run. */
  readonly gflops: number;
}

/** A square, and the product that costs most in training: 800 words of a batch, 512 units, 10,004 words of the vocabulary. */
export const PRODUCT_SHAPES: readonly ProductShape[] = [[1024, 1024, 1024], [800, 512, 10_004]];

/**
 * Single-precision matrix products through the runtime that models use, on the CPU.
 * @param seconds spent in all, as far as the slowest products allow
 */
export async function measureProducts(shapes: readonly ProductShape[], threadCounts: readonly number[], seconds: number): Promise<ProductSpeed[]> {
  const each = seconds / (shapes.length * threadCounts.length);
  const speeds: ProductSpeed[] = [];
  for (const shape of shapes) {
    for (const threads of threadCounts) speeds.push({ shape, threads, gflops: await measure(shape, threads, each) });
  }
  return speeds;
}

async function measure([rows, inner, columns]: ProductShape, threads: number, seconds: number): Promise<number> {
  const runtime = await openRuntime({ threads });
  try {
    const product = runtime.jit((a: tf.Tensor2D, b: tf.Tensor2D) => tf.matMul(a, b));
    const args: Parameters<typeof product.call>[0] = [values(rows, inner), values(inner, columns)];
    const into = values(rows, columns);
    const once = async (): Promise<number> => {
      const begun = performance.now();
      await product.call(args, { into });
      return (performance.now() - begun) / 1000;
    };
    // The first run compiles and fetches memory; it is not counted, but for its time.
    let spent = await once();
    let quickest = Infinity;
    do {
      const took = await once();
      quickest = Math.min(quickest, took);
      spent += took;
    } while (spent + quickest < seconds);
    return (2 * rows * inner * columns) / quickest / 1e9;
  } finally {
    await runtime.dispose();
  }
}

/** Any numbers do that are neither zero nor subnormal. */
function values(rows: number, columns: number): ReturnType<typeof floats> {
  return floats(new Float32Array(rows * columns).map((_, i) => 0.5 + (i % 7)), [rows, columns]);
}
