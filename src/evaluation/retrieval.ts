import { UserError } from '../core/errors.ts';

/** Vectors, row-major [rows, width]. */
export interface Vectors {
  /** What they are, for errors: a path. */
  readonly name: string;
  readonly data: Float32Array | Float64Array;
  readonly rows: number;
  readonly width: number;
}

export const SIMILARITIES = ['cosine', 'dot'] as const;
export type Similarity = (typeof SIMILARITIES)[number];

/** How images and sentences are compared. */
export interface RetrievalOptions {
  /** Default: cosine, as VSE compares vectors of length 1. */
  readonly similarity?: Similarity;
  /** Called after each block with the images compared so far. */
  readonly onProgress?: (images: number) => void;
}

/** Ranks from 1. */
export interface RetrievalRanks {
  /** One an image: the best rank of an image's own sentences among all sentences. */
  readonly imageToSentence: Int32Array;
  /** One a sentence: the rank of a sentence's image among all images. */
  readonly sentenceToImage: Int32Array;
  /** Queries whose right answer has exactly the score of a wrong one, so that only the order of rows ranks them. */
  readonly tied: { readonly imageToSentence: number; readonly sentenceToImage: number };
}

/** Scores of one direction. */
export interface RankScores {
  readonly queries: number;
  /** Queries whose right answer is among the first 1, 5, 10, in percent. */
  readonly recall1: number;
  readonly recall5: number;
  readonly recall10: number;
  /** As VSE: an average of two middle ranks is rounded down. */
  readonly medianRank: number;
  readonly meanRank: number;
  /** 0 to 1. */
  readonly meanReciprocalRank: number;
}

/** Packed image vectors that are at hand while all sentences pass: they must stay in a core's second-level cache. */
const BLOCK_BYTES = 2 ** 19;
/** Vectors that the inner loop takes at once: as many sums as processor registers hold. */
const IMAGE_GROUP = 4;
const SENTENCE_GROUP = 3;

/**
 * Where the right answers stand, in both directions, as VSE's `evaluation.py` ranks them (Kiros et al. 2014): an image
 * by the best of its sentences. Scores are computed in double precision. Equal scores stand as numpy's stable argsort,
 * reversed, puts them, the later row first: a model that gives all the same vector ranks like chance.
 *
 * Every score is compared with that of the right answer and forgotten, so that memory beyond the vectors is some
 * megabytes. The work is images x sentences x width products, some 2,500 million a second in one thread: two seconds for
 * 1,000 x 5,000 x 1,024, about a minute for 5,000 x 25,000 x 1,024.
 *
 * @param imageOf [sentences] row of each sentence's image
 * @throws UserError naming the row of a vector that is not finite or zero, and what does not fit together
 */
export function retrievalRanks(images: Vectors, sentences: Vectors, imageOf: ArrayLike<number>, options: RetrievalOptions = {}): RetrievalRanks {
  checkPairs(images, sentences, imageOf);
  const scales = [images, sentences].map((vectors) => scalesOf(vectors, options.similarity ?? 'cosine')) as [Float64Array, Float64Array];
  const counter = new RankCounter(images, sentences, imageOf, scales);
  const { width } = images;
  const rows = IMAGE_GROUP * Math.max(1, Math.floor(BLOCK_BYTES / (8 * width * IMAGE_GROUP)));
  const block = new Float64Array(rows * width);
  const group = new Float64Array(SENTENCE_GROUP * width);
  const scores = new Float64Array(IMAGE_GROUP * SENTENCE_GROUP);
  for (let from = 0; from < images.rows; from += rows) {
    const to = Math.min(images.rows, from + rows);
    pack(images, scales[0], from, to, IMAGE_GROUP, block);
    for (let sentence = 0; sentence < sentences.rows; sentence += SENTENCE_GROUP) {
      pack(sentences, scales[1], sentence, Math.min(sentences.rows, sentence + SENTENCE_GROUP), SENTENCE_GROUP, group);
      for (let image = from; image < to; image += IMAGE_GROUP) {
        products(block, (image - from) * width, group, width, scores);
        counter.count(scores, image, sentence);
      }
    }
    options.onProgress?.(to);
  }
  return counter.ranks();
}

