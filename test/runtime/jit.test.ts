import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { floats, ints } from '../../src/core/hosttensor.ts';
import type { HostTensor } from '../../src/core/hosttensor.ts';
import { Random } from '../../src/core/random.ts';
import { dropout, dropoutMask } from '../../src/nn/dropout.ts';
import type { FreeSizes } from '../../src/runtime/jit.ts';
import { openRuntime } from '../../src/runtime/jit.ts';
import { expectClose, expectSame, randomFloats, runtimes } from '../support/compare.ts';

type T2 = tf.Tensor2D;

const X = floats([1, -2, 3, 4], [2, 2]);

function numbers(tensor: HostTensor): (number | bigint)[] {
  return Array.from(tensor.data as Float32Array);
}

test('results written into given memory are not copied a second time', async () => {
  const size = 2 ** 22;
  const add = (await runtimes()).onnx.jit((x: tf.Tensor) => ({ sum: tf.add(x, 1), first: tf.slice(x, 0, 1) }));
  const x = floats(new Float32Array(size).fill(2), [size]);
  const into = { sum: floats(new Float32Array(size), [size]), first: floats(new Float32Array(1), [1]) };
  await add.call([x], { into });
  const before = process.memoryUsage().arrayBuffers;
  const { sum, first } = await add.call([x], { into });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size);
  expect(sum).toBe(into.sum);
  expect(first).toBe(into.first);
  expect([sum.data[0], sum.data[size - 1], first.data[0]]).toEqual([3, 3, 2]);
  // Where something must be made, all of it is given.
  expect((await add.call([x], { into: { first: into.first } })).sum.data[5]).toBe(3);
});

describe('arguments and results', () => {
  test('may be nested, with plain values among them', async () => {
    const fn = (model: { layers: { w: tf.Tensor; scale: number }[]; title: string; flags: boolean[] }, x: tf.Tensor, none: null) => ({
      y: model.layers.reduce((sum, { w, scale }) => tf.add(sum, tf.mul(tf.matMul(x as T2, w as T2), scale)), x),
      inner: [{ title: model.title, negative: model.flags[1] ? tf.neg(x) : x }, none] as const,
    });
    const model = { layers: [{ w: floats([1, 0, 0, 1], [2, 2]), scale: 2 }, { w: floats([0, 1, 1, 0], [2, 2]), scale: -1 }], title: 'two', flags: [false, true] };
    for (const runtime of Object.values(await runtimes())) {
      const result = await runtime.jit(fn)(model, X, null);
      expect(numbers(result.y)).toEqual([5, -7, 5, 9]);
      expect(result.inner[0].title).toBe('two');
      expect(numbers(result.inner[0].negative)).toEqual([-1, 2, -3, -4]);
      expect(result.inner[1]).toBeNull();
    }
  });

  test('results may be inputs, reshaped inputs, constants, and the same tensor twice', async () => {
    const fn = (x: tf.Tensor) => {
      const y = tf.mul(x, 2);
      return { x, flat: tf.reshape(x, [4]), y, again: y, row: tf.reshape(y, [1, 4]), three: tf.scalar(3), list: tf.tensor1d([7, 8]) };
    };
    const expected = (await expectSame(fn as never, [X])) as Record<string, HostTensor>;
    expect(Object.values(expected).map(numbers)).toEqual([[1, -2, 3, 4], [1, -2, 3, 4], [2, -4, 6, 8], [2, -4, 6, 8], [2, -4, 6, 8], [3], [7, 8]]);
  });

  test('results are memory of their own: changing one changes neither the argument nor another', async () => {
    for (const runtime of Object.values(await runtimes())) {
      const x = floats([1, 2], [2]);
      const fn = runtime.jit((a: tf.Tensor) => ({ same: a, twice: [tf.exp(a), tf.exp(a)] }));
      const first = await fn(x);
      first.same.data.fill(9 as never);
      first.twice[0]!.data.fill(9 as never);
      expect([numbers(x), numbers(first.twice[1]!)]).toEqual([[1, 2], [Math.fround(Math.exp(1)), Math.fround(Math.exp(2))].map((e) => expect.closeTo(e, 5))]);
      expect(numbers((await fn(x)).same)).toEqual([1, 2]);
    }
  });

  test('integers and truth values go in and come out as such', async () => {
    const fn = (x: tf.Tensor, ids: tf.Tensor, open: tf.Tensor) => ({
      best: tf.argMax(x, 1), rows: tf.gather(x, ids as tf.Tensor1D), large: tf.greater(x, 2), sum: tf.add(ids, ids),
      both: tf.logicalAnd(tf.greater(x, 0), open), ids, open,
    });
    const open: HostTensor = { dtype: 'bool', shape: [2, 2], data: Uint8Array.of(1, 1, 0, 1) };
    const expected = (await expectSame(fn as never, [X, ints([1, 0, 1], [3]), open])) as Record<string, HostTensor>;
    expect(numbers(expected['best']!)).toEqual([0, 1]);
    expect(expected['sum']!.dtype).toBe('int32');
    expect(expected['both']).toEqual({ dtype: 'bool', shape: [2, 2], data: Uint8Array.of(1, 0, 0, 1) });
  });

  test('the graph names arguments and results by their place', async () => {
    const { onnx } = await runtimes();
    const { graph } = onnx.jit((p: { w: tf.Tensor }, x: tf.Tensor[]) => ({ y: [tf.matMul(p.w as T2, x[0] as T2)] })).graph({ w: X }, [X]);
    expect(graph.inputs.map(({ name }) => name)).toEqual(['0.w', '1.0']);
    expect(graph.outputs.map(({ name }) => name)).toEqual(['out.y.0']);
  });
});

