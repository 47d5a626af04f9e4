/** A text and what it is held against, as the protocol hands it to metrics. */
export interface MeasuredSegment {
  /** The texts as they are. */
  readonly hypothesis: string;
  readonly references: readonly string[];
  /** Their tokens, as the protocol's tokenizer cuts them. */
  readonly tokens: {
    readonly hypothesis: readonly string[];
    readonly references: readonly (readonly string[])[];
  };
}

/**
 * A metric as statistics of segments that add up, and scores made from any sum of them. One shape serves the score of a
 * corpus, that of one story, and resampling, which adds up the same statistics thousands of times.
 */
export interface Metric {
  /** Heads of the scores' columns, such as BLEU-1. */
  readonly columns: readonly string[];
  /** Numbers that the statistics of a segment are. */
  readonly width: number;
  /** Writes a segment's statistics into `into`: [width], zeros before. */
  measure(segment: MeasuredSegment, into: Float64Array): void;
  /** Scores in points, 0 to 100 (CIDEr above it too), one a column, from summed statistics [width]. */
  score(sums: Float64Array): number[];
  /** The same of one segment's statistics, as the metric's tool reports a segment. */
  segmentScore(statistics: Float64Array): number[];
}
