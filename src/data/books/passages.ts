import { splitSentences } from '../../text/sentences.ts';
import { tokenize } from '../../text/tokenizer.ts';
import type { Paragraph } from './reader.ts';

/** What a passage of verse is. */
export const VERSE_UNITS = ['stanza', 'line'] as const;
export type VerseUnit = (typeof VERSE_UNITS)[number];

export interface PassageOptions {
  /** Prose passages have more characters, as in neural-storyteller (100); 0 keeps all. Verse is not measured by it. */
  readonly longerThan: number;
  /** Passages have so many tokens or more; 0 keeps all. */
  readonly minWords: number;
  /** And so many or fewer: longer paragraphs are cut at ends of sentences; 0 cuts none. Skip-thoughts' decoder takes 100. */
  readonly maxWords: number;
  /** Neighbouring paragraphs of one block are put together until they are long enough. */
  readonly join: boolean;
  readonly verse: VerseUnit;
}

export const PASSAGE_DEFAULTS: PassageOptions = { longerThan: 100, minWords: 1, maxWords: 100, join: false, verse: 'stanza' };

/** A sentence, or a line of verse. */
export interface TokenisedSentence {
  /** Characters of the plain text. */
  readonly characters: number;
  /** Tokens with single spaces between. */
  readonly tokens: string;
  readonly words: number;
}

/** The sentences of a paragraph; of verse, its lines. */
export function tokeniseParagraph({ kind, text, lines }: Pick<Paragraph, 'kind' | 'text' | 'lines'>): TokenisedSentence[] {
  const sentences = kind === 'verse' ? lines : splitSentences(text);
  return sentences.map((sentence) => {
    const tokens = tokenize(sentence);
    return { characters: sentence.length, tokens: tokens.join(' '), words: tokens.length };
  }).filter(({ words }) => words > 0);
}

/** Passages that were left out, by reason. */
export interface PassageDrops {
  /** Not longer than `longerThan`. */
  tooShort: number;
  /** Under `minWords`. */
  tooFewWords: number;
  /** One sentence, or line, over `maxWords`. */
  tooLongSentence: number;
}

/** Makes passages of paragraphs in reading order: `push` each, then `end`; both return passages as tokens with single spaces between. */
export class PassageMaker {
  readonly dropped: PassageDrops = { tooShort: 0, tooFewWords: 0, tooLongSentence: 0 };
  readonly #options: PassageOptions;
  #waiting: TokenisedSentence[] = [];
  #block = -1;

  constructor(options: PassageOptions) {
    this.#options = options;
  }

  push({ kind, block }: Pick<Paragraph, 'kind' | 'block'>, sentences: readonly TokenisedSentence[]): string[] {
    if (kind === 'verse') return [...this.end(), ...this.#verse(sentences)];
    if (!this.#options.join) return this.#prose(sentences);
    const before = block === this.#block && this.#fits([...this.#waiting, ...sentences]) ? [] : this.end();
    this.#block = block;
    this.#waiting.push(...sentences);
    return this.#isLong(this.#waiting) ? [...before, ...this.end()] : before;
  }

  end(): string[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting.length === 0 ? [] : this.#prose(waiting);
  }

  #verse(lines: readonly TokenisedSentence[]): string[] {
    const units = this.#options.verse === 'line' ? lines.map((line) => [line]) : this.#cut(lines);
    return units.filter((unit) => this.#hasWords(unit) && this.#holds(unit)).map(joined);
  }

  #prose(sentences: readonly TokenisedSentence[]): string[] {
    return this.#cut(sentences).filter((piece) => {
      if (!this.#isLong(piece)) this.dropped.tooShort++;
      else return this.#hasWords(piece);
      return false;
    }).map(joined);
  }

  /** Pieces of about equal length, none over `maxWords`. A sentence that is over parts them and is left out. */
  #cut(sentences: readonly TokenisedSentence[]): TokenisedSentence[][] {
    if (this.#fits(sentences)) return [[...sentences]];
    const pieces: TokenisedSentence[][] = [];
    let from = 0;
    for (let i = 0; i <= sentences.length; i++) {
      if (i < sentences.length && this.#fits([sentences[i]!])) continue;
      if (i > from) pieces.push(...this.#balance(sentences.slice(from, i)));
      if (i < sentences.length) this.dropped.tooLongSentence++;
      from = i + 1;
    }
    return pieces;
  }

  #balance(sentences: readonly TokenisedSentence[]): TokenisedSentence[][] {
    const total = words(sentences);
    const target = total / Math.ceil(total / this.#options.maxWords);
    const pieces: TokenisedSentence[][] = [[]];
    for (const sentence of sentences) {
      const last = pieces.at(-1)!;
      // The border nearest to the target.
      if (last.length > 0 && (words(last) + sentence.words / 2 > target || !this.#fits([...last, sentence]))) pieces.push([sentence]);
      else last.push(sentence);
    }
    return pieces;
  }

  #fits(sentences: readonly TokenisedSentence[]): boolean {
    return this.#options.maxWords === 0 || words(sentences) <= this.#options.maxWords;
  }

  /** A line of verse over `maxWords` is not a passage. */
  #holds(unit: readonly TokenisedSentence[]): boolean {
    if (this.#fits(unit)) return true;
    this.dropped.tooLongSentence++;
    return false;
  }

  #isLong(sentences: readonly TokenisedSentence[]): boolean {
    const characters = sentences.reduce((sum, sentence) => sum + sentence.characters + 1, -1);
    return characters > this.#options.longerThan && (!this.#options.join || words(sentences) >= this.#options.minWords);
  }

  #hasWords(piece: readonly TokenisedSentence[]): boolean {
    if (words(piece) >= this.#options.minWords) return true;
    this.dropped.tooFewWords++;
    return false;
  }
}

function words(sentences: readonly TokenisedSentence[]): number {
  return sentences.reduce((sum, sentence) => sum + sentence.words, 0);
}

function joined(sentences: readonly TokenisedSentence[]): string {
  return sentences.map(({ tokens }) => tokens).join(' ');
}
