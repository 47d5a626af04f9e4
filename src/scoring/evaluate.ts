import { unknownName } from '../core/errors.ts';
import { sha256, sha256File } from '../core/files.ts';
import { BLEU_LINES } from '../evaluation/bleuline.ts';
import { BleuMetric } from '../evaluation/bleumetric.ts';
import type { Bleu } from '../evaluation/bleu.ts';
import { diversity } from '../evaluation/diversity.ts';
import type { Diversity } from '../evaluation/diversity.ts';
import { makeMetrics, measureSegments, METRIC_NAMES, segmentScores } from '../evaluation/measurement.ts';
import type { Measurement, MetricName } from '../evaluation/measurement.ts';
import { Meteor } from '../evaluation/meteor/meteor.ts';
import { meteorId, meteorTable } from '../evaluation/meteor/report.ts';
import type { MeteorScore } from '../evaluation/meteor/statistics.ts';
import { METEOR_TASKS } from '../evaluation/meteor/tasks.ts';
import type { Novelty } from '../evaluation/novelty.ts';
import type { PairingCounts } from '../evaluation/pairing.ts';
import { PROTOCOLS } from '../evaluation/protocols.ts';
import type { Protocol, ProtocolName } from '../evaluation/protocols.ts';
import { repetition } from '../evaluation/repetition.ts';
import type { Repetition } from '../evaluation/repetition.ts';
import { RESAMPLES, SEED, TRIALS } from '../evaluation/resampling.ts';
import { compareSystems } from '../evaluation/significance.ts';
import type { ComparedColumn, ComparisonOptions, PairedTest } from '../evaluation/significance.ts';
import { readResources } from './resources.ts';
import type { ResourceSources } from './resources.ts';
import { systemNames } from './systems.ts';
import { readSystems } from './texts.ts';
import type { SystemTexts, TextSources } from './texts.ts';
import { compareWithTraining } from './training.ts';