describe('when a function is compiled again', () => {
  /** A function that counts its tracings. */
  async function counted(cacheSize: number) {
    const runtime = await openRuntime({ threads: 1, cacheSize });
    const seen: string[] = [];
    const fn = runtime.jit((x: tf.Tensor, by: unknown) => {
      seen.push(`${x.dtype}${x.shape.join('x')} ${String(by)}`);
      return tf.mul(x, typeof by === 'number' ? by : 1);
    });
    return { runtime, fn, seen };
  }
  const zeros = (n: number): HostTensor => floats(new Float32Array(n).fill(1), [n]);

  test('not for new numbers of the same shape', async () => {
    const { runtime, fn, seen } = await counted(4);
    for (const value of [1, 2, 3]) expect(numbers(await fn(floats([value], [1]), 2))).toEqual([2 * value]);
    expect(seen).toEqual(['float321 2']);
    await runtime.dispose();
  });

  test('for another shape, another type and another plain value', async () => {
    const { runtime, fn, seen } = await counted(20);
    await fn(floats([1, 2], [2]), 2);
    await fn(floats([1, 2], [2, 1]), 2);
    await fn(ints([1, 2], [2]), 2);
    const statics = [3, '3', null, undefined, Infinity, -Infinity, NaN, 0, -0, true];
    const results = [];
    for (const by of statics) results.push(numbers(await fn(zeros(1), by))[0]);
    expect(results).toEqual([3, 1, 1, 1, Infinity, -Infinity, NaN, 0, -0, 1]);
    expect(seen).toHaveLength(3 + statics.length);
    await runtime.dispose();
  });

  test('after it has gone from the cache: the shape used longest ago goes first', async () => {
    const { runtime, fn, seen } = await counted(2);
    for (const n of [1, 2, 1, 3]) await fn(zeros(n), 1);
    expect(seen).toEqual(['float321 1', 'float322 1', 'float323 1']);
    await fn(zeros(1), 1);
    expect(seen).toHaveLength(3);
    await fn(zeros(2), 1);
    expect(seen).toHaveLength(4);
    await runtime.dispose();
  });

  test('calls under way at once do not take each other\'s sessions or masks', async () => {
    const runtime = await openRuntime({ threads: 1, cacheSize: 1 });
    const fn = runtime.jit((x: tf.Tensor) => ({ sum: tf.sum(x), mask: dropoutMask(x.shape, 0.5) }));
    const sizes = [40, 50, 60, 40, 40];
    const alone = [];
    for (const [seed, n] of sizes.entries()) alone.push(await fn.call([zeros(n)], { seed }));
    const copies = structuredClone(alone);
    expectClose(await Promise.all(sizes.map((n, seed) => fn.call([zeros(n)], { seed }))), copies, 0);
    await runtime.dispose();
  });

  test('a shape that fails does not stand in the way of others', async () => {
    const { onnx } = await runtimes();
    const fn = onnx.jit((x: tf.Tensor) => tf.matMul(x as T2, x as T2));
    await expect(fn(floats([1, 2], [1, 2]))).rejects.toThrow('the compiled model was refused');
    await expect(fn(floats([1, 2], [1, 2]))).rejects.toThrow('the compiled model was refused');
    expect(numbers(await fn(X))).toEqual([-5, -10, 15, 10]);
  });
});

