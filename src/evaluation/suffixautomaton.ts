/** Above any word's id: a state and a word make one exact key. */
const WORDS = 2 ** 21;

/**
 * The runs of words of several texts, in at most two states a word (Blumer et al. 1985). It finds, in one pass over any
 * amount of other text, the longest run that each of its texts shares with it.
 */
export class SuffixAutomaton {
  /** Of each state: words of its longest run, and the state of the longest run that ends it and stands elsewhere too. */
  readonly #length = [0];
  readonly #link = [-1];
  readonly #next = new Map<number, number>();
  /** The words that lead on from a state, as lists: the last one of each state, and for each one its word and the one before. */
  readonly #lastWay = [-1];
  readonly #wayWord: number[] = [];
  readonly #wayBefore: number[] = [];
  readonly #ids = new Map<string, number>();
  /** Longest run of each state that other text holds. */
  #found: number[] = [0];

  /** Adds a text. */
  add(words: readonly string[]): void {
    let last = 0;
    for (const word of words) {
      let id = this.#ids.get(word);
      if (id === undefined) this.#ids.set(word, (id = this.#ids.size));
      if (id >= WORDS) throw new RangeError(`more than ${WORDS} different words`);
      last = this.#extend(last, id);
    }
  }

  /** Looks for runs of the texts in another one. */
  search(words: readonly string[]): void {
    let [state, length] = [0, 0];
    for (const word of words) {
      const id = this.#ids.get(word);
      if (id === undefined) {
        [state, length] = [0, 0];
        continue;
      }
      let next = this.#next.get(state * WORDS + id);
      while (next === undefined && state !== 0) {
        state = this.#link[state]!;
        length = this.#length[state]!;
        next = this.#next.get(state * WORDS + id);
      }
      if (next === undefined) continue;
      state = next;
      length++;
      if (length > this.#found[state]!) this.#found[state] = length;
    }
  }

  /** For texts that were added: words of the longest run of each that was found so far. */
  longestFound(texts: Iterable<readonly string[]>): number[] {
    const found = this.#spread();
    return Array.from(texts, (words) => {
      let [state, longest] = [0, 0];
      for (const word of words) {
        const next = this.#next.get(state * WORDS + (this.#ids.get(word) ?? WORDS));
        if (next === undefined) throw new Error('a text that was not added');
        state = next;
        longest = Math.max(longest, found[state]!);
      }
      return longest;
    });
  }

  /** The longest run found that ends each state's runs. */
  #spread(): number[] {
    const found = [...this.#found];
    const order = Array.from(found, (_, state) => state).sort((a, b) => this.#length[a]! - this.#length[b]!);
    // Whatever ends a run that was found was found with it ...
    for (const state of order.toReversed()) {
      const link = this.#link[state]!;
      if (found[state]! > 0 && link > 0) found[link] = this.#length[link]!;
    }
    // ... and what ends a run stays in it, however little else of it was found.
    for (const state of order) {
      const link = this.#link[state]!;
      if (link > 0) found[state] = Math.max(found[state]!, found[link]!);
    }
    return found;
  }

  #extend(last: number, word: number): number {
    const known = this.#next.get(last * WORDS + word);
    if (known !== undefined) return this.#length[known] === this.#length[last]! + 1 ? known : this.#split(last, word, known);
    const state = this.#state(this.#length[last]! + 1);
    let from = last;
    while (from !== -1 && !this.#next.has(from * WORDS + word)) {
      this.#lead(from, word, state);
      from = this.#link[from]!;
    }
    if (from === -1) {
      this.#link[state] = 0;
    } else {
      const next = this.#next.get(from * WORDS + word)!;
      this.#link[state] = this.#length[next] === this.#length[from]! + 1 ? next : this.#split(from, word, next);
    }
    return state;
  }

  /** Parts the shorter runs of a state, those that `from` and `word` make, from its longer ones. */
  #split(from: number, word: number, state: number): number {
    const shorter = this.#state(this.#length[from]! + 1);
    for (let way = this.#lastWay[state]!; way !== -1; way = this.#wayBefore[way]!) {
      const on = this.#wayWord[way]!;
      this.#lead(shorter, on, this.#next.get(state * WORDS + on)!);
    }
    this.#link[shorter] = this.#link[state]!;
    this.#link[state] = shorter;
    for (let before = from; before !== -1 && this.#next.get(before * WORDS + word) === state; before = this.#link[before]!) {
      this.#next.set(before * WORDS + word, shorter);
    }
    return shorter;
  }

  #lead(from: number, word: number, to: number): void {
    this.#next.set(from * WORDS + word, to);
    this.#wayWord.push(word);
    this.#wayBefore.push(this.#lastWay[from]!);
    this.#lastWay[from] = this.#wayWord.length - 1;
  }

  #state(length: number): number {
    this.#length.push(length);
    this.#link.push(-1);
    this.#lastWay.push(-1);
    this.#found.push(0);
    return this.#length.length - 1;
  }
}
