import { describe, expect, test } from 'vitest';
import { ints } from '../../src/core/hosttensor.ts';
import type { HostTensor } from '../../src/core/hosttensor.ts';
import { packTelling } from '../../src/data/sentencepacking.ts';
import { PassageTeller } from '../../src/decoding/passages.ts';
import type { Chosen } from '../../src/decoding/search.ts';
import type { PassageDecoderOptions, PassageStart } from '../../src/models/passagedecoder.ts';
import { passageDecoderSchema, startPassages, stepPassages } from '../../src/models/passagedecoder.ts';
import { passageProgram } from '../../src/style/training/passagetask.ts';
import { END_ID, NULL_ID, START_ID, UNKNOWN_ID } from '../../src/text/vocabulary.ts';
import type { LossNetwork } from '../../src/training/lossnetwork.ts';
import type { PassageBatch } from '../../src/models/passagedecoder.ts';
import { loudNetwork, randomRows, rowsOf, WORDS } from '../models/sentencebatch.ts';
import { runtimes } from '../support/compare.ts';
import { decoding } from './toymodel.ts';

const SIZE = 7;
const COUNT = 5;
const MAX = 6;
const VECTORS = randomRows('passages told', COUNT, SIZE);

const VARIANTS: Record<string, Record<string, unknown>> = {
  'as published': {},
  'as coded, deep output': { conditioning: 'as-coded', deep_output: true, vectors: 'none' },
  'lstm, as published': { cell: { type: 'lstm' } },
  'lstm, hard gates, as coded': { cell: { type: 'lstm', gates: 'hard' }, conditioning: 'as-coded' },
  'reset before': { cell: { reset: 'before' } },
};

interface Told {
  readonly o: PassageDecoderOptions;
  readonly network: LossNetwork<PassageBatch>;
  readonly teller: PassageTeller;
}

async function open(options: Record<string, unknown> = {}, frozen = false): Promise<Told> {
  const { onnx } = await runtimes();
  const o = passageDecoderSchema.parse({ units: 6, ...options, embedding: { size: 5 } });
  const network = loudNetwork(onnx, passageProgram(o, { vector: SIZE, vocabulary: WORDS }, MAX));
  for (const [name, { data }] of Object.entries(network.arena.values)) {
    // Words that differ in chance, after every vector others; END neither rare nor common.
    if (name === 'output.kernel' || name.endsWith('.vector') || name === 'start.kernel') for (let i = 0; i < data.length; i++) data[i]! *= 2.5;
  }
  return { o, network, teller: new PassageTeller({ runtime: onnx, options: o, vocabulary: WORDS, parameters: network.arena.values, frozen }) };
}

type Stepper = (state: PassageStart, token: number) => Promise<{ next: PassageStart; logProbabilities: number[] }>;

/** The decoder a word at a time on the CPU backend: one passage, one hypothesis. */
async function stepper({ o, network }: Told, passage: number): Promise<{ start: PassageStart; step: Stepper }> {
  const { cpu } = await runtimes();
  const values = network.arena.values;
  const begin = cpu.jit((p: Record<string, never>, vectors: never) => startPassages(p, o, vectors));
  const further = cpu.jit((p: Record<string, never>, at: PassageStart, tokens: never) => stepPassages(p, o, at, tokens));
  const start = await begin(values as never, rowsOf(VECTORS, [passage]) as never) as unknown as PassageStart;
  return {
    start,
    step: async (at, token) => {
      const { state, logProbabilities } = await further(values as never, at as never, ints([token], [1]) as never) as unknown as Record<string, HostTensor>;
      return { next: { ...at, state: state as never }, logProbabilities: [...logProbabilities!.data as Float32Array] };
    },
  };
}

interface Hypothesis { readonly ids: number[]; readonly cost: number; readonly state: PassageStart; readonly asked: number }

