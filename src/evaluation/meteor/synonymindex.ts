import type { Word } from './lexicon.ts';

const NONE = -1;

/**
 * The words of a text by their sets of synonyms: finds those that share a set with a word without trying them one by
 * one. It is filled anew for each text.
 */
export class SynonymIndex {
  /** By set: the entry of the first word that has it, or -1. */
  #heads = new Int32Array(0);
  /** By entry: its word's place in the text, and the next entry of the same set. */
  readonly #places: number[] = [];
  readonly #next: number[] = [];
  #text: readonly Word[] = [];
  /** By place: the last search that found it. */
  #found = new Int32Array(0);
  #search = 0;

  fill(text: readonly Word[]): void {
    for (const { sets } of this.#text) for (const set of sets) this.#heads[set] = NONE;
    this.#text = text;
    this.#places.length = 0;
    this.#next.length = 0;
    if (this.#found.length < text.length) this.#found = new Int32Array(2 * text.length);
    // From the last word to the first, so that lists go from left to right.
    for (let place = text.length - 1; place >= 0; place--) {
      for (const set of text[place]!.sets) {
        if (set >= this.#heads.length) this.#grow(set);
        this.#next.push(this.#heads[set]!);
        this.#heads[set] = this.#places.push(place) - 1;
      }
    }
  }

  /** Places of the words that share a set with this one, ascending. */
  find({ sets }: Word): number[] {
    const places: number[] = [];
    this.#search++;
    for (const set of sets) {
      for (let entry = this.#heads[set] ?? NONE; entry !== NONE; entry = this.#next[entry]!) {
        const place = this.#places[entry]!;
        if (this.#found[place] === this.#search) continue;
        this.#found[place] = this.#search;
        places.push(place);
      }
    }
    return places.length < 2 ? places : places.sort((a, b) => a - b);
  }

  #grow(set: number): void {
    const heads = new Int32Array(2 * (set + 1)).fill(NONE);
    heads.set(this.#heads);
    this.#heads = heads;
  }
}
