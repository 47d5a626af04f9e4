import fc from 'fast-check';
import { expect, test } from 'vitest';
import { drawTrials, gridOf, readParameters } from '../../src/sweep/parameters.ts';

const read = (content: Record<string, unknown>) => readParameters(content, 'sweep.yaml');

test('a grid has every combination, the last parameter changing fastest; keys with a comma go together', () => {
  const parameters = read({ 'optimizer.learning_rate': [0.1, 0.01], 'model.photos.units, model.previous.units': [4, 8], seed: [1] });
  expect(gridOf(parameters)).toEqual([
    { 'optimizer.learning_rate': 0.1, 'model.photos.units': 4, 'model.previous.units': 4, seed: 1 },
    { 'optimizer.learning_rate': 0.1, 'model.photos.units': 8, 'model.previous.units': 8, seed: 1 },
    { 'optimizer.learning_rate': 0.01, 'model.photos.units': 4, 'model.previous.units': 4, seed: 1 },
    { 'optimizer.learning_rate': 0.01, 'model.photos.units': 8, 'model.previous.units': 8, seed: 1 },
  ]);
});

test('groups mean the same as dots, and what --set adds comes last and wins', () => {
  expect(read({ optimizer: { learning_rate: [1, 2], schedule: { kind: ['linear'] } } }).map(({ label, values }) => [label, values]))
    .toEqual([['optimizer.learning_rate', [1, 2]], ['optimizer.schedule.kind', ['linear']]]);
  expect(read({ 'optimizer.learning_rate': [1, 2], optimizer: { learning_rate: [3] } }).map(({ values }) => values)).toEqual([[3]]);
});

test('draws lie in their ranges, are all different, and show every digit that is used', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.boolean(), fc.boolean(), (seed, log, integer) => {
    const parameters = read({ x: { min: 3, max: 9000, scale: log ? 'log' : 'linear', integer }, y: ['a', 'b'] });
    const trials = drawTrials(parameters, 20, seed, 'sweep.yaml');
    expect(new Set(trials.map((trial) => JSON.stringify(trial))).size).toBe(20);
    for (const { x } of trials as { x: number }[]) {
      expect(x >= 3 && x <= 9000).toBe(true);
      expect(integer ? Number.isInteger(x) : String(x).replace(/^0\.0*|\./g, '').length <= 4 || x >= 1000).toBe(true);
    }
  }), { numRuns: 40 });
});

test('whole numbers are as likely at the ends as in the middle; a logarithmic range as likely in each power of ten', () => {
  const count = (range: object, bin: (x: number) => number): number[] => {
    const bins: number[] = [];
    // The names set the trials apart: a number may come again.
    const parameters = read({ x: range, name: { min: 0, max: 1e9, integer: true } });
    for (const { x } of drawTrials(parameters, 3000, 1, 'sweep.yaml') as { x: number }[]) bins[bin(x)] = (bins[bin(x)] ?? 0) + 1;
    return bins;
  };
  for (const share of count({ min: 0, max: 2, integer: true }, (x) => x)) expect(share / 3000).toBeCloseTo(1 / 3, 1);
  for (const share of count({ min: 1e-4, max: 1e-1, scale: 'log' }, (x) => Math.floor(Math.log10(x)) + 4)) expect(share / 3000).toBeCloseTo(1 / 3, 1);
});

test('the first draws stay when more are wanted, and when a parameter is added', () => {
  const range = { min: 0.001, max: 1, scale: 'log' };
  const few = drawTrials(read({ rate: range }), 3, 7, 'sweep.yaml');
  expect(drawTrials(read({ rate: range }), 9, 7, 'sweep.yaml').slice(0, 3)).toEqual(few);
  expect(drawTrials(read({ rate: range, units: [1, 2, 3] }), 3, 7, 'sweep.yaml').map(({ rate }) => ({ rate }))).toEqual(few);
  expect(drawTrials(read({ rate: range }), 3, 8, 'sweep.yaml')).not.toEqual(few);
});

test('what is wrong is named', () => {
  expect(() => read({ rate: 3 })).toThrow('sweep.yaml: parameters.rate: 3 is one value: write a list [..]');
  expect(() => read({ rate: [] })).toThrow('parameters.rate: an empty list');
  expect(() => read({ rate: [1, 2, 1] })).toThrow('parameters.rate: 1 is in the list twice');
  expect(() => read({ rate: { min: 2, max: 1 } })).toThrow('parameters.rate: min 2 is not below max 1');
  expect(() => read({ rate: { min: 0, max: 1, scale: 'log' } })).toThrow('a logarithmic scale needs numbers above 0');
  expect(() => read({ rate: { min: 0.5, max: 2, integer: true } })).toThrow('min and max must be whole numbers');
  expect(() => read({ rate: { min: 1, max: 2, scal: 'log' } })).toThrow('parameters.rate: scal: there is no such key: did you mean scale?');
  expect(() => read({ rate: [1], 'rate, seed': [1] })).toThrow('rate is there twice');
  expect(() => read({})).toThrow('parameters: empty');
  expect(() => read({ rate: {} })).toThrow('parameters.rate: empty');
  expect(() => drawTrials(read({ seed: [1, 2] }), 3, 1, 'sweep.yaml')).toThrow('3 are asked for, but only 2 that differ were found');
});