/** Beam search as its description has it, with nothing of ours: every word of every live hypothesis is weighed. */
async function reference(told: Told, passage: number, beam: number, { lengthPenalty = 0, minWords = 1 } = {}): Promise<{ ids: number[]; logProbability: number }[]> {
  const { start, step } = await stepper(told, passage);
  let live: Hypothesis[] = [{ ids: [], cost: 0, state: start, asked: 0 }];
  const finished: Hypothesis[] = [];
  while (live.length > 0) {
    const all: (Hypothesis & { token: number })[] = [];
    for (const { ids, cost, state, asked } of live) {
      const { next, logProbabilities } = await step(state, ids.at(-1) ?? START_ID);
      logProbabilities.forEach((logProbability, token) => {
        const barred = token === NULL_ID || token === START_ID || token === UNKNOWN_ID || (token === END_ID && ids.length < minWords);
        if (!barred) all.push({ ids: token === END_ID ? ids : [...ids, token], cost: cost - logProbability, state: next, asked: asked + 1, token });
      });
    }
    const kept = all.sort((a, b) => a.cost - b.cost).slice(0, beam - finished.length);
    finished.push(...kept.filter(({ ids, token }) => token === END_ID || ids.length === MAX));
    live = kept.filter(({ ids, token }) => token !== END_ID && ids.length < MAX);
  }
  const score = ({ cost, asked }: Hypothesis): number => cost / asked ** lengthPenalty;
  return finished.sort((a, b) => score(a) - score(b)).map(({ ids, cost }) => ({ ids, logProbability: -cost }));
}

function close(chosen: readonly { ids: readonly number[]; logProbability: number }[]): unknown {
  return chosen.map(({ ids, logProbability }) => ({ ids, logProbability: expect.closeTo(logProbability, 3) }));
}

function plain(chosen: readonly Chosen[]): unknown {
  return chosen.map(({ ids, logProbability }) => ({ ids, logProbability }));
}

describe('what is told is what a search word by word on the CPU backend finds', () => {
  for (const [name, options] of Object.entries(VARIANTS)) {
    test(name, async () => {
      const told = await open(options);
      const [greedy, beams] = [await told.teller.tell(VECTORS.data, SIZE, decoding({ strategy: 'greedy' }), MAX), await told.teller.tell(VECTORS.data, SIZE, decoding({ beam: 4 }), MAX)];
      for (let passage = 0; passage < COUNT; passage++) {
        expect(plain(greedy[passage]!), `greedy, passage ${passage}`).toEqual(close(await reference(told, passage, 1)));
        expect(plain(beams[passage]!), `beam, passage ${passage}`).toEqual(close(await reference(told, passage, 4)));
      }
      expect(new Set(greedy.map(([best]) => best!.ids.join(' '))).size, 'passages differ').toBeGreaterThan(2);
    });
  }

  test('with a length penalty, and with a least number of words', async () => {
    const told = await open();
    const lengths: number[] = [];
    for (const [given, wanted] of [[{ beam: 5, length_penalty: 1 }, { lengthPenalty: 1 }], [{ beam: 3, min_words: 4 }, { minWords: 4 }]] as const) {
      const found = await told.teller.tell(VECTORS.data, SIZE, decoding(given), MAX);
      for (let passage = 0; passage < COUNT; passage++) expect(plain(found[passage]!)).toEqual(close(await reference(told, passage, given.beam, wanted)));
      lengths.push(Math.min(...found.flat().map(({ ids }) => ids.length)));
    }
    expect(lengths[0]!).toBeLessThan(4);
    expect(lengths[1]!).toBeGreaterThanOrEqual(4);
  });
});

test('the probability of a passage is the one that training gives it', async () => {
  const { network, teller } = await open({ conditioning: 'as-coded' });
  const told = await teller.tell(VECTORS.data, SIZE, decoding({ beam: 3 }), MAX);
  for (const [passage, beams] of told.entries()) {
    for (const { ids, logProbability } of beams.filter((found) => found.ids.length < MAX)) {
      const loss = await network.summedLoss({ vectors: rowsOf(VECTORS, [passage]), passages: packTelling([ids]) } as never);
      expect(logProbability).toBeCloseTo(-loss, 3);
    }
  }
});

