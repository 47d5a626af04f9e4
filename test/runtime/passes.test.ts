import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import type { HostTensor } from '../../src/core/hosttensor.ts';
import { Random } from '../../src/core/random.ts';
import type { Graph } from '../../src/runtime/graph.ts';
import { registerGradients } from '../../src/runtime/gradients.ts';
import { joinProducts } from '../../src/runtime/passes.ts';
import { trace } from '../../src/runtime/trace.ts';
import { expectSame, randomFloats } from '../support/compare.ts';

type T2 = tf.Tensor2D;

beforeAll(registerGradients);
type Fn = (...args: tf.Tensor[]) => tf.Tensor | readonly tf.Tensor[];

/** The graph of a function before and after its products are joined. */
function graphs(fn: Fn, args: readonly HostTensor[]): { before: Graph; after: Graph } {
  const { graph } = trace(({ argument, result }) => {
    const made = fn(...args.map((arg, i) => argument(String(i), arg)));
    (Array.isArray(made) ? made : [made]).forEach((tensor: tf.Tensor, i) => result(`out.${i}`, tensor));
  });
  return { before: graph, after: joinProducts(graph) };
}

function count(graph: Graph, op: string): number {
  return graph.nodes.filter((node) => node.op === op).length;
}

function random(...shapes: number[][]): HostTensor[] {
  const source = new Random(shapes.join());
  return shapes.map((shape) => randomFloats(source, shape));
}

/** Loss and gradients of a plain recurrent network written step by step: h_t = tanh(x_t W + h_t-1 U + b). */
function recurrence(steps: number): Fn {
  const loss = (w: tf.Tensor, u: tf.Tensor, b: tf.Tensor, h0: tf.Tensor, ...xs: tf.Tensor[]): tf.Scalar => {
    let h = h0;
    for (const x of xs) h = tf.tanh(tf.add(tf.add(tf.matMul(x as T2, w as T2), tf.matMul(h as T2, u as T2)), b));
    return tf.sum(tf.square(h));
  };
  return (...args) => {
    const { value, grads } = tf.valueAndGrads(loss)(args.slice(0, 4 + steps));
    return [value, ...grads];
  };
}

test('each weight gradient of an unrolled recurrence is one product over all steps', async () => {
  const [T, B, I, H] = [6, 3, 4, 5];
  const args = random([I, H], [H, H], [H], [B, H], ...Array.from({ length: T }, () => [B, I]));
  const { before, after } = graphs(recurrence(T), args);
  // Forward 2 T; backward T each for dW, dU, dh and dx. The T of dW and of dU become one each.
  expect(count(before, 'Gemm')).toBe(6 * T);
  expect(count(after, 'Gemm')).toBe(4 * T + 2);
  expect([count(before, 'ReduceSum'), count(after, 'ReduceSum')]).toEqual([T + 1, 2]);
  // The gate gradients are stacked once for all three.
  expect(count(after, 'Concat') - count(before, 'Concat')).toBe(3);
  await expectSame(recurrence(T) as never, args);
});

test('one step has nothing to join', () => {
  const { before, after } = graphs(recurrence(1), random([4, 5], [5, 5], [5], [3, 5], [3, 4]));
  expect(after.nodes.map(({ op }) => op)).toEqual(before.nodes.map(({ op }) => op));
});

const product = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.matMul(a as T2, b as T2, true, false);

test('parts with different numbers of rows are joined', async () => {
  const fn: Fn = (a, b, c, d, e, f) => tf.add(tf.add(product(a!, b!), product(c!, d!)), product(e!, f!));
  const args = random([2, 3], [2, 4], [5, 3], [5, 4], [1, 3], [1, 4]);
  const { after } = graphs(fn, args);
  expect([count(after, 'Gemm'), count(after, 'Add')]).toEqual([1, 0]);
  await expectSame(fn as never, args);
});

