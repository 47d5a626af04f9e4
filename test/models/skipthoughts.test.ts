import { describe, expect, test } from 'vitest';
import { packReading, packTelling } from '../../src/data/sentencepacking.ts';
import type { PackedReading, PackedTelling } from '../../src/data/sentencepacking.ts';
import { skipThoughtsSchema } from '../../src/models/skipthoughts.ts';
import type { SkipThoughtsOptions } from '../../src/models/skipthoughts.ts';
import { skipThoughtsProgram } from '../../src/style/training/skipthoughtstask.ts';
import { END_ID, START_ID } from '../../src/text/vocabulary.ts';
import { runtimes } from '../support/compare.ts';
import { bothWays, expectAlike, expectFiniteDifferences, expectOneProgram, loudNetwork, MAX_WORDS, measure, randomSentences, WORDS } from './sentencebatch.ts';

function model(options: Record<string, unknown> = {}): SkipThoughtsOptions {
  return skipThoughtsSchema.parse({ units: 6, ...options, embedding: { size: 5, ...options['embedding'] as object } });
}

const READ = randomSentences('read', [3, 1, 4, 2, 3, 4]);
const NEXT = randomSentences('next', [2, 4, 3, 4, 1, 3]);
const PREVIOUS = randomSentences('previous', [4, 1, 2, 3, 4, 2]);

function batchOf(o: SkipThoughtsOptions, numbers: readonly number[]): { sentences: PackedReading; next: PackedTelling; previous: PackedTelling } {
  return {
    sentences: packReading(numbers.map((i) => [...READ[i]!, END_ID]), o.direction === 'bi'),
    next: packTelling(numbers.map((i) => NEXT[i]!)), previous: packTelling(numbers.map((i) => PREVIOUS[i]!)),
  };
}

const program = (o: SkipThoughtsOptions): ReturnType<typeof skipThoughtsProgram> => skipThoughtsProgram(o, WORDS, MAX_WORDS);

const VARIANTS: Record<string, Record<string, unknown>> = {
  'uni, as published': {},
  'uni, as coded': { objective: 'as-coded' },
  'bi, as published, reset before': { direction: 'bi', cell: { reset: 'before' } },
  'bi, as coded, reset before, hard gates': { cell: { reset: 'before', gates: 'hard' }, direction: 'bi', objective: 'as-coded' },
  'hard gates, decoders of another width': { cell: { gates: 'hard' }, decoder_units: 4 },
  'lstm, as published': { cell: { type: 'lstm' } },
  'hard lstm, bi, as coded': { cell: { type: 'lstm', gates: 'hard' }, direction: 'bi', objective: 'as-coded' },
  'dropout, as published, frozen words': { dropout: { words: 0.3, output: 0.3 }, embedding: { trainable: false } },
  'dropout, as coded, bi': { dropout: { words: 0.3, output: 0.3 }, direction: 'bi', objective: 'as-coded' },
};

describe('loss and gradients of every variant equal the CPU backend', () => {
  for (const [name, options] of Object.entries(VARIANTS)) {
    test(name, async () => {
      const o = model(options);
      const { ours, theirs } = await bothWays(program(o), batchOf(o, [0, 1, 2, 3, 4, 5]));
      expectAlike(ours, theirs, name);
      expect('embedding' in ours.gradients).toBe(o.embedding.trainable);
    });
  }
});

test.each<[string, Record<string, unknown>]>([
  ['uni, as published', { dropout: { words: 0.2, output: 0.2 } }],
  ['bi, as coded, lstm', { direction: 'bi', objective: 'as-coded', cell: { type: 'lstm' }, dropout: { words: 0.2, output: 0.2 } }],
])('one program serves batches of other sizes and lengths: %s', async (_, options) => {
  const o = model(options);
  await expectOneProgram(program(o), [[0, 1, 2, 3, 4, 5], [2], [3, 0], [0, 0, 4, 1]].map((numbers) => batchOf(o, numbers)));
});

test('gradients are the slopes of the loss', async () => {
  const { onnx } = await runtimes();
  for (const options of [{ direction: 'bi' }, { objective: 'as-coded' }]) {
    const o = model(options);
    const batch = batchOf(o, [0, 1, 2, 3, 4, 5]);
    await expectFiniteDifferences(loudNetwork(onnx, program(o)), batch, batch.next.weights.data.length + batch.previous.weights.data.length);
  }
});

test.each<[string, Record<string, unknown>]>([['as published', { direction: 'bi' }], ['as coded', { objective: 'as-coded' }]])('every sentence has its own neighbours, whatever the order of a batch: %s', async (_, options) => {
  const { onnx } = await runtimes();
  const o = model(options);
  const network = loudNetwork(onnx, program(o));
  const summed = async (numbers: number[]): Promise<number> => (await measure(network, batchOf(o, numbers))).summed;
  const alone = [];
  for (const i of [0, 1, 2, 3, 4, 5]) alone.push(await summed([i]));
  const together = await summed([5, 2, 0, 4, 1, 3]);
  expect(together).toBeCloseTo(alone.reduce((a, b) => a + b, 0), 3);
  // Other neighbours give another loss, so that this says something.
  const other = { ...batchOf(o, [0, 1, 2, 3, 4, 5]), next: packTelling([1, 2, 3, 4, 5, 0].map((i) => NEXT[i]!)) };
  expect(Math.abs((await measure(network, other)).summed - together)).toBeGreaterThan(0.02);
});

test('the mean loss counts every word and END of both neighbours', async () => {
  const { onnx } = await runtimes();
  const o = model();
  const network = loudNetwork(onnx, program(o));
  for (const { data } of Object.values(network.arena.values)) data.fill(0);
  const { loss, summed } = await measure(network, batchOf(o, [0, 1]));
  // With all parameters zero every word is as likely as any other: 2 + 4 words after, 4 + 1 before, and four ENDs.
  expect(loss).toBeCloseTo(Math.log(WORDS), 5);
  expect(summed).toBeCloseTo(15 * Math.log(WORDS), 3);
});

test('as coded, the word before the first is a zero vector; as published it is START', async () => {
  const { onnx } = await runtimes();
  const rowOf = (data: Float32Array, id: number): Float32Array => data.slice(id * 5, (id + 1) * 5);
  for (const [objective, reads] of [['as-coded', false], ['as-published', true]] as const) {
    const o = model({ objective });
    const { gradients } = await measure(loudNetwork(onnx, program(o)), batchOf(o, [0, 1, 2]));
    expect(rowOf(gradients['embedding']!.data, START_ID).some((x) => x !== 0), objective).toBe(reads);
    expect(rowOf(gradients['embedding']!.data, END_ID).some((x) => x !== 0), 'END is read').toBe(true);
  }
});

test('options that do not agree', () => {
  expect(() => program(model({ direction: 'bi', units: 7 }))).toThrow('model.units: 7 cannot be halved: bi-skip has half of them each way');
  expect(() => program(model({ objective: 'as-coded', decoder_units: 4 }))).toThrow(/^model\.decoder_units: as coded the vector is the decoders' first state, so they have model\.units \(6\) too, not 4$/);
});