describe('arguments whose numbers never change', () => {
  type Layer = { w: tf.Tensor; scale: number };
  const fn = (x: tf.Tensor, p: Layer[]) => p.reduce((y, { w, scale }) => tf.mul(tf.matMul(y as T2, w as T2), scale), x);
  const layers = () => [{ w: floats([1, 2, 3, 4], [2, 2]), scale: 2 }, { w: floats([0, 1, 1, 0], [2, 2]), scale: 1 }];

  test('become part of the program and are not looked at again', async () => {
    const { onnx, cpu } = await runtimes();
    const compiled = onnx.jit(fn, { constants: [1] });
    const p = layers();
    const expected = numbers(await cpu.jit(fn)(X, p));
    expect(numbers(await compiled(X, p))).toEqual(expected);
    p[0]!.w.data.fill(0);
    expect(numbers(await compiled(X, p))).toEqual(expected);
    // New numbers for the other arguments are read.
    expect(numbers(await compiled(floats([0, 0, 0, 0], [2, 2]), p))).toEqual([0, 0, 0, 0]);
    await compiled.dispose();
    expect(numbers(await compiled(X, p))).toEqual([0, 0, 0, 0]);
  });

  test('may be the result itself, and go with free sizes', async () => {
    const { onnx } = await runtimes();
    const free: FreeSizes<[{ w: tf.Tensor }, tf.Tensor]> = { of: ([, x]) => [x.shape[0]!], standIn: ([p, x], draw) => [p, { ...x, shape: [draw(), 2] }] };
    const compiled = onnx.jit((p: { w: tf.Tensor }, x: tf.Tensor) => ({ y: tf.matMul(x as T2, p.w as T2), w: p.w }), { constants: [0], free });
    for (const rows of [3, 1, 0]) {
      const { y, w } = await compiled({ w: X }, floats(new Float32Array(2 * rows).fill(1), [rows, 2]));
      expect([y.shape, numbers(y), numbers(w)]).toEqual([[rows, 2], Array.from({ length: rows }, () => [4, 2]).flat(), numbers(X)]);
    }
  });
});

