import { sha256 } from '../../core/files.ts';
import { STOP_WORDS } from '../../text/stopwords.ts';
import { tokenize } from '../../text/tokenizer.ts';
import type { WordVectors } from '../../text/wordvectors.ts';
import { normaliseRows } from './pooling.ts';
import type { SentenceEncoder } from './sentenceencoder.ts';

/** How word vectors become a sentence's. */
export interface MeanWordsOptions {
  /** Leaves out words that say little, and punctuation. */
  readonly dropStopWords?: boolean;
  /** Gives each sentence's vector the length one. */
  readonly normalise?: boolean;
}

/**
 * The baseline of sentence encoders: the mean of the vectors of a sentence's words. A word counts as often as it
 * stands there; words without a vector are left out, and a sentence of none but those gives zeros.
 */
export class MeanWords implements SentenceEncoder {
  readonly name: string;
  readonly fingerprint: string;
  readonly size: number;
  readonly #vectors: WordVectors;
  readonly #dropStopWords: boolean;
  readonly #normalise: boolean;

  constructor(vectors: WordVectors, { dropStopWords = false, normalise = false }: MeanWordsOptions = {}) {
    this.#vectors = vectors;
    this.#dropStopWords = dropStopWords;
    this.#normalise = normalise;
    this.size = vectors.dimension;
    this.name = ['mean of word vectors', ...(dropStopWords ? ['no stop words'] : []), ...(normalise ? ['normalised'] : [])].join(', ');
    const { data, words } = vectors;
    const numbers = sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.fingerprint = sha256(JSON.stringify(['mean words', numbers, sha256(words.join('\n')), dropStopWords, normalise]));
  }

  encode(sentences: readonly string[], onProgress?: (done: number) => void): Promise<Float32Array> {
    const out = new Float32Array(sentences.length * this.size);
    for (const [i, sentence] of sentences.entries()) {
      this.#add(sentence, out.subarray(i * this.size, (i + 1) * this.size));
      if ((i + 1) % PROGRESS_EVERY === 0 || i + 1 === sentences.length) onProgress?.(i + 1);
    }
    if (this.#normalise) normaliseRows(out, this.size);
    return Promise.resolve(out);
  }

  #add(sentence: string, row: Float32Array): void {
    let count = 0;
    for (const word of tokenize(sentence)) {
      const vector = this.#dropStopWords && STOP_WORDS.has(word) ? undefined : this.#vectors.lookup(word);
      if (vector === undefined) continue;
      for (let i = 0; i < row.length; i++) row[i]! += vector[i]!;
      count++;
    }
    if (count > 1) for (let i = 0; i < row.length; i++) row[i]! /= count;
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

const PROGRESS_EVERY = 1000;