/** Recall and ranks of all queries. @param ranks from 1, at least one */
export function rankScores(ranks: Int32Array): RankScores {
  const queries = ranks.length;
  const sorted = ranks.toSorted();
  const within = (limit: number): number => (100 * ranks.reduce((count, rank) => count + Number(rank <= limit), 0)) / queries;
  const middle = (sorted[(queries - 1) >> 1]! + sorted[queries >> 1]!) / 2;
  return {
    queries, recall1: within(1), recall5: within(5), recall10: within(10),
    medianRank: Math.floor(middle),
    meanRank: ranks.reduce((sum, rank) => sum + rank, 0) / queries,
    meanReciprocalRank: ranks.reduce((sum, rank) => sum + 1 / rank, 0) / queries,
  };
}

function checkPairs(images: Vectors, sentences: Vectors, imageOf: ArrayLike<number>): void {
  for (const { name, rows } of [images, sentences]) if (rows === 0) throw new UserError(`${name}: no vectors`);
  if (images.width !== sentences.width) {
    throw new UserError(`${images.name} has vectors of ${images.width} numbers and ${sentences.name} of ${sentences.width}; both must come from one joint space`);
  }
  if (imageOf.length !== sentences.rows) throw new UserError(`${sentences.name}: ${sentences.rows} sentences, and images named for ${imageOf.length}`);
  const told = new Uint8Array(images.rows);
  for (let sentence = 0; sentence < sentences.rows; sentence++) {
    const image = imageOf[sentence]!;
    if (!Number.isInteger(image) || image < 0 || image >= images.rows) {
      throw new UserError(`${sentences.name}: the image of sentence ${sentence} is row ${image}; ${images.name} has rows 0 to ${images.rows - 1}`);
    }
    told[image] = 1;
  }
  const silent = told.indexOf(0);
  if (silent >= 0) throw new UserError(`${images.name}: row ${silent} has no sentence; leave out images without one`);
}

/** What each row is multiplied by. */
function scalesOf({ name, data, rows, width }: Vectors, similarity: Similarity): Float64Array {
  const scales = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let at = row * width; at < (row + 1) * width; at++) squares += data[at]! ** 2;
    if (!Number.isFinite(squares)) {
      const place = data.subarray(row * width, (row + 1) * width).findIndex((value) => !Number.isFinite(value));
      throw new UserError(`${name}: row ${row} holds ${place < 0 ? 'numbers too large to compare' : `${data[row * width + place]} at place ${place}`}; make the vectors again`);
    }
    if (squares === 0) throw new UserError(`${name}: row ${row} is all zeros, which is similar to nothing; make the vectors again`);
    scales[row] = similarity === 'cosine' ? 1 / Math.sqrt(squares) : 1;
  }
  return scales;
}

/** Writes scaled rows, a group's numbers of each column side by side: [groups, width, size]. What the last group lacks is left as it was. */
function pack({ data, width }: Vectors, scales: Float64Array, from: number, to: number, size: number, into: Float64Array): void {
  for (let row = from; row < to; row++) {
    const scale = scales[row]!;
    const place = row - from;
    let at = Math.floor(place / size) * width * size + (place % size);
    for (let i = row * width; i < (row + 1) * width; i++, at += size) into[at] = data[i]! * scale;
  }
}

/**
 * Scores of four images, packed from `start`, with three packed sentences into `out` [4, 3]. Each sum runs over the
 * columns in order, so that `product` gives exactly the same.
 */
function products(images: Float64Array, start: number, sentences: Float64Array, width: number, out: Float64Array): void {
  let a0 = 0, a1 = 0, a2 = 0, b0 = 0, b1 = 0, b2 = 0, c0 = 0, c1 = 0, c2 = 0, d0 = 0, d1 = 0, d2 = 0;
  for (let column = 0, i = start, s = 0; column < width; column++, i += IMAGE_GROUP, s += SENTENCE_GROUP) {
    const s0 = sentences[s]!, s1 = sentences[s + 1]!, s2 = sentences[s + 2]!;
    let x = images[i]!;
    a0 += x * s0, a1 += x * s1, a2 += x * s2;
    x = images[i + 1]!;
    b0 += x * s0, b1 += x * s1, b2 += x * s2;
    x = images[i + 2]!;
    c0 += x * s0, c1 += x * s1, c2 += x * s2;
    x = images[i + 3]!;
    d0 += x * s0, d1 += x * s1, d2 += x * s2;
  }
  out[0] = a0, out[1] = a1, out[2] = a2;
  out[3] = b0, out[4] = b1, out[5] = b2;
  out[6] = c0, out[7] = c1, out[8] = c2;
  out[9] = d0, out[10] = d1, out[11] = d2;
}

