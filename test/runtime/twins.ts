import type * as tf from '@tensorflow/tfjs-core';
import type { HostTensor } from '../../src/core/hosttensor.ts';
import { Random } from '../../src/core/random.ts';
import type { FreeSizes, JitOptions, Runtime } from '../../src/runtime/jit.ts';
import { randomFloats, runtimes } from '../support/compare.ts';

export type Tensors = [...tf.Tensor[]];

export const random = new Random('free sizes');
export const matrix = (rows: number, columns = 3): HostTensor & { dtype: 'float32' } => randomFloats(random, [rows, columns]);
export const withRows = (tensor: HostTensor, rows: number): HostTensor => ({ ...tensor, shape: [rows, ...tensor.shape.slice(1)] });

/** The rows of every argument, each for itself. */
export const ownRows: FreeSizes<Tensors> = {
  of: (args) => args.map(({ shape }) => shape[0]!),
  standIn: (args, draw) => args.map((tensor) => withRows(tensor, draw())),
};

/** Rows that all arguments have in common. */
export const commonRows: FreeSizes<Tensors> = {
  of: ([x]) => [x!.shape[0]!],
  standIn: (args, draw) => {
    const rows = draw();
    return args.map((tensor) => withRows(tensor, rows));
  },
};

/** A compiled function, its oracle, and how often it was traced: twice for one program. */
export async function twins<A extends unknown[]>(fn: (...args: A) => unknown, options: JitOptions<A>, runtime?: Runtime) {
  const { onnx, cpu } = await runtimes();
  const seen = { traced: 0 };
  const compiled = (runtime ?? onnx).jit((...args: A) => {
    seen.traced++;
    return fn(...args);
  }, options);
  return { compiled, oracle: cpu.jit(fn, options), seen };
}
