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

  /** Sets the log-probability of every barred word to -Infinity. @param words ids said so far in this sentence */
  apply(logProbabilities: Float32Array, words: readonly number[]): void {
    logProbabilities[NULL_ID] = logProbabilities[START_ID] = -Infinity;
    if (this.#options.unknown === 'bar') logProbabilities[UNKNOWN_ID] = -Infinity;
    if (words.length < this.#options.min_words) logProbabilities[END_ID] = -Infinity;
    const n = this.#options.block_ngram;
    if (n === 0 || words.length < n - 1) return;
    const context = words.slice(words.length - (n - 1));
    const prefix = context.join(' ');
    const here = new Set(ngrams(words, n));
    for (const said of [this.#said, here]) {
      for (const gram of said) {
        const cut = gram.lastIndexOf(' ');
        if (gram.slice(0, Math.max(cut, 0)) === prefix) logProbabilities[Number(gram.slice(cut + 1))] = -Infinity;
      }
    }
  }
}

function ngrams(ids: readonly number[], n: number): string[] {
  return Array.from({ length: Math.max(0, ids.length - n + 1) }, (_, i) => ids.slice(i, i + n).join(' '));
}
