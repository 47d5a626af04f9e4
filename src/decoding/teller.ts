import type { HostTensor } from '../core/hosttensor.ts';
import { Random } from '../core/random.ts';
import type { PackedPrevious } from '../data/packing.ts';
import { packPrevious } from '../data/packing.ts';
import { PHOTOS } from '../models/options.ts';
import { END_ID, START_ID } from '../text/vocabulary.ts';
import { BeamSearch } from './beam.ts';
import { Constraints, mostBarred } from './constraints.ts';
import type { LiveRows } from './liverows.ts';
import { advanceAll } from './liverows.ts';
import type { DecodingOptions } from './options.ts';
import type { ProgramSetup } from './programs.ts';
import { DecoderPrograms } from './programs.ts';
import { Sampling } from './sampling.ts';
import type { Chosen, Search } from './search.ts';

/** Five sentences as word ids. */
export interface ToldStory {
  readonly sentences: readonly Chosen[];
}

export interface TellerSetup extends ProgramSetup {
  /** How the model reads the sentence before: see `PreviousForm` in data/. */
  readonly previous: 'none' | 'packed' | 'padded';
}

export interface TellOptions {
  /** Called as stories are finished. */
  readonly onStory?: (done: number) => void;
  /** [stories * 5]: words that each sentence has, no more and no less, in place of min_words and max_words. */
  readonly lengths?: ArrayLike<number>;
}

/** Stories told together. More fill the products better, and take more memory. */
const CHUNK = 64;

/** Tells stories: sentence by sentence, each from its photos and the sentence told before. */
export class Teller {
  readonly #setup: TellerSetup;
  readonly #programs: DecoderPrograms;

  constructor(setup: TellerSetup) {
    this.#setup = setup;
    this.#programs = new DecoderPrograms(setup);
  }

  /** @param photos [stories * 5, features] */
  async tell(photos: Float32Array, stories: number, decoding: DecodingOptions, options: TellOptions = {}): Promise<ToldStory[]> {
    const width = PHOTOS * this.#setup.sizes.features;
    const told: ToldStory[] = [];
    for (let from = 0; from < stories; from += CHUNK) {
      const to = Math.min(from + CHUNK, stories);
      const numbers = Array.from({ length: to - from }, (_, i) => from + i);
      told.push(...(await this.#tellChunk(photos.subarray(from * width, to * width), numbers, decoding, options.lengths)));
      options.onStory?.(told.length);
    }
    return told;
  }

  dispose(): Promise<void> {
    return this.#programs.dispose();
  }

  async #tellChunk(photos: Float32Array, numbers: readonly number[], decoding: DecodingOptions, lengths: TellOptions['lengths']): Promise<ToldStory[]> {
    const states = await this.#programs.photoStates(photos);
    const told: Chosen[][] = numbers.map(() => []);
    for (let position = 0; position < PHOTOS; position++) {
      const searches = told.map((before, i) => this.#search(decoding, before, numbers[i]!, position, lengths?.[numbers[i]! * PHOTOS + position]));
      await this.#tellSentences(states, position, told, searches, decoding);
      searches.forEach((search, i) => told[i]!.push(search.result()));
    }
    return told.map((sentences) => ({ sentences }));
  }

  #search(decoding: DecodingOptions, before: readonly Chosen[], story: number, position: number, length: number | undefined): Search {
    const limits = length === undefined ? decoding : { ...decoding, min_words: length, max_words: length };
    const constraints = new Constraints(limits, before.map((sentence) => sentence.ids));
    const maxWords = Math.min(limits.max_words ?? Infinity, this.#setup.sizes.steps - 2);
    if (decoding.strategy === 'sample') return new Sampling(decoding, maxWords, constraints, new Random(`${decoding.seed}/${story}/${position}`));
    return new BeamSearch(decoding.strategy === 'greedy' ? 1 : decoding.beam, maxWords, decoding.length_penalty, constraints);
  }

  /** One sentence of every story. Only live hypotheses have rows: those of finished ones are gone at the next step. */
  async #tellSentences(states: HostTensor, position: number, told: readonly Chosen[][], searches: readonly Search[], decoding: DecodingOptions): Promise<void> {
    const { memory, ...start } = await this.#programs.begin(states, told.map((_, story) => story * PHOTOS + position), this.#previous(told));
    const count = this.#wordsWanted(decoding);
    let { state } = start;
    let rows: LiveRows = { parents: told.map((_, story) => story), stories: told.map((_, story) => story), tokens: told.map(() => START_ID) };
    while (rows.tokens.length > 0) {
      const result = await this.#programs.step(state, memory, rows, count);
      state = result.state;
      rows = advanceAll(searches, rows.stories, result.words, result.logProbabilities);
    }
  }

  /** Next words to ask for a row: what the search may take, and as many as may be barred before them. */
  #wordsWanted(decoding: DecodingOptions): number {
    const { steps, vocabulary } = this.#setup.sizes;
    const taken = { greedy: 1, beam: decoding.beam, sample: decoding.top_k > 0 ? decoding.top_k : vocabulary }[decoding.strategy];
    return Math.min(vocabulary, taken + mostBarred(decoding, PHOTOS * steps));
  }

  /** The sentences told last, in the form that training reads: START words END, or START alone. */
  #previous(told: readonly Chosen[][]): PackedPrevious | null {
    const { previous, sizes } = this.#setup;
    if (previous === 'none') return null;
    const sentences = told.map((sentences) => {
      const last = sentences.at(-1);
      const ids = last ? [START_ID, ...last.ids, END_ID] : [START_ID];
      return previous === 'padded' ? Int32Array.from({ length: sizes.steps }, (_, t) => ids[t] ?? 0) : ids;
    });
    return packPrevious(sentences, sizes.steps);
  }
}
