import { expect, test } from 'vitest';
import { ShapeError } from '../../src/core/errors.ts';
import { ParameterArena } from '../../src/runtime/arena.ts';

const SPECS = {
  first: { shape: [5, 7], trainable: true },
  still: { shape: [2, 3], trainable: false },
  second: { shape: [16], trainable: true },
  scalar: { shape: [], trainable: true },
};

test('regions lie one after the other, each with the trainable tensors in the same places', () => {
  const arena = new ParameterArena(SPECS, 2);
  const regions = [arena.trainable, arena.gradients, ...arena.slots];
  // 35, 16 and 1 values take three, one and one blocks of 16.
  expect(regions.map(({ length }) => length)).toEqual([80, 80, 80, 80]);
  expect(regions.map(({ byteOffset }) => byteOffset)).toEqual([0, 1, 2, 3].map((i) => 65536 + i * 320));
  for (const { byteOffset, tensors } of regions) {
    expect(Object.keys(tensors)).toEqual(['first', 'second', 'scalar']);
    expect(Object.values(tensors).map(({ data }) => (data.byteOffset - byteOffset) / 4)).toEqual([0, 48, 64]);
    expect(Object.values(tensors).map(({ shape }) => shape)).toEqual([[5, 7], [16], []]);
    expect(Object.values(tensors).map(({ data }) => data.length)).toEqual([35, 16, 1]);
  }
  expect(arena.values['still']!.data.byteOffset).toBe(65536 + 4 * 320);
});

test('every tensor starts at a multiple of 64 bytes and none reaches into another', () => {
  const shapes = [[1], [15], [16], [17], [3, 5, 7], [], [1, 31], [64]];
  const arena = new ParameterArena(Object.fromEntries(shapes.map((shape, i) => [`p${i}`, { shape, trainable: i % 3 !== 0 }])), 1);
  const all = [arena.values, arena.gradients.tensors, arena.slots[0]!.tensors].flatMap((tensors) => Object.values(tensors));
  for (const { data } of all) expect(data.byteOffset % 64).toBe(0);
  all.forEach(({ data }, i) => data.fill(i + 1));
  all.forEach(({ data }, i) => expect(new Set(data)).toEqual(new Set([i + 1])));
});

test('all of it is one memory: what is written through one view is read through another', () => {
  const arena = new ParameterArena(SPECS, 1);
  for (const tensors of [arena.values, arena.gradients.tensors, arena.slots[0]!.tensors]) {
    for (const { data } of Object.values(tensors)) expect(data.buffer).toBe(arena.memory.buffer);
  }
  expect(arena.values['second']).toBe(arena.trainable.tensors['second']);
  new Float32Array(arena.memory.buffer, arena.gradients.byteOffset, arena.gradients.length)[48] = 4.5;
  expect(arena.gradients.tensors['second']!.data[0]).toBe(4.5);
});

test('values keep the order of the model, and start at zero', () => {
  const arena = new ParameterArena(SPECS, 0);
  expect(Object.keys(arena.values)).toEqual(['first', 'still', 'second', 'scalar']);
  expect(arena.slots).toEqual([]);
  expect(Object.values(arena.values).every(({ data }) => data.every((x) => x === 0))).toBe(true);
});

test('only trainable values are counted, without the room between them', () => {
  expect(new ParameterArena(SPECS, 2).trainableCount).toBe(35 + 16 + 1);
});

test('nothing to train is no error', () => {
  const arena = new ParameterArena({ still: { shape: [3], trainable: false } }, 2);
  expect([arena.trainable.length, arena.gradients.length, arena.trainableCount]).toEqual([0, 0, 0]);
  expect(arena.values['still']!.data.length).toBe(3);
});

test('more than 4 GiB, slots included, is refused before memory is asked for', () => {
  const specs = { large: { shape: [16384, 16384], trainable: true } };
  expect(() => new ParameterArena(specs, 2)).toThrow(ShapeError);
  expect(() => new ParameterArena(specs, 2)).toThrow('4096 MiB of parameters and optimiser state do not fit into 4 GiB');
});
