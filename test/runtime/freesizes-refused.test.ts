import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { floats } from '../../src/core/hosttensor.ts';
import type { HostTensor } from '../../src/core/hosttensor.ts';
import { dropout } from '../../src/nn/dropout.ts';
import type { FreeSizes } from '../../src/runtime/freesizes.ts';
import { standInSizes } from '../../src/runtime/freesizes.ts';
import { runtimes } from '../support/compare.ts';
import type { Tensors } from './twins.ts';
import { commonRows, matrix, ownRows, twins, withRows } from './twins.ts';

type T = tf.Tensor;
type T2 = tf.Tensor2D;

describe('a function that cannot have free sizes says why', () => {
  const attempt = async (fn: (...args: Tensors) => unknown, free: FreeSizes<Tensors> = ownRows, ...args: HostTensor[]): Promise<unknown> => {
    const { compiled } = await twins(fn, { free });
    return compiled(...(args.length > 0 ? args : [matrix(4)]));
  };
  const NUMBER = /computes with a free size as a number/;
  const NO_SIZE = /not one free size, a multiple or the difference of two/;
  const OTHER_WAY = /with other sizes the function takes another way .*: a free size must not decide what is computed/;

  test.each<[string, (x?: T) => unknown]>([
    ['divided by', (x) => tf.div(x!, x!.shape[0]!)],
    ['added', (x) => tf.add(x!, x!.size)],
    ['in the gradient of a mean', (x) => tf.grad((y: T) => tf.mean(tf.square(y)))(x!)],
    ['as integers', (x) => tf.fill([2], x!.shape[0]!, 'int32')],
  ])('when one is used as a number: %s', async (_, fn) => {
    await expect(attempt(fn)).rejects.toThrow(NUMBER);
  });

  test.each<[string, (x?: T) => unknown]>([
    ['another operation', (x) => (x!.shape[0]! % 4 === 0 ? tf.exp(x!) : tf.neg(x!))],
    ['one more', (x) => (x!.shape[0]! % 4 === 0 ? tf.exp(x!) : tf.exp(tf.exp(x!)))],
    ['one fewer', (x) => (x!.shape[0]! % 4 === 0 ? tf.exp(tf.exp(x!)) : tf.exp(x!))],
    ['another axis', (x) => tf.concat([x!, x!], x!.shape[0]! % 4 === 0 ? 0 : 1)],
  ])('when one decides what is computed: %s', async (_, fn) => {
    await expect(attempt(fn)).rejects.toThrow(OTHER_WAY);
  });

  test('when a size is a sum, a half or one more than a free one', async () => {
    await expect(attempt((x, y) => tf.zeros([x!.shape[0]! + y!.shape[0]!]), ownRows, matrix(2), matrix(3))).rejects.toThrow(NO_SIZE);
    await expect(attempt((x) => tf.split(x!, 2, 0))).rejects.toThrow(NO_SIZE);
    await expect(attempt((x) => tf.zeros([x!.shape[0]! + 1]))).rejects.toThrow(NO_SIZE);
  });

  test('when a difference could be one of two', async () => {
    const free: FreeSizes<Tensors> = {
      of: (args) => args.map(({ shape }) => shape[0]!),
      standIn: ([x, y, z, w], draw) => {
        const [n, m, k] = [draw(), draw(), draw()];
        return [withRows(x!, n), withRows(y!, m), withRows(z!, k), withRows(w!, k - (n - m))];
      },
    };
    const rest = (x?: T, y?: T): T => tf.slice(x as T2, [y!.shape[0]!, 0], [x!.shape[0]! - y!.shape[0]!, 3]);
    const args = [matrix(3), matrix(2), matrix(5), matrix(4)];
    await expect(attempt((x, y, z, w) => [tf.zeros([x!.shape[0]! - y!.shape[0]!]), z, w], free, ...args)).rejects.toThrow(NO_SIZE);
    // Cut off to the end there is nothing to tell.
    await expect(attempt((x, y) => rest(x, y), ownRows, matrix(3), matrix(2))).resolves.toBeDefined();
  });

  test('when the axis of a file would have no name', async () => {
    const free: FreeSizes<Tensors> = { ...commonRows, axes: [{ name: 'n', input: '0', axis: 0 }] };
    await expect(attempt((x) => tf.concat([x!, tf.ones([1, 3])], 0), free)).rejects.toThrow(NO_SIZE);
  });

  test('and can be compiled with fixed sizes afterwards', async () => {
    await expect(attempt((x) => tf.div(x!, x!.shape[0]!))).rejects.toThrow(NUMBER);
    const { onnx } = await runtimes();
    expect([...(await onnx.jit((x: T) => tf.div(x, x.shape[0]!))(floats([2, 4, 6], [3, 1]))).data]).toEqual([2, 4, 6].map((x) => Math.fround(x / 3)));
  });
});

describe('what would else be wrong in silence is refused', () => {
  const refused = async (fn: (...args: Tensors) => unknown, ...args: HostTensor[]): Promise<void> => {
    const { compiled } = await twins(fn, { free: commonRows });
    await expect(compiled(...args)).rejects.toThrow(Error);
  };

  test('a size among the results', async () => {
    await refused((x) => ({ y: tf.neg(x!), rows: x!.shape[0]! }), matrix(2));
  });

  test('a size that decides which tensors are computed with, or which is the result', async () => {
    await refused((x, a, b) => tf.mul(x!, x!.shape[0]! % 4 === 0 ? a! : b!), matrix(4), matrix(4), matrix(4));
    await refused((x) => {
      const pair = [tf.exp(x!), tf.neg(x!)];
      return x!.shape[0]! % 4 === 0 ? pair : pair.toReversed();
    }, matrix(4));
  });

  test('a size that decides how much is dropped', async () => {
    await refused((x) => dropout(x!, 1 / x!.shape[0]!, true), matrix(4));
  });
});

describe('stand-in sizes', () => {
  const draw = (trace: 0 | 1, count: number): number[] => {
    const next = standInSizes(trace, count);
    return Array.from({ length: count }, next);
  };

  test('fall and are never small', () => {
    for (const [trace, count] of [[0, 1], [1, 3], [0, 60], [1, 90]] as const) {
      const sizes = draw(trace, count);
      expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
      expect(sizes.at(-1)).toBeGreaterThan(40);
    }
  });

  test('tell all sizes and differences from each other, from their multiples and from what is fixed', () => {
    for (const count of [1, 2, 3, 24, 47, 60, 62, 78, 90, 101, 118, 166, 300]) expectDistinct(count);
  });

  const expectDistinct = (count: number): void => {
    const [first, second] = [draw(0, count), draw(1, count)];
    const pairs = first.map((n, i) => [n, second[i]!] as const);
    const differences = pairs.flatMap(([p, q], i) => pairs.slice(i + 1).map(([r, s]) => [p - r, q - s] as const));
    const all = [...pairs, ...differences];
    expect(new Set(all.map(String)).size).toBe(all.length);
    expect(all.filter(([a, b]) => a === b), 'the same in both traces').toEqual([]);
    const multiple = ([a, b]: readonly [number, number]): boolean => pairs.some(([p, q]) => a > p && a % p === 0 && b / q === a / p);
    expect(all.filter(multiple), 'a multiple of another').toEqual([]);
  };
});
