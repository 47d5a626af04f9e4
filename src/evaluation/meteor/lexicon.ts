import type { Paraphrases } from '../../text/paraphrases.ts';
import { porter2 } from '../../text/porter2.ts';
import type { Synonyms } from '../../text/synonyms.ts';
import type { Prefixes } from './normaliser.ts';

/** What METEOR knows about English. */
export interface MeteorLanguage {
  /** What it is and where it is from, for protocols and reports. */
  readonly description: string;
  readonly functionWords: ReadonlySet<string>;
  readonly prefixes: Prefixes;
  readonly synonyms: Synonyms;
  /** Missing without METEOR's own table: then nothing matches as a paraphrase. */
  readonly paraphrases?: Paraphrases;
}

/** A word with all that matching asks about it. */
export interface Word {
  readonly text: string;
  /** Java's hash of the text: METEOR compares these, so words of one hash are one word to it. */
  readonly key: number;
  /** The same of its stem. */
  readonly stem: number;
  /** Its sets of synonyms, as the lexicon numbers them: from 0 on, as they come. */
  readonly sets: Int32Array;
  /** Its number in the paraphrase table, or -1. */
  readonly paraphraseId: number;
  readonly isFunctionWord: boolean;
}

/** Looks up each different word once. */
export class Lexicon {
  readonly language: MeteorLanguage;
  readonly #words = new Map<string, Word>();
  readonly #sets = new Map<number, number>();

  constructor(language: MeteorLanguage) {
    this.language = language;
  }

  word(text: string): Word {
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    const { synonyms, paraphrases, functionWords } = this.language;
    const word: Word = {
      text, key: javaHash(text), stem: javaHash(porter2(text)),
      sets: Int32Array.from(synonyms.setsOf(text)).map((set) => this.#numberOf(set)),
      paraphraseId: paraphrases?.id(text) ?? -1,
      isFunctionWord: functionWords.has(text.toLowerCase()),
    };
    this.#words.set(text, word);
    return word;
  }

  #numberOf(set: number): number {
    const number = this.#sets.get(set) ?? this.#sets.size;
    this.#sets.set(set, number);
    return number;
  }
}

/** Java's `String.hashCode`. */
export function javaHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}
