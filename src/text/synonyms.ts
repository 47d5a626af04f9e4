/** Endings that WordNet's morphology takes off and what it puts in their place: of nouns, verbs, adjectives, tried in this order. */
const ENDINGS: readonly (readonly [string, string])[] = [
  ['s', ''], ['ses', 's'], ['xes', 'x'], ['zes', 'z'], ['ches', 'ch'], ['shes', 'sh'], ['men', 'man'], ['ies', 'y'],
  ['s', ''], ['ies', 'y'], ['es', 'e'], ['es', ''], ['ed', 'e'], ['ed', ''], ['ing', 'e'], ['ing', ''],
  ['er', ''], ['est', ''], ['er', 'e'], ['est', 'e'],
];

const NONE: readonly number[] = [];

/**
 * WordNet as METEOR uses it: which sets of synonyms a word is in, by its own form and by its base form. Parts of speech
 * are not told apart.
 */
export class Synonyms {
  readonly #sets: ReadonlyMap<string, readonly number[]>;
  readonly #bases: ReadonlyMap<string, readonly string[]>;

  /**
   * @param sets the numbers of the synonym sets of each word
   * @param bases base forms of irregular forms, such as child of children
   */
  constructor(sets: ReadonlyMap<string, readonly number[]>, bases: ReadonlyMap<string, readonly string[]>) {
    this.#sets = sets;
    this.#bases = bases;
  }

  /** Numbers of the sets that the word or one of its base forms is in, ascending. */
  setsOf(word: string): Uint32Array {
    const bases = this.#bases.get(word) ?? [this.#baseOf(word)];
    const all = new Set([word, ...bases].flatMap((form) => this.#sets.get(form) ?? NONE));
    return Uint32Array.from(all).sort();
  }

  /**
   * WordNet's `morphword` as METEOR 1.5 has it: the first ending that leaves a known word. Its handling of "-ful" never
   * takes effect there, so it is not here either.
   */
  #baseOf(word: string): string {
    if (word.endsWith('ss') || word.length <= 2) return word;
    for (const [ending, replacement] of ENDINGS) {
      if (!word.endsWith(ending)) continue;
      const base = word.slice(0, word.length - ending.length) + replacement;
      if (this.#sets.has(base)) return base;
    }
    return '';
  }
}