test('all finished hypotheses are given, the best first; greedy and sampling give one', async () => {
  const { teller } = await open();
  for (const beams of await teller.tell(VECTORS.data, SIZE, decoding({ beam: 6 }), MAX)) {
    expect(beams).toHaveLength(6);
    const scores = beams.map(({ logProbability }) => logProbability);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(new Set(beams.map(({ ids }) => ids.join(' '))).size).toBe(6);
  }
  for (const strategy of ['greedy', 'sample'] as const) {
    for (const found of await teller.tell(VECTORS.data, SIZE, decoding({ strategy }), MAX)) expect(found).toHaveLength(1);
  }
});

test('the unknown word is barred, however probable, unless it is allowed', async () => {
  const { network, teller } = await open();
  network.arena.values['output.bias']!.data[UNKNOWN_ID]! += 20;
  for (const strategy of ['greedy', 'beam', 'sample'] as const) {
    const told = await teller.tell(VECTORS.data, SIZE, decoding({ strategy, beam: 4 }), MAX);
    const words = told.flat().flatMap(({ ids }) => ids);
    expect(words.length, strategy).toBeGreaterThan(5);
    for (const special of [NULL_ID, START_ID, END_ID, UNKNOWN_ID]) expect(words, strategy).not.toContain(special);
  }
  const [[allowed]] = await teller.tell(VECTORS.data, SIZE, decoding({ strategy: 'greedy', unknown: 'allow' }), MAX) as [[Chosen]];
  expect(allowed.ids).toEqual(Array.from({ length: MAX }, () => UNKNOWN_ID));
});

test('told together or one by one, by a teller whose weights are fixed or not: the same', async () => {
  const { teller } = await open({ cell: { type: 'lstm' } });
  const { teller: frozen } = await open({ cell: { type: 'lstm' } }, true);
  for (const settings of [decoding({ strategy: 'greedy' }), decoding({ beam: 4 })]) {
    const together = await teller.tell(VECTORS.data, SIZE, settings, MAX);
    expect((await frozen.tell(VECTORS.data, SIZE, settings, MAX)).map(plain)).toEqual(together.map(close));
    for (let passage = 0; passage < COUNT; passage++) {
      const alone = await teller.tell(VECTORS.data.slice(passage * SIZE, (passage + 1) * SIZE), SIZE, settings, MAX);
      expect(alone.map(plain)).toEqual([close(together[passage]!)]);
    }
  }
});

test('more passages than are told at a time, counted as they are done', async () => {
  const { teller } = await open();
  const many = Float32Array.from({ length: 7 * SIZE }, (_, i) => VECTORS.data[i % VECTORS.data.length]!);
  const done: number[] = [];
  // A beam of 100 leaves room for two passages at a time.
  const told = await teller.tell(many, SIZE, decoding({ beam: 100 }), 3, (count) => done.push(count));
  expect(done).toEqual([2, 4, 6, 7]);
  expect(plain(told[5]!.slice(0, 5))).toEqual(close(told[0]!.slice(0, 5)));
  expect(told.every((beams) => beams.every(({ ids }) => ids.length <= 3))).toBe(true);
});

test('drawn passages depend on the seed and their number alone', async () => {
  const { teller } = await open();
  const same = Float32Array.from({ length: 20 * SIZE }, (_, i) => VECTORS.data[i % SIZE]!);
  const draw = async (seed: number): Promise<string[]> => (await teller.tell(same, SIZE, decoding({ strategy: 'sample', temperature: 1.5, seed }), MAX)).map(([best]) => best!.ids.join(' '));
  const first = await draw(1);
  expect(await draw(1)).toEqual(first);
  expect(await draw(2)).not.toEqual(first);
  // Of one vector twenty times, so that only chance tells them apart.
  expect(new Set(first).size).toBeGreaterThan(5);
  const few = await teller.tell(same.slice(0, 3 * SIZE), SIZE, decoding({ strategy: 'sample', temperature: 1.5, seed: 1 }), MAX);
  expect(few.map(([best]) => best!.ids.join(' '))).toEqual(first.slice(0, 3));
});

test('no vector, no passage', async () => {
  const { teller } = await open();
  expect(await teller.tell(new Float32Array(0), SIZE, decoding(), MAX)).toEqual([]);
});
