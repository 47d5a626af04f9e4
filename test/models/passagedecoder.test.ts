import { describe, expect, test } from 'vitest';
import { packTelling } from '../../src/data/sentencepacking.ts';
import type { PackedTelling } from '../../src/data/sentencepacking.ts';
import type { HostTensor } from '../../src/core/hosttensor.ts';
import { floats } from '../../src/core/hosttensor.ts';
import { passageDecoderSchema } from '../../src/models/passagedecoder.ts';
import type { PassageDecoderOptions } from '../../src/models/passagedecoder.ts';
import { passageProgram } from '../../src/style/training/passagetask.ts';
import { runtimes } from '../support/compare.ts';
import { bothWays, expectAlike, expectFiniteDifferences, expectOneProgram, loudNetwork, MAX_WORDS, measure, randomRows, randomSentences, rowsOf, WORDS } from './sentencebatch.ts';

const SIZE = 7;

function model(options: Record<string, unknown> = {}): PassageDecoderOptions {
  return passageDecoderSchema.parse({ units: 6, ...options, embedding: { size: 5, ...options['embedding'] as object } });
}

const PASSAGES = randomSentences('passages', [3, 1, 4, 2, 4, 3]);
const VECTORS = randomRows('vectors', 6, SIZE);

function batchOf(numbers: readonly number[]): { vectors: HostTensor; passages: PackedTelling } {
  return { vectors: rowsOf(VECTORS, numbers), passages: packTelling(numbers.map((i) => PASSAGES[i]!)) };
}

const program = (o: PassageDecoderOptions): ReturnType<typeof passageProgram> => passageProgram(o, { vector: SIZE, vocabulary: WORDS }, MAX_WORDS);

const VARIANTS: Record<string, Record<string, unknown>> = {
  'as published': {},
  'as coded': { conditioning: 'as-coded' },
  'as coded, vectors as they are, deep output': { conditioning: 'as-coded', vectors: 'none', deep_output: true },
  'deep output, as coded, hard gates, reset before': { deep_output: true, conditioning: 'as-coded', cell: { gates: 'hard', reset: 'before' } },
  'as published, vectors as they are, reset before': { vectors: 'none', cell: { reset: 'before' } },
  lstm: { cell: { type: 'lstm' } },
  'hard lstm, as coded': { cell: { type: 'lstm', gates: 'hard' }, conditioning: 'as-coded' },
  'dropout everywhere, frozen words': { dropout: { vectors: 0.3, words: 0.3, output: 0.3 }, embedding: { trainable: false } },
  'dropout everywhere, as coded, deep output': { conditioning: 'as-coded', deep_output: true, dropout: { vectors: 0.3, words: 0.3, output: 0.3 } },
};

describe('loss and gradients of every variant equal the CPU backend', () => {
  for (const [name, options] of Object.entries(VARIANTS)) {
    test(name, async () => {
      const { ours, theirs } = await bothWays(program(model(options)), batchOf([0, 1, 2, 3, 4, 5]));
      expectAlike(ours, theirs, name);
    });
  }
});

test.each<[string, Record<string, unknown>]>([
  ['as published, dropout', { dropout: { vectors: 0.2, words: 0.2, output: 0.2 } }],
  ['as coded, deep output', { conditioning: 'as-coded', deep_output: true }],
])('one program serves batches of other sizes and lengths: %s', async (_, options) => {
  await expectOneProgram(program(model(options)), [[0, 1, 2, 3, 4, 5], [2], [3, 0], [0, 0, 4, 1]].map(batchOf));
});

test('gradients are the slopes of the loss', async () => {
  const { onnx } = await runtimes();
  for (const options of [{}, { conditioning: 'as-coded', deep_output: true }]) {
    const batch = batchOf([0, 1, 2, 3, 4, 5]);
    await expectFiniteDifferences(loudNetwork(onnx, program(model(options))), batch, batch.passages.weights.data.length);
  }
});

test.each(['as-published', 'as-coded'])('every passage has its own vector, whatever the order of a batch: %s', async (conditioning) => {
  const { onnx } = await runtimes();
  const network = loudNetwork(onnx, program(model({ conditioning })));
  const summed = async (numbers: number[]): Promise<number> => (await measure(network, batchOf(numbers))).summed;
  let alone = 0;
  for (const i of [0, 1, 2, 3, 4, 5]) alone += await summed([i]);
  const together = await summed([5, 2, 0, 4, 1, 3]);
  expect(together).toBeCloseTo(alone, 3);
  const crossed = { ...batchOf([0, 1, 2, 3, 4, 5]), vectors: rowsOf(VECTORS, [1, 2, 3, 4, 5, 0]) };
  expect(Math.abs((await measure(network, crossed)).summed - together)).toBeGreaterThan(0.1);
});

test('standardised vectors are as the same numbers given already standardised', async () => {
  const { onnx } = await runtimes();
  const [standard, plain] = [loudNetwork(onnx, program(model())), loudNetwork(onnx, program(model({ vectors: 'none' })))];
  const { 'vectors.mean': mean, 'vectors.scale': scale } = standard.arena.values;
  const batch = batchOf([0, 1, 2, 3, 4, 5]);
  const vectors = floats(VECTORS.data.map((x, i) => (x - mean!.data[i % SIZE]!) * scale!.data[i % SIZE]!), [6, SIZE]);
  expect((await measure(plain, { ...batch, vectors })).summed).toBeCloseTo((await measure(standard, batch)).summed, 4);
});

test('standardised numbers are cut at so many deviations, and only where that is asked for', async () => {
  const { onnx } = await runtimes();
  const batch = batchOf([0, 1, 2, 3, 4, 5]);
  const far = { ...batch, vectors: floats(VECTORS.data.map((x) => 40 * x), [6, SIZE]) };
  const [cut, whole] = [loudNetwork(onnx, program(model({ cut: 0.5 }))), loudNetwork(onnx, program(model({ cut: null })))];
  const { 'vectors.mean': mean, 'vectors.scale': scale } = cut.arena.values;
  const own = far.vectors.data.map((x, i) => (x - mean!.data[i % SIZE]!) * scale!.data[i % SIZE]!);
  const plain = loudNetwork(onnx, program(model({ vectors: 'none' })));
  const told = async (vectors: Float32Array): Promise<number> => (await measure(plain, { ...batch, vectors: floats(vectors, [6, SIZE]) })).summed;
  expect((await measure(cut, far)).summed).toBeCloseTo(await told(own.map((x) => Math.max(-0.5, Math.min(0.5, x)))), 3);
  expect((await measure(whole, far)).summed).toBeCloseTo(await told(own), 3);
});

test('words weigh what they are given', async () => {
  const { onnx } = await runtimes();
  const network = loudNetwork(onnx, program(model()));
  const batch = batchOf([0, 1, 2]);
  const whole = await measure(network, batch);
  const { length } = batch.passages.weights.data;
  let parts = 0;
  for (let word = 0; word < length; word++) {
    const weights = floats(Float32Array.from({ length }, (_, i) => (i === word ? 1 : 0)), [length]);
    parts += (await measure(network, { ...batch, passages: { ...batch.passages, weights } })).summed;
  }
  expect(parts).toBeCloseTo(whole.summed, 3);
  expect(whole.loss).toBeCloseTo(whole.summed / length, 5);
});
