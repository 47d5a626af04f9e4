import type { HostTensor } from '../core/hosttensor.ts';
import { floats, ints } from '../core/hosttensor.ts';
import { Random } from '../core/random.ts';
import { END_ID, NULL_ID, START_ID } from '../text/vocabulary.ts';
import type { FeatureTable } from './features.ts';
import type { Shape } from './ladder.ts';
import { fits, ladderOf, planShapes, rowsOf } from './ladder.ts';
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
  /** Prepared shapes besides the one that holds everything. */
  readonly shapes?: number;
}

/** A batch of whole stories: see `StoryBatch` in models/. S = stories, B = 5 S sentences, N = packed words. */
export interface PackedStories {
  readonly photos: HostTensor;
  readonly order: HostTensor;
  readonly tokens: HostTensor;
  readonly targets: HostTensor;
  readonly weights: HostTensor;
  readonly ladder: readonly number[];
  readonly previous?: PackedPrevious;
}

/** More shapes mean less padding, but another compilation and another set of threads each. */
const DEFAULT_SHAPES = 2;

/** Batches sorted by length within windows of so many batches: near enough to random, and little padding. */
const WINDOW = 24;

/** Makes batches of whole stories. Which stories meet in a batch depends on the seed and the epoch alone. */
export class StoryBatches {
  readonly shapes: readonly Shape[];
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
    const sentences = options.storiesPerBatch * stories.photos;
    const everything: Shape = {
      words: Array.from({ length: stories.steps - 1 }, () => sentences),
      ...(options.previous !== 'none' && { previous: Array.from({ length: stories.steps }, () => sentences) }),
    };
    const samples = this.epoch(0).map((batch) => this.#shapeOf(batch));
    this.shapes = planShapes(samples, everything, options.shapes ?? DEFAULT_SHAPES);
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

  /** Packs stories. A short batch is filled up with stories of weight 0. */
  pack(storyNumbers: readonly number[]): PackedStories {
    const { photos } = this.#stories;
    const shape = this.#chooseShape(storyNumbers);
    const count = this.#options.storiesPerBatch * photos;
    const lengths = Array.from({ length: count }, (_, i) => this.#lengthOf(storyNumbers, i));
    const packed = pack(lengths, shape.words);
    const rows = rowsOf(shape.words);
    const [tokens, targets, weights] = [new Int32Array(rows), new Int32Array(rows), new Float32Array(rows)];
    forEachPacked(packed, lengths, (row, sentence, t) => {
      const ids = this.#sentence(storyNumbers, sentence);
      tokens[row] = ids[t]!;
      targets[row] = ids[t + 1]!;
      weights[row] = 1;
    });
    return {
      photos: this.#photos(storyNumbers),
      order: ints(packed.order, [count]),
      tokens: ints(tokens, [rows]),
      targets: ints(targets, [rows]),
      weights: floats(weights, [rows]),
      ladder: shape.words,
      ...(shape.previous && { previous: packPrevious(packed.order.map((i) => this.#before(storyNumbers, i)), shape.previous) }),
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

  #shapeOf(storyNumbers: readonly number[]): Shape {
    const { photos, steps } = this.#stories;
    const count = this.#options.storiesPerBatch * photos;
    const sentences = Array.from({ length: count }, (_, i) => i);
    const words = ladderOf(sentences.map((i) => this.#lengthOf(storyNumbers, i)));
    if (this.#options.previous === 'none') return { words };
    if (this.#options.previous === 'padded') return { words, previous: Array.from({ length: steps }, () => count) };
    return { words, previous: ladderOf(sentences.map((i) => this.#before(storyNumbers, i).length || 1)) };
  }

  #chooseShape(storyNumbers: readonly number[]): Shape {
    const own = this.#shapeOf(storyNumbers);
    return this.shapes.find((shape) => fits(own, shape))!;
  }

  /** Words and END of sentence `i` of the batch; 0 beyond its stories. */
  #lengthOf(storyNumbers: readonly number[], i: number): number {
    const story = storyNumbers[Math.floor(i / this.#stories.photos)];
    return story === undefined ? 0 : this.#lengths[story * this.#stories.photos + (i % this.#stories.photos)]!;
  }

  #sentence(storyNumbers: readonly number[], i: number): Int32Array {
    const { photos, steps, sentences } = this.#stories;
    const at = storyNumbers[Math.floor(i / photos)]! * photos + (i % photos);
    return sentences.subarray(at * steps, (at + 1) * steps);
  }

  /** The sentence before sentence `i`: START .. END, with its padding where that is read; START alone before the first. */
  #before(storyNumbers: readonly number[], i: number): Int32Array {
    const { photos, steps } = this.#stories;
    const first = i % photos === 0 || Math.floor(i / photos) >= storyNumbers.length;
    if (first) return firstBefore(this.#options.previous, steps);
    const ids = this.#sentence(storyNumbers, i - 1);
    return this.#options.previous === 'padded' ? ids : ids.subarray(0, this.#lengthOf(storyNumbers, i - 1) + 1);
  }

  #photos(storyNumbers: readonly number[]): HostTensor {
    const { photos, imageIds } = this.#stories;
    const { size } = this.#features;
    const data = new Float32Array(this.#options.storiesPerBatch * photos * size);
    this.#features.rows(storyNumbers.flatMap((story) => imageIds[story]!), data.subarray(0, storyNumbers.length * photos * size));
    return floats(data, [this.#options.storiesPerBatch * photos, size]);
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
