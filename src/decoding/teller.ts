import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor } from '../core/hosttensor.ts';
import { floats, ints } from '../core/hosttensor.ts';
import { Random } from '../core/random.ts';
import { packPrevious } from '../data/packing.ts';
import { logProbabilities, runDecoder, wordVectors } from '../models/decoder.ts';
import type { DecoderState } from '../models/decoder.ts';
import type { DecoderStart } from '../models/model.ts';
import type { StoryModelOptions, StorySizes } from '../models/options.ts';
import { PHOTOS } from '../models/options.ts';
import { encodePhotos } from '../models/photoencoder.ts';
import { STORY_MODELS } from '../models/registry.ts';
import type { PreviousSentences } from '../models/sentenceencoder.ts';
import type { FloatTensors } from '../runtime/arena.ts';
import type { Compiled, Host, Runtime } from '../runtime/jit.ts';
import { END_ID, START_ID } from '../text/vocabulary.ts';
import { BeamSearch } from './beam.ts';
import { Constraints } from './constraints.ts';
import type { DecodingOptions } from './options.ts';
import { Sampling } from './sampling.ts';
import type { Chosen, Search } from './search.ts';

type Named = Record<string, tf.Tensor>;
type StepResult = { logProbabilities: tf.Tensor; state: DecoderState };

/** Five sentences as word ids. */
export interface ToldStory {
  readonly sentences: readonly Chosen[];
}

export interface TellerSetup {
  readonly runtime: Runtime;
  readonly options: StoryModelOptions;
  readonly sizes: StorySizes;
  readonly parameters: FloatTensors;
  /** How the model reads the sentence before: see `PreviousForm` in data/. */
  readonly previous: 'none' | 'packed' | 'padded';
}

/** Stories told together in one batch. */
const CHUNK = 32;

/** Tells stories: sentence by sentence, each from its photos and the sentence told before. */
export class Teller {
  readonly #setup: TellerSetup;
  readonly #photoStates: Compiled<[Named, tf.Tensor], tf.Tensor>;
  readonly #begin: Compiled<[Named, tf.Tensor, tf.Tensor, tf.Tensor, PreviousSentences | null], DecoderStart>;
  readonly #step: Compiled<[Named, DecoderStart, tf.Tensor, tf.Tensor], StepResult>;

  constructor(setup: TellerSetup) {
    this.#setup = setup;
    const { runtime, options } = setup;
    this.#photoStates = runtime.jit((p: Named, photos: tf.Tensor): tf.Tensor => encodePhotos(p, options, photos, false));
    this.#begin = runtime.jit((p: Named, states: tf.Tensor, places: tf.Tensor, repeat: tf.Tensor, previous: PreviousSentences | null) =>
      begin(options, p, states, places, repeat, previous ?? undefined));
    this.#step = runtime.jit((p: Named, start: DecoderStart, parents: tf.Tensor, tokens: tf.Tensor) => step(options, p, start, parents, tokens));
  }

  /**
   * @param photos [stories * 5, features]
   * @param onStory called as stories are finished
   */
  async tell(photos: Float32Array, stories: number, decoding: DecodingOptions, onStory: (done: number) => void = () => {}): Promise<ToldStory[]> {
    const width = PHOTOS * this.#setup.sizes.features;
    const told: ToldStory[] = [];
    const chunk = Math.min(CHUNK, stories);
    for (let from = 0; from < stories; from += chunk) {
      const count = Math.min(chunk, stories - from);
      // The last chunk is filled up with empty photos: one shape for all.
      const filled = new Float32Array(chunk * width);
      filled.set(photos.subarray(from * width, (from + count) * width));
      told.push(...(await this.#tellChunk(filled, chunk, count, from, decoding)));
      onStory(told.length);
    }
    return told;
  }

  async #tellChunk(photos: Float32Array, rows: number, count: number, first: number, decoding: DecodingOptions): Promise<ToldStory[]> {
    const { parameters, sizes } = this.#setup;
    const states = await this.#photoStates(parameters, floats(photos, [rows * PHOTOS, sizes.features]));
    const told: Chosen[][] = Array.from({ length: rows }, () => []);
    for (let position = 0; position < PHOTOS; position++) {
      const searches = told.map((before, i) => (i < count ? this.#search(decoding, before, first + i, position) : undefined));
      await this.#tellSentence(states, position, told, searches, decoding);
      searches.forEach((search, i) => search && told[i]!.push(search.result()));
    }
    return told.slice(0, count).map((sentences) => ({ sentences }));
  }

  #search(decoding: DecodingOptions, before: readonly Chosen[], story: number, position: number): Search {
    const constraints = new Constraints(decoding, before.map((sentence) => sentence.ids));
    const maxWords = Math.min(decoding.max_words ?? Infinity, this.#setup.sizes.steps - 2);
    if (decoding.strategy === 'sample') return new Sampling(decoding, maxWords, constraints, new Random(`${decoding.seed}/${story}/${position}`));
    return new BeamSearch(decoding.strategy === 'greedy' ? 1 : decoding.beam, maxWords, decoding.length_penalty, constraints);
  }

  async #tellSentence(states: HostTensor, position: number, told: readonly Chosen[][], searches: readonly (Search | undefined)[], decoding: DecodingOptions): Promise<void> {
    const width = decoding.strategy === 'beam' ? decoding.beam : 1;
    const rows = told.length * width;
    const identity = Int32Array.from({ length: rows }, (_, row) => row);
    let { start, parents, tokens } = {
      start: await this.#start(states, position, told, width),
      parents: identity,
      tokens: new Int32Array(rows).fill(START_ID),
    };
    while (searches.some((search) => search && !search.done)) {
      const result = await this.#step(this.#setup.parameters, start, ints(parents, [rows]), ints(tokens, [rows]));
      start = { ...start, state: result.state };
      ({ parents, tokens } = advanceAll(searches, result.logProbabilities, width, identity));
    }
  }

  #start(states: HostTensor, position: number, told: readonly Chosen[][], width: number): Promise<Host<DecoderStart>> {
    const places = ints(Int32Array.from(told, (_, story) => story * PHOTOS + position), [told.length]);
    const repeat = ints(Int32Array.from({ length: told.length * width }, (_, row) => Math.floor(row / width)), [told.length * width]);
    return this.#begin(this.#setup.parameters, states, places, repeat, this.#previous(told) as never);
  }

  /** The sentences told last, in the form that training reads: START words END, or START alone. */
  #previous(told: readonly Chosen[][]): ReturnType<typeof packPrevious> | null {
    const { previous, sizes } = this.#setup;
    if (previous === 'none') return null;
    const sentences = told.map((sentences) => {
      const last = sentences.at(-1);
      const ids = last ? [START_ID, ...last.ids, END_ID] : [START_ID];
      return previous === 'padded' ? Int32Array.from({ length: sizes.steps }, (_, t) => ids[t] ?? 0) : ids;
    });
    return packPrevious(sentences, Array.from({ length: sizes.steps }, () => told.length));
  }
}

