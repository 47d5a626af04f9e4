import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor } from '../core/hosttensor.ts';
import { floats, ints } from '../core/hosttensor.ts';
import { previousSizes, standInPrevious, withRows } from '../data/batchsizes.ts';
import type { PackedPrevious } from '../data/packing.ts';
import type { DecoderState } from '../models/decoder.ts';
import { logProbabilities, runDecoder, wordVectors } from '../models/decoder.ts';
import type { DecoderStart } from '../models/model.ts';
import type { StoryModelOptions, StorySizes } from '../models/options.ts';
import { PHOTOS } from '../models/options.ts';
import { encodePhotos } from '../models/photoencoder.ts';
import { STORY_MODELS } from '../models/registry.ts';
import type { PreviousSentences } from '../models/sentenceencoder.ts';
import type { FloatTensors } from '../runtime/arena.ts';
import type { Compiled, Host, Runtime } from '../runtime/jit.ts';

type Named = Record<string, tf.Tensor>;
type Memory = NonNullable<DecoderStart['memory']>;

/** The `count` most probable next words of every row, falling: [R, count] each. */
type StepResult = { words: tf.Tensor; logProbabilities: tf.Tensor; state: DecoderState };
type StepArguments = [parameters: Named, state: DecoderState, memory: Memory | null, rows: StepRows, count: number];
/** R rows: the state each goes on from, the story whose memory it sees, and the word it reads. */
type StepRows = { parents: tf.Tensor; stories: tf.Tensor; tokens: tf.Tensor };

export interface ProgramSetup {
  readonly runtime: Runtime;
  readonly options: StoryModelOptions;
  readonly sizes: StorySizes;
  readonly parameters: FloatTensors;
  /** The parameters will not change any more: they become part of the programs, laid out for products beforehand. */
  readonly frozen?: boolean;
}

/** The compiled parts of telling. S = stories, R = live hypotheses of all stories, W = state width. */
export class DecoderPrograms {
  readonly #setup: ProgramSetup;
  readonly #photoStates: Compiled<[Named, tf.Tensor], tf.Tensor>;
  readonly #begin: Compiled<[Named, tf.Tensor, tf.Tensor, PreviousSentences | null], DecoderStart>;
  readonly #step: Compiled<StepArguments, StepResult>;

  constructor(setup: ProgramSetup) {
    this.#setup = setup;
    const { runtime, options, sizes, frozen = false } = setup;
    const constants = frozen ? [0] : [];
    this.#photoStates = runtime.jit((p: Named, photos: tf.Tensor): tf.Tensor => encodePhotos(p, options, photos, false), {
      constants,
      free: {
        of: ([, photos]) => [photos.shape[0]! / PHOTOS],
        standIn: ([p, photos], draw) => [p, withRows(photos, draw() * PHOTOS)],
      },
    });
    this.#begin = runtime.jit((p: Named, states: tf.Tensor, places: tf.Tensor, previous: PreviousSentences | null) =>
      STORY_MODELS[options.name].start(p, options, tf.gather(states as tf.Tensor2D, places as tf.Tensor1D), previous ?? undefined, false), {
      constants,
      free: {
        of: ([, states, places, previous]) => [states.shape[0]!, places.shape[0]!, ...(previous ? previousSizes(previous as PackedPrevious, sizes.steps) : [])],
        standIn: ([p, states, places, previous], draw) => {
          const [rows, stories] = [draw(), draw()];
          return [p, withRows(states, rows), withRows(places, stories), previous && (standInPrevious(previous as PackedPrevious, stories, sizes.steps, draw) as never)];
        },
      },
    });
    this.#step = runtime.jit((...[p, state, memory, rows, count]: StepArguments) => step(options, p, state, memory, rows, count), {
      constants,
      free: { of: sizesOfStep, standIn: standInStep },
    });
  }

  /** @param photos [S * 5, features] @returns [S * 5, W] */
  photoStates(photos: Float32Array): Promise<HostTensor> {
    const { features } = this.#setup.sizes;
    return this.#photoStates(this.#setup.parameters, floats(photos, [photos.length / features, features]));
  }

  /** Where the decoder of every story starts. @param places rows of `states` to tell, one a story */
  begin(states: HostTensor, places: readonly number[], previous: PackedPrevious | null): Promise<Host<DecoderStart>> {
    return this.#begin(this.#setup.parameters, states, ints(places as number[], [places.length]), previous as never);
  }

  /** One word further. @param count next words asked for a row, at most the vocabulary */
  step(state: Host<DecoderState>, memory: Host<Memory> | undefined, rows: { parents: readonly number[]; stories: readonly number[]; tokens: readonly number[] }, count: number): Promise<Host<StepResult>> {
    const column = (values: readonly number[]): HostTensor => ints(values as number[], [values.length]);
    const columns = { parents: column(rows.parents), stories: column(rows.stories), tokens: column(rows.tokens) };
    return this.#step(this.#setup.parameters, state, memory ?? null, columns, count);
  }

  async dispose(): Promise<void> {
    for (const program of [this.#photoStates, this.#begin, this.#step]) await program.dispose();
  }
}

function step(o: StoryModelOptions, p: Named, state: DecoderState, memory: Memory | null, { parents, stories, tokens }: StepRows, count: number): StepResult {
  const pick = <T extends tf.Tensor>(x: T, rows: tf.Tensor): T => tf.gather(x, rows as tf.Tensor1D) as T;
  const before = { layers: state.layers.map((layer) => pick(layer, parents)), ...(state.attended && { attended: pick(state.attended, parents) }) };
  const seen = memory ? { values: pick(memory.values, stories), keys: pick(memory.keys, stories), bias: pick(memory.bias, stories) } : undefined;
  const decoded = runDecoder(p, o, wordVectors(p, tokens), [tokens.shape[0]!], before, seen, false);
  const { values, indices } = tf.topk(logProbabilities(p, decoded.outputs), count);
  return { words: indices, logProbabilities: values, state: decoded.state };
}

/** Rows, rows of the step before, stories. */
function sizesOfStep([, state, memory, { tokens }]: Host<StepArguments>): number[] {
  return [tokens.shape[0]!, state.layers[0]!.shape[0]!, ...(memory ? [memory.values.shape[0]!] : [])];
}

function standInStep([p, state, memory, rows, count]: Host<StepArguments>, draw: () => number): Host<StepArguments> {
  const [now, before, stories] = [draw(), draw(), memory ? draw() : 0];
  const states = { layers: state.layers.map((layer) => withRows(layer, before)), ...(state.attended && { attended: withRows(state.attended, before) }) };
  const memories = memory && { values: withRows(memory.values, stories), keys: withRows(memory.keys, stories), bias: withRows(memory.bias, stories) };
  return [p, states, memories, { parents: withRows(rows.parents, now), stories: withRows(rows.stories, now), tokens: withRows(rows.tokens, now) }, count];
}
