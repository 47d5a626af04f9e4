import { UserError } from '../core/errors.ts';
import { BleuMetric } from './bleumetric.ts';
import { ciderMetric } from './cider.ts';
import { CLEANERS } from './cleaning.ts';
import { DocumentFrequencies } from './documentfrequencies.ts';
import type { FrequencyCounts } from './documentfrequencies.ts';
import type { MeteorLanguage } from './meteor/lexicon.ts';
import { Meteor } from './meteor/meteor.ts';
import type { Metric } from './metric.ts';
import type { Segment } from './pairing.ts';
import type { Protocol } from './protocols.ts';
import { RepeatedNgrams } from './repeatedngrams.ts';
import { sumSegments } from './resampling.ts';
import { ROUGE_L } from './rouge.ts';
import { TOKENIZERS } from './tokenizers.ts';

/** Metrics that hold stories against human ones, in the order of tables. */
export const METRIC_NAMES = ['bleu', 'meteor', 'rouge-l', 'cider'] as const;

export type MetricName = (typeof METRIC_NAMES)[number];

/** What metrics need besides the texts. */
export interface MetricResources {
  /** Needed by `meteor`. */
  readonly meteor?: MeteorLanguage;
  /** Needed by `cider`: of the references themselves (`repeatedFrequencies`), or of another corpus cut by the same tokenizer. */
  readonly frequencies?: FrequencyCounts;
}

/**
 * Makes the metrics as the protocol has them.
 * @throws UserError when CIDEr's frequencies are of other tokens than the protocol's
 */
export function makeMetrics(protocol: Protocol, names: readonly MetricName[], { meteor, frequencies }: MetricResources): Metric[] {
  const make = {
    bleu: () => new BleuMetric(protocol.bleu),
    meteor: () => {
      if (meteor === undefined) throw new RangeError('METEOR: no language data');
      return new Meteor(meteor, protocol.meteor);
    },
    'rouge-l': () => ROUGE_L,
    cider: () => {
      if (frequencies === undefined) throw new RangeError('CIDEr: no document frequencies');
      const { tokenizer } = frequencies;
      if (tokenizer !== null && tokenizer !== tokensName(protocol)) {
        throw new UserError(`document frequencies are of ${tokenizer} tokens and the protocol has ${tokensName(protocol)}; count them under this protocol`);
      }
      return ciderMetric(frequencies, { variant: protocol.cider });
    },
  } as const satisfies Record<MetricName, () => Metric>;
  return METRIC_NAMES.filter((name) => names.includes(name)).map((name) => make[name]());
}

/** What a protocol's tokens are, for files of document frequencies: the tokenizer, after the cleaning if there is one. */
export function tokensName({ cleaning, tokenizer }: Protocol): string {
  return cleaning === 'none' ? tokenizer : `${cleaning} ${tokenizer}`;
}

/** The texts as metrics see them. */
export function cleanSegments(segments: readonly Segment[], protocol: Protocol): readonly Segment[] {
  if (protocol.cleaning === 'none') return segments;
  const clean = CLEANERS[protocol.cleaning];
  return segments.map(({ name, hypothesis, references }) => ({ name, hypothesis: clean(hypothesis), references: references.map(clean) }));
}

/** The document frequencies of the references, which is what CIDEr uses unless told otherwise: for files. @param segments cleaned */
export function referenceFrequencies(segments: readonly Segment[], protocol: Protocol): DocumentFrequencies {
  const tokens = TOKENIZERS[protocol.tokenizer];
  const frequencies = new DocumentFrequencies({ tokenizer: tokensName(protocol) });
  for (const { references } of segments) frequencies.add(references.map(tokens));
  return frequencies;
}

/** What CIDEr needs of them, in less time and memory: n-grams that several segments hold. @param segments cleaned */
export function repeatedFrequencies(segments: readonly Segment[], protocol: Protocol): FrequencyCounts {
  const tokens = TOKENIZERS[protocol.tokenizer];
  function* texts(): Generator<string[][]> {
    for (const { references } of segments) yield references.map(tokens);
  }
  return new RepeatedNgrams(texts(), { tokenizer: tokensName(protocol) });
}

/** One metric over all segments of a system. */
export interface Measurement {
  readonly metric: Metric;
  /** [segments, width] */
  readonly statistics: Float64Array;
  /** Their sum. [width] */
  readonly sums: Float64Array;
  /** In points, one a column of the metric. */
  readonly scores: readonly number[];
}

/**
 * Measures cleaned segments, one after the other: what stays are the statistics.
 * @param onSegment called with the number of segments measured so far
 */
export function measureSegments(segments: readonly Segment[], protocol: Protocol, metrics: readonly Metric[], onSegment?: (done: number) => void): Measurement[] {
  const tokens = TOKENIZERS[protocol.tokenizer];
  const statistics = metrics.map(({ width }) => new Float64Array(segments.length * width));
  for (const [i, { hypothesis, references }] of segments.entries()) {
    const segment = { hypothesis, references, tokens: { hypothesis: tokens(hypothesis), references: references.map(tokens) } };
    for (const [m, metric] of metrics.entries()) metric.measure(segment, statistics[m]!.subarray(i * metric.width, (i + 1) * metric.width));
    onSegment?.(i + 1);
  }
  return metrics.map((metric, m) => {
    const sums = sumSegments(statistics[m]!, metric.width);
    return { metric, statistics: statistics[m]!, sums, scores: metric.score(sums) };
  });
}

/**
 * Scores of every segment, as each metric's tool reports a segment.
 * @returns [segments, columns of all metrics]
 */
export function segmentScores(measurements: readonly Measurement[], segments: number): number[][] {
  return Array.from({ length: segments }, (_, i) =>
    measurements.flatMap(({ metric, statistics }) => metric.segmentScore(statistics.subarray(i * metric.width, (i + 1) * metric.width))));
}
