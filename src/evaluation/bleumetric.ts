import { bleu, BleuCounts } from './bleu.ts';
import type { Bleu, BleuOptions } from './bleu.ts';
import type { MeasuredSegment, Metric } from './metric.ts';
import { ngramsOf } from './segmentngrams.ts';

const ORDERS = 4;

/** BLEU-1 to BLEU-4 as a metric: statistics are the counts of n-grams and words. */
export class BleuMetric implements Metric {
  readonly columns = ['BLEU-1', 'BLEU-2', 'BLEU-3', 'BLEU-4'];
  /** Matches and totals of each order, words of hypothesis and reference. */
  readonly width = 2 * ORDERS + 2;
  readonly #options: BleuOptions;

  constructor(options: BleuOptions) {
    this.#options = options;
  }

  measure({ tokens }: MeasuredSegment, into: Float64Array): void {
    const { matches, totals, hypothesisWords, referenceWords } = new BleuCounts().add(tokens.hypothesis, tokens.references, ngramsOf(tokens));
    into.set([...matches, ...totals, hypothesisWords, referenceWords]);
  }

  /** Everything BLEU reports about summed statistics. */
  report(sums: Float64Array): Bleu {
    return bleu(countsOf(sums), this.#options);
  }

  score(sums: Float64Array): number[] {
    return columnsOf(this.report(sums));
  }

  /** As sacreBLEU's `sentence_bleu`: one text often has no four words in common with its references, so that counts are smoothed. */
  segmentScore(statistics: Float64Array): number[] {
    return columnsOf(bleu(countsOf(statistics), { ...this.#options, smoothing: 'exp', effectiveOrder: true }));
  }
}

function columnsOf({ bleu1, bleu2, bleu3, bleu4 }: Bleu): number[] {
  return [bleu1, bleu2, bleu3, bleu4];
}

function countsOf(statistics: Float64Array): BleuCounts {
  const counts = new BleuCounts();
  for (let i = 0; i < ORDERS; i++) {
    counts.matches[i] = statistics[i]!;
    counts.totals[i] = statistics[ORDERS + i]!;
  }
  counts.hypothesisWords = statistics[2 * ORDERS]!;
  counts.referenceWords = statistics[2 * ORDERS + 1]!;
  return counts;
}
