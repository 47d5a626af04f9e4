import { withoutTag } from './table.ts';

/** Which word vectors to read. */
export interface WordVectorOptions {
  /** Keep only these words; bracket tags count as the word inside. Saves memory on large files. */
  only?: Iterable<string>;
  /** Read no further than so many entries: files list the most frequent words first. */
  limit?: number;
  /** `false` leaves out entries with `_`, the phrases of the Google News vectors, as skip-thoughts does. Default: true. */
  phrases?: boolean;
  /** Numbers that a vector must have; a file of another width is refused before it is read. */
  dimension?: number;
  /** Told how many bytes of how many in the file are read. */
  onProgress?: (done: number, total: number) => void;
}

/** The options, ready to ask for each entry. */
export class Selection {
  /** Entries to read, kept or not. */
  readonly limit: number;
  readonly dimension: number | undefined;
  readonly onProgress: WordVectorOptions['onProgress'];
  readonly #only: ReadonlySet<string> | undefined;
  readonly #phrases: boolean;

  constructor({ only, limit = Infinity, phrases = true, dimension, onProgress }: WordVectorOptions) {
    if (!(limit >= 1)) throw new RangeError(`word vectors: a limit of ${limit}; at least 1 is needed`);
    this.limit = limit;
    this.dimension = dimension;
    this.onProgress = onProgress;
    this.#only = only === undefined ? undefined : new Set([...only].map(withoutTag));
    this.#phrases = phrases;
  }

  keeps(word: string): boolean {
    return (this.#only?.has(word) ?? true) && (this.#phrases || !word.includes('_'));
  }

  /** Whether all entries up to the limit are kept. */
  get keepsAll(): boolean {
    return this.#only === undefined && this.#phrases;
  }

  /** The most entries that can be kept of a file with so many. */
  most(entries: number): number {
    return Math.min(entries, this.limit, this.#only?.size ?? Infinity);
  }
}
