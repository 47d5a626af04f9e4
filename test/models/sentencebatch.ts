import { expect } from 'vitest';
import { floats } from '../../src/core/hosttensor.ts';
import type { HostTensor } from '../../src/core/hosttensor.ts';
import { Random } from '../../src/core/random.ts';
import type { Host, Runtime } from '../../src/runtime/jit.ts';
import type { LossProgram } from '../../src/training/lossnetwork.ts';
import { LossNetwork } from '../../src/training/lossnetwork.ts';
import { randomFloats, runtimes } from '../support/compare.ts';

export const WORDS = 12;
/** Words of a sentence, at most. */
export const MAX_WORDS = 4;

/** Ids of a sentence of that many words; END, START and NULL are not among them. */
export function randomSentence(random: Random, length: number): number[] {
  return Array.from({ length }, () => 3 + random.int(WORDS - 3));
}

export function randomSentences(seed: string, lengths: readonly number[]): number[][] {
  const random = new Random(seed);
  return lengths.map((length) => randomSentence(random, length));
}

export function randomRows(seed: string, rows: number, size: number): HostTensor & { dtype: 'float32' } {
  return randomFloats(new Random(seed), [rows, size]);
}

/** Some rows of a matrix. */
export function rowsOf({ data, shape }: HostTensor & { dtype: 'float32' }, numbers: readonly number[]): HostTensor {
  const size = shape[1]!;
  return floats(Float32Array.from(numbers.flatMap((number) => [...data.subarray(number * size, (number + 1) * size)])), [numbers.length, size]);
}

/** A network with weights so large that every part of it tells, biases and statistics among them. */
export function loudNetwork<B>(runtime: Runtime, program: LossProgram<B>, seed = 3): LossNetwork<B> {
  const network = new LossNetwork(runtime, program, 0);
  network.initialise(seed);
  for (const [name, { data }] of Object.entries(network.arena.values)) {
    const random = new Random(`loud ${name}`);
    for (let i = 0; i < data.length; i++) {
      if (name.endsWith('.scale')) data[i] = random.between(0.5, 1.5);
      else if (/(bias|mean)$/.test(name)) data[i]! += random.between(-0.4, 0.4);
      else if (name === 'embedding') data[i]! *= 8;
      else if (name.endsWith('.input')) data[i]! *= 2;
    }
  }
  return network;
}

export interface Measured {
  readonly loss: number;
  readonly summed: number;
  readonly gradients: Readonly<Record<string, HostTensor & { dtype: 'float32' }>>;
}

export async function measure<B>(network: LossNetwork<B>, batch: unknown, seed = 11): Promise<Measured> {
  const loss = await network.lossAndGradients(batch as Host<B>, seed);
  const gradients = Object.fromEntries(Object.entries(network.arena.gradients.tensors).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]));
  return { loss, gradients, summed: await network.summedLoss(batch as Host<B>) };
}

/** Largest difference, as a share of the largest value. */
export function apart(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  let [worst, scale] = [0, 0];
  for (let i = 0; i < theirs.length; i++) {
    worst = Math.max(worst, Math.abs(ours[i]! - theirs[i]!));
    scale = Math.max(scale, Math.abs(theirs[i]!));
  }
  return worst / Math.max(scale, 1e-30);
}

/** Expects two measurements to be the same: every gradient there, and as near as single precision lets it. @param idle parameters that the batch gives no gradient */
export function expectAlike(ours: Measured, theirs: Measured, what = '', idle: readonly string[] = []): void {
  expect(ours.loss / theirs.loss, `${what} loss`).toBeCloseTo(1, 5);
  expect(ours.summed / theirs.summed, `${what} summed loss`).toBeCloseTo(1, 5);
  expect(Object.keys(ours.gradients)).toEqual(Object.keys(theirs.gradients));
  for (const [name, gradient] of Object.entries(theirs.gradients)) {
    expect(gradient.data.some((x) => x !== 0), `${what} ${name} has a gradient`).toBe(!idle.includes(name));
    expect(apart(ours.gradients[name]!.data, gradient.data), `${what} gradient of ${name}`).toBeLessThan(2e-5);
  }
}

/** The compiled program and tfjs' CPU backend, with the same loud weights. */
export async function bothWays<B>(program: LossProgram<B>, batch: unknown): Promise<{ ours: Measured; theirs: Measured }> {
  const { onnx, cpu } = await runtimes();
  return { ours: await measure(loudNetwork(onnx, program), batch), theirs: await measure(loudNetwork(cpu, program), batch) };
}

/** A runtime that counts how often functions are traced: twice for one program. */
export function counting(runtime: Runtime): { runtime: Runtime; count: { traced: number } } {
  const count = { traced: 0 };
  const counted: Runtime = { ...runtime, jit: (fn, options) => runtime.jit((...args) => (count.traced++, fn(...args)), options) };
  return { count, runtime: counted };
}

/** One compiled program for batches of every size gives what the CPU backend gives for each. */
export async function expectOneProgram<B>(program: LossProgram<B>, batches: readonly unknown[], idle: (batch: number) => readonly string[] = () => []): Promise<void> {
  const { onnx, cpu } = await runtimes();
  const { runtime, count } = counting(onnx);
  const [compiled, oracle] = [loudNetwork(runtime, program), loudNetwork(cpu, program)];
  for (const [i, batch] of batches.entries()) expectAlike(await measure(compiled, batch, i), await measure(oracle, batch, i), `batch ${i}`, idle(i));
  // Two programs, of training and of measuring.
  expect(count.traced).toBe(4);
}

/**
 * Compares the gradient with differences of the loss along one direction for each parameter: half of it the gradient's
 * own, where the loss changes most, half of it random, which no wrong component can hide from.
 */
export async function expectFiniteDifferences<B>(network: LossNetwork<B>, batch: unknown, count: number, { step = 1e-2, tolerance = 5e-3 } = {}): Promise<void> {
  const { gradients } = await measure(network, batch);
  for (const [name, { data: gradient }] of Object.entries(gradients)) {
    const values = network.arena.values[name]!.data;
    const kept = values.slice();
    const random = new Random(`direction ${name}`);
    const [own, other] = [unit(gradient), unit(Float32Array.from(gradient, () => random.normal()))];
    const direction = own.map((x, i) => x + other[i]!);
    const at = async (distance: number): Promise<number> => {
      for (let i = 0; i < values.length; i++) values[i] = kept[i]! + distance * direction[i]!;
      return network.summedLoss(batch as Host<B>);
    };
    const [after, before] = [await at(step), await at(-step)];
    values.set(kept);
    const slope = count * gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0);
    expect(Math.abs((after - before) / (2 * step) / slope - 1), `slope along ${name}, ${slope}`).toBeLessThan(tolerance);
  }
}

function unit(x: Float32Array): Float32Array {
  const norm = Math.hypot(...x);
  return x.map((value) => value / norm);
}
