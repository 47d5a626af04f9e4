import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { floats } from '../../src/core/hosttensor.ts';
import type { HostTensor } from '../../src/core/hosttensor.ts';
import { cellParameters, cellSchema } from '../../src/nn/cells.ts';
import { dropout, dropoutMask } from '../../src/nn/dropout.ts';
import type { Ladder } from '../../src/nn/recurrent.ts';
import { runLayer } from '../../src/nn/recurrent.ts';
import type { FreeSizes } from '../../src/runtime/freesizes.ts';
import { SIZES_INPUT } from '../../src/runtime/freesizes.ts';
import { openRuntime } from '../../src/runtime/jit.ts';
import { expectClose, randomFloats } from '../support/compare.ts';
import type { Tensors } from './twins.ts';
import { matrix, ownRows, random, twins, withRows } from './twins.ts';

type T = tf.Tensor;
type T2 = tf.Tensor2D;

async function expectOneProgram(fn: (...args: Tensors) => unknown, free: FreeSizes<Tensors>, calls: readonly HostTensor[][], tolerance = 1e-5): Promise<void> {
  const { compiled, oracle, seen } = await twins(fn, { free });
  const graphs = calls.map((args) => compiled.graph(...args));
  for (const graph of graphs) expect(graph).toEqual(graphs[0]);
  seen.traced = 0;
  for (const [seed, args] of calls.entries()) {
    expectClose(await compiled.call(args as never, { seed }), await oracle.call(args as never, { seed }), tolerance, `sizes ${args.map(({ shape }) => shape[0])}`);
  }
  expect(seen.traced).toBe(2);
}

describe('one program gives what the CPU backend gives for every size', () => {
  const SIZES = [3, 1, 7, 0, 2];

  test('of rows that are kept, doubled, multiplied by each other, cut off, summed and told alike', async () => {
    await expectOneProgram((x) => ({
      flat: tf.reshape(x!, [-1]), high: tf.reshape(x!, [-1, 1, 3]), twice: tf.concat([x!, x!], 0), square: tf.matMul(x as T2, x as T2, false, true),
      flatSquare: tf.reshape(tf.matMul(x as T2, x as T2, false, true), [-1]), across: tf.matMul(x as T2, x as T2, true, false), turned: tf.transpose(x!),
      one: tf.concat([x!, tf.ones([1, 3])], 0), sum: tf.sum(x!, 0), words: tf.softmax(x!), zeros: tf.zeros([x!.shape[0]!, 2]), ids: tf.zeros([2 * x!.shape[0]!], 'int32'),
      row: tf.tile(tf.sum(x!, 0, true), [x!.shape[0]!, 1]), itself: x, best: tf.argMax(x!, 1), padded: tf.pad(x as T2, [[1, 2], [0, 1]]), none: tf.neg(tf.scalar(4)),
    }), ownRows, SIZES.map((n) => [matrix(n)]));
  });

  test('of several sizes and their differences, in any order', async () => {
    // The rows of `x` beyond those of `y`, and y's own; y may have as many rows as x, and none.
    const fn = (x?: T, y?: T): unknown => {
      const [n, m] = [x!.shape[0]!, y!.shape[0]!];
      return { first: tf.slice(x as T2, [0, 0], [m, 3]), rest: tf.slice(x as T2, [m, 0], [n - m, 3]), both: tf.concat([y!, x!, y!], 0), products: tf.matMul(x as T2, y as T2, false, true) };
    };
    await expectOneProgram(fn, ownRows, [[5, 2], [4, 4], [6, 0], [1, 1], [1, 0], [0, 0], [9, 1]].map(([n, m]) => [matrix(n!), matrix(m!)]));
  });

  test('of gradients, also of rows that are broadcast or not read', async () => {
    const fn = (...args: Tensors): unknown => tf.valueAndGrads((x: T, y: T) => {
      const first = tf.slice(x as T2, [0, 0], [y.shape[0]!, 3]);
      const mean = tf.sum(tf.mul(y, tf.logSoftmax(tf.add(first, tf.sum(x, 0)))), 1);
      return tf.sum(tf.mul(tf.tanh(mean), mean)) as tf.Scalar;
    })(args);
    await expectOneProgram(fn, ownRows, [[5, 2], [4, 4], [6, 0], [1, 1], [1, 0]].map(([n, m]) => [matrix(n!), matrix(m!)]));
  });

  test('of masks: the same dropout as when it is run at once, with more rows and with fewer', async () => {
    const fn = (x?: T): unknown => {
      const y = dropout(x!, 0.4, true);
      return { y, z: dropout(tf.concat([y, x!], 0), 0.7, true), row: dropoutMask([x!.shape[0]!], 0.5), fixed: dropoutMask([4], 0.5) };
    };
    await expectOneProgram(fn, ownRows, [5, 40, 3, 1, 0, 41].map((n) => [matrix(n)]), 1e-6);
  });
});

