import { ngramsOf } from './segmentngrams.ts';
import type { SegmentNgrams } from './segmentngrams.ts';

/** Longest n-gram, as in every published BLEU. */
const ORDERS = [1, 2, 3, 4] as const;

/** Both tools write this for log 0; exp of it is 0. */
const LOG_ZERO = -9999999999;

/**
 * What to do about an order without a match (Chen and Cherry 2014; the names and constants are sacreBLEU's):
 * `floor` counts 0.1 match, `add-k` one match and one n-gram more from order 2 on, `exp` 1/2, 1/4, ... match (NIST).
 */
export type Smoothing = 'none' | 'floor' | 'add-k' | 'exp';

/** How BLEU counts (Papineni et al. 2002). */
export interface BleuOptions {
  /** Default true. VIST-seq2seq switched it off, so that short stories cost nothing. */
  readonly brevityPenalty?: boolean;
  /** Default `none`. */
  readonly smoothing?: Smoothing;
  /** Leave out orders that are longer than the hypothesis; for single sentences. Default false. */
  readonly effectiveOrder?: boolean;
}

/** A number for each order, 1 to 4. */
export type Orders = readonly [number, number, number, number];

/** BLEU in points, 0 to 100. */
export interface Bleu {
  /** Cumulative: the geometric mean of the precisions up to this order, times the brevity penalty. */
  readonly bleu1: number;
  readonly bleu2: number;
  readonly bleu3: number;
  readonly bleu4: number;
  /** n-gram precisions of order 1 to 4, 0 to 100: matches over totals. */
  readonly precisions: Orders;
  /** Matching n-grams of order 1 to 4, with what the smoothing added. */
  readonly matches: Orders;
  /** n-grams of order 1 to 4, with what the smoothing added. */
  readonly totals: Orders;
  /** 0 to 1; 1 where it is switched off. */
  readonly brevityPenalty: number;
  /** Words of the hypotheses over words of the references; 0 where the references have none. */
  readonly ratio: number;
  readonly hypothesisWords: number;
  readonly referenceWords: number;
}

/**
 * The counts BLEU is made of. They add up over segments, in any order, and take no more room for a million of them;
 * those of single segments are what resampling needs.
 */
export class BleuCounts {
  /** Hypothesis n-grams of order 1 to 4 found in a reference. */
  readonly matches = [0, 0, 0, 0];
  /** Hypothesis n-grams of order 1 to 4. */
  readonly totals = [0, 0, 0, 0];
  segments = 0;
  hypothesisWords = 0;
  /** Sum of the reference lengths nearest to each hypothesis's; the shorter of two equally near. */
  referenceWords = 0;

  /**
   * Counts one segment against all its references.
   * @param ngrams of these texts, where they are numbered already
   * @throws RangeError when there is no reference
   */
  add(hypothesis: readonly string[], references: readonly (readonly string[])[], ngrams = ngramsOf({ hypothesis, references })): this {
    this.segments++;
    this.hypothesisWords += hypothesis.length;
    this.referenceWords += nearestLength(hypothesis.length, references);
    const limits = largestCounts(ngrams);
    for (const node of ngrams.hypothesis) {
      const index = ngrams.trie.orderOf(node) - 1;
      this.totals[index]!++;
      if (limits[node]!-- > 0) this.matches[index]!++;
    }
    return this;
  }

  /** Adds the counts of other segments. */
  merge(other: BleuCounts): this {
    for (const order of ORDERS) {
      this.matches[order - 1]! += other.matches[order - 1]!;
      this.totals[order - 1]! += other.totals[order - 1]!;
    }
    this.segments += other.segments;
    this.hypothesisWords += other.hypothesisWords;
    this.referenceWords += other.referenceWords;
    return this;
  }
}

/**
 * Corpus BLEU (Papineni et al. 2002). Without options it is multi-bleu.perl's; with `exp` sacreBLEU's default; without
 * the brevity penalty VIST-seq2seq's.
 */
export function bleu(counts: BleuCounts, options: BleuOptions = {}): Bleu {
  const { brevityPenalty = true, smoothing = 'none', effectiveOrder = false } = options;
  const { hypothesisWords, referenceWords } = counts;
  const penalty = brevityPenalty ? penaltyOf(hypothesisWords, referenceWords) : 1;
  const { matches, totals } = smoothed(counts, smoothing);
  const precisions = orders((i) => (totals[i] === 0 ? 0 : matches[i]! / totals[i]!));
  const reached = totals.filter((total) => total > 0).length;
  const cumulative = (order: number): number => {
    if (matches[0] === 0) return 0;
    const used = effectiveOrder ? Math.min(order, reached) : order;
    const sum = precisions.slice(0, used).reduce((total, p) => total + (p === 0 ? LOG_ZERO : Math.log(p)), 0);
    return 100 * penalty * Math.exp(sum / used);
  };
  return {
    bleu1: cumulative(1), bleu2: cumulative(2), bleu3: cumulative(3), bleu4: cumulative(4),
    precisions: orders((i) => 100 * precisions[i]!), matches, totals,
    brevityPenalty: penalty,
    ratio: referenceWords === 0 ? 0 : hypothesisWords / referenceWords,
    hypothesisWords, referenceWords,
  };
}

/** BLEU of one segment; as sacreBLEU's `sentence_bleu` unless told otherwise: `exp`, only orders it has n-grams of. */
export function sentenceBleu(hypothesis: readonly string[], references: readonly (readonly string[])[], options: BleuOptions = {}): Bleu {
  return bleu(new BleuCounts().add(hypothesis, references), { smoothing: 'exp', effectiveOrder: true, ...options });
}

/** For each n-gram the largest count it has in any one of the references: what a hypothesis can be credited with. [nodes] */
function largestCounts({ trie, references }: SegmentNgrams): Int32Array {
  const largest = new Int32Array(trie.size);
  const counts = new Int32Array(trie.size);
  for (const nodes of references) {
    for (const node of nodes) if (++counts[node]! > largest[node]!) largest[node] = counts[node]!;
    for (const node of nodes) counts[node] = 0;
  }
  return largest;
}

function nearestLength(length: number, references: readonly (readonly string[])[]): number {
  if (references.length === 0) throw new RangeError('BLEU: a segment without a reference');
  return references.map((reference) => reference.length).reduce((best, other) => {
    const nearer = Math.abs(other - length) - Math.abs(best - length);
    return nearer < 0 || (nearer === 0 && other < best) ? other : best;
  });
}

function penaltyOf(hypothesisWords: number, referenceWords: number): number {
  if (hypothesisWords >= referenceWords) return 1;
  return hypothesisWords === 0 ? 0 : Math.exp(1 - referenceWords / hypothesisWords);
}

/** A hypothesis without one right word gets no credit, whatever the smoothing; nor does an order without n-grams. */
function smoothed(counts: BleuCounts, smoothing: Smoothing): { matches: Orders; totals: Orders } {
  const none = counts.matches[0] === 0;
  const added = (i: number): number => (smoothing === 'add-k' && i > 0 && !none ? 1 : 0);
  const totals = orders((i) => counts.totals[i]! + added(i));
  let credit = 1;
  const matches = orders((i) => {
    const found = counts.matches[i]! + added(i);
    if (none || totals[i] === 0 || found > 0) return found;
    if (smoothing === 'exp') return (credit /= 2);
    return smoothing === 'floor' ? 0.1 : 0;
  });
  return { matches, totals };
}

function orders(value: (index: number) => number): Orders {
  return [value(0), value(1), value(2), value(3)];
}
