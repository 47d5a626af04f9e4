/** Bits of a word's number in a key of 64. */
const BITS = 21;
const MOST_WORDS = 2 ** BITS;

/**
 * Counts the different n-grams of texts, for n of 2 or 3: eight bytes an n-gram, sorted at the end, where a set of
 * strings takes over a hundred.
 */
export class DistinctNgrams {
  readonly #order: 2 | 3;
  readonly #numbers: Map<string, number>;
  /** Keys of 64 bits, their lower half first. */
  #keys = new Uint32Array(1 << 12);
  #total = 0;

  /** @param numbers of words, filled in here; several counters can share them */
  constructor(order: 2 | 3, numbers: Map<string, number>) {
    this.#order = order;
    this.#numbers = numbers;
  }

  /** n-grams added. */
  get total(): number {
    return this.#total;
  }

  /** @throws RangeError when there are more than 2,097,152 different words */
  add(words: readonly string[]): void {
    let [before, last] = [0, 0];
    for (let i = 0; i < words.length; i++) {
      const word = this.#numberOf(words[i]!);
      if (i + 1 >= this.#order) this.#put(this.#order === 3 ? before : 0, last, word);
      before = last;
      last = word;
    }
  }

  /** Different ones among them; takes the time to sort them. */
  different(): number {
    const { buffer } = this.#keys;
    new BigUint64Array(buffer, 0, this.#total).sort();
    const keys = this.#keys;
    let different = Math.min(1, this.#total);
    for (let at = 2; at < 2 * this.#total; at += 2) if (keys[at] !== keys[at - 2] || keys[at + 1] !== keys[at - 1]) different++;
    return different;
  }

  #put(first: number, second: number, third: number): void {
    const at = 2 * this.#total++;
    if (at === this.#keys.length) {
      const grown = new Uint32Array(2 * at);
      grown.set(this.#keys);
      this.#keys = grown;
    }
    this.#keys[at] = (second << BITS) | third;
    this.#keys[at + 1] = (first << (2 * BITS - 32)) | (second >>> (32 - BITS));
  }

  #numberOf(word: string): number {
    const known = this.#numbers.get(word);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    if (number === MOST_WORDS) throw new RangeError(`more than ${MOST_WORDS} different words`);
    this.#numbers.set(word, number);
    return number;
  }
}
