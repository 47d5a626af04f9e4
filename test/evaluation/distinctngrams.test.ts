import { expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { DistinctNgrams } from '../../src/evaluation/distinctngrams.ts';

test.each([2, 3] as const)('different n-grams of order %i are those of a set, from few to many words', (order) => {
  for (const [words, texts] of [[2, 10], [30, 300], [5000, 2000], [150_000, 4000]] as const) {
    const random = new Random(words);
    const counter = new DistinctNgrams(order, new Map());
    const set = new Set<string>();
    let total = 0;
    for (let i = 0; i < texts; i++) {
      const text = Array.from({ length: random.int(20) }, () => `w${random.int(words)}`);
      counter.add(text);
      for (let start = 0; start + order <= text.length; start++, total++) set.add(text.slice(start, start + order).join(' '));
    }
    expect([counter.total, counter.different()]).toEqual([total, set.size]);
  }
});

test('words of high numbers are told apart in every place', () => {
  const numbers = new Map(Array.from({ length: 2 ** 21 }, (_, i) => [`w${i}`, i]));
  const counter = new DistinctNgrams(3, numbers);
  const some = [0, 1, 2 ** 10, 2 ** 11 - 1, 2 ** 11, 2 ** 20, 2 ** 21 - 1].map((i) => `w${i}`);
  for (const a of some) for (const b of some) for (const c of some) counter.add([a, b, c]);
  expect([counter.total, counter.different()]).toEqual([343, 343]);
  expect(() => counter.add(['new'])).toThrow('more than 2097152 different words');
});

test('nothing, and texts too short', () => {
  const counter = new DistinctNgrams(3, new Map());
  expect([counter.total, counter.different()]).toEqual([0, 0]);
  counter.add([]);
  counter.add(['a', 'b']);
  expect([counter.total, counter.different()]).toEqual([0, 0]);
  counter.add(['a', 'b', 'c']);
  counter.add(['a', 'b', 'c']);
  expect([counter.total, counter.different()]).toEqual([2, 1]);
});
