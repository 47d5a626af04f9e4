import type { Bleu } from './bleu.ts';
import { BLEU_LINES } from './bleuline.ts';
import { BleuMetric } from './bleumetric.ts';
import { cleanSegments, makeMetrics, measureSegments, METRIC_NAMES, repeatedFrequencies } from './measurement.ts';
import type { Measurement, MetricName, MetricResources } from './measurement.ts';
import { countTexts, pairStories } from './pairing.ts';
import type { PairingCounts, PairingOptions, StoryText } from './pairing.ts';
import { PROTOCOLS } from './protocols.ts';
import type { Protocol, ProtocolName } from './protocols.ts';

/** Stories to score, what they are scored against, and how. */
export interface ScoreInput extends PairingOptions, MetricResources {
  readonly hypotheses: readonly StoryText[];
  readonly references: readonly StoryText[];
  readonly protocol: ProtocolName;
  /** Default: all that the resources suffice for; METEOR needs `meteor`. */
  readonly metrics?: readonly MetricName[];
}

/** Scores with the protocol that made them: they mean nothing without it. */
export interface StoryScores {
  readonly protocol: ProtocolName;
  /** In points, 0 to 100, by column: BLEU-1 to BLEU-4, METEOR, ROUGE-L, CIDEr-D. */
  readonly scores: Readonly<Record<string, number>>;
  /** BLEU with its counts. */
  readonly bleu: Bleu;
  /** The line that the protocol's tool prints. */
  readonly bleuLine: string;
  readonly counts: PairingCounts;
}

/**
 * Scores stories against human ones.
 * @throws UserError naming the story when hypotheses and references do not fit together, see `pairStories`
 */
export function scoreStories(input: ScoreInput): StoryScores {
  const protocol: Protocol = PROTOCOLS[input.protocol];
  const { segments: texts, counts } = pairStories(input.hypotheses, input.references, protocol, input);
  const segments = cleanSegments(texts, protocol);
  const names = input.metrics ?? METRIC_NAMES.filter((name) => name !== 'meteor' || input.meteor !== undefined);
  const frequencies = names.includes('cider') ? input.frequencies ?? repeatedFrequencies(segments, protocol) : undefined;
  const metrics = makeMetrics(protocol, ['bleu', ...names], { ...input, ...(frequencies && { frequencies }) });
  const [bleu, ...others] = measureSegments(segments, protocol, metrics) as [Measurement, ...Measurement[]];
  const score = new BleuMetric(protocol.bleu).report(bleu.sums);
  const scores = scoresOf(names.includes('bleu') ? [bleu, ...others] : others);
  return { protocol: input.protocol, scores, bleu: score, bleuLine: BLEU_LINES[protocol.line](score), counts: { ...counts, ...countTexts(segments) } };
}

/** Scores by column. */
export function scoresOf(measurements: readonly Measurement[]): Record<string, number> {
  return Object.fromEntries(measurements.flatMap(({ metric, scores }) => metric.columns.map((column, i) => [column, scores[i]!])));
}
