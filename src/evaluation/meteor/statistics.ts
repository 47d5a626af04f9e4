import type { Word } from './lexicon.ts';
import type { Match } from './matches.ts';
import { MODULES } from './tasks.ts';
import type { MeteorTask, Module } from './tasks.ts';

/** Numbers a segment's statistics are: those of METEOR's `-ssOut`, in its order. */
export const STATISTICS = 23;

/** Where they stand. Test is what is scored; words are characters in tasks that count these. */
const TEST_LENGTH = 0;
const REFERENCE_LENGTH = 1;
const TEST_FUNCTION = 2;
const REFERENCE_FUNCTION = 3;
/** Four a module: content words matched in the test and in the reference, function words in both. */
const FIRST_MODULE = 4;
const CHUNKS = 20;
const TEST_WORDS = 21;
const REFERENCE_WORDS = 22;

/** All that METEOR computes from statistics. Precision to penalty are NaN where there is nothing to divide by, as there. */
export interface MeteorScore {
  readonly testLength: number;
  readonly referenceLength: number;
  /** Matched words of each of the four modules. */
  readonly matches: readonly ModuleMatches[];
  readonly chunks: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly fMean: number;
  readonly fragmentationPenalty: number;
  /** 0 to 1. */
  readonly score: number;
}

/** Words that one of METEOR's modules matched, in test and reference, content and function words apart. */
export interface ModuleMatches {
  readonly module: Module;
  readonly testContent: number;
  readonly testFunction: number;
  readonly referenceContent: number;
  readonly referenceFunction: number;
}

/**
 * Writes the statistics of an alignment.
 * @param matches in the order of the reference
 * @param into [STATISTICS], zeros before
 */
export function writeStatistics(test: readonly Word[], reference: readonly Word[], matches: readonly Match[], characters: boolean, into: Float64Array): void {
  const sizeOf = characters ? (word: Word): number => word.text.length : (): number => 1;
  addLengths(test, sizeOf, into, TEST_LENGTH, TEST_FUNCTION);
  addLengths(reference, sizeOf, into, REFERENCE_LENGTH, REFERENCE_FUNCTION);
  for (const match of matches) {
    const base = FIRST_MODULE + 4 * MODULES.indexOf(match.module);
    addMatched(test, match.testStart, match.testLength, sizeOf, into, base);
    addMatched(reference, match.referenceStart, match.referenceLength, sizeOf, into, base + 1);
    into[TEST_WORDS]! += match.testLength;
    into[REFERENCE_WORDS]! += match.referenceLength;
  }
  const chunks = countChunks(matches);
  // A text that matches from end to end in one piece is not fragmented. METEOR leaves its chunk out of sums and has no
  // penalty for it alone, which is what no chunk gives.
  const { testMatches, referenceMatches } = totals(into);
  const whole = chunks === 1 && testMatches === into[TEST_LENGTH] && referenceMatches === into[REFERENCE_LENGTH];
  into[CHUNKS] = whole ? 0 : chunks;
}

function addLengths(words: readonly Word[], sizeOf: (word: Word) => number, into: Float64Array, length: number, functionLength: number): void {
  for (const word of words) {
    into[length]! += sizeOf(word);
    if (word.isFunctionWord) into[functionLength]! += sizeOf(word);
  }
}

function addMatched(words: readonly Word[], start: number, length: number, sizeOf: (word: Word) => number, into: Float64Array, content: number): void {
  for (let place = start; place < start + length; place++) {
    const word = words[place]!;
    into[content + (word.isFunctionWord ? 2 : 0)]! += sizeOf(word);
  }
}

/** Stretches that are whole in both texts. */
function countChunks(matches: readonly Match[]): number {
  return matches.filter((match, i) => {
    const before = matches[i - 1];
    return before === undefined || before.referenceStart + before.referenceLength !== match.referenceStart || before.testStart + before.testLength !== match.testStart;
  }).length;
}

function totals(statistics: Float64Array): { testMatches: number; referenceMatches: number } {
  let [testMatches, referenceMatches] = [0, 0];
  for (let at = FIRST_MODULE; at < CHUNKS; at += 2) {
    testMatches += statistics[at]!;
    referenceMatches += statistics[at + 1]!;
  }
  return { testMatches, referenceMatches };
}

/**
 * The score of one segment's statistics or of a sum of them (Denkowski and Lavie 2014): a weighted harmonic mean of
 * precision and recall, less a penalty for fragmentation.
 * @param statistics [STATISTICS]
 */
export function meteorScore(statistics: Float64Array, task: MeteorTask): MeteorScore {
  const { alpha, beta, gamma, delta } = task;
  const matches = MODULES.map((module, i): ModuleMatches => {
    const at = FIRST_MODULE + 4 * i;
    return { module, testContent: statistics[at]!, referenceContent: statistics[at + 1]!, testFunction: statistics[at + 2]!, referenceFunction: statistics[at + 3]! };
  });
  const weighted = (content: (m: ModuleMatches) => number, functions: (m: ModuleMatches) => number): number =>
    matches.reduce((sum, m) => sum + content(m) * (task.weights[m.module] ?? 0) * delta, 0)
    + matches.reduce((sum, m) => sum + functions(m) * (task.weights[m.module] ?? 0) * (1 - delta), 0);
  const length = (all: number, functions: number): number => delta * (all - functions) + (1 - delta) * functions;
  const precision = weighted((m) => m.testContent, (m) => m.testFunction) / length(statistics[TEST_LENGTH]!, statistics[TEST_FUNCTION]!);
  const recall = weighted((m) => m.referenceContent, (m) => m.referenceFunction) / length(statistics[REFERENCE_LENGTH]!, statistics[REFERENCE_FUNCTION]!);
  const fMean = 1 / ((1 - alpha) / precision + alpha / recall);
  const fragmentation = statistics[CHUNKS]! / ((statistics[TEST_WORDS]! + statistics[REFERENCE_WORDS]!) / 2);
  const fragmentationPenalty = gamma * fragmentation ** beta;
  const score = fMean * (1 - fragmentationPenalty);
  return {
    testLength: statistics[TEST_LENGTH]!, referenceLength: statistics[REFERENCE_LENGTH]!, matches, chunks: statistics[CHUNKS]!,
    precision, recall, f1: (2 * precision * recall) / (precision + recall), fMean, fragmentationPenalty,
    score: Number.isNaN(score) ? 0 : Math.max(score, 0),
  };
}
