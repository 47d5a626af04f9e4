import { describe, expect, test } from 'vitest';
import type { HostTensor } from '../../src/core/hosttensor.ts';
import type { PackedStories, PreviousForm } from '../../src/data/batches.ts';
import { firstBefore, StoryBatches } from '../../src/data/batches.ts';
import { ladderOf, rowsOf } from '../../src/data/ladder.ts';
import type { StorySet } from '../../src/data/stories.ts';
import { StoryNetwork } from '../../src/training/network.ts';
import { runtimes } from '../support/compare.ts';
import { FEATURES, randomFeatures, randomStories, smallModel, STEPS, WORDS } from '../models/storybatch.ts';

const FORMS: PreviousForm[] = ['none', 'packed', 'padded'];

function make(count: number, storiesPerBatch: number, options: { previous?: PreviousForm; seed?: number } = {}): StoryBatches {
  const stories = randomStories(count, 'stories');
  return new StoryBatches(stories, randomFeatures(stories, 'photos'), { storiesPerBatch, previous: 'packed', seed: 1, ...options });
}

function list(tensor: HostTensor): number[] {
  return Array.from(tensor.data as Int32Array);
}

/** START w1 .. wn END of a sentence. */
function idsOf(stories: StorySet, story: number, position: number): number[] {
  const at = (story * 5 + position) * STEPS;
  const ids = [...stories.sentences.subarray(at, at + STEPS)];
  return ids.slice(0, ids.indexOf(2) + 1);
}

/** The pairs of word read and word to tell of each sentence, taken out of a batch by its ladder alone. */
function unpack(batch: PackedStories): Map<number, [number, number][]> {
  const [order, tokens, targets, weights] = [list(batch.order), list(batch.tokens), list(batch.targets), list(batch.weights)];
  const found = new Map(order.map((sentence) => [sentence, [] as [number, number][]]));
  let row = 0;
  for (const rows of batch.ladder) {
    for (let place = 0; place < rows; place++, row++) {
      expect(weights[row]).toBe(1);
      found.get(order[place]!)!.push([tokens[row]!, targets[row]!]);
    }
  }
  expect([tokens.length, targets.length, weights.length]).toEqual([row, row, row]);
  return found;
}

describe('an epoch', () => {
  test('has every story exactly once, in batches of the size asked for', () => {
    for (const [count, size] of [[1, 4], [8, 4], [10, 4], [100, 3]] as const) {
      const batches = make(count, size);
      for (const epoch of [batches.epoch(0), batches.epoch(7), batches.inOrder()]) {
        expect(epoch.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(epoch.map((batch) => batch.length).sort((a, b) => b - a)).toEqual([...new Array(Math.floor(count / size)).fill(size), ...(count % size ? [count % size] : [])]);
      }
    }
  });

  test('depends on the seed and its number alone', () => {
    const [one, same, other] = [make(50, 4), make(50, 4, { previous: 'none' }), make(50, 4, { seed: 2 })];
    one.pack([1, 2]);
    one.epoch(5);
    expect(one.epoch(3)).toEqual(same.epoch(3));
    expect(one.epoch(3)).toEqual(one.epoch(3));
    expect(one.epoch(3)).not.toEqual(one.epoch(4));
    expect(one.epoch(3)).not.toEqual(other.epoch(3));
    expect(one.inOrder()).toEqual(other.inOrder());
  });

  test('brings stories of like length together', () => {
    const batches = make(240, 4, { previous: 'none' });
    const padding = (epoch: readonly number[][]): number =>
      epoch.reduce((sum, batch) => sum + 4 * Math.max(...batch.map((story) => lengthOf(batches.stories, story))), 0);
    const sorted = padding(batches.epoch(0));
    const unsorted = padding(Array.from({ length: 60 }, (_, i) => [4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3]));
    expect(sorted).toBeLessThan(0.9 * unsorted);
  });
});

function lengthOf(stories: StorySet, story: number): number {
  return [0, 1, 2, 3, 4].reduce((sum, position) => sum + idsOf(stories, story, position).length - 1, 0);
}

describe.each(FORMS)('a packed batch (previous sentence: %s)', (previous) => {
  const batches = make(30, 4, { previous });
  const chosen = [[3, 17, 0, 29], [5, 6], [12]];

  test('has every word and its successor in place, weight 1 for each, and nothing else', () => {
    for (const numbers of chosen) {
      const batch = batches.pack(numbers);
      const found = unpack(batch);
      expect([...found.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 5 * numbers.length }, (_, i) => i));
      for (const [sentence, pairs] of found) {
        const ids = idsOf(batches.stories, numbers[Math.floor(sentence / 5)]!, sentence % 5);
        expect(pairs).toEqual(ids.slice(0, -1).map((id, t) => [id, ids[t + 1]]));
      }
      expect(batch.tokens.shape).toEqual([numbers.reduce((sum, story) => sum + lengthOf(batches.stories, story), 0)]);
    }
  });

  test('has the photos of its stories and no others, also where it is short', () => {
    const features = randomFeatures(batches.stories, 'photos');
    for (const numbers of chosen) {
      const { photos } = batches.pack(numbers);
      expect(photos.shape).toEqual([5 * numbers.length, FEATURES]);
      expect(list(photos)).toEqual(numbers.flatMap((story) => batches.stories.imageIds[story]!.flatMap((id) => [...features.row(id)])));
    }
  });

  test('has the ladder of its sentences, and tensors as long as that', () => {
    for (const numbers of [...batches.epoch(0), ...batches.inOrder(), ...chosen]) {
      const batch = batches.pack(numbers);
      const before = numbers.flatMap((story) => [0, 1, 2, 3, 4].map((i) => (previous === 'padded' ? STEPS : i === 0 ? 1 : idsOf(batches.stories, story, i - 1).length)));
      expect(batch.ladder).toEqual(ladderOf(numbers.flatMap((story) => [0, 1, 2, 3, 4].map((i) => idsOf(batches.stories, story, i).length - 1))));
      expect(batch.previous?.ladder).toEqual(previous === 'none' ? undefined : ladderOf(before));
      const sentences = 5 * numbers.length;
      expect([batch.order, batch.tokens, batch.targets, batch.weights].map(({ shape }) => shape)).toEqual([[sentences], ...Array.from({ length: 3 }, () => [rowsOf(batch.ladder)])]);
      if (!batch.previous) continue;
      const { tokens, last, slots, mask, ladder } = batch.previous;
      expect([tokens, last, slots, mask].map(({ shape }) => shape)).toEqual([[rowsOf(ladder)], [sentences], [sentences, STEPS], [sentences, STEPS]]);
    }
  });

  test('of a short last batch is what a batch of that size is', () => {
    const small = make(30, 2, { previous });
    expect(batches.pack([5, 6])).toEqual(small.pack([5, 6]));
    expect(batches.epoch(0).some((numbers) => numbers.length === 2)).toBe(true);
  });
});

