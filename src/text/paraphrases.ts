const EMPTY = -1;

/** Called with where a phrase stands in the line and how many words it takes, and the same of a paraphrase of it in the other line. */
export type ParaphraseVisitor = (start: number, length: number, otherStart: number, otherLength: number) => void;

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
  /** By number: where the word first stands in the line that is searched; -1 for all between two searches. */
  readonly #first: Int32Array;

  /** See `ParaphraseBuilder.finish`. */
  constructor(ids: ReadonlyMap<string, number>, trie: Trie, entries: EntryColumns) {
    this.#ids = ids;
    this.#first = new Int32Array(ids.size).fill(EMPTY);
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

  /**
   * Visits the phrases of a line that have a paraphrase in another: from left to right, shorter phrases first; their
   * paraphrases in the table's order, each from left to right.
   * @param words numbers from `id`
   */
  find(words: Int32Array, other: Int32Array, visit: ParaphraseVisitor): void {
    const next = this.#place(other);
    for (let start = 0; start < words.length; start++) {
      let node = 0;
      for (let at = start; at < words.length && words[at] !== EMPTY; at++) {
        node = this.#trie.child(node, words[at]!);
        if (node === EMPTY) break;
        const last = this.#starts[node + 1]!;
        for (let entry = this.#starts[node]!; entry < last; entry++) {
          const begin = this.#begins[entry]!;
          for (let place = this.#first[this.#words[begin]!]!; place !== EMPTY; place = next[place]!) {
            const length = this.#ends[entry]! - begin;
            if (this.#standsAt(begin, length, other, place)) visit(start, at - start + 1, place, length);
          }
        }
      }
    }
    for (const word of other) if (word !== EMPTY) this.#first[word] = EMPTY;
  }

  /** Notes where each number first stands in a line. @returns where the number at a place stands next, or -1 */
  #place(line: Int32Array): Int32Array {
    const next = new Int32Array(line.length);
    for (let at = line.length - 1; at >= 0; at--) {
      const word = line[at]!;
      if (word === EMPTY) continue;
      next[at] = this.#first[word]!;
      this.#first[word] = at;
    }
    return next;
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

/** A slot of the table of children: parent, word, child, and one to fill it up to what a cache line holds four of. */
const SLOT = 4;

/** Children of nodes in one open-addressing table: the key is a parent and a word, node 0 is the root. */
class Trie {
  nodes = 1;
  #slots = new Int32Array(SLOT << 16).fill(EMPTY);

  /** The child by a word, or -1. */
  child(parent: number, word: number): number {
    return this.#slots[this.#slot(parent, word) + 2]!;
  }

  /** The child by a word, made where there is none. */
  grow(parent: number, word: number): number {
    const slot = this.#slot(parent, word);
    if (this.#slots[slot] !== EMPTY) return this.#slots[slot + 2]!;
    this.#put(slot, parent, word, this.nodes);
    if (++this.nodes * 2 * SLOT > this.#slots.length) this.#rehash();
    return this.nodes - 1;
  }

  #put(slot: number, parent: number, word: number, child: number): void {
    this.#slots[slot] = parent;
    this.#slots[slot + 1] = word;
    this.#slots[slot + 2] = child;
  }

  #slot(parent: number, word: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hash = Math.imul(parent, 0x9e3779b1) ^ Math.imul(word + 1, 0x85ebca77);
    hash ^= hash >>> 15;
    let slot = Math.imul(hash, SLOT) & mask;
    while (slots[slot] !== EMPTY && (slots[slot] !== parent || slots[slot + 1] !== word)) slot = (slot + SLOT) & mask;
    return slot;
  }

  #rehash(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(2 * old.length).fill(EMPTY);
    for (let slot = 0; slot < old.length; slot += SLOT) {
      if (old[slot] !== EMPTY) this.#put(this.#slot(old[slot]!, old[slot + 1]!), old[slot]!, old[slot + 1]!, old[slot + 2]!);
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
