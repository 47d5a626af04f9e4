const EMPTY = -1;

/** A line of words as numbers of a table, with where each number stands: what paraphrases are looked up in. */
export interface IndexedLine {
  /** Number of each word; -1 for words the table does not know. */
  readonly words: Int32Array;
  /** Where a number first stands. */
  readonly first: ReadonlyMap<number, number>;
  /** Where the number at this place stands next, or -1. */
  readonly next: Int32Array;
}

/** Called with the words of the line that a phrase takes, and where a paraphrase of it stands in the other line. */
export type ParaphraseVisitor = (length: number, otherStart: number, otherLength: number) => void;

/**
 * METEOR's paraphrase table: phrases, each with paraphrases in the order of the table. Phrases are a trie in typed
 * arrays, because the English table has 5.3 million entries.
 */
export class Paraphrases {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #trie: Trie;
  /** Entries of node n: #entries[#starts[n]] up to #starts[n + 1], in the table's order. */
  readonly #starts: Int32Array;
  /** Where the paraphrase of each of those begins in #words; it ends where `#ends` says. */
  readonly #begins: Int32Array;
  readonly #ends: Int32Array;
  readonly #words: Int32Array;

  /** See `ParaphraseBuilder.finish`. */
  constructor(ids: ReadonlyMap<string, number>, trie: Trie, entries: EntryColumns) {
    this.#ids = ids;
    this.#trie = trie;
    this.#words = entries.words;
    this.#starts = new Int32Array(trie.nodes + 1);
    const { length } = entries.nodes;
    for (let entry = 0; entry < length; entry++) this.#starts[entries.nodes[entry]! + 1]!++;
    for (let node = 0; node < trie.nodes; node++) this.#starts[node + 1]! += this.#starts[node]!;
    const at = this.#starts.slice();
    this.#begins = new Int32Array(length);
    this.#ends = new Int32Array(length);
    for (let entry = 0; entry < length; entry++) {
      const place = at[entries.nodes[entry]!]!++;
      this.#begins[place] = entries.begins[entry]!;
      this.#ends[place] = entry + 1 < length ? entries.begins[entry + 1]! : entries.words.length;
    }
  }

  /** Entries of the table that are held. */
  get size(): number {
    return this.#begins.length;
  }

  /** The number of a word, -1 when no entry has it. */
  id(word: string): number {
    return this.#ids.get(word) ?? EMPTY;
  }

  /** @param words numbers from `id` */
  index(words: Int32Array): IndexedLine {
    const first = new Map<number, number>();
    const next = new Int32Array(words.length).fill(EMPTY);
    for (let at = words.length - 1; at >= 0; at--) {
      const word = words[at]!;
      if (word === EMPTY) continue;
      next[at] = first.get(word) ?? EMPTY;
      first.set(word, at);
    }
    return { words, first, next };
  }

  /** Visits the paraphrases, found in `other`, of the phrases that begin at `start`: shorter phrases first, then in the table's order, then from left to right. */
  find(words: Int32Array, start: number, other: IndexedLine, visit: ParaphraseVisitor): void {
    let node = 0;
    for (let at = start; at < words.length; at++) {
      node = words[at] === EMPTY ? EMPTY : this.#trie.child(node, words[at]!);
      if (node === EMPTY) return;
      for (let entry = this.#starts[node]!; entry < this.#starts[node + 1]!; entry++) {
        const begin = this.#begins[entry]!;
        const found = other.first.get(this.#words[begin]!);
        if (found === undefined) continue;
        const length = this.#ends[entry]! - begin;
        for (let place = found; place !== EMPTY; place = other.next[place]!) {
          if (this.#standsAt(begin, length, other.words, place)) visit(at - start + 1, place, length);
        }
      }
    }
  }

  #standsAt(begin: number, length: number, line: Int32Array, place: number): boolean {
    if (place + length > line.length) return false;
    for (let i = 1; i < length; i++) if (line[place + i] !== this.#words[begin + i]) return false;
    return true;
  }
}

/** Entries in the table's order: the trie's node of each phrase, and its paraphrase in `words` from `begins` on. */
interface EntryColumns {
  readonly nodes: Int32Array;
  readonly begins: Int32Array;
  readonly words: Int32Array;
}

/** Takes entries one by one. */
export class ParaphraseBuilder {
  readonly #trie = new Trie();
  readonly #nodes = new IntList();
  readonly #begins = new IntList();
  readonly #words = new IntList();

  /** Adds an entry; both sides are given as the first `length` numbers of an array. */
  add(phrase: Int32Array, phraseLength: number, paraphrase: Int32Array, paraphraseLength: number): void {
    let node = 0;
    for (let i = 0; i < phraseLength; i++) node = this.#trie.grow(node, phrase[i]!);
    this.#nodes.push(node);
    this.#begins.push(this.#words.length);
    for (let i = 0; i < paraphraseLength; i++) this.#words.push(paraphrase[i]!);
  }

  /** @param ids the number of each word, from 0 */
  finish(ids: ReadonlyMap<string, number>): Paraphrases {
    return new Paraphrases(ids, this.#trie, { nodes: this.#nodes.values(), begins: this.#begins.values(), words: this.#words.values() });
  }
}

/** Children of nodes in one open-addressing table: the key is a parent and a word, node 0 is the root. */
class Trie {
  nodes = 1;
  #parents = new Int32Array(1 << 16).fill(EMPTY);
  #words = new Int32Array(1 << 16);
  #children = new Int32Array(1 << 16);

  /** The child by a word, or -1. */
  child(parent: number, word: number): number {
    const slot = this.#slot(parent, word);
    return this.#parents[slot] === EMPTY ? EMPTY : this.#children[slot]!;
  }

  /** The child by a word, made where there is none. */
  grow(parent: number, word: number): number {
    const slot = this.#slot(parent, word);
    if (this.#parents[slot] !== EMPTY) return this.#children[slot]!;
    this.#put(slot, parent, word, this.nodes);
    if (++this.nodes * 2 > this.#parents.length) this.#rehash();
    return this.nodes - 1;
  }

  #put(slot: number, parent: number, word: number, child: number): void {
    this.#parents[slot] = parent;
    this.#words[slot] = word;
    this.#children[slot] = child;
  }

  #slot(parent: number, word: number): number {
    const mask = this.#parents.length - 1;
    let hash = Math.imul(parent, 0x9e3779b1) ^ Math.imul(word + 1, 0x85ebca77);
    hash ^= hash >>> 15;
    let slot = hash & mask;
    while (this.#parents[slot] !== EMPTY && (this.#parents[slot] !== parent || this.#words[slot] !== word)) slot = (slot + 1) & mask;
    return slot;
  }

  #rehash(): void {
    const [parents, words, children] = [this.#parents, this.#words, this.#children];
    const size = parents.length * 2;
    this.#parents = new Int32Array(size).fill(EMPTY);
    this.#words = new Int32Array(size);
    this.#children = new Int32Array(size);
    for (let old = 0; old < parents.length; old++) {
      if (parents[old] !== EMPTY) this.#put(this.#slot(parents[old]!, words[old]!), parents[old]!, words[old]!, children[old]!);
    }
  }
}

/** Numbers in a typed array that doubles. */
class IntList {
  length = 0;
  #data = new Int32Array(1 << 12);

  push(value: number): void {
    if (this.length === this.#data.length) {
      const grown = new Int32Array(2 * this.#data.length);
      grown.set(this.#data);
      this.#data = grown;
    }
    this.#data[this.length++] = value;
  }

  values(): Int32Array {
    return this.#data.slice(0, this.length);
  }
}
