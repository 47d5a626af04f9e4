import { describe, expect, test } from 'vitest';
import { BeamSearch } from '../../src/decoding/beam.ts';
import { Constraints, mostBarred } from '../../src/decoding/constraints.ts';
import type { DecodingOptions } from '../../src/decoding/options.ts';
import { decoding, falling, randomModel, runSearch, tableModel } from './toymodel.ts';
import type { ToyModel } from './toymodel.ts';

const MAX_WORDS = 4;
const WORDS = [4, 5, 6, 7];

function beam(width: number, options: Partial<DecodingOptions> = {}, maxWords = MAX_WORDS): BeamSearch {
  const all = decoding(options);
  return new BeamSearch(width, maxWords, all.length_penalty, new Constraints(all, []));
}

interface Sequence { readonly ids: readonly number[]; readonly logProbability: number; readonly steps: number }

/** Every sentence of one to four words: those that end by END, and those cut at the greatest length. */
function everySequence(model: ToyModel, ids: readonly number[] = [], logProbability = 0): Sequence[] {
  if (ids.length === MAX_WORDS) return [{ ids, logProbability, steps: MAX_WORDS }];
  const next = model(ids);
  const ended = ids.length === 0 ? [] : [{ ids, logProbability: logProbability + next[2]!, steps: ids.length + 1 }];
  return [...ended, ...WORDS.flatMap((word) => everySequence(model, [...ids, word], logProbability + next[word]!))];
}

/** Follows the rule of VIST-seq2seq with plain lists: (width - finished) continuations survive each step. */
function byTheRule(model: ToyModel, width: number): { ids: readonly number[]; cost: number } {
  let live: { ids: readonly number[]; cost: number }[] = [{ ids: [], cost: 0 }];
  const finished: typeof live = [];
  while (live.length > 0) {
    const all = live.flatMap(({ ids, cost }) => [2, ...WORDS].filter((token) => token !== 2 || ids.length > 0)
      .map((token) => ({ from: ids, token, cost: cost - model(ids)[token]! })));
    const kept = all.sort((a, b) => a.cost - b.cost).slice(0, width - finished.length);
    live = [];
    for (const { from, token, cost } of kept) {
      const ids = token === 2 ? from : [...from, token];
      (token === 2 || ids.length === MAX_WORDS ? finished : live).push({ ids, cost });
    }
  }
  return finished.sort((a, b) => a.cost - b.cost)[0]!;
}

describe('against all 340 sentences of a random model', () => {
  test.each([0, 0.7, 1, 2])('a beam that holds them all finds the best, length penalty %d', (penalty) => {
    for (let seed = 0; seed < 8; seed++) {
      const model = randomModel(seed);
      const all = everySequence(model);
      expect(all).toHaveLength(4 + 16 + 64 + 256);
      const score = ({ logProbability, steps }: Sequence): number => logProbability / steps ** penalty;
      const best = all.reduce((a, b) => (score(b) > score(a) ? b : a));
      const { ids, logProbability } = runSearch(beam(340, { length_penalty: penalty }), model);
      expect(ids).toEqual(best.ids);
      expect(logProbability).toBeCloseTo(best.logProbability, 5);
    }
  });

  test('narrow beams keep (beam - finished) hypotheses', () => {
    for (let seed = 0; seed < 60; seed++) {
      const model = randomModel(seed);
      for (const width of [1, 2, 3, 5, 9]) {
        const expected = byTheRule(model, width);
        const { ids, logProbability } = runSearch(beam(width), model);
        expect(ids, `seed ${seed}, beam ${width}`).toEqual(expected.ids);
        expect(-logProbability).toBeCloseTo(expected.cost, 5);
      }
    }
  });

  test('width 1 is greedy', () => {
    for (let seed = 0; seed < 20; seed++) {
      const model = randomModel(seed);
      const greedy: number[] = [];
      for (let token = 0; token !== 2 && greedy.length < MAX_WORDS;) {
        const next = model(greedy);
        token = (greedy.length === 0 ? WORDS : [2, ...WORDS]).reduce((a, b) => (next[b]! > next[a]! ? b : a));
        if (token !== 2) greedy.push(token);
      }
      expect(runSearch(beam(1), model).ids).toEqual(greedy);
    }
  });

  test('every state follows its hypothesis: what is reported is the score of that very sentence', () => {
    for (let seed = 0; seed < 40; seed++) {
      const model = randomModel(seed);
      const { ids, logProbability, rows, seen } = runSearch(beam(4), model);
      const tokens = rows.length > ids.length ? [...ids, 2] : ids;
      const score = tokens.reduce((sum, token, t) => sum + model(ids.slice(0, t))[token]!, 0);
      expect(logProbability).toBeCloseTo(score, 5);
      // The rows tell where each word came from.
      expect(rows.map((row, t) => seen[t]![row])).toEqual(tokens.map((_, t) => ids.slice(0, t)));
    }
  });
});

