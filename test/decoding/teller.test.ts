import { describe, expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { StoryBatches } from '../../src/data/batches.ts';
import { forEachPacked, pack } from '../../src/data/packing.ts';
import type { StorySet } from '../../src/data/stories.ts';
import type { DecodingOptions } from '../../src/decoding/options.ts';
import { Teller } from '../../src/decoding/teller.ts';
import type { ToldStory } from '../../src/decoding/teller.ts';
import { StoryNetwork, previousForm } from '../../src/training/network.ts';
import { runtimes } from '../support/compare.ts';
import { FEATURES, randomFeatures, randomStories, smallModel, STEPS, WORDS } from '../models/storybatch.ts';
import { decoding } from './toymodel.ts';

const SIZES = { features: FEATURES, vocabulary: WORDS, steps: STEPS };
const STORIES = 4;

interface Told { readonly network: StoryNetwork; readonly teller: Teller; readonly frozen: Teller; readonly photos: Float32Array }

/** A network whose random weights are large enough that every word and every photo tells. */
async function openTeller(options: Record<string, unknown>, stories = STORIES, backend: 'onnx' | 'cpu' = 'onnx'): Promise<Told> {
  const runtime = (await runtimes())[backend];
  const model = smallModel(options);
  const network = new StoryNetwork(runtime, model, SIZES, 0);
  network.initialise(2);
  for (const [name, { data }] of Object.entries(network.arena.values)) {
    if (name.startsWith('photos.mean') || name.startsWith('photos.scale')) continue;
    for (let i = 0; i < data.length; i++) data[i]! *= name.endsWith('recurrent') ? 1.2 : 3;
  }
  const set = randomStories(stories, 'told');
  const setup = { runtime, options: model, sizes: SIZES, parameters: network.arena.values, previous: previousForm(model) };
  return { network, teller: new Teller(setup), frozen: new Teller({ ...setup, frozen: true }), photos: randomFeatures(set, 'photos').rows(set.imageIds.flat()) };
}

/** The told sentences as training would read them. */
function asStories(told: readonly ToldStory[]): StorySet {
  const sentences = told.flatMap((story) => story.sentences.flatMap(({ ids }) => {
    const row = [1, ...ids, 2];
    return Array.from({ length: STEPS }, (_, t) => row[t] ?? 0);
  }));
  return { ...randomStories(told.length, 'told'), sentences: Int32Array.from(sentences) };
}

/**
 * Log-probability of every sentence, as training measures it on the same stories: the loss with all weights but those
 * of one sentence 0. A sentence cut at its greatest length was never asked for its END.
 */
async function measured(network: StoryNetwork, told: readonly ToldStory[], story: number): Promise<number[]> {
  const set = asStories(told);
  const batches = new StoryBatches(set, randomFeatures(set, 'photos'), { storiesPerBatch: 1, previous: previousForm(network.options), seed: 1 });
  const batch = batches.pack([story]);
  const lengths = told[story]!.sentences.map(({ ids }) => ids.length + 1);
  const packed = pack(lengths);
  expect(packed.order).toEqual([...batch.order.data as Int32Array]);
  const scores: number[] = [];
  for (const [position, { ids, rows }] of told[story]!.sentences.entries()) {
    const weights = new Float32Array(batch.weights.data.length);
    forEachPacked(packed, lengths, (row, sentence, t) => {
      if (sentence === position && t < rows.length) weights[row] = 1;
    });
    expect(rows.length - ids.length, 'an END, or the greatest length').toBe(ids.length < STEPS - 2 ? 1 : 0);
    scores.push(-(await network.summedLoss({ ...batch, weights: { dtype: 'float32', shape: batch.weights.shape, data: weights } })));
  }
  return scores;
}

const VARIANTS: Record<string, Record<string, unknown>> = {
  'encoder-decoder': { name: 'encoder-decoder' },
  'encoder-decoder, lstm, two layers': { name: 'encoder-decoder', cell: { type: 'lstm' }, decoder: { layers: 2 } },
  'previous sentence': { name: 'previous-sentence' },
  'previous sentence, lstm': { name: 'previous-sentence', cell: { type: 'lstm' } },
  'previous sentence with padding': { name: 'previous-sentence', previous: { mask: false } },
  'previous sentence with padding, lstm': { name: 'previous-sentence', cell: { type: 'lstm' }, previous: { mask: false } },
  'previous sentence by cnn': { name: 'previous-sentence', previous: { encoder: 'cnn' }, photos: { last: 5, reverse: true } },
  attention: { name: 'attention' },
  'attention, lstm, two layers': { name: 'attention', cell: { type: 'lstm' }, decoder: { layers: 2 }, attention: { score: 'concat' } },
  'attention as coded': { name: 'attention', attention: { score: 'rank-one', feed: 'state' }, previous: { mask: false }, cell: { gates: 'hard', reset: 'before' } },
  'attention not fed on, padding, lstm': { name: 'attention', cell: { type: 'lstm' }, attention: { score: 'dot', feed: 'none' }, previous: { mask: false } },
};

describe('what is told has the probability that training gives it', () => {
  for (const [name, options] of Object.entries(VARIANTS)) {
    test(name, async () => {
      const { network, teller, photos } = await openTeller(options);
      const told = await teller.tell(photos, STORIES, decoding({ beam: 4, min_words: 4, block_ngram: 2, unknown: 'allow' }));
      const all = told.flatMap(({ sentences }) => sentences);
      expect(new Set(all.map(({ ids }) => ids.join(' '))).size, 'sentences differ').toBeGreaterThanOrEqual(5);
      expect(all.some(({ rows }) => new Set(rows).size > 1), 'hypotheses change rows').toBe(true);
      for (let story = 0; story < STORIES; story++) {
        const scores = await measured(network, told, story);
        told[story]!.sentences.forEach(({ logProbability }, i) => expect(Math.abs(logProbability - scores[i]!), `story ${story}, sentence ${i}`).toBeLessThan(1e-4));
      }
    });
  }

  test('drawn sentences too', async () => {
    const { network, teller, photos } = await openTeller({ name: 'attention' });
    const told = await teller.tell(photos, STORIES, decoding({ strategy: 'sample', temperature: 1.5, top_k: 6, unknown: 'allow' }));
    for (const story of [0, 3]) {
      const scores = await measured(network, told, story);
      told[story]!.sentences.forEach(({ logProbability }, i) => expect(Math.abs(logProbability - scores[i]!)).toBeLessThan(1e-4));
    }
  });
});

/** Told stories without the last digits of their scores, in which batches of different size may differ. */
function rounded(told: readonly ToldStory[]): unknown {
  return told.map(({ sentences }) => sentences.map(({ ids, rows, logProbability }) => ({ ids, rows, logProbability: expect.closeTo(logProbability, 3) })));
}

function sentencesOf(told: readonly ToldStory[]): unknown {
  return told.map(({ sentences }) => sentences);
}

describe('stories do not touch each other', () => {
  const width = 5 * FEATURES;

  test.each(['encoder-decoder', 'previous-sentence', 'attention'])('told alone or together they are the same: %s', async (name) => {
    const { teller, photos } = await openTeller({ name }, 6);
    const together = await teller.tell(photos, 6, decoding());
    for (const story of [0, 3, 5]) {
      expect(sentencesOf(await teller.tell(photos.subarray(story * width, (story + 1) * width), 1, decoding()))).toEqual(rounded([together[story]!]));
    }
  });

  test('more of them than are told at a time, with the count as they are done', async () => {
    const { teller, photos } = await openTeller({ name: 'encoder-decoder' }, 67);
    const done: number[] = [];
    const told = await teller.tell(photos, 67, decoding(), { onStory: (n) => done.push(n) });
    expect([told.length, done]).toEqual([67, [64, 67]]);
    expect(sentencesOf(await teller.tell(photos.subarray(63 * width), 4, decoding()))).toEqual(rounded(told.slice(63)));
  });

  test('lengths asked for are kept, sentence by sentence', async () => {
    const { teller, photos } = await openTeller({ name: 'attention' });
    const lengths = Int32Array.from({ length: STORIES * 5 }, (_, i) => 1 + (i * 7) % (STEPS - 2));
    for (const options of [{ strategy: 'greedy' }, { beam: 3 }, { strategy: 'sample' }] as const) {
      const told = await teller.tell(photos, STORIES, decoding(options), { lengths });
      expect(told.flatMap(({ sentences }) => sentences.map(({ ids }) => ids.length))).toEqual([...lengths]);
    }
  });

  test('parameters that are part of the programs tell the same', async () => {
    for (const name of ['encoder-decoder', 'previous-sentence', 'attention']) {
      const { teller, photos, frozen } = await openTeller({ name });
      expect(sentencesOf(await frozen.tell(photos, STORIES, decoding()))).toEqual(rounded(await teller.tell(photos, STORIES, decoding())));
    }
  });

  test('draws depend on the seed and the story\'s number', async () => {
    const { teller, photos } = await openTeller({ name: 'previous-sentence' });
    const sample = decoding({ strategy: 'sample' });
    const told = await teller.tell(photos, STORIES, sample);
    expect(await teller.tell(photos, STORIES, sample)).toEqual(told);
    expect(sentencesOf(await teller.tell(photos.subarray(0, 2 * width), 2, sample))).toEqual(rounded(told.slice(0, 2)));
    expect(sentencesOf(await teller.tell(photos, STORIES, { ...sample, seed: 2 }))).not.toEqual(rounded(told));
  });
});

describe('options', () => {
  const tell = async (options: Partial<DecodingOptions>, model: Record<string, unknown> = { name: 'previous-sentence' }) => {
    const { teller, photos } = await openTeller(model);
    return (await teller.tell(photos, STORIES, decoding(options))).map(({ sentences }) => sentences.map(({ ids }) => ids));
  };

  test('greedy is a beam of one; a wider one finds more probable sentences', async () => {
    expect(await tell({ strategy: 'greedy', beam: 7 })).toEqual(await tell({ beam: 1 }));
    const { teller, photos } = await openTeller({ name: 'encoder-decoder' });
    const score = async (beam: number): Promise<number> => (await teller.tell(photos, STORIES, decoding({ beam })))
      .reduce((sum, { sentences }) => sum + sentences.reduce((all, { logProbability }) => all + logProbability, 0), 0);
    expect(await score(50)).toBeGreaterThan(await score(1));
  });

  test('sentences keep to the least and greatest number of words, and to the vocabulary', async () => {
    for (const options of [{ min_words: 3, max_words: 5 }, { strategy: 'sample' as const, min_words: 3, max_words: 5, temperature: 3 }, { max_words: 99 }]) {
      for (const ids of (await tell(options)).flat()) {
        expect(ids.length).toBeGreaterThanOrEqual(options.min_words ?? 1);
        expect(ids.length).toBeLessThanOrEqual(Math.min(STEPS - 2, options.max_words));
        for (const id of ids) expect(id > 3 && id < WORDS, `word ${id}`).toBe(true);
      }
    }
  });

  test('no pair of words comes twice in a blocked story', async () => {
    const pairs = (story: readonly (readonly number[])[]): string[] => story.flatMap((ids) => ids.slice(1).map((id, i) => `${ids[i]} ${id}`));
    const twice = (told: readonly (readonly (readonly number[])[])[]): boolean => told.some((story) => new Set(pairs(story)).size < pairs(story).length);
    expect(twice(await tell({ min_words: 6 }))).toBe(true);
    for (const strategy of ['beam', 'sample', 'greedy'] as const) expect(twice(await tell({ min_words: 6, block_ngram: 2, strategy }))).toBe(false);
  });

  test('both backends tell the same', async () => {
    const photos = Float32Array.from({ length: STORIES * 5 * FEATURES }, ((random) => () => random.between(-1, 1))(new Random('both')));
    const told = [];
    for (const backend of ['onnx', 'cpu'] as const) told.push(await (await openTeller({ name: 'attention' }, STORIES, backend)).teller.tell(photos, STORIES, decoding()));
    expect(sentencesOf(told[0]!)).toEqual(rounded(told[1]!));
  });
});
