import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor } from '../core/hosttensor.ts';
import { floats, ints } from '../core/hosttensor.ts';
import { Random } from '../core/random.ts';
import { withRows } from '../data/batchsizes.ts';
import type { PassageDecoderOptions, PassageStart } from '../models/passagedecoder.ts';
import { startPassages, stepPassages } from '../models/passagedecoder.ts';
import type { FloatTensors } from '../runtime/arena.ts';
import type { Compiled, Host, Runtime } from '../runtime/jit.ts';
import { START_ID } from '../text/vocabulary.ts';
import { BeamSearch } from './beam.ts';
import { Constraints, mostBarred } from './constraints.ts';
import { advanceAll } from './liverows.ts';
import type { DecodingOptions } from './options.ts';
import { Sampling } from './sampling.ts';
import type { Chosen } from './search.ts';

type Named = Record<string, tf.Tensor>;
/** R rows: the state each goes on from, the passage whose vector it sees, and the word it reads. */
type StepRows = { parents: tf.Tensor; passages: tf.Tensor; tokens: tf.Tensor };
type StepArguments = [parameters: Named, state: tf.Tensor, context: tf.Tensor | null, rows: StepRows, count: number];
type StepResult = { words: tf.Tensor; logProbabilities: tf.Tensor; state: tf.Tensor };

export interface PassageTellerSetup {
  readonly runtime: Runtime;
  readonly options: PassageDecoderOptions;
  readonly vocabulary: number;
  readonly parameters: FloatTensors;
  /** The parameters will not change any more. */
  readonly frozen: boolean;
}

/** Live hypotheses told together, at most; a beam of 50 fills it with a few passages. */
const ROWS = 256;

/** Tells passages from sentence vectors. */
export class PassageTeller {
  readonly #setup: PassageTellerSetup;
  readonly #begin: Compiled<[Named, tf.Tensor], PassageStart>;
  readonly #step: Compiled<StepArguments, StepResult>;

  constructor(setup: PassageTellerSetup) {
    this.#setup = setup;
    const { runtime, options, frozen } = setup;
    const constants = frozen ? [0] : [];
    this.#begin = runtime.jit((p: Named, vectors: tf.Tensor): PassageStart => startPassages(p, options, vectors), {
      constants,
      free: { of: ([, vectors]) => [vectors.shape[0]!], standIn: ([p, vectors], draw) => [p, withRows(vectors, draw())] },
    });
    this.#step = runtime.jit((...args: StepArguments) => step(options, ...args), { constants, free: { of: sizesOfStep, standIn: standInStep } });
  }

  /**
   * @param vectors [passages, size]
   * @param maxWords of a passage
   * @returns for each vector the passages found, the best first: all finished beams, or one where there is no beam
   */
  async tell(vectors: Float32Array, size: number, decoding: DecodingOptions, maxWords: number, onPassage?: (done: number) => void): Promise<Chosen[][]> {
    const count = vectors.length / size;
    const together = Math.max(1, Math.floor(ROWS / (decoding.strategy === 'beam' ? decoding.beam : 1)));
    const told: Chosen[][] = [];
    for (let from = 0; from < count; from += together) {
      const to = Math.min(from + together, count);
      told.push(...(await this.#tellTogether(floats(vectors.slice(from * size, to * size), [to - from, size]), from, decoding, maxWords)));
      onPassage?.(told.length);
    }
    return told;
  }

  async dispose(): Promise<void> {
    for (const program of [this.#begin, this.#step]) await program.dispose();
  }

  async #tellTogether(vectors: HostTensor, first: number, decoding: DecodingOptions, maxWords: number): Promise<Chosen[][]> {
    const { parameters } = this.#setup;
    const numbers = Array.from({ length: vectors.shape[0]! }, (_, i) => i);
    const searches = numbers.map((i) => this.#search(decoding, maxWords, first + i));
    const start: Host<PassageStart> = await this.#begin(parameters, vectors);
    let { state } = start;
    let rows = { parents: numbers, stories: numbers, tokens: numbers.map(() => START_ID) };
    const wanted = this.#wordsWanted(decoding, maxWords);
    while (rows.tokens.length > 0) {
      const column = (values: readonly number[]): HostTensor => ints(values as number[], [values.length]);
      const columns = { parents: column(rows.parents), passages: column(rows.stories), tokens: column(rows.tokens) };
      const result = await this.#step(parameters, state, start.context ?? null, columns, wanted);
      state = result.state;
      rows = advanceAll(searches, rows.stories, result.words, result.logProbabilities);
    }
    return searches.map((search) => (search instanceof BeamSearch ? search.ranked() : [search.result()]));
  }

  #search(decoding: DecodingOptions, maxWords: number, number: number): BeamSearch | Sampling {
    const constraints = new Constraints(decoding, []);
    const most = Math.min(decoding.max_words ?? Infinity, maxWords);
    if (decoding.strategy === 'sample') return new Sampling(decoding, most, constraints, new Random(`${decoding.seed}/passage ${number}`));
    return new BeamSearch(decoding.strategy === 'greedy' ? 1 : decoding.beam, most, decoding.length_penalty, constraints);
  }

  /** Next words to ask for a row: what the search may take, and as many as may be barred before them. */
  #wordsWanted(decoding: DecodingOptions, maxWords: number): number {
    const { vocabulary } = this.#setup;
    const taken = { greedy: 1, beam: decoding.beam, sample: decoding.top_k > 0 ? decoding.top_k : vocabulary }[decoding.strategy];
    return Math.min(vocabulary, taken + mostBarred(decoding, maxWords));
  }
}

function step(o: PassageDecoderOptions, p: Named, state: tf.Tensor, context: tf.Tensor | null, { parents, passages, tokens }: StepRows, count: number): StepResult {
  const own = tf.gather(state as tf.Tensor2D, parents as tf.Tensor1D);
  const seen = context ? { context: tf.gather(context as tf.Tensor2D, passages as tf.Tensor1D) } : {};
  const next = stepPassages(p, o, { state: own, ...seen }, tokens);
  const { values, indices } = tf.topk(next.logProbabilities, count);
  return { words: indices, logProbabilities: values, state: next.state };
}

/** Rows, rows of the step before, passages. */
function sizesOfStep([, state, context, { tokens }]: Host<StepArguments>): number[] {
  return [tokens.shape[0]!, state.shape[0]!, ...(context ? [context.shape[0]!] : [])];
}

function standInStep([p, state, context, rows, count]: Host<StepArguments>, draw: () => number): Host<StepArguments> {
  const [now, before] = [draw(), draw()];
  return [p, withRows(state, before), context && withRows(context, draw()),
    { parents: withRows(rows.parents, now), passages: withRows(rows.passages, now), tokens: withRows(rows.tokens, now) }, count];
}