/** The score of one image with one sentence. */
function product(image: Float64Array, sentence: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < image.length; i++) sum += image[i]! * sentence[i]!;
  return sum;
}

/** Counts the wrong answers that stand before the right one. */
class RankCounter {
  readonly #images: number;
  readonly #sentences: number;
  readonly #imageOf: Int32Array;
  /** [images] best score of its own sentences, and the last of them that has it. */
  readonly #best: Float64Array;
  readonly #bestRow: Int32Array;
  /** [sentences] score of its own image. */
  readonly #own: Float64Array;
  readonly #before: { readonly image: Int32Array; readonly sentence: Int32Array };
  readonly #tied: { readonly image: Uint8Array; readonly sentence: Uint8Array };

  constructor(images: Vectors, sentences: Vectors, imageOf: ArrayLike<number>, [imageScales, sentenceScales]: readonly [Float64Array, Float64Array]) {
    [this.#images, this.#sentences, this.#imageOf] = [images.rows, sentences.rows, Int32Array.from(imageOf)];
    this.#best = new Float64Array(images.rows).fill(-Infinity);
    this.#bestRow = new Int32Array(images.rows);
    this.#own = new Float64Array(sentences.rows);
    this.#before = { image: new Int32Array(images.rows), sentence: new Int32Array(sentences.rows) };
    this.#tied = { image: new Uint8Array(images.rows), sentence: new Uint8Array(sentences.rows) };
    const [shown, told] = [new Float64Array(images.width), new Float64Array(images.width)];
    for (let row = 0; row < sentences.rows; row++) {
      const image = this.#imageOf[row]!;
      pack(images, imageScales, image, image + 1, 1, shown);
      pack(sentences, sentenceScales, row, row + 1, 1, told);
      const score = product(shown, told);
      this.#own[row] = score;
      if (score >= this.#best[image]!) [this.#best[image], this.#bestRow[image]] = [score, row];
    }
  }

  /** @param scores [4, 3] of images from row `image` and sentences from row `sentence` */
  count(scores: Float64Array, image: number, sentence: number): void {
    const lastImage = Math.min(this.#images, image + IMAGE_GROUP);
    const lastSentence = Math.min(this.#sentences, sentence + SENTENCE_GROUP);
    const { image: imageBefore, sentence: sentenceBefore } = this.#before;
    for (let i = image; i < lastImage; i++) {
      const best = this.#best[i]!;
      for (let s = sentence; s < lastSentence; s++) {
        const score = scores[(i - image) * SENTENCE_GROUP + s - sentence]!;
        const own = this.#own[s]!;
        if (score > best) imageBefore[i]!++;
        if (score > own) sentenceBefore[s]!++;
        if (score === best || score === own) this.#tie(i, s, score);
      }
    }
  }

  ranks(): RetrievalRanks {
    const { image, sentence } = this.#before;
    const sum = (flags: Uint8Array): number => flags.reduce((total, flag) => total + flag, 0);
    return {
      imageToSentence: image.map((before) => before + 1),
      sentenceToImage: sentence.map((before) => before + 1),
      tied: { imageToSentence: sum(this.#tied.image), sentenceToImage: sum(this.#tied.sentence) },
    };
  }

  /** A wrong answer as good as the right one stands before it when its row is the later one. */
  #tie(image: number, sentence: number, score: number): void {
    const right = this.#imageOf[sentence]!;
    if (right === image) return;
    if (score === this.#best[image]) {
      this.#tied.image[image] = 1;
      if (sentence > this.#bestRow[image]!) this.#before.image[image]!++;
    }
    if (score === this.#own[sentence]) {
      this.#tied.sentence[sentence] = 1;
      if (image > right) this.#before.sentence[sentence]!++;
    }
  }
}
