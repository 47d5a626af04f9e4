import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor } from '../../core/hosttensor.ts';
import { floats } from '../../core/hosttensor.ts';
import { withRows } from '../../data/batchsizes.ts';
import type { PackedReading } from '../../data/sentencepacking.ts';
import { packReading, readingSizes, standInReading } from '../../data/sentencepacking.ts';
import type { ReadSentences } from '../../models/sentences.ts';
import type { FloatTensors } from '../../runtime/arena.ts';
import type { Compiled, Runtime } from '../../runtime/jit.ts';

type Named = Record<string, tf.Tensor>;

/** Reads sentences: parameters, packed ids and the word vectors [words, size] that the ids mean, to [B, D]. */
export type Reader = (p: Named, sentences: ReadSentences, words: (ids: tf.Tensor) => tf.Tensor) => tf.Tensor;

/** Where the vectors of words come from. */
export interface WordSource {
  readonly size: number;
  /** The vector of a word; that of unknown words where it has none. */
  vector(word: string): Float32Array;
}

export interface VectorProgramSetup {
  readonly runtime: Runtime;
  readonly reader: Reader;
  /** Those that the reader needs; word vectors come from `words`. */
  readonly parameters: FloatTensors;
  readonly words: WordSource;
  /** Width of a sentence vector. */
  readonly size: number;
  /** Also read backwards. */
  readonly both: boolean;
  /** The parameters will not change any more. */
  readonly frozen: boolean;
}

/** Sentences read together. */
const CHUNK = 128;

/**
 * A compiled sentence reader. Only the vectors of words that come are handed over, so that a vocabulary of millions costs
 * a batch nothing. Sentences of like lengths share a batch; lengths are rounded up to a power of two for few programs.
 */
export class VectorProgram {
  readonly #setup: VectorProgramSetup;
  readonly #programs = new Map<number, Compiled<[Named, ReadSentences, tf.Tensor], tf.Tensor>>();

  constructor(setup: VectorProgramSetup) {
    this.#setup = setup;
  }

  /** @param sentences tokens of each @returns [sentences, size]; zeros for a sentence without tokens */
  async vectors(sentences: readonly (readonly string[])[], onProgress?: (done: number) => void): Promise<Float32Array> {
    const { size } = this.#setup;
    const out = new Float32Array(sentences.length * size);
    const order = sentences.map((_, i) => i).filter((i) => sentences[i]!.length > 0).sort((a, b) => sentences[a]!.length - sentences[b]!.length || a - b);
    for (let from = 0; from < order.length; from += CHUNK) {
      const chosen = order.slice(from, from + CHUNK);
      const found = await this.#run(chosen.map((i) => sentences[i]!));
      chosen.forEach((sentence, row) => out.set(found.subarray(row * size, (row + 1) * size), sentence * size));
      onProgress?.(sentences.length - order.length + Math.min(from + CHUNK, order.length));
    }
    return out;
  }

  async dispose(): Promise<void> {
    for (const program of this.#programs.values()) await program.dispose();
    this.#programs.clear();
  }

  async #run(sentences: readonly (readonly string[])[]): Promise<Float32Array> {
    const { words, both, parameters } = this.#setup;
    const ids = new Map<string, number>();
    const encoded = sentences.map((tokens) => tokens.map((token) => {
      if (!ids.has(token)) ids.set(token, ids.size);
      return ids.get(token)!;
    }));
    const table = new Float32Array(ids.size * words.size);
    for (const [word, id] of ids) table.set(words.vector(word), id * words.size);
    const longest = Math.max(...encoded.map(({ length }) => length));
    const program = this.#program(2 ** Math.ceil(Math.log2(Math.max(longest, 16))));
    const result = await program(parameters as never, packReading(encoded, both) as never, floats(table, [ids.size, words.size]) as never);
    return (result as HostTensor).data as Float32Array;
  }

  #program(steps: number): Compiled<[Named, ReadSentences, tf.Tensor], tf.Tensor> {
    const known = this.#programs.get(steps);
    if (known) return known;
    const { runtime, reader, frozen } = this.#setup;
    const read = (p: Named, sentences: ReadSentences, table: tf.Tensor): tf.Tensor => reader(p, sentences, (ids) => tf.gather(table as tf.Tensor2D, ids as tf.Tensor1D));
    const program = runtime.jit(read, {
      constants: frozen ? [0] : [],
      free: {
        of: ([, sentences, table]) => [sentences.last.shape[0]!, ...readingSizes(sentences as unknown as PackedReading, steps), table.shape[0]!],
        standIn: ([p, sentences, table], draw) => [p, standInReading(sentences as unknown as PackedReading, draw(), steps, draw) as never, withRows(table, draw())] as never,
      },
    });
    this.#programs.set(steps, program);
    return program;
  }
}