describe('worked by hand', () => {
  test('a wider beam finds what the greedy way misses', () => {
    const model = tableModel({ '': { 4: 0.6, 5: 0.4 }, 4: { 6: 0.5, 7: 0.5 }, 5: { 6: 0.9, 2: 0.1 } });
    expect(runSearch(beam(1), model)).toMatchObject({ ids: [4, 6], logProbability: expect.closeTo(Math.log(0.3), 6) });
    expect(runSearch(beam(2), model)).toMatchObject({ ids: [5, 6], logProbability: expect.closeTo(Math.log(0.36), 6) });
  });

  test('a finished hypothesis narrows the beam', () => {
    // "5" ends with 0.1 beside "4 6" with 0.81. One place is left: it goes to "4 6 4", and "4 6 5", whose end is
    // certain (0.81 * 0.48 = 0.39), is lost. A beam that kept its width would have found it.
    const model = tableModel({ '': { 4: 0.9, 5: 0.1 }, 4: { 6: 0.9, 7: 0.1 }, '4 6': { 4: 0.52, 5: 0.48 }, '4 6 4': { 4: 0.4, 5: 0.3, 6: 0.2, 7: 0.1 } });
    expect(runSearch(beam(2), model)).toMatchObject({ ids: [4, 6, 4, 4], logProbability: expect.closeTo(Math.log(0.81 * 0.52 * 0.4), 6) });
    expect(runSearch(beam(3), model)).toMatchObject({ ids: [4, 6, 5], logProbability: expect.closeTo(Math.log(0.81 * 0.48), 6) });
  });

  test('the length penalty prefers the longer sentence of a lower total', () => {
    const model = tableModel({ '': { 4: 0.5, 5: 0.5 }, 4: { 2: 0.6, 6: 0.4 }, 5: { 6: 1 }, '5 6': { 7: 0.9, 6: 0.1 }, '5 6 7': { 2: 0.6, 4: 0.4 } });
    expect(runSearch(beam(8), model).ids).toEqual([4]);
    // log 0.3 / 2 = -0.602 against log 0.27 / 4 = -0.327.
    expect(runSearch(beam(8, { length_penalty: 1 }), model)).toMatchObject({ ids: [5, 6, 7], logProbability: expect.closeTo(Math.log(0.27), 6) });
  });

  test('ends at the greatest length without an END', () => {
    const model = tableModel({ '': { 4: 1 }, 4: { 4: 0.9, 2: 0.1 }, '4 4': { 4: 0.9, 2: 0.1 } });
    const { ids, logProbability, rows } = runSearch(beam(1, {}, 3), model);
    expect(ids).toEqual([4, 4, 4]);
    expect(logProbability).toBeCloseTo(Math.log(0.81), 6);
    expect(rows).toHaveLength(3);
  });

  test('a sentence whose every continuation is barred ends where it stands', () => {
    // No two words twice: after "4 4 4" would come a second "4 4".
    const model = tableModel({ '': { 4: 1 }, 4: { 4: 1 }, '4 4': { 4: 1 } });
    const { ids, logProbability } = runSearch(beam(3, { block_ngram: 2 }, 9), model);
    expect(ids).toEqual([4, 4]);
    expect(logProbability).toBeCloseTo(0, 6);
  });

  test('only live hypotheses go on, each from a row of the step before', () => {
    const search = beam(3);
    let rows = 1;
    for (let step = 0; rows > 0; step++) {
      const asked: number[] = [];
      const { parents, tokens } = search.advance((row) => {
        asked.push(row);
        return falling(randomModel(3)([step]));
      });
      expect(asked).toEqual(Array.from({ length: rows }, (_, row) => row));
      expect(tokens).toHaveLength(parents.length);
      for (const parent of parents) expect(parent).toBeLessThan(rows);
      for (const token of tokens) expect(WORDS).toContain(token);
      expect(parents.length).toBeLessThanOrEqual(3);
      rows = parents.length;
    }
    expect(search.result().ids.length).toBeLessThanOrEqual(MAX_WORDS);
  });

  test('needs no more next words than it may take and the constraints may bar', () => {
    for (let seed = 0; seed < 40; seed++) {
      for (const options of [{}, { block_ngram: 2 }, { unknown: 'allow' as const, min_words: 0 }]) {
        const model = randomModel(seed);
        const enough = 2 + mostBarred(decoding(options), 0) + (options.block_ngram ? MAX_WORDS : 0);
        expect(runSearch(beam(2, options), model, enough)).toEqual(runSearch(beam(2, options), model));
      }
    }
  });
});
