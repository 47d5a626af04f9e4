import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import type { HostTensor } from '../../src/core/hosttensor.ts';
import { floats, isHostTensor, sizeOf } from '../../src/core/hosttensor.ts';
import { Random } from '../../src/core/random.ts';
import type { Runtime } from '../../src/runtime/jit.ts';
import { openRuntime } from '../../src/runtime/jit.ts';

let opened: Promise<{ onnx: Runtime; cpu: Runtime }> | undefined;

/** The compiler and its oracle, tfjs's CPU backend. */
export function runtimes(): Promise<{ onnx: Runtime; cpu: Runtime }> {
  return (opened ??= (async () => ({ onnx: await openRuntime({ threads: 1 }), cpu: await openRuntime({ backend: 'cpu' }) }))());
}

export function randomFloats(random: Random, shape: number[], low = -1, high = 1): HostTensor & { dtype: 'float32' } {
  return floats(Float32Array.from({ length: sizeOf(shape) }, () => random.between(low, high)), shape);
}

/** Runs a function compiled and on the CPU backend and expects the same numbers. */
export async function expectSame(fn: (...args: never[]) => unknown, args: unknown[], tolerance = 1e-5, seed = 0): Promise<unknown> {
  const { onnx, cpu } = await runtimes();
  const run = (runtime: Runtime): Promise<unknown> => runtime.jit(fn as (...a: unknown[]) => unknown).call(args as never, { seed });
  const expected = await run(cpu);
  expectClose(await run(onnx), expected, tolerance);
  return expected;
}

export function expectClose(actual: unknown, expected: unknown, tolerance = 1e-5, path = 'result'): void {
  if (isHostTensor(expected)) {
    const tensor = actual as HostTensor;
    expect(tensor.shape, path).toEqual(expected.shape);
    expect(tensor.dtype, path).toBe(expected.dtype);
    const [a, b] = [Array.from(tensor.data as Float32Array), Array.from(expected.data as Float32Array)];
    const scale = Math.max(1, ...b.map((x) => (Number.isFinite(x) ? Math.abs(x) : 0)));
    const worst = Math.max(0, ...a.map((x, i) => (Object.is(x, b[i]) ? 0 : Math.abs(x - b[i]!))));
    expect(worst / scale, `${path}: largest difference`).toBeLessThanOrEqual(tolerance);
    return;
  }
  if (expected === null || typeof expected !== 'object') return expect(actual, path).toEqual(expected);
  for (const [key, value] of Object.entries(expected)) expectClose((actual as Record<string, unknown>)[key], value, tolerance, `${path}.${key}`);
}

/** Value and gradients with respect to every float argument of `sum(fn(...) * weights)`, the weights being random. */
export function withGradients(fn: (...args: tf.Tensor[]) => tf.Tensor): (...args: tf.Tensor[]) => unknown {
  return (...args) => {
    const differentiable = args.filter((arg) => arg.dtype === 'float32');
    const scalar = (...xs: tf.Tensor[]): tf.Scalar => {
      let next = 0;
      const y = fn(...args.map((arg) => (arg.dtype === 'float32' ? xs[next++]! : arg)));
      const weights = tf.tensor(Float32Array.from({ length: y.size }, (_, i) => Math.sin(i + 1)), y.shape);
      return tf.sum(tf.mul(y, weights)) as tf.Scalar;
    };
    const { value, grads } = tf.valueAndGrads(scalar)(differentiable);
    return { value, grads };
  };
}
