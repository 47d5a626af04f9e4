import * as tf from '@tensorflow/tfjs-core';
import type { Device } from '../../src/runtime/jit.ts';
import { openRuntime } from '../../src/runtime/jit.ts';

/** Why a device cannot be used here, or undefined when it works. */
export async function deviceRefusal(device: Device): Promise<unknown> {
  const runtime = await openRuntime({ device, threads: 1 });
  const x = { dtype: 'float32' as const, shape: [4], data: Float32Array.of(0, 1, 2, 3) };
  return runtime.jit((a: tf.Tensor) => tf.tanh(a))(x).then(() => runtime.dispose(), (error: unknown) => error);
}
