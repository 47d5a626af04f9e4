import { readJson, sha256, writeFileAtomic } from '../core/files.ts';
import { UserError } from '../core/errors.ts';
import { hasUpperCase } from './folding.ts';

export const NULL_ID = 0;
export const START_ID = 1;
export const END_ID = 2;
export const UNKNOWN_ID = 3;
/** The first words of every vocabulary, in the order of their ids. */
export const SPECIALS = ['<NULL>', '<START>', '<END>', '<UNK>'] as const;

/** Which words a vocabulary keeps. */
export interface VocabularyOptions {
  /** Most frequent words to keep, specials not counted. */
  size?: number;
  /** Drop words seen fewer times. */
  minCount?: number;
  /** Drop words with an upper-case letter (VIST's `text` is lower case; what is left in capitals is noise). */
  dropUpperCase?: boolean;
  /**
   * Order of words of equal count: `alphabetical` (by UTF-16 code) or `given` (as counted). VIST-seq2seq left them in
   * the order of a Python 2 dictionary, which only its own frequency file preserves: `given` rebuilds it from there.
   */
  ties?: 'alphabetical' | 'given';
}

export const VOCABULARY_DEFAULTS = { size: 10000, minCount: 1, dropUpperCase: true, ties: 'alphabetical' } as const;

/** The form of VIST-seq2seq's `vist2017_vocabulary.json`. */
export interface VocabularyJson {
  idx_to_words: readonly string[];
  words_to_idx?: Readonly<Record<string, number>>;
}

/** Words and their ids; the four specials come first. */
export class Vocabulary {
  readonly words: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  /** @throws UserError when the specials are not in place or a word is there twice; `where` names the source. */
  constructor(words: readonly string[], where = 'vocabulary') {
    for (const [id, special] of SPECIALS.entries()) {
      if (words[id] !== special) {
        throw new UserError(`${where}: word ${id} is ${JSON.stringify(words[id])}; a vocabulary starts with ${SPECIALS.join(' ')}`);
      }
    }
    const ids = new Map<string, number>();
    for (const [id, word] of words.entries()) {
      if (ids.has(word)) throw new UserError(`${where}: word ${JSON.stringify(word)} is there twice, as ${ids.get(word)} and ${id}`);
      ids.set(word, id);
    }
    this.words = words;
    this.#ids = ids;
  }

  /** The most frequent words by count, specials in front. Words named like a special are left out. */
  static fromCounts(counts: Iterable<readonly [string, number]>, options: VocabularyOptions = {}): Vocabulary {
    const { size, minCount, dropUpperCase, ties } = { ...VOCABULARY_DEFAULTS, ...options };
    const kept = [...counts].filter(([word, count]) =>
      count >= minCount && !(SPECIALS as readonly string[]).includes(word) && !(dropUpperCase && hasUpperCase(word)));
    kept.sort((a, b) => b[1] - a[1] || (ties === 'given' ? 0 : a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    return new Vocabulary([...SPECIALS, ...kept.slice(0, size).map(([word]) => word)]);
  }

  /** @throws UserError naming `where` and the field when the value is not a vocabulary. */
  static fromJSON(value: unknown, where = 'vocabulary'): Vocabulary {
    const { idx_to_words: words, words_to_idx: ids } = (value ?? {}) as Partial<VocabularyJson>;
    if (!Array.isArray(words)) throw new UserError(`${where}: idx_to_words: expected a list of words`);
    const odd = words.findIndex((word) => typeof word !== 'string');
    if (odd >= 0) throw new UserError(`${where}: idx_to_words[${odd}]: expected a string`);
    const vocabulary = new Vocabulary(words as string[], where);
    for (const [word, id] of Object.entries(ids ?? {})) {
      if (words[id] !== word) {
        throw new UserError(`${where}: words_to_idx[${JSON.stringify(word)}]: ${id} does not agree with idx_to_words`);
      }
    }
    return vocabulary;
  }

  /** Reads what `save` wrote, or VIST-seq2seq's `vist2017_vocabulary.json`. @throws UserError naming the file and the field */
  static async load(path: string): Promise<Vocabulary> {
    return Vocabulary.fromJSON(await readJson(path, 'vocabulary'), path);
  }

  get size(): number {
    return this.words.length;
  }

  /** Whether a word has an id of its own; specials do. */
  has(word: string): boolean {
    return this.#ids.has(word);
  }

  /** The id of a word; that of `<UNK>` when it is not here. */
  id(word: string): number {
    return this.#ids.get(word) ?? UNKNOWN_ID;
  }

  /** The word of an id. @throws RangeError when the id is outside the vocabulary. */
  word(id: number): string {
    const word = this.words[id];
    if (word === undefined) throw new RangeError(`word id ${id} in a vocabulary of ${this.size}`);
    return word;
  }

  /** Ids of words, `<UNK>` for those that are not here; no `<START>` or `<END>` is added. */
  encode(words: readonly string[]): number[] {
    return words.map((word) => this.id(word));
  }

  /** Words up to `<END>`; `<NULL>` and `<START>` are skipped. */
  decode(ids: ArrayLike<number>): string[] {
    const words: string[] = [];
    for (let i = 0; i < ids.length && ids[i] !== END_ID; i++) {
      if (ids[i] !== NULL_ID && ids[i] !== START_ID) words.push(this.word(ids[i]!));
    }
    return words;
  }

  /** The form that is saved. */
  toJSON(): VocabularyJson {
    return { idx_to_words: this.words, words_to_idx: Object.fromEntries(this.#ids) };
  }

  /** Writes it as JSON, whole or not at all. */
  async save(path: string): Promise<void> {
    await writeFileAtomic(path, `${JSON.stringify(this)}\n`);
  }

  /** SHA-256 of the words in order, a line each: equal for equal vocabularies. */
  fingerprint(): string {
    return sha256(this.words.join('\n'));
  }
}

/** How often each word comes, in order of first appearance. */
export function countWords(sentences: Iterable<readonly string[]>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const words of sentences) {
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}
