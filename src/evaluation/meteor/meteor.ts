import type { MeasuredSegment, Metric } from '../metric.ts';
import { Aligner } from './align.ts';
import { Lexicon } from './lexicon.ts';
import type { MeteorLanguage, Word } from './lexicon.ts';
import { normaliseEnglish, TOKEN_SPACE } from './normaliser.ts';
import { meteorScore, STATISTICS, writeStatistics } from './statistics.ts';
import type { MeteorScore } from './statistics.ts';
import { METEOR_TASKS } from './tasks.ts';
import type { MeteorTask, MeteorTaskName, Module } from './tasks.ts';

/** What is done to texts first: nothing, `-lower`, `-norm`, or `-norm -noPunct`. */
export type MeteorNormalisation = 'none' | 'lower' | 'norm' | 'norm-nopunct';

/**
 * What the score of many segments is made from: their summed statistics, METEOR's system score; or the mean of their
 * scores, the VIST challenge's.
 */
export type MeteorAggregation = 'system' | 'mean';

/** How METEOR scores (Denkowski and Lavie 2014). */
export interface MeteorOptions {
  readonly task: MeteorTaskName;
  readonly normalisation: MeteorNormalisation;
  /** Default `system`. */
  readonly aggregation?: MeteorAggregation;
}

/**
 * METEOR 1.5 for English (Denkowski and Lavie 2014), equal to its jar when the language is the jar's. With several
 * references the best counts. Without a paraphrase table the scores are others and bear another name.
 */
export class Meteor implements Metric {
  readonly columns: readonly [string];
  readonly width: number;
  readonly #lexicon: Lexicon;
  readonly #task: MeteorTask;
  readonly #aligner: Aligner;
  readonly #normalisation: MeteorNormalisation;
  readonly #isMean: boolean;

  constructor(language: MeteorLanguage, { task, normalisation, aggregation = 'system' }: MeteorOptions) {
    this.#lexicon = new Lexicon(language);
    this.#task = METEOR_TASKS[task];
    this.#aligner = new Aligner({ modules: new Set(Object.keys(this.#task.weights) as Module[]), paraphrases: language.paraphrases });
    this.#normalisation = normalisation;
    this.#isMean = aggregation === 'mean';
    this.columns = [meteorName(language)];
    this.width = this.#isMean ? 2 : STATISTICS;
  }

  /** The words METEOR sees. */
  words(text: string): string[] {
    return meteorWords(text, this.#normalisation, this.#lexicon.language);
  }

  /**
   * The statistics of a text against its best reference; the first of equally good ones.
   * @returns [STATISTICS], in the order of METEOR's `-ssOut`
   * @throws RangeError when there is no reference
   */
  statistics(hypothesis: string, references: readonly string[]): Float64Array {
    const test = this.#look(hypothesis);
    let best: Float64Array | undefined;
    let highest = -1;
    for (const text of references) {
      const statistics = this.#against(test, this.#look(text));
      const { score } = meteorScore(statistics, this.#task);
      if (score > highest) [best, highest] = [statistics, score];
    }
    if (best === undefined) throw new RangeError('METEOR: a segment without a reference');
    return best;
  }

  /** Everything METEOR reports about one segment's statistics or a sum of them. */
  report(statistics: Float64Array): MeteorScore {
    return meteorScore(statistics, this.#task);
  }

  measure({ hypothesis, references }: MeasuredSegment, into: Float64Array): void {
    const statistics = this.statistics(hypothesis, references);
    into.set(this.#isMean ? [this.report(statistics).score, 1] : statistics);
  }

  score(sums: Float64Array): number[] {
    if (this.#isMean) return [sums[1] === 0 ? 0 : (100 * sums[0]!) / sums[1]!];
    return [100 * this.report(sums).score];
  }

  segmentScore(statistics: Float64Array): number[] {
    return this.score(statistics);
  }

  #look(text: string): Word[] {
    return this.words(text).map((word) => this.#lexicon.word(word));
  }

  #against(test: readonly Word[], reference: readonly Word[]): Float64Array {
    const matches = this.#aligner.align(test, reference);
    const statistics = new Float64Array(STATISTICS);
    writeStatistics(test, reference, matches, this.#task.characters, statistics);
    return statistics;
  }
}

/** The name that scores with this language go by: METEOR is only what has METEOR's data. */
export function meteorName({ paraphrases }: MeteorLanguage): string {
  return paraphrases === undefined ? 'METEOR-lite' : 'METEOR';
}

/** The words that METEOR sees in a text. */
export function meteorWords(text: string, normalisation: MeteorNormalisation, { prefixes }: Pick<MeteorLanguage, 'prefixes'>): string[] {
  return prepared(text, normalisation, prefixes).split(TOKEN_SPACE).filter((word) => word !== '');
}

function prepared(text: string, normalisation: MeteorNormalisation, prefixes: MeteorLanguage['prefixes']): string {
  if (normalisation === 'none') return text;
  if (normalisation === 'lower') return text.toLowerCase();
  return normaliseEnglish(text, prefixes, normalisation === 'norm').toLowerCase();
}
