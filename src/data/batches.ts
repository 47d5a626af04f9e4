import type { HostTensor } from '../core/hosttensor.ts';
import { floats, ints } from '../core/hosttensor.ts';
import { Random } from '../core/random.ts';
import { END_ID, NULL_ID, START_ID } from '../text/vocabulary.ts';
import type { FeatureTable } from './features.ts';
import { rowsOf } from './ladder.ts';
import type { PackedPrevious } from './packing.ts';
import { forEachPacked, pack, packPrevious } from './packing.ts';
import type { StorySet } from './stories.ts';

/**
 * How the sentence before is read: not at all, up to its END, or with its padding (as VIST-seq2seq codes it, and by
 * the CNN, which wants a fixed length).
 */
export type PreviousForm = 'none' | 'packed' | 'padded';

export interface BatchOptions {
  readonly storiesPerBatch: number;
  readonly previous: PreviousForm;
  readonly seed: number;
}

/** A batch of whole stories: see `StoryBatch` in models/. S = stories, B = 5 S sentences, N = packed words. */
export interface PackedStories {
  readonly photos: HostTensor;
  readonly order: HostTensor;
  readonly tokens: HostTensor;
  readonly targets: HostTensor;
  /** 1 for every word. */
  readonly weights: HostTensor;
  readonly ladder: readonly number[];
  readonly previous?: PackedPrevious;
}

/** Batches sorted by length within windows of so many batches: near enough to random, and fewer steps. */
const WINDOW = 24;

/** Makes batches of whole stories. Which stories meet in a batch depends on the seed and the epoch alone. */
export class StoryBatches {
  readonly #stories: StorySet;
  readonly #features: FeatureTable;
  readonly #options: BatchOptions;
  /** Words and END of every sentence, [N * photos]. */
  readonly #lengths: Int32Array;

  constructor(stories: StorySet, features: FeatureTable, options: BatchOptions) {
    this.#stories = stories;
    this.#features = features;
    this.#options = options;
    this.#lengths = targetLengths(stories);
  }

  get stories(): StorySet {
    return this.#stories;
  }

  /** Words and ENDs in the whole set: what a mean loss is over. */
  get tokenCount(): number {
    return this.#lengths.reduce((sum, length) => sum + length, 0);
  }

  /** Story numbers of every batch of an epoch, shuffled and bucketed by length. */
  epoch(epoch: number): number[][] {
    const random = new Random(`${this.#options.seed}/epoch ${epoch}`);
    const shuffled = random.shuffle(Array.from({ length: this.#stories.length }, (_, i) => i));
    const window = WINDOW * this.#options.storiesPerBatch;
    const batches: number[][] = [];
    for (let from = 0; from < shuffled.length; from += window) batches.push(...this.#cut(shuffled.slice(from, from + window)));
    return random.shuffle(batches);
  }

  /** Story numbers of batches that go through the set once, for validation. */
  inOrder(): number[][] {
    return this.#cut(Array.from({ length: this.#stories.length }, (_, i) => i));
  }

  /** Photos of these stories, in the order of a batch. */
  photoIds(storyNumbers: readonly number[]): string[] {
    return storyNumbers.flatMap((story) => this.#stories.imageIds[story]!);
  }

  /** @param photos features of `photoIds`, [stories * photos, features], where they were read ahead */
  pack(storyNumbers: readonly number[], photos: Float32Array = this.#features.rows(this.photoIds(storyNumbers))): PackedStories {
    const lengths = storyNumbers.flatMap((story) => [...this.#lengthsOf(story)]);
    const packed = pack(lengths);
    const rows = rowsOf(packed.ladder);
    const [tokens, targets] = [new Int32Array(rows), new Int32Array(rows)];
    forEachPacked(packed, lengths, (row, sentence, t) => {
      const ids = this.#sentence(storyNumbers, sentence);
      tokens[row] = ids[t]!;
      targets[row] = ids[t + 1]!;
    });
    return {
      photos: floats(photos, [lengths.length, this.#features.size]),
      order: ints(packed.order, [lengths.length]),
      tokens: ints(tokens, [rows]),
      targets: ints(targets, [rows]),
      weights: floats(new Float32Array(rows).fill(1), [rows]),
      ladder: packed.ladder,
      ...(this.#options.previous !== 'none' && {
        previous: packPrevious(packed.order.map((i) => this.#before(storyNumbers, i)), this.#stories.steps),
      }),
    };
  }

  #cut(numbers: readonly number[]): number[][] {
    const words = (story: number): number => {
      let sum = 0;
      for (let i = 0; i < this.#stories.photos; i++) sum += this.#lengths[story * this.#stories.photos + i]!;
      return sum;
    };
    const sorted = numbers.toSorted((a, b) => words(a) - words(b));
    const size = this.#options.storiesPerBatch;
    return Array.from({ length: Math.ceil(sorted.length / size) }, (_, i) => sorted.slice(i * size, (i + 1) * size));
  }

  /** Words and END of each sentence of a story. */
  #lengthsOf(story: number): Int32Array {
    const { photos } = this.#stories;
    return this.#lengths.subarray(story * photos, (story + 1) * photos);
  }

  #sentence(storyNumbers: readonly number[], i: number): Int32Array {
    const { photos, steps, sentences } = this.#stories;
    const at = storyNumbers[Math.floor(i / photos)]! * photos + (i % photos);
    return sentences.subarray(at * steps, (at + 1) * steps);
  }

  /** The sentence before sentence `i`: START .. END, with its padding where that is read; START alone before the first. */
  #before(storyNumbers: readonly number[], i: number): Int32Array {
    const { photos, steps } = this.#stories;
    if (i % photos === 0) return firstBefore(this.#options.previous, steps);
    const ids = this.#sentence(storyNumbers, i - 1);
    const length = this.#lengthsOf(storyNumbers[Math.floor(i / photos)]!)[(i - 1) % photos]!;
    return this.#options.previous === 'padded' ? ids : ids.subarray(0, length + 1);
  }
}

/** What stands before the first sentence of a story. */
export function firstBefore(form: PreviousForm, steps: number): Int32Array {
  const ids = new Int32Array(form === 'padded' ? steps : 1).fill(NULL_ID);
  ids[0] = START_ID;
  return ids;
}

function targetLengths({ length, photos, steps, sentences }: StorySet): Int32Array {
  return Int32Array.from({ length: length * photos }, (_, i) => {
    const end = sentences.subarray(i * steps, (i + 1) * steps).indexOf(END_ID);
    return end === -1 ? steps - 1 : end;
  });
}
