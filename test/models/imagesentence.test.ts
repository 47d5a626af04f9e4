import { describe, expect, test } from 'vitest';
import { floats } from '../../src/core/hosttensor.ts';
import type { HostTensor } from '../../src/core/hosttensor.ts';
import { packReading } from '../../src/data/sentencepacking.ts';
import { imageSentenceSchema } from '../../src/models/imagesentence.ts';
import type { ImageSentenceOptions } from '../../src/models/imagesentence.ts';
import { imageSentenceProgram } from '../../src/style/training/imagesentencetask.ts';
import { END_ID } from '../../src/text/vocabulary.ts';
import { LossNetwork } from '../../src/training/lossnetwork.ts';
import { runtimes } from '../support/compare.ts';
import { bothWays, expectAlike, expectFiniteDifferences, expectOneProgram, loudNetwork, MAX_WORDS, measure, randomRows, randomSentences, rowsOf, WORDS } from './sentencebatch.ts';

const FEATURES = 7;

/** A margin that some pairs keep and others do not. */
function model(options: Record<string, unknown> = {}): ImageSentenceOptions {
  const size = options['encoder'] === 'bow' ? 6 : 5;
  return imageSentenceSchema.parse({ units: 6, margin: 0.3, ...options, embedding: { size, ...options['embedding'] as object } });
}

const CAPTIONS = randomSentences('captions', [3, 1, 4, 2, 4, 3]);
const PHOTOS = randomRows('photos', 6, FEATURES);

function batchOf(numbers: readonly number[]): unknown {
  return { photos: rowsOf(PHOTOS, numbers), sentences: packReading(numbers.map((i) => [...CAPTIONS[i]!, END_ID]), false) };
}

const program = (o: ImageSentenceOptions): ReturnType<typeof imageSentenceProgram> => imageSentenceProgram(o, { features: FEATURES, vocabulary: WORDS }, MAX_WORDS);

const VARIANTS: Record<string, Record<string, unknown>> = {
  'gru, as published': {},
  'gru, as coded': { objective: 'as-coded' },
  'bow, as published': { encoder: 'bow' },
  'bow, as coded': { encoder: 'bow', objective: 'as-coded' },
  'photos standardised': { photos: { normalise: 'standardise' } },
  'photos as they are, as coded': { photos: { normalise: 'none' }, objective: 'as-coded' },
  'reset before, hard gates': { cell: { reset: 'before', gates: 'hard' } },
  lstm: { cell: { type: 'lstm' } },
  'dropout everywhere, frozen words': { embedding: { trainable: false }, dropout: { photos: 0.3, words: 0.3 } },
  'dropout everywhere, bow, as coded': { encoder: 'bow', objective: 'as-coded', dropout: { photos: 0.3, words: 0.3 } },
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
  ['gru, dropout', { dropout: { photos: 0.2, words: 0.2 } }],
  ['bow, photos standardised', { encoder: 'bow', photos: { normalise: 'standardise' } }],
])('one program serves batches of other sizes and lengths: %s', async (_, options) => {
  await expectOneProgram(program(model(options)), [[0, 1, 2, 3, 4, 5], [1, 3], [2, 0, 4], [5, 4, 3, 2, 1, 0], [3, 1]].map(batchOf));
});

test('gradients are the slopes of the loss', async () => {
  const { onnx } = await runtimes();
  for (const options of [{}, { encoder: 'bow', objective: 'as-coded' }]) {
    await expectFiniteDifferences(loudNetwork(onnx, program(model(options))), batchOf([0, 1, 2, 3, 4, 5]), 6, { step: 1e-3, tolerance: 1e-2 });
  }
});

/**
 * Word 4 points along the first axis, 5 along the second, 6 to (0.6, 0.8); END is 0, photos are what is given.
 * Ours sum one word each, so that scores can be worked out by hand.
 */
async function ranked(photos: number[][], words: number[][], margin: number, objective: 'as-published' | 'as-coded'): Promise<{ loss: number; photo: number[]; bias: number[] }> {
  const { onnx } = await runtimes();
  const o = imageSentenceSchema.parse({ encoder: 'bow', units: 2, margin, objective, photos: { normalise: 'none' }, embedding: { size: 2 } });
  const network = new LossNetwork(onnx, imageSentenceProgram(o, { features: 2, vocabulary: WORDS }, MAX_WORDS), 0);
  const { embedding, 'photo.kernel': kernel, 'photo.bias': bias } = network.arena.values as Record<string, { data: Float32Array }>;
  embedding!.data.fill(0);
  embedding!.data.set([3, 0, 0, 5, 6, 8], 4 * 2);
  kernel!.data.set([1, 0, 0, 1]);
  bias!.data.fill(0);
  const batch = { photos: floats(Float32Array.from(photos.flat()), [photos.length, 2]), sentences: packReading(words.map((ids) => [...ids, END_ID]), false) };
  const { summed, gradients } = await measure(network, batch);
  const rows = (tensor: HostTensor): number[] => [...(tensor.data as Float32Array)].map((x) => x * photos.length);
  return { loss: summed, photo: rows(gradients['photo.kernel']!), bias: rows(gradients['photo.bias']!) };
}

