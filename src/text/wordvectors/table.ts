/** Words with vectors of one length, in the file's order. */
export class WordVectors {
  readonly words: readonly string[];
  readonly dimension: number;
  /** [words, dimension], row by row. Its buffer may be longer: use offset and length. */
  readonly data: Float32Array;
  readonly #rows = new Map<string, number>();

  constructor(words: readonly string[], dimension: number, data: Float32Array) {
    if (data.length !== words.length * dimension) {
      throw new Error(`word vectors: ${data.length} numbers for ${words.length} words of ${dimension}`);
    }
    this.words = words;
    this.dimension = dimension;
    this.data = data;
    for (let row = 0; row < words.length; row++) if (!this.#rows.has(words[row]!)) this.#rows.set(words[row]!, row);
  }

  get size(): number {
    return this.words.length;
  }

  /** Where exactly this word stands; of a word given twice the first counts. */
  rowOf(word: string): number | undefined {
    return this.#rows.get(word);
  }

  /** The vector in a row, a view. */
  row(row: number): Float32Array {
    return this.data.subarray(row * this.dimension, (row + 1) * this.dimension);
  }

  /** The vector of a word, a view; a bracket tag such as `[male]` is looked up as `male`. */
  lookup(word: string): Float32Array | undefined {
    const row = this.#rows.get(word) ?? this.#rows.get(withoutTag(word));
    return row === undefined ? undefined : this.row(row);
  }
}

/** The word inside a bracket tag such as `[male]`; any other word as it is. */
export function withoutTag(word: string): string {
  return word.startsWith('[') ? word.replace(/^\[(.+)\]$/u, '$1') : word;
}
