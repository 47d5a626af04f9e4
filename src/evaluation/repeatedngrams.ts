import type { FrequencyCounts } from './documentfrequencies.ts';
import { longer, NgramTrie, ORDERS } from './ngramtrie.ts';

/** Instead of a node, at the end of texts and where no n-gram begins that several segments hold. */
const NONE = -1;

/** Slots of the sketch for each n-gram of an order: with eight, one single n-gram in nine is kept for nothing. */
const SLOTS = 8;

/**
 * Document frequencies of the n-grams that stand in two segments or more, which is all that CIDEr's weights depend on.
 * Most n-grams of stories stand in one: without them memory is a tenth and every look-up is in a small table. An n-gram
 * can be in two segments only if both n-grams that it is made of are, so that orders are counted one after the other,
 * in an array of a number for each word of the texts.
 */
export class RepeatedNgrams implements FrequencyCounts {
  readonly tokenizer: string | null;
  #segments = 0;
  readonly #trie = new NgramTrie();
  /** By node: segments that hold it; the last segment counted for it, from 1. */
  #counts = new Int32Array(1024);
  #last = new Int32Array(1024);
  /** By word of all texts, and once behind each text: the node of the n-gram of the order counted last that begins there. */
  #nodes = new Int32Array(1 << 16);
  #words = 0;
  /** Where each segment ends in them. */
  readonly #ends: number[] = [];

  /** @param segments [segments, references, words] */
  constructor(segments: Iterable<readonly (readonly string[])[]>, { tokenizer }: { readonly tokenizer: string | null }) {
    this.tokenizer = tokenizer;
    for (const references of segments) this.#addWords(references);
    for (let order = 2; order <= ORDERS; order++) this.#count(order === 2 ? this.#words : this.#likely());
    this.#nodes = new Int32Array(0);
  }

  get segments(): number {
    return this.#segments;
  }

  /** As `DocumentFrequencies.countsOf`, but 0 or 1 for n-grams that stand in one segment. [trie.size] */
  countsOf(trie: NgramTrie): Int32Array {
    const counts = this.#trie.match(trie);
    for (let i = 0; i < counts.length; i++) counts[i] = counts[i]! < 0 ? 0 : this.#counts[counts[i]!]!;
    return counts;
  }

  /** Order 1: every word has a node. */
  #addWords(references: readonly (readonly string[])[]): void {
    this.#segments++;
    const words = references.reduce((sum, { length }) => sum + length + 1, 0);
    while (this.#words + words > this.#nodes.length) this.#nodes = longer(this.#nodes, new Int32Array(2 * this.#nodes.length));
    for (const reference of references) {
      for (const word of reference) {
        const node = this.#trie.addWord(word);
        this.#meet(node, this.#segments);
        this.#nodes[this.#words++] = node;
      }
      this.#nodes[this.#words++] = NONE;
    }
    this.#ends.push(this.#words);
  }

  /**
   * Goes from the n-grams of one order to those of the next. N-grams that a sketch has seen once only get no node.
   * @param likely how many there may be
   */
  #count(likely: number): void {
    const sketch = new Sketch(SLOTS * likely);
    for (let at = 0; at + 1 < this.#words; at++) {
      const first = this.#repeated(at);
      const second = this.#repeated(at + 1);
      if (first !== NONE && second !== NONE) sketch.add(first, second);
    }
    let at = 0;
    for (const [segment, end] of this.#ends.entries()) {
      for (; at < end; at++) {
        const first = this.#repeated(at);
        const second = first === NONE ? NONE : this.#repeated(at + 1);
        this.#nodes[at] = NONE;
        if (second === NONE || !sketch.hasTwice(first, second)) continue;
        const node = this.#trie.addLonger(first, second);
        this.#meet(node, segment + 1);
        this.#nodes[at] = node;
      }
    }
  }

  /** The node at a word where several segments hold its n-gram. */
  #repeated(at: number): number {
    const node = this.#nodes[at]!;
    return node !== NONE && this.#counts[node]! > 1 ? node : NONE;
  }

  #likely(): number {
    let count = 0;
    for (let at = 0; at < this.#words; at++) if (this.#repeated(at) !== NONE) count++;
    return count;
  }

  /** Counts a node once a segment. */
  #meet(node: number, segment: number): void {
    if (node >= this.#counts.length) {
      this.#counts = longer(this.#counts, new Int32Array(2 * this.#counts.length));
      this.#last = longer(this.#last, new Int32Array(2 * this.#last.length));
    }
    if (this.#last[node] === segment) return;
    this.#last[node] = segment;
    this.#counts[node]!++;
  }
}

/** Tells which pairs of numbers may have come twice, in two bits for each slot: never wrong about those that did. */
class Sketch {
  readonly #bits: Int32Array;
  readonly #mask: number;

  constructor(slots: number) {
    const size = 2 ** Math.min(31, Math.ceil(Math.log2(Math.max(32, slots))));
    this.#bits = new Int32Array(size / 16);
    this.#mask = size - 1;
  }

  add(first: number, second: number): void {
    const slot = this.#slotOf(first, second);
    const shift = 2 * (slot & 15);
    const word = this.#bits[slot >>> 4]!;
    this.#bits[slot >>> 4] = word | (((word >>> shift) & 1) === 0 ? 1 << shift : 2 << shift);
  }

  hasTwice(first: number, second: number): boolean {
    const slot = this.#slotOf(first, second);
    return ((this.#bits[slot >>> 4]! >>> (2 * (slot & 15))) & 2) !== 0;
  }

  #slotOf(first: number, second: number): number {
    let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
    return (hash ^ (hash >>> 15)) & this.#mask;
  }
}
