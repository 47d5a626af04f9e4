import { createHash } from 'node:crypto';
import type { WordVectors } from '../../text/wordvectors.ts';
import type { ExpansionFit } from './expansion.ts';
import { checkWidths, mapVector, newWords } from './expansion.ts';

/** Where the word vectors of an expansion lie: memory or a file. */
export interface VectorSource {
  /** Fills `into` with the vector of a word, [D]. */
  read(row: number, into: Float32Array): void;
  close(): Promise<void>;
}

/** Bytes of mapped vectors kept: those of 27,000 words of 620 numbers, more than a book has. */
const CACHE_BYTES = 2 ** 26;

/**
 * The words that a fitted map adds to an encoder's own, each mapped when it is asked for. Why not a table of all: for
 * Google News and 620 numbers that is 2.3 GB on disk and in memory, the word vectors themselves are 1.1 GB and can stay
 * on disk, and one word costs 186,000 multiplications. A text asks for a few thousand words.
 */
export class Expansion {
  readonly fit: ExpansionFit;
  /** Words that are not the encoder's own, in the word vectors' order. */
  readonly words: readonly string[];
  readonly #rows: ReadonlyMap<string, number>;
  readonly #source: VectorSource;
  readonly #input: Float32Array;
  readonly #image: Float64Array;
  readonly #mapped = new Map<number, Float32Array>();
  #fingerprint: string | undefined;

  /** @param fingerprint where it is known already */
  constructor(fit: ExpansionFit, words: readonly string[], source: VectorSource, fingerprint?: string) {
    [this.fit, this.words, this.#source, this.#fingerprint] = [fit, words, source, fingerprint];
    const rows = new Map<string, number>();
    for (let row = 0; row < words.length; row++) rows.set(words[row]!, row);
    this.#rows = rows;
    this.#input = new Float32Array(fit.inputs);
    this.#image = new Float64Array(fit.outputs);
  }

  /** @param own words of the encoder, which keep their own vectors */
  static of(fit: ExpansionFit, own: Iterable<string>, vectors: WordVectors): Expansion {
    checkWidths(fit, fit.outputs, vectors.dimension);
    const rows = newWords(own, vectors);
    return new Expansion(fit, rows.map((row) => vectors.words[row]!), {
      read: (i, into) => into.set(vectors.row(rows[i]!)),
      close: async () => {},
    });
  }

  has(word: string): boolean {
    return this.#rows.has(word);
  }

  /** The vector [E] of an added word; undefined for any other, the encoder's own words too. */
  lookup(word: string): Float32Array | undefined {
    const row = this.#rows.get(word);
    if (row === undefined) return undefined;
    const known = this.#mapped.get(row);
    if (known !== undefined) return known;
    this.#source.read(row, this.#input);
    mapVector(this.fit, this.#input, this.#image);
    const vector = Float32Array.from(this.#image);
    if ((this.#mapped.size + 1) * vector.byteLength > CACHE_BYTES) this.#mapped.clear();
    this.#mapped.set(row, vector);
    return vector;
  }

  /** The unmapped word vectors [rows, D], some rows at a time, for writing. Each piece stands until the next. */
  *vectors(): Generator<Float32Array> {
    const D = this.fit.inputs;
    const piece = new Float32Array(Math.max(1, Math.floor(2 ** 22 / D)) * D);
    for (let start = 0; start < this.words.length; start += piece.length / D) {
      const count = Math.min(piece.length / D, this.words.length - start);
      for (let i = 0; i < count; i++) this.#source.read(start + i, piece.subarray(i * D, (i + 1) * D));
      yield piece.subarray(0, count * D);
    }
  }

  /** Equal for expansions that give equal vectors to equal words: SHA-256 of map, words and word vectors. */
  get fingerprint(): string {
    if (this.#fingerprint === undefined) {
      const hash = createHash('sha256').update(bytesOf(this.fit.matrix)).update(bytesOf(this.fit.intercept)).update(this.words.join('\n'));
      for (const piece of this.vectors()) hash.update(bytesOf(piece));
      this.#fingerprint = hash.digest('hex');
    }
    return this.#fingerprint;
  }

  /** Closes the file behind it; no word can be looked up after that. */
  async close(): Promise<void> {
    await this.#source.close();
  }
}

export function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