describe('the ranking loss by hand', () => {
  // Scores of photo i and caption j, captions (1, 0) and (0, 1): photo 0 is (1, 0), photo 1 is (0.6, 0.8).
  //   S = 1    0
  //       0.6  0.8
  // Photos before captions: max(0, m - S_00 + S_01) + max(0, m - S_11 + S_10); captions before photos: max(0, m - S_00 + S_10) + max(0, m - S_11 + S_01).
  test('two pairs', async () => {
    const two = (margin: number): ReturnType<typeof ranked> => ranked([[1, 0], [0.6, 0.8]], [[4], [5]], margin, 'as-coded');
    expect((await two(0.1)).loss).toBeCloseTo(0, 6);
    expect((await two(0.3)).loss).toBeCloseTo(0.1, 6);
    // 0 + 0.3 + 0.1 + 0
    expect((await two(0.5)).loss).toBeCloseTo(0.3 + 0.1, 6);
    // 0.2 + 1 + 0.8 + 0.4
    expect((await two(1.2)).loss).toBeCloseTo(2.4, 5);
  });

  test('the slopes with it: at margin 0.3 only photo 1 has a caption too near, 0', async () => {
    // d/dv_1 of S_10 - S_11 = (1, 0) - (0, 1); through the kernel that is v_1 times it.
    const { photo, bias } = await ranked([[1, 0], [0.6, 0.8]], [[4], [5]], 0.3, 'as-coded');
    [0.6, -0.6, 0.8, -0.8].forEach((x, i) => expect(photo[i]!).toBeCloseTo(x, 5));
    [1, -1].forEach((x, i) => expect(bias[i]!).toBeCloseTo(x, 5));
  });

  test('three pairs: all wrong ones count, both ways, summed', async () => {
    // S = 1  0  0.6 ; 0  1  0.8 ; 1  0  0.6, with photo 2 wrongly like photo 0.
    // Margin 0.5. Rows: (0, 0.1) (0, 0.3) (0.9, 0); columns: (0, 0.5) (0, 0) (0.5, 0.7).
    const { loss } = await ranked([[1, 0], [0, 1], [1, 0]], [[4], [5], [6]], 0.5, 'as-coded');
    expect(loss).toBeCloseTo(0.1 + 0.3 + 0.9 + 0.5 + 0.5 + 0.7, 5);
  });

  test('as coded photos keep their length, as published they have length 1', async () => {
    const long = (objective: 'as-coded' | 'as-published'): ReturnType<typeof ranked> => ranked([[3, 0], [1.2, 1.6]], [[4], [5]], 0.5, objective);
    expect((await long('as-published')).loss).toBeCloseTo(0.4, 5);
    // S = 3 0 ; 1.2 1.6: only 0.5 - 1.6 + 1.2 is above 0.
    expect((await long('as-coded')).loss).toBeCloseTo(0.1, 5);
  });

  test('a pair alone has nothing to rank: no loss and no slope, whatever the margin', async () => {
    for (const objective of ['as-coded', 'as-published'] as const) {
      const { loss, photo, bias } = await ranked([[0.6, 0.8]], [[4]], 0.7, objective);
      expect(loss).toBeCloseTo(0, 6);
      for (const slope of [...photo, ...bias]) expect(slope).toBeCloseTo(0, 6);
    }
  });

  test('words are summed: twice the same is as once, two kinds lie between', async () => {
    const once = await ranked([[1, 0], [0.6, 0.8]], [[4], [5]], 0.5, 'as-coded');
    expect((await ranked([[1, 0], [0.6, 0.8]], [[4, 4], [5]], 0.5, 'as-coded')).loss).toBeCloseTo(once.loss, 5);
    // 3 (1, 0) three times and 5 (0, 1) ... : 4 4 4 5 5 5 would be (9, 15); with one 6 of (6, 8) and two 4s it is (12, 8) / 14.422.
    const mixed = await ranked([[1, 0], [0.6, 0.8]], [[6, 4, 4], [5]], 0.5, 'as-coded');
    const [x, y] = [12 / Math.hypot(12, 8), 8 / Math.hypot(12, 8)];
    const s = [[x, 0], [0.6 * x + 0.8 * y, 0.8]] as const;
    const hinge = (right: number, wrong: number): number => Math.max(0, 0.5 - right + wrong);
    expect(mixed.loss).toBeCloseTo(hinge(s[0][0], s[0][1]) + hinge(s[1][1], s[1][0]) + hinge(s[0][0], s[1][0]) + hinge(s[1][1], s[0][1]), 5);
  });
});

test('a caption belongs to the photo of its place, whatever its length', async () => {
  const { onnx } = await runtimes();
  const network = loudNetwork(onnx, program(model()));
  const loss = async (numbers: number[]): Promise<number> => (await measure(network, batchOf(numbers))).summed;
  expect(await loss([4, 1, 5, 0, 3, 2])).toBeCloseTo(await loss([0, 1, 2, 3, 4, 5]), 4);
  const { photos } = batchOf([1, 0, 2, 3, 4, 5]) as { photos: HostTensor };
  const crossed = { ...batchOf([0, 1, 2, 3, 4, 5]) as object, photos };
  expect(Math.abs((await measure(network, crossed)).summed - (await loss([0, 1, 2, 3, 4, 5])))).toBeGreaterThan(0.01);
});

test('options that do not agree', () => {
  expect(() => program(imageSentenceSchema.parse({ encoder: 'bow', units: 6, embedding: { size: 5 } }))).toThrow(/^model\.embedding\.size: 5, but with encoder bow .* must equal model\.units \(6\)$/);
});
