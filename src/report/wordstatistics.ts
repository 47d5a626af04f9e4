import { diversity } from '../evaluation/diversity.ts';
import type { Diversity } from '../evaluation/diversity.ts';

/** Stories of one writer as sentences, tokens apart. */
export type Stories = readonly (readonly string[])[];

/** A word and how often it comes. */
export interface WordCount {
  readonly word: string;
  readonly count: number;
  /** In a thousand words. */
  readonly perThousand: number;
}

/** A word that a model uses more, or less, than people do in stories of the same photos. */
export interface WordUse {
  readonly word: string;
  /** In a thousand words. */
  readonly model: number;
  readonly human: number;
  /** Log-likelihood ratio of the difference (Dunning 1993): 10.8 is p = 0.001 for one word by itself. */
  readonly evidence: number;
}

export interface WriterStatistics {
  readonly name: string;
  readonly diversity: Diversity;
  readonly frequent: readonly WordCount[];
}

/** @param count of the most frequent words; marks without a letter or digit are left out */
export function writerStatistics(name: string, stories: Stories, count = 20): WriterStatistics {
  const words = countWords(stories);
  const total = totalOf(words);
  const frequent = [...words].filter(([word]) => /[\p{L}\p{N}]/u.test(word))
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, count)
    .map(([word, n]) => ({ word, count: n, perThousand: (1000 * n) / total }));
  return { name, diversity: diversity(stories), frequent };
}

/** The words that a model uses most out of proportion. @param count of each list */
export function unusualWords(model: Stories, human: Stories, count = 12): { more: WordUse[]; less: WordUse[] } {
  const [own, others] = [countWords(model), countWords(human)];
  const [ownTotal, otherTotal] = [totalOf(own), totalOf(others)];
  if (ownTotal === 0 || otherTotal === 0) return { more: [], less: [] };
  const uses = [...new Set([...own.keys(), ...others.keys()])].map((word): WordUse => {
    const [a, b] = [own.get(word) ?? 0, others.get(word) ?? 0];
    return { word, model: (1000 * a) / ownTotal, human: (1000 * b) / otherTotal, evidence: logLikelihood(a, ownTotal, b, otherTotal) };
  });
  const sorted = uses.sort((a, b) => b.evidence - a.evidence || (a.word < b.word ? -1 : 1));
  return {
    more: sorted.filter(({ model: own, human: other, evidence }) => own > other && evidence >= NOTABLE).slice(0, count),
    less: sorted.filter(({ model: own, human: other, evidence }) => own < other && evidence >= NOTABLE).slice(0, count),
  };
}

/** p = 0.05 for one word by itself. */
const NOTABLE = 3.84;

/** Dunning 1993: twice the log of how much better two rates explain the counts than one. */
function logLikelihood(a: number, aTotal: number, b: number, bTotal: number): number {
  const rate = (a + b) / (aTotal + bTotal);
  const part = (count: number, expected: number): number => (count === 0 ? 0 : count * Math.log(count / expected));
  const present = part(a, aTotal * rate) + part(b, bTotal * rate);
  const absent = part(aTotal - a, aTotal * (1 - rate)) + part(bTotal - b, bTotal * (1 - rate));
  return 2 * (present + absent);
}

/** Shares of stories by their length in words, over bins that are the same for all writers. */
export interface LengthHistogram {
  /** Words that a bin spans. */
  readonly width: number;
  /** First length of each bin. */
  readonly starts: readonly number[];
  /** In percent, a list a writer. */
  readonly shares: readonly (readonly number[])[];
}

/** At most so many bins. */
const BINS = 24;

export function lengthHistogram(writers: readonly Stories[]): LengthHistogram {
  const lengths = writers.map((stories) => stories.map((story) => story.reduce((sum, sentence) => sum + wordsOf(sentence).length, 0)));
  const all = lengths.flat();
  const [least, most] = [all.reduce((a, b) => Math.min(a, b), Infinity), all.reduce((a, b) => Math.max(a, b), 0)];
  if (all.length === 0) return { width: 1, starts: [], shares: writers.map(() => []) };
  const width = [1, 2, 5, 10, 20, 50, 100].find((size) => (most - least + 1) / size <= BINS) ?? Math.ceil((most - least + 1) / BINS);
  const first = Math.floor(least / width);
  const starts = Array.from({ length: Math.floor(most / width) - first + 1 }, (_, i) => (first + i) * width);
  return {
    width, starts,
    shares: lengths.map((own) => starts.map((start) => (own.length === 0 ? 0 : (100 * own.filter((length) => length >= start && length < start + width).length) / own.length))),
  };
}

function countWords(stories: Stories): Map<string, number> {
  const counts = new Map<string, number>();
  for (const sentence of stories.flat()) for (const word of wordsOf(sentence)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function wordsOf(sentence: string): string[] {
  return sentence.split(/\s+/).filter((word) => word !== '');
}

function totalOf(counts: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}