/** Which files to score, under which protocol, and how systems are compared. */
export interface EvaluateOptions extends TextSources, Omit<ResourceSources, 'onRead'> {
  readonly protocol: ProtocolName;
  /** Names of the systems, one a file of hypotheses; default: short names of the files. */
  readonly names?: readonly string[];
  /** Default: all. */
  readonly metrics?: readonly MetricName[];
  /** Files of stories that the models were trained on: how much of the outputs is copied from them. */
  readonly training?: readonly string[];
  /** Name of the system that all others are tested against. */
  readonly baseline?: string;
  /** How systems are compared, and intervals made. */
  readonly comparison?: Omit<ComparisonOptions, 'baseline' | 'direction'>;
  /** Called while something long is done: what it is, units done, units in all. */
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** One system's scores and everything its texts say about themselves. */
export interface SystemEvaluation {
  readonly name: string;
  readonly file: string;
  /** Of its texts as scored and their names, in any order: the first 16 hexadecimal digits of their SHA-256. */
  readonly fingerprint: string;
  readonly counts: PairingCounts;
  /** Segments left out of a partial score because another system lacks them. */
  readonly unshared: number;
  /** In points, by column. */
  readonly scores: Readonly<Record<string, number>>;
  /** BLEU with its counts, and the line its tool prints; null when it was not asked for. */
  readonly bleu: Bleu | null;
  readonly bleuLine: string | null;
  /** METEOR's statistics, and its tool's table; null where METEOR was not asked for or is a mean of segments. */
  readonly meteor: (MeteorScore & { readonly table: string }) | null;
  /** What `diversity` and `repetition` count as a sentence. */
  readonly unit: 'sentence' | 'line';
  readonly diversity: Diversity;
  readonly repetition: Omit<Repetition, 'stories'>;
  /** Against the training texts; null where none were given. */
  readonly novelty: Novelty | null;
  /** Scores of every segment: [segments, columns]. */
  readonly segmentScores: readonly (readonly number[])[];
}

/** Contents, each as the first 16 hexadecimal digits of its SHA-256. */
export interface EvaluationInputs {
  /** Of the references as scored, in any order: names of stories and of files do not count. */
  readonly references: string;
  /** Of the file of CIDEr's document frequencies, or `references`; null when CIDEr was not asked for. */
  readonly frequencies: string | null;
  /** METEOR's id and data in one; null when it was not asked for. */
  readonly meteor: string | null;
}

/** Systems under one protocol, with everything that made their scores. */
export interface Evaluation {
  readonly protocol: ProtocolName;
  /** Everything the protocol fixes. */
  readonly settings: Protocol;
  readonly references: readonly string[];
  /** What must be equal for scores of one protocol to compare, wherever the files lie. */
  readonly inputs: EvaluationInputs;
  /** METEOR's id and the data it used; null when it was not asked for. */
  readonly meteor: { readonly id: string; readonly data: string } | null;
  /** Where CIDEr's document frequencies are from; null when it was not asked for. */
  readonly frequencies: string | null;
  /** Names of the segments, the same for all systems. */
  readonly segments: readonly string[];
  readonly columns: readonly string[];
  readonly systems: readonly SystemEvaluation[];
  /** Scores with intervals, and tests between systems, a column each. */
  readonly comparison: readonly ComparedColumn[];
  readonly significance: { readonly test: PairedTest; readonly alpha: number; readonly confidence: number; readonly resamples: number; readonly trials: number; readonly seed: number; readonly baseline: string | null };
}

/**
 * Reads stories and scores them against human ones: one system, or several compared.
 * @throws UserError for files that cannot be read or do not fit together, or a baseline that is not among the systems
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { protocol, metrics: wanted = METRIC_NAMES, onProgress } = options;
  const settings: Protocol = PROTOCOLS[protocol];
  const names = systemNames(options.hypotheses, options.names);
  const baseline = baselineIndex(names, options.baseline);
  const texts = await readSystems(options, protocol);
  const onRead = onProgress && ((done: number, total: number): void => onProgress('reading METEOR\'s data', done, total));
  const resources = await readResources({ ...options, ...(onRead && { onRead }) }, settings, wanted, texts.map(({ segments }) => segments));
  const metrics = makeMetrics(settings, wanted, resources);
  const novelty = await compareWithTraining(options.training ?? [], texts.map(({ stories }) => stories), onProgress);
  const measured = texts.map(({ segments }, i) => measureSegments(segments, settings, metrics, onProgress && ((done) => onProgress(`scoring ${names[i]!}`, done, segments.length))));
  const { test = 'paired-ar', alpha = 0.05, confidence = 0.95, resamples = RESAMPLES, trials = TRIALS, seed = SEED } = options.comparison ?? {};
  const comparison = metrics.flatMap((metric, m) => {
    onProgress?.('comparing', m, metrics.length);
    return compareSystems(metric, measured.map((all) => all[m]!.statistics), { ...options.comparison, ...(baseline >= 0 && { baseline }) });
  });
  const meteor = resources.meteor === undefined ? null : { id: meteorId(settings.meteor, resources.meteor), data: resources.meteor.description };
  return {
    protocol, settings, references: options.references,
    inputs: {
      references: fingerprint(texts[0]!.segments.map(({ references }) => references)),
      frequencies: resources.frequencies === undefined ? null : await frequenciesFingerprint(options.frequencies),
      meteor: meteor === null ? null : `${meteor.id}, ${meteor.data}`,
    },
    meteor,
    frequencies: resources.frequencies === undefined ? null : options.frequencies ?? 'the references',
    segments: texts[0]!.segments.map(({ name }) => name),
    columns: metrics.flatMap(({ columns }) => columns),
    systems: texts.map((system, i) => systemEvaluation(names[i]!, system, measured[i]!, settings, novelty?.[i] ?? null)),
    comparison,
    significance: { test, alpha, confidence, resamples, trials, seed, baseline: options.baseline ?? null },
  };
}

/** Systems that are scored apart may have their stories in another order. */
function fingerprint(texts: readonly unknown[]): string {
  return sha256(JSON.stringify(texts.map((text) => JSON.stringify(text)).sort())).slice(0, 16);
}

async function frequenciesFingerprint(file: string | undefined): Promise<string> {
  return file === undefined ? 'references' : (await sha256File(file)).slice(0, 16);
}

function baselineIndex(names: readonly string[], baseline: string | undefined): number {
  const index = baseline === undefined ? -1 : names.indexOf(baseline);
  if (baseline !== undefined && index < 0) throw unknownName('--baseline', baseline, names);
  return index;
}

function systemEvaluation(name: string, texts: SystemTexts, measured: readonly Measurement[], settings: Protocol, novelty: Novelty | null): SystemEvaluation {
  const { stories: _, ...repeated } = repetition(texts.stories);
  const bleu = measured.flatMap(({ metric, sums }) => (metric instanceof BleuMetric ? [metric.report(sums)] : []))[0] ?? null;
  const meteor = measured.flatMap(({ metric, sums }) => (metric instanceof Meteor && settings.meteor.aggregation === 'system' ? [metric.report(sums)] : []))[0] ?? null;
  return {
    name, file: texts.file, fingerprint: fingerprint(texts.segments.map(({ name: segment, hypothesis }) => [segment, hypothesis])), counts: texts.counts, unshared: texts.unshared,
    scores: Object.fromEntries(measured.flatMap(({ metric, scores }) => metric.columns.map((column, i) => [column, scores[i]!]))),
    bleu, bleuLine: bleu === null ? null : BLEU_LINES[settings.line](bleu),
    meteor: meteor === null ? null : { ...meteor, table: meteorTable(meteor, METEOR_TASKS[settings.meteor.task]) },
    unit: texts.unit, diversity: diversity(texts.stories), repetition: repeated, novelty,
    segmentScores: segmentScores(measured, texts.segments.length),
  };
}