describe('a recurrent layer over any ladder', () => {
  type Layer = [Record<string, T>, T, T2, Ladder];
  const cell = cellSchema.parse({});
  const parameters = Object.fromEntries(Object.entries(cellParameters(cell, 'r', 3, 4)).map(([name, { shape }]) => [name, randomFloats(random, [...shape])]));
  const STEPS = 5;
  const rowsOf = (ladder: Ladder): number => ladder.reduce((a, b) => a + b, 0);
  const free: FreeSizes<Layer> = {
    of: ([, x, , ladder]) => [x.shape[0]!, ...Array.from({ length: STEPS }, (_, t) => ladder[t] ?? 0)],
    standIn: ([p, x, state], draw) => {
      const ladder = Array.from({ length: STEPS }, draw);
      return [p, withRows(x, rowsOf(ladder)), withRows(state, ladder[0]!), ladder];
    },
  };

  test('gives the same states and gradients, whatever steps are empty', async () => {
    const fn = (p: Record<string, T>, x: T, state: T2, ladder: Ladder): unknown => {
      const names = Object.keys(p);
      return tf.valueAndGrads((...values: T[]) => {
        const layer = runLayer(cell, Object.fromEntries(names.map((name, i) => [name, values[i]!])), 'r', values.at(-2)!, values.at(-1) as T2, ladder, { recurrentDropout: 0.3 });
        return tf.sum(tf.square(layer.states)) as tf.Scalar;
      })([...Object.values(p), x, state]);
    };
    const { compiled, oracle, seen } = await twins<Layer>(fn, { free });
    for (const [seed, ladder] of [[6, 6, 4, 2, 1], [3, 2, 2], [1], [2, 2, 2, 2, 2], [6, 1, 1, 1]].entries()) {
      const args = [parameters, matrix(rowsOf(ladder)), matrix(ladder[0]!, 4), ladder] as const;
      expectClose(await compiled.call(args as never, { seed }), await oracle.call(args as never, { seed }), 1e-5, `ladder ${ladder}`);
    }
    expect(seen.traced).toBe(2);
  });
});

describe('when a function with free sizes is compiled again', () => {
  test('for other fixed sizes, types and plain values, and only then', async () => {
    const runtime = await openRuntime({ threads: 1 });
    const fn = (x: T, by: number): T => tf.mul(x, by);
    const free: FreeSizes<[T, number]> = { of: ([x]) => [x.shape[0]!], standIn: ([x, by], draw) => [withRows(x, draw()), by] };
    const { compiled, seen } = await twins(fn, { free }, runtime);
    for (const n of [1, 2, 3]) await compiled(matrix(n), 2);
    expect(seen.traced).toBe(2);
    await compiled(matrix(2, 4), 2);
    expect(seen.traced).toBe(4);
    await compiled(matrix(2, 4), 3);
    expect(seen.traced).toBe(6);
    await compiled({ dtype: 'int32', shape: [1, 4], data: Int32Array.of(1, 2, 3, 4) }, 3);
    expect(seen.traced).toBe(8);
    await compiled(matrix(9, 3), 2);
    expect(seen.traced).toBe(8);
    await runtime.dispose();
  });

  test('calls of different sizes under way at once do not take each other\'s masks; results are memory of their own', async () => {
    const { compiled, oracle } = await twins((x?: T) => dropoutMask([x!.shape[0]!, 3], 0.5), { free: ownRows } as never);
    const calls = [4, 50, 2, 60, 4].map((n) => [matrix(n)]);
    const results = await Promise.all(calls.map((args, seed) => compiled.call(args as never, { seed })));
    for (const [seed, args] of calls.entries()) expectClose(results[seed], await oracle.call(args as never, { seed }), 0);
  });

  test('results are written into given memory of another length at each call', async () => {
    const { compiled } = await twins((x?: T) => tf.mul(x!, 2), { free: ownRows } as never);
    for (const n of [2, 5, 1]) {
      const [x, into] = [matrix(n), floats(new Float32Array(3 * n), [n, 3])];
      expect(await compiled.call([x] as never, { into: into as never })).toBe(into);
      expect([...into.data]).toEqual([...x.data].map((v) => 2 * v));
    }
  });
});

describe('sizes that are axes of inputs', () => {
  const axes = [{ name: 'stories', input: '0', axis: 0, times: 5 }, { name: 'words', input: '1', axis: 0 }] as const;
  const free: FreeSizes<Tensors> = {
    of: ([x, y]) => [x!.shape[0]! / 5, y!.shape[0]!],
    standIn: ([x, y], draw) => [withRows(x!, 5 * draw()), withRows(y!, draw())],
    axes,
  };
  const fn = (x?: T, y?: T): unknown => ({
    sums: tf.sum(tf.reshape(x!, [x!.shape[0]! / 5, 5, 3]), 1), words: tf.concat([y!, y!], 0),
    products: tf.matMul(tf.slice(x as T2, [0, 0], [x!.shape[0]! / 5, 3]), y as T2, false, true), masked: dropout(x!, 0.5, true),
  });

  test('are read there: the program has no input for them', async () => {
    const { compiled } = await twins(fn, { free } as never);
    const names = compiled.graph(matrix(10), matrix(2)).graph.inputs.map(({ name }) => name);
    expect(names).toEqual(['0', '1', 'mask.0']);
    const plain = await twins(fn, { free: { of: free.of, standIn: free.standIn } } as never);
    expect(plain.compiled.graph(matrix(10), matrix(2)).graph.inputs.map(({ name }) => name)).toEqual(['0', '1', 'mask.0', SIZES_INPUT]);
  });

  test('give the same for every size', async () => {
    await expectOneProgram(fn, free, [[10, 2], [5, 1], [15, 7], [5, 0], [0, 3]].map(([n, m]) => [matrix(n!), matrix(m!)]), 1e-6);
  });

  test('have names, and what is a multiple of them too', async () => {
    const { compiled } = await twins(fn, { free } as never);
    const { graph, dims } = compiled.graph(matrix(10), matrix(2));
    const named = (name: string): unknown => dims.get(graph.inputs.find((input) => input.name === name)!);
    expect([named('0'), named('1'), named('mask.0')]).toEqual([['5 stories', 3], ['words', 3], ['5 stories', 3]]);
    const out = Object.fromEntries(graph.outputs.map(({ name, value }) => [name, dims.get(value)]));
    expect(out).toEqual({ 'out.sums': ['stories', 3], 'out.words': ['2 words', 3], 'out.products': ['stories', 'words'], 'out.masked': ['5 stories', 3] });
  });
});
