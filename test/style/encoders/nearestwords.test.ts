import { expect, test } from 'vitest';
import { nearestWords } from '../../../src/style/encoders/nearestwords.ts';

const table = {
  words: ['king', 'queen', 'banana', 'man', 'void', 'kings', 'twin'],
  data: Float32Array.of(1, 1, 2, 1, -1, 0, 0, 3, 0, 0, 5, 5, 1, 2),
};

test('nearest by angle, whatever the length; itself and words without direction left out', () => {
  const near = nearestWords(table, 'king', 10);
  expect(near.map(({ word }) => word)).toEqual(['kings', 'queen', 'twin', 'man', 'banana']);
  expect(near[0]!.similarity).toBeCloseTo(1, 12);
  expect(near[1]!.similarity).toBeCloseTo(3 / Math.sqrt(10), 12);
  expect(near[4]!.similarity).toBeCloseTo(-Math.SQRT1_2, 12);
  // queen and twin are equally near: the first in the table wins.
  expect(nearestWords(table, 'king', 2).map(({ word }) => word)).toEqual(['kings', 'queen']);
});

test('many words give what sorting all gives', () => {
  const words = Array.from({ length: 500 }, (_, i) => `w${i}`);
  const data = Float32Array.from({ length: 1500 }, (_, i) => Math.sin(i * i));
  const all = words.map((word, i) => {
    const [a, b] = [data.subarray(0, 3), data.subarray(i * 3, i * 3 + 3)];
    return [word, a.reduce((sum, value, e) => sum + value * b[e]!, 0) / Math.hypot(...a) / Math.hypot(...b)] as const;
  });
  const expected = all.slice(1).sort(([, a], [, b]) => b - a).slice(0, 20).map(([word]) => word);
  expect(nearestWords({ words, data }, 'w0', 20).map(({ word }) => word)).toEqual(expected);
});

test('what has no answer', () => {
  expect(() => nearestWords(table, 'quen', 3)).toThrow(/^nearest words: "quen" is not among the 7 words; did you mean queen\?$/);
  expect(() => nearestWords(table, 'xylophone', 3)).toThrow(/not among the 7 words$/);
  expect(() => nearestWords(table, 'void', 3)).toThrow(/the vector of "void" is zero/);
  expect(() => nearestWords(table, 'king', 0)).toThrow(/0 of them; ask for 1 or more/);
});