/** Asks every unfinished search for its next words. Rows of finished ones run on unread. */
function advanceAll(searches: readonly (Search | undefined)[], results: HostTensor, width: number, identity: Int32Array): { parents: Int32Array<ArrayBuffer>; tokens: Int32Array<ArrayBuffer> } {
  const parents = Int32Array.from(identity);
  const tokens = new Int32Array(identity.length).fill(END_ID);
  const data = results.data as Float32Array;
  const words = results.shape[1]!;
  searches.forEach((search, s) => {
    if (!search || search.done) return;
    const move = search.advance((i) => data.subarray((s * width + i) * words, (s * width + i + 1) * words));
    move.parents.forEach((parent, i) => (parents[s * width + i] = s * width + parent));
    tokens.set(move.tokens, s * width);
  });
  return { parents, tokens };
}

/** First decoder state of every row. @param places [S] which photo states to tell @param repeat [R] which of the S a row belongs to */
function begin(o: StoryModelOptions, p: Named, states: tf.Tensor, places: tf.Tensor, repeat: tf.Tensor, previous: PreviousSentences | undefined): DecoderStart {
  const photos = tf.gather(states as tf.Tensor2D, places as tf.Tensor1D);
  const { state, memory } = STORY_MODELS[o.name].start(p, o, photos, previous, false);
  const rows = <T extends tf.Tensor>(x: T): T => tf.gather(x, repeat as tf.Tensor1D) as T;
  return {
    state: reindex(state, repeat),
    ...(memory && { memory: { values: rows(memory.values), keys: rows(memory.keys), bias: rows(memory.bias) } }),
  };
}

/** One word further. States follow their parents; the memory needs not, since a sentence's hypotheses share it. */
function step(o: StoryModelOptions, p: Named, { state, memory }: DecoderStart, parents: tf.Tensor, tokens: tf.Tensor): StepResult {
  const decoded = runDecoder(p, o, wordVectors(p, tokens), [tokens.shape[0]!], reindex(state, parents), memory, false);
  return { logProbabilities: logProbabilities(p, decoded.outputs), state: decoded.state };
}

function reindex(state: DecoderState, at: tf.Tensor): DecoderState {
  const rows = (x: tf.Tensor2D): tf.Tensor2D => tf.gather(x, at as tf.Tensor1D);
  return { layers: state.layers.map(rows), ...(state.attended && { attended: rows(state.attended) }) };
}
