import { END_ID, NULL_ID, START_ID, UNKNOWN_ID } from '../text/vocabulary.ts';
import type { DecodingOptions } from './options.ts';

/** Which words may not come next. */
export class Constraints {
  readonly #options: DecodingOptions;
  /** n-grams already said in the story, as joined ids. */
  readonly #said: Set<string>;

  /** @param before ids of the story's earlier sentences, without START and END */
  constructor(options: DecodingOptions, before: readonly (readonly number[])[]) {
    this.#options = options;
    const n = options.block_ngram;
    const scope = n > 0 && options.block_scope === 'story' ? before : [];
    this.#said = new Set(scope.flatMap((sentence) => ngrams(sentence, n)));
  }

  /** Words that may not come next. @param words ids said so far in this sentence */
  barred(words: readonly number[]): ReadonlySet<number> {
    const barred = new Set([NULL_ID, START_ID]);
    if (this.#options.unknown === 'bar') barred.add(UNKNOWN_ID);
    if (words.length < this.#options.min_words) barred.add(END_ID);
    const n = this.#options.block_ngram;
    if (n === 0 || words.length < n - 1) return barred;
    const context = words.slice(words.length - (n - 1));
    const prefix = context.join(' ');
    const here = new Set(ngrams(words, n));
    for (const said of [this.#said, here]) {
      for (const gram of said) {
        const cut = gram.lastIndexOf(' ');
        if (gram.slice(0, Math.max(cut, 0)) === prefix) barred.add(Number(gram.slice(cut + 1)));
      }
    }
    return barred;
  }
}

/** The most words that `Constraints` can bar at once in stories of so many words. */
export function mostBarred(options: DecodingOptions, storyWords: number): number {
  return 4 + (options.block_ngram > 0 ? storyWords : 0);
}

function ngrams(ids: readonly number[], n: number): string[] {
  return Array.from({ length: Math.max(0, ids.length - n + 1) }, (_, i) => ids.slice(i, i + n).join(' '));
}
