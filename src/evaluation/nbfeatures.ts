import { splitWords } from '../text/tokenizer.ts';
import type { SparseRow } from './featurematrix.ts';
import { SparseFeatures } from './featurematrix.ts';
import { ngrams } from './wordngrams.ts';

/**
 * Naive Bayes features of two classes (Wang and Manning 2012, as skip-thoughts has them): each unigram and bigram that
 * a sentence holds counts the logarithm of its smoothed shares in class 0 and in class 1.
 */
export class NbFeatures {
  readonly #ratios = new Map<string, { readonly column: number; readonly ratio: number }>();

  /** @param labels 0 or 1 of each sentence */
  constructor(sentences: readonly string[], labels: ArrayLike<number>) {
    const counts = new Map<string, [number, number]>();
    const totals: [number, number] = [0, 0];
    for (const [row, sentence] of sentences.entries()) {
      const label = labels[row] === 0 ? 0 : 1;
      for (const gram of ngrams(splitWords(sentence), true)) {
        const found = counts.get(gram) ?? [0, 0];
        found[label]++;
        totals[label]++;
        counts.set(gram, found);
      }
    }
    const [first, second] = totals.map((total) => total + counts.size) as [number, number];
    for (const [gram, [a, b]] of counts) this.#ratios.set(gram, { column: this.#ratios.size, ratio: Math.log((a + 1) / first / ((b + 1) / second)) });
  }

  /** A row a sentence. */
  of(sentences: readonly string[]): SparseFeatures {
    return new SparseFeatures(sentences.map((sentence) => this.#row(sentence)), this.#ratios.size);
  }

  #row(sentence: string): SparseRow {
    const found = [...new Set(ngrams(splitWords(sentence), true))].flatMap((gram) => this.#ratios.get(gram) ?? []);
    return { columns: Int32Array.from(found, ({ column }) => column), values: Float64Array.from(found, ({ ratio }) => ratio) };
  }
}