test('all words are counted once', () => {
  const batches = make(30, 4);
  const total = Array.from({ length: 30 }, (_, story) => lengthOf(batches.stories, story)).reduce((a, b) => a + b, 0);
  expect(batches.tokenCount).toBe(total);
  const weights = batches.epoch(2).flatMap((numbers) => list(batches.pack(numbers).weights));
  expect(weights.reduce((a, b) => a + b, 0)).toBe(total);
});

describe('the sentence before', () => {
  /** What is read before each sentence, by story and position. */
  function read(previous: PreviousForm, numbers: readonly number[]): { batches: StoryBatches; before: Map<number, number[]> } {
    const batches = make(30, 3, { previous });
    const batch = batches.pack(numbers);
    const [tokens, slots, mask, last] = [batch.previous!.tokens, batch.previous!.slots, batch.previous!.mask, batch.previous!.last].map(list) as [number[], number[], number[], number[]];
    const width = batch.previous!.slots.shape[1]!;
    const before = new Map(list(batch.order).map((sentence, place) => {
      const ids = Array.from({ length: width }, (_, t) => t).filter((t) => mask[place * width + t] === 1).map((t) => tokens[slots[place * width + t]!]!);
      expect(tokens[last[place]!]).toBe(ids.at(-1));
      return [sentence, ids];
    }));
    return { batches, before };
  }

  test('is read from START to END, or START alone before the first', () => {
    const numbers = [4, 11];
    const { batches, before } = read('packed', numbers);
    for (const [sentence, ids] of before) {
      const story = numbers[Math.floor(sentence / 5)];
      const told = sentence % 5 === 0 ? [1] : idsOf(batches.stories, story!, (sentence % 5) - 1);
      expect(ids).toEqual(told);
    }
    expect([...before.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, i) => i));
  });

  test('is read with its padding where that is asked for', () => {
    const numbers = [4, 11, 2];
    const { batches, before } = read('padded', numbers);
    for (const [sentence, ids] of before) {
      const told = sentence % 5 === 0 ? [1] : idsOf(batches.stories, numbers[Math.floor(sentence / 5)]!, (sentence % 5) - 1);
      expect(ids).toEqual([...told, ...new Array(STEPS - told.length).fill(0)]);
    }
  });

  test('is absent where the model does not read it', () => {
    expect(make(5, 2, { previous: 'none' }).pack([1]).previous).toBeUndefined();
    expect([...firstBefore('packed', 4)]).toEqual([1]);
    expect([...firstBefore('padded', 4)]).toEqual([1, 0, 0, 0]);
  });
});

test.each([['none', 'encoder-decoder'], ['packed', 'previous-sentence'], ['packed', 'attention'], ['padded', 'attention']] as const)(
  'the loss does not depend on a batch\'s company nor on its order: %s, %s', async (previous, name) => {
    const { onnx } = await runtimes();
    const model = smallModel({ name, previous: { mask: previous !== 'padded' } });
    const network = new StoryNetwork(onnx, model, { features: FEATURES, vocabulary: WORDS, steps: STEPS }, 0);
    network.initialise(1);
    const batches = make(24, 3, { previous });
    const numbers = batches.epoch(0).find((batch) => batch.length === 3)!;
    const loss = await network.summedLoss(batches.pack(numbers));
    const words = numbers.reduce((sum, story) => sum + lengthOf(batches.stories, story), 0);
    let alone = 0;
    for (const story of numbers) alone += await network.summedLoss(batches.pack([story]));
    expect(Math.abs(alone - loss) / words).toBeLessThan(1e-6);
    expect(Math.abs((await network.summedLoss(batches.pack(numbers.toReversed()))) - loss) / words).toBeLessThan(1e-6);
    // Far more stories than a batch was ever asked to have.
    const [all, each] = [batches.inOrder().flat(), batches.inOrder()];
    let summed = 0;
    for (const batch of each) summed += await network.summedLoss(batches.pack(batch));
    expect(Math.abs((await network.summedLoss(batches.pack(all))) - summed) / batches.tokenCount).toBeLessThan(1e-6);
  });
