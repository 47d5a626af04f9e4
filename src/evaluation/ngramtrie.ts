/** Longest n-gram counted, as in coco-caption's metrics. */
export const ORDERS = 4;

/** What `find` gives for an n-gram that is not there. */
const NONE = -1;

/** The node above all words: the n-gram of no word. */
const ROOT = 0;

/**
 * Numbers n-grams of order 1 to 4: a node each, below the node of the n-gram without its last word. Nodes count up from
 * 1, so a parent's number is below its children's, and whatever belongs to n-grams is kept in arrays by node. A million
 * of them take 17 to 34 MB, where strings in a map take several times that, and no strings are built to find one.
 */
export class NgramTrie {
  readonly #numbers = new Map<string, number>();
  readonly #words: string[] = [];
  #size = 1;
  /** By node: its parent, the number of its last word, its order. */
  #parents: Int32Array;
  #lasts: Int32Array;
  #orders: Uint8Array;
  /** Hash table of nodes by parent and last word, open addressing; 0 is a free slot. Its length is a power of 2. */
  #slots: Int32Array;

  /** @param capacity n-grams to make room for; there may be more of them */
  constructor(capacity = 1024) {
    const nodes = 2 ** Math.ceil(Math.log2(Math.max(16, capacity + 1)));
    this.#parents = new Int32Array(nodes);
    this.#lasts = new Int32Array(nodes);
    this.#orders = new Uint8Array(nodes);
    this.#slots = new Int32Array(2 * nodes);
  }

  /** Nodes, the root at 0 among them: arrays by node have this length. */
  get size(): number {
    return this.#size;
  }

  /**
   * The nodes of all n-grams of a text, made where they are missing; an n-gram that occurs twice is there twice.
   * @returns [n-grams of the text], the shorter ones of a starting word first
   */
  add(words: readonly string[]): Int32Array {
    const numbers = new Int32Array(words.length);
    for (let i = 0; i < words.length; i++) numbers[i] = this.#numberOf(words[i]!);
    const nodes = new Int32Array(occurrences(words.length));
    let written = 0;
    for (let start = 0; start < numbers.length; start++) {
      const end = Math.min(start + ORDERS, numbers.length);
      for (let i = start, node = ROOT; i < end; i++) {
        node = this.#child(node, numbers[i]!);
        nodes[written++] = node;
      }
    }
    return nodes;
  }

  /** The node of one n-gram, made with those above it where it is missing. */
  addNgram(words: readonly string[]): number {
    let node = ROOT;
    for (const word of words) node = this.#child(node, this.#numberOf(word));
    return node;
  }

  /** The node of one word, made where it is missing. */
  addWord(word: string): number {
    return this.#child(ROOT, this.#numberOf(word));
  }

  /** The node of an n-gram and the last word of another, made where it is missing. */
  addLonger(node: number, last: number): number {
    return this.#child(node, this.#lasts[last]!);
  }

  /** For every node of another trie the node of the same n-gram here, or -1. [other.size] */
  match(other: NgramTrie): Int32Array {
    const numbers = new Int32Array(other.#words.length);
    for (let i = 0; i < numbers.length; i++) numbers[i] = this.#numbers.get(other.#words[i]!) ?? NONE;
    const found = new Int32Array(other.#size);
    for (let node = 1; node < other.#size; node++) {
      const parent = found[other.#parents[node]!]!;
      const word = numbers[other.#lasts[node]!]!;
      found[node] = parent === NONE || word === NONE ? NONE : this.#slots[this.#slotOf(parent, word)]! || NONE;
    }
    return found;
  }

  /** Words of a node's n-gram, 1 to 4; 0 for the root. */
  orderOf(node: number): number {
    return this.#orders[node]!;
  }

  /** A node's n-gram, its words joined by spaces. */
  textOf(node: number): string {
    const last = this.#words[this.#lasts[node]!]!;
    const parent = this.#parents[node]!;
    return parent === ROOT ? last : `${this.textOf(parent)} ${last}`;
  }

  #numberOf(word: string): number {
    const known = this.#numbers.get(word);
    if (known !== undefined) return known;
    this.#numbers.set(word, this.#words.length);
    return this.#words.push(word) - 1;
  }

  #child(parent: number, word: number): number {
    const slot = this.#slotOf(parent, word);
    const known = this.#slots[slot]!;
    if (known !== 0) return known;
    const node = this.#size++;
    this.#slots[slot] = node;
    this.#parents[node] = parent;
    this.#lasts[node] = word;
    this.#orders[node] = this.#orders[parent]! + 1;
    if (this.#size === this.#parents.length) this.#grow();
    return node;
  }

  /** Where a child is, or the free slot where it belongs. */
  #slotOf(parent: number, word: number): number {
    const mask = this.#slots.length - 1;
    let hash = Math.imul(parent, 0x9e3779b1) ^ Math.imul(word, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    for (let slot = (hash ^ (hash >>> 13)) & mask; ; slot = (slot + 1) & mask) {
      const node = this.#slots[slot]!;
      if (node === 0 || (this.#parents[node] === parent && this.#lasts[node] === word)) return slot;
    }
  }

  #grow(): void {
    const length = 2 * this.#parents.length;
    this.#parents = longer(this.#parents, new Int32Array(length));
    this.#lasts = longer(this.#lasts, new Int32Array(length));
    this.#orders = longer(this.#orders, new Uint8Array(length));
    this.#slots = new Int32Array(2 * length);
    for (let node = 1; node < this.#size; node++) this.#slots[this.#slotOf(this.#parents[node]!, this.#lasts[node]!)] = node;
  }
}

/** N-grams of order 1 to 4 that a text of so many words holds, repeated ones as often as they occur. */
export function occurrences(words: number): number {
  let count = 0;
  for (let order = 1; order <= ORDERS; order++) count += Math.max(0, words - order + 1);
  return count;
}

/** The values of an array in a longer one. */
export function longer<A extends Int32Array | Uint8Array>(values: A, into: A): A {
  into.set(values);
  return into;
}
