import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../core/errors.ts';
import { floats, ints } from '../core/hosttensor.ts';
import { packPrevious } from '../data/packing.ts';
import { runDecoder, wordVectors } from '../models/decoder.ts';
import { PHOTOS } from '../models/options.ts';
import type { StoryModelOptions } from '../models/options.ts';
import { encodePhotos } from '../models/photoencoder.ts';
import { STORY_MODELS } from '../models/registry.ts';
import type { PreviousSentences } from '../models/sentenceencoder.ts';
import { END_ID, NULL_ID, START_ID } from '../text/vocabulary.ts';
import type { ProgramSetup } from './programs.ts';

/** Where one sentence's decoder looked: a row for each word told, a column for each word read. */
export interface AttentionWeights {
  /** [T] w1 .. wn END of the sentence told. */
  readonly told: readonly number[];
  /** [M] START w1 .. wm END of the sentence before, START alone before the first; with its padding where the model reads that. */
  readonly read: readonly number[];
  /** [T, M] row by row; each row adds up to 1. */
  readonly weights: Float32Array;
}

/** Stories read together. More fill the products better, and take more memory. */
const CHUNK = 32;

/**
 * The attention of stories over their previous sentences (Luong, Pham and Manning 2015, the a_t of section 3.1), by
 * telling them once more word for word. Any story of these photos can be read so, also one that people wrote.
 * @param photos [stories * 5, features]
 * @param stories five sentences of word ids each, without START and END; what is longer than a stored sentence is cut, as in training
 * @returns five a story
 * @throws ShapeError when the model has no attention, or photos and stories do not fit
 */
export async function attentionWeights(setup: ProgramSetup, photos: Float32Array, stories: readonly (readonly (readonly number[])[])[]): Promise<AttentionWeights[][]> {
  const { options, sizes, runtime, parameters } = setup;
  if (options.name !== 'attention') throw new ShapeError(`a model "${options.name}" has no attention`);
  const width = PHOTOS * sizes.features;
  if (photos.length !== stories.length * width) throw new ShapeError(`photos: expected [${stories.length * PHOTOS}, ${sizes.features}], got ${photos.length} numbers`);
  const program = runtime.jit((p: Named, features: tf.Tensor, tokens: tf.Tensor, previous: PreviousSentences) => weightsOf(options, p, features, tokens, previous));
  const all: AttentionWeights[][] = [];
  try {
    for (let from = 0; from < stories.length; from += CHUNK) {
      const chunk = stories.slice(from, from + CHUNK);
      const sentences = readSentences(chunk, sizes.steps, options.previous.mask);
      const features = photos.subarray(from * width, (from + chunk.length) * width);
      const { data } = await program(parameters, floats(features, [chunk.length * PHOTOS, sizes.features]), tokenTable(sentences), packPrevious(sentences.map(({ read }) => read), sizes.steps) as never);
      const maps = sentences.map((_, i) => cutOut(data as Float32Array, sentences, i, sizes.steps));
      chunk.forEach((_, s) => all.push(maps.slice(s * PHOTOS, (s + 1) * PHOTOS)));
    }
  } finally {
    await program.dispose();
  }
  return all;
}

type Named = Record<string, tf.Tensor>;

/** B sentences, padded alike. @param tokens [T, B] START w1 .. wn @returns [T * B, M] */
function weightsOf(o: StoryModelOptions, p: Named, photos: tf.Tensor, tokens: tf.Tensor, previous: PreviousSentences): tf.Tensor {
  const [steps, rows] = tokens.shape as [number, number];
  const { state: start, memory } = STORY_MODELS[o.name].start(p, o, encodePhotos(p, o, photos, false), previous, false);
  const words = wordVectors(p, tf.reshape(tokens, [steps * rows]));
  const weights: tf.Tensor2D[] = [];
  let state = start;
  for (let t = 0; t < steps; t++) {
    const input = tf.slice(words, [t * rows, 0], [rows, words.shape[1]]);
    const decoded = runDecoder(p, o, input, [rows], state, memory, false);
    state = decoded.state;
    weights.push(decoded.weights!);
  }
  return tf.concat(weights, 0);
}

interface ReadSentence {
  /** Without START and END. */
  readonly told: readonly number[];
  /** The sentence before, START w1 .. wm END or START alone, with its padding where the model reads it. */
  readonly read: readonly number[];
}

function readSentences(stories: readonly (readonly (readonly number[])[])[], steps: number, mask: boolean): ReadSentence[] {
  return stories.flatMap((sentences) => {
    if (sentences.length !== PHOTOS) throw new ShapeError(`a story has ${PHOTOS} sentences, got ${sentences.length}`);
    const cut = sentences.map((ids) => ids.slice(0, steps - 2));
    return cut.map((told, j) => {
      const before = j === 0 ? [START_ID] : [START_ID, ...cut[j - 1]!, END_ID];
      return { told, read: mask ? before : Array.from({ length: steps }, (_, t) => before[t] ?? NULL_ID) };
    });
  });
}

/** [T, B], T the longest: START w1 .. wn, then NULL, whose rows are not looked at. */
function tokenTable(sentences: readonly ReadSentence[]): ReturnType<typeof ints> {
  const steps = 1 + Math.max(...sentences.map(({ told }) => told.length));
  const table = new Int32Array(steps * sentences.length).fill(NULL_ID);
  sentences.forEach(({ told }, i) => [START_ID, ...told].forEach((id, t) => (table[t * sentences.length + i] = id)));
  return ints(table, [steps, sentences.length]);
}

/** The rows of sentence `i`. @param data [T, B, steps] */
function cutOut(data: Float32Array, sentences: readonly ReadSentence[], i: number, steps: number): AttentionWeights {
  const { told, read } = sentences[i]!;
  const weights = new Float32Array((told.length + 1) * read.length);
  for (let t = 0; t <= told.length; t++) {
    const row = (t * sentences.length + i) * steps;
    weights.set(data.subarray(row, row + read.length), t * read.length);
  }
  return { told: [...told, END_ID], read, weights };
}