describe('results written into given memory', () => {
  const fn = (x: tf.Tensor) => ({ loss: tf.sum(x), gradients: { a: tf.mul(x, 2), b: tf.exp(x) } });

  test('of WebAssembly, without a copy: the very tensors given come back', async () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const view = (offset: number): HostTensor & { dtype: 'float32' } => floats(new Float32Array(memory.buffer, offset, 4), [2, 2]);
    for (const runtime of Object.values(await runtimes())) {
      const [a, b] = [view(64), view(128)];
      new Uint8Array(memory.buffer).fill(0);
      const result = await runtime.jit(fn).call([X], { into: { gradients: { a, b } } as never });
      expect(result.gradients.a).toBe(a);
      expect(result.gradients.b).toBe(b);
      expect([...new Float32Array(memory.buffer, 64, 4)]).toEqual([2, -4, 6, 8]);
      expect(b.data[3]).toBeCloseTo(Math.exp(4), 3);
      expect(numbers(result.loss)).toEqual([6]);
      // Nothing beside them was touched.
      expect(new Uint8Array(memory.buffer).every((x, i) => x === 0 || (i >= 64 && i < 80) || (i >= 128 && i < 144))).toBe(true);
    }
  });

  test('some of them, at another place at each call', async () => {
    const { onnx } = await runtimes();
    const compiled = onnx.jit(fn);
    const [first, second] = [floats(new Float32Array(4), [2, 2]), floats(new Float32Array(4), [2, 2])];
    await compiled.call([X], { into: { gradients: { a: first } } as never });
    const result = await compiled.call([floats([1, 1, 1, 1], [2, 2])], { into: { gradients: { a: second } } as never });
    expect([numbers(first), numbers(second), numbers(result.gradients.b).length]).toEqual([[2, -4, 6, 8], [2, 2, 2, 2], 4]);
  });

  test('when the result is an argument or a constant', async () => {
    for (const runtime of Object.values(await runtimes())) {
      const into = { x: floats(new Float32Array(4), [2, 2]), c: floats(new Float32Array(2), [2]) };
      await runtime.jit((x: tf.Tensor) => ({ x, c: tf.tensor1d([5, 6]) })).call([X], { into: into as never });
      expect([numbers(into.x), numbers(into.c)]).toEqual([[1, -2, 3, 4], [5, 6]]);
    }
  });

  test('arguments are read anew at each call, where they lie', async () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const x = floats(new Float32Array(memory.buffer, 256, 2), [2]);
    for (const runtime of Object.values(await runtimes())) {
      const compiled = runtime.jit((a: tf.Tensor) => tf.sum(a));
      x.data.set([1, 2]);
      expect(numbers(await compiled(x))).toEqual([3]);
      x.data.set([10, 20]);
      expect(numbers(await compiled(x))).toEqual([30]);
    }
  });
});

describe('dropout', () => {
  const fn = (x: tf.Tensor) => {
    const first = dropout(x, 0.3, true);
    return { first, second: dropout(tf.add(first, 1), 0.6, true), idle: dropout(x, 0.5, false) };
  };
  const x = randomFloats(new Random(1), [20, 30], 1, 2);

  test('equal seeds give equal masks on every backend, other seeds others', async () => {
    const { onnx, cpu } = await runtimes();
    const results = [];
    for (const seed of [0, 1, 4294967295]) results.push((await expectSame(fn as never, [x], 1e-6, seed)) as Record<string, HostTensor>);
    expect(new Set(results.map(({ first }) => numbers(first!).join())).size).toBe(3);
    expect(results[0]!['idle']).toEqual(x);
    for (const runtime of [onnx, cpu]) {
      const compiled = runtime.jit(fn);
      const [a, b, c] = [await compiled.call([x], { seed: 5 }), await compiled.call([x], { seed: 6 }), await compiled.call([x], { seed: 5 })];
      expect(numbers(a.first)).toEqual(numbers(c.first));
      expect(numbers(a.first)).not.toEqual(numbers(b.first));
    }
  });

  test('its gradient is the mask that was used', async () => {
    const gradient = (a: tf.Tensor): tf.Tensor => tf.grads((b: tf.Tensor) => tf.sum(dropout(b, 0.5, true)))([a])[0]!;
    const result = (await expectSame(gradient as never, [x], 0, 3)) as HostTensor;
    expect(new Set(numbers(result))).toEqual(new Set([0, 2]));
  });
});

test('a disposed function compiles again when it is called again', async () => {
  const runtime = await openRuntime({ threads: 1 });
  const fn = runtime.jit((x: tf.Tensor) => tf.neg(x));
  await fn(X);
  await fn.dispose();
  expect(numbers(await fn(X))).toEqual([-1, 2, -3, -4]);
  await runtime.dispose();
});
