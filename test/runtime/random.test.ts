import { expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { fillDropoutMask } from '../../src/runtime/random.ts';

test('masks keep the share asked for, scaled, and depend on seed and place alone', () => {
  const draw = (seed: number, index: number): Float32Array => {
    const mask = new Float32Array(20_000);
    fillDropoutMask(mask, 0.8, seed, index);
    return mask;
  };
  const mask = draw(5, 0);
  expect(new Set(mask)).toEqual(new Set([0, Math.fround(1 / 0.8)]));
  expect(mask.filter((x) => x > 0).length / mask.length).toBeCloseTo(0.8, 2);
  expect(draw(5, 0)).toEqual(mask);
  expect(draw(5, 1)).not.toEqual(mask);
  expect(draw(6, 0)).not.toEqual(mask);
});

test('masks are drawn by the same generator as everything else', () => {
  const mask = new Float32Array(100);
  fillDropoutMask(mask, 0.5, 7, 2);
  const random = new Random((7 ^ Math.imul(3, 0x9e3779b1)) >>> 0);
  expect([...mask]).toEqual(Array.from({ length: 100 }, () => (random.uint32() < 0.5 * 2 ** 32 ? 2 : 0)));
});