test('a sum that is also used elsewhere stays right', async () => {
  const fn: Fn = (a, b, c, d) => {
    const part = tf.add(product(a!, b!), product(c!, d!));
    const whole = tf.add(part, product(a!, d!));
    return [tf.add(whole, product(c!, b!)), tf.exp(part), whole];
  };
  const args = random([2, 3], [2, 3], [2, 3], [2, 3]);
  await expectSame(fn as never, args);
});

test('a product that is also used elsewhere is not joined', async () => {
  const fn: Fn = (a, b, c, d) => {
    const shared = product(a!, b!);
    return [tf.add(tf.add(shared, product(c!, d!)), product(a!, d!)), tf.tanh(shared)];
  };
  const args = random([2, 3], [2, 3], [2, 3], [2, 3]);
  expect(count(graphs(fn, args).after, 'Gemm')).toBe(2);
  await expectSame(fn as never, args);
});

test('a term added to itself counts twice', async () => {
  const fn: Fn = (a, b) => {
    const y = product(a!, b!);
    return tf.add(tf.add(y, y), product(b!, a!));
  };
  await expectSame(fn as never, random([2, 3], [2, 3]));
});

test('terms that are no products stay in the sum', async () => {
  const fn: Fn = (a, b, x) => tf.add(tf.add(tf.add(product(a!, b!), x!), product(b!, a!)), tf.exp(x!));
  const args = random([2, 3], [2, 3], [3, 3]);
  expect(count(graphs(fn, args).after, 'Gemm')).toBe(1);
  await expectSame(fn as never, args);
});

test('products with other transpositions are left alone', async () => {
  const fn: Fn = (a, b) => tf.add(tf.matMul(a as T2, b as T2), tf.matMul(b as T2, a as T2));
  const args = random([3, 3], [3, 3]);
  expect(count(graphs(fn, args).after, 'Gemm')).toBe(2);
  await expectSame(fn as never, args);
});

test('column sums are joined, row sums of equal shape are not', async () => {
  const sums = (axis: number): Fn => (a, b, c) => tf.add(tf.add(tf.sum(a!, axis), tf.sum(b!, axis)), tf.sum(c!, axis));
  const square = random([3, 3], [3, 3], [3, 3]);
  expect(count(graphs(sums(0), square).after, 'ReduceSum')).toBe(1);
  expect(count(graphs(sums(1), square).after, 'ReduceSum')).toBe(3);
  for (const axis of [0, 1]) await expectSame(sums(axis) as never, square);
  await expectSame(sums(0) as never, random([2, 3], [4, 3], [1, 3]));
  const both: Fn = (a, b) => tf.add(tf.sum(a!, 0), tf.sum(b!, 1));
  await expectSame(both as never, square.slice(0, 2));
});

test('a joined sum can feed another joined sum', async () => {
  const fn: Fn = (a, b, c, d) => {
    const inner = tf.tanh(tf.add(product(a!, b!), product(c!, d!)));
    return tf.add(product(inner, a!), product(inner, b!));
  };
  const args = random([3, 3], [3, 3], [3, 3], [3, 3]);
  expect(count(graphs(fn, args).after, 'Gemm')).toBe(2);
  await expectSame(fn as never, args);
});

test('nodes stand after what they read', () => {
  const { after } = graphs(recurrence(5), random([4, 5], [5, 5], [5], [3, 5], ...Array.from({ length: 5 }, () => [3, 4])));
  const known = new Set([...after.inputs, ...after.constants.keys()]);
  for (const node of after.nodes) {
    for (const value of node.inputs) expect(value === null || known.has(value), `${node.op} reads ${value?.name}`).toBe(true);
    node.outputs.forEach((value) => known.add(value));
  }
  expect(new Set(after.nodes.flatMap(({ outputs }) => outputs.map(({ name }) => name))).size).toBe(after.nodes.flatMap(({ outputs }) => outputs).length);
});
