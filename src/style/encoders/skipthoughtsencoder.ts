import { join } from 'node:path';
import { sha256, sha256File } from '../../core/files.ts';
import { encoderParameters, skipThoughtsSchema, skipThoughtVectors } from '../../models/skipthoughts.ts';
import type { SkipThoughtsOptions } from '../../models/skipthoughts.ts';
import type { FloatTensors } from '../../runtime/arena.ts';
import type { Runtime, RuntimeOptions } from '../../runtime/jit.ts';
import { openRuntime } from '../../runtime/jit.ts';
import { splitWords, tokenize } from '../../text/tokenizer.ts';
import { END_ID, SPECIALS, UNKNOWN_ID } from '../../text/vocabulary.ts';
import type { Vocabulary } from '../../text/vocabulary.ts';
import { readWeights } from '../../training/checkpointfiles.ts';
import { readTaskCheckpoint } from '../../training/networklearner.ts';
import { normaliseRows } from './pooling.ts';
import type { SentenceEncoder } from './sentenceencoder.ts';
import type { WordSource } from './vectorprogram.ts';
import { VectorProgram } from './vectorprogram.ts';

/** How sentences are encoded. */
export interface SkipThoughtsEncoding {
  /** Vectors have length 1, as Kiros' encoder makes them by default; Pix2Story leaves them as they are. */
  readonly normalise: boolean;
  /** Whether END is read after the words, as in training. Kiros' encoder leaves it out by default, which loses much where sentences lack a final stop. */
  readonly end: boolean;
  /** Vectors of words that the model has not; see `expansion.ts`. */
  readonly expansion?: ExtraWords | undefined;
}

/** Words beside those of a model, with vectors in its space. */
export interface ExtraWords {
  readonly fingerprint: string;
  /** The vector of a word, undefined where it has none. */
  lookup(word: string): Float32Array | undefined;
}

export const SKIP_THOUGHTS_ENCODING: SkipThoughtsEncoding = { normalise: true, end: true };

/** The model's own word vectors, then those of an expansion, then that of unknown words. */
export function wordTable(embedding: Float32Array, size: number, vocabulary: Vocabulary, expansion?: ExtraWords): WordSource {
  const own = (id: number): Float32Array => embedding.subarray(id * size, (id + 1) * size);
  return {
    size,
    vector: (word) => {
      const id = vocabulary.id(word);
      if (id !== UNKNOWN_ID) return own(id);
      return expansion?.lookup(word) ?? own(UNKNOWN_ID);
    },
  };
}

/** Tokens as an encoder reads them. Text whose tokens are apart already stays as it is. */
export function tokensOf(sentence: string): string[] {
  const words = splitWords(sentence);
  const again = tokenize(sentence);
  return words.length === again.length && words.every((word, i) => word === again[i]) ? words : again;
}

/** Uni-skip or bi-skip vectors of a trained model. */
export class SkipThoughtsEncoder implements SentenceEncoder {
  readonly name: string;
  readonly fingerprint: string;
  readonly size: number;
  readonly #program: VectorProgram;
  readonly #encoding: SkipThoughtsEncoding;
  readonly #dispose: () => Promise<void>;

  private constructor(name: string, fingerprint: string, size: number, program: VectorProgram, encoding: SkipThoughtsEncoding, dispose: () => Promise<void>) {
    this.name = name;
    this.fingerprint = fingerprint;
    this.size = size;
    this.#program = program;
    this.#encoding = encoding;
    this.#dispose = dispose;
  }

  /** @param path of a run folder or a checkpoint folder @throws UserError when it is of another task, or damaged */
  static async open(path: string, options: Partial<RuntimeOptions> = {}, encoding: Partial<SkipThoughtsEncoding> = {}): Promise<SkipThoughtsEncoder> {
    const chosen = { ...SKIP_THOUGHTS_ENCODING, ...encoding };
    const { folder, head, vocabulary } = await readTaskCheckpoint(path, 'skip-thoughts', skipThoughtsSchema);
    const weights = await readWeights(folder, encoderParameters(head.model, vocabulary.size));
    const { embedding, ...parameters } = weights;
    const runtime = await openRuntime(options);
    const words = wordTable(embedding!.data, head.model.embedding.size, vocabulary, chosen.expansion);
    const program = skipThoughtsVectors(runtime, head.model, parameters, words, true);
    const kind = `${chosen.normalise ? 'unit' : 'raw'}${chosen.end ? ' with end' : ''} ${chosen.expansion?.fingerprint ?? ''}`;
    const fingerprint = sha256(`skip-thoughts ${await sha256File(join(folder, 'weights.safetensors'))} ${head.vocabulary_fingerprint} ${kind}`);
    return new SkipThoughtsEncoder(`${head.model.direction}-skip`, fingerprint, head.model.units, program, chosen, () => runtime.dispose());
  }

  async encode(sentences: readonly string[], onProgress?: (done: number) => void): Promise<Float32Array> {
    const { end, normalise } = this.#encoding;
    const tokens = sentences.map((sentence) => (end ? [...tokensOf(sentence), SPECIALS[END_ID]] : tokensOf(sentence)));
    const vectors = await this.#program.vectors(tokens, onProgress);
    if (normalise) normaliseRows(vectors, this.size);
    return vectors;
  }

  dispose(): Promise<void> {
    return this.#dispose();
  }
}

/** The compiled encoder of a model. @param frozen whether the parameters will not change any more */
export function skipThoughtsVectors(runtime: Runtime, model: SkipThoughtsOptions, parameters: FloatTensors, words: WordSource, frozen: boolean): VectorProgram {
  return new VectorProgram({
    runtime, parameters, words, frozen, size: model.units, both: model.direction === 'bi',
    reader: (p, sentences, vectors) => skipThoughtVectors(p, model, sentences, vectors),
  });
}
