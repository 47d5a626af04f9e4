import { longer, NgramTrie, ORDERS } from './ngramtrie.ts';

/** Document frequencies as CIDEr takes them. */
export interface FrequencyCounts {
  /** The name of the tokenizer that made the words, or null where it is not known. */
  readonly tokenizer: string | null;
  /** Segments counted. */
  readonly segments: number;
  /** By node of a trie: segments that hold its n-gram; what is below 2 says the same to CIDEr. [trie.size] */
  countsOf(trie: NgramTrie): Int32Array;
}

/**
 * In how many segments each n-gram of order 1 to 4 stands, in any of a segment's references: the document frequencies
 * of CIDEr. Counted in one pass over the segments, or filled from a file. Memory grows with the different n-grams, 25 to
 * 50 bytes each, not with the texts.
 */
export class DocumentFrequencies implements FrequencyCounts {
  /** Longest n-gram counted. */
  readonly orders = ORDERS;
  /** The name of the tokenizer that made the words, or null where it is not known. */
  readonly tokenizer: string | null;
  #segments: number;
  readonly #trie = new NgramTrie();
  /** By node: segments that hold it; the last segment counted for it, from 1. */
  #counts = new Int32Array(1024);
  #last = new Int32Array(1024);

  /** @param header of counts that `set` fills in; nothing to count segments with `add` */
  constructor(header: { readonly tokenizer?: string | null; readonly segments?: number } = {}) {
    this.tokenizer = header.tokenizer ?? null;
    this.#segments = header.segments ?? 0;
  }

  /** Segments counted. */
  get segments(): number {
    return this.#segments;
  }

  /**
   * Counts a segment: an n-gram counts once, in however many of the references it stands.
   * @param references [references, words] of the segment
   */
  add(references: readonly (readonly string[])[]): this {
    this.#segments++;
    for (const reference of references) {
      const nodes = this.#trie.add(reference);
      this.#makeRoom();
      for (const node of nodes) {
        if (this.#last[node] === this.#segments) continue;
        this.#last[node] = this.#segments;
        this.#counts[node]!++;
      }
    }
    return this;
  }

  /**
   * Sets the count of one n-gram, its words joined by one space; for reading a file.
   * @returns false when it has one already, which stays
   * @throws RangeError for an n-gram of no words or more than `orders`, or a count that is not a whole number from 1 to `segments`
   */
  set(ngram: string, segments: number): boolean {
    const words = ngram.split(' ');
    if (words.length > ORDERS || words.includes('')) throw new RangeError(`document frequencies: ${JSON.stringify(ngram)} is not 1 to ${ORDERS} words`);
    if (!Number.isInteger(segments) || segments < 1 || segments > this.#segments) throw new RangeError(`document frequencies: ${segments} of ${this.#segments} segments`);
    const node = this.#trie.addNgram(words);
    this.#makeRoom();
    if (this.#counts[node] !== 0) return false;
    this.#counts[node] = segments;
    return true;
  }

  /** The counts of another trie's n-grams by its nodes, 0 for those that no segment holds. [trie.size] */
  countsOf(trie: NgramTrie): Int32Array {
    const counts = this.#trie.match(trie);
    for (let i = 0; i < counts.length; i++) counts[i] = counts[i]! < 0 ? 0 : this.#counts[counts[i]!]!;
    return counts;
  }

  /** Every n-gram, its words joined by spaces, with its count; in the order in which they came. */
  *entries(): Generator<[ngram: string, segments: number]> {
    for (let node = 1; node < this.#trie.size; node++) {
      // A file may hold an n-gram without those that it begins with.
      if (this.#counts[node] !== 0) yield [this.#trie.textOf(node), this.#counts[node]!];
    }
  }

  #makeRoom(): void {
    let length = this.#counts.length;
    while (length < this.#trie.size) length *= 2;
    if (length === this.#counts.length) return;
    this.#counts = longer(this.#counts, new Int32Array(length));
    this.#last = longer(this.#last, new Int32Array(length));
  }
}
