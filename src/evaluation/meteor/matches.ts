import type { Paraphrases } from '../../text/paraphrases.ts';
import type { Word } from './lexicon.ts';
import { SynonymIndex } from './synonymindex.ts';
import { MODULES } from './tasks.ts';
import type { Module } from './tasks.ts';

/** Words of the test (what is scored) that match words of the reference. */
export interface Match {
  readonly module: Module;
  readonly referenceStart: number;
  readonly referenceLength: number;
  readonly testStart: number;
  readonly testLength: number;
  /** What its words of both texts count in the search, whatever the task: METEOR's scorer sets these weights for its aligner. */
  readonly counted: number;
  /** Words between its places in the two texts. */
  readonly distance: number;
}

/** Every possible match of two texts. */
export interface MatchLists {
  /** By the place in the reference where they begin; in METEOR's order, on which ties in its search depend. */
  readonly byReference: Match[][];
  /** How many matches cover each word. */
  readonly referenceCover: Int32Array;
  readonly testCover: Int32Array;
}

/** Finds the matches of pairs of texts, one after the other. The words of all are from one lexicon. */
export class Matcher {
  readonly #paraphrases: Paraphrases | undefined;
  readonly #synonyms = new SynonymIndex();

  constructor(paraphrases: Paraphrases | undefined) {
    this.#paraphrases = paraphrases;
  }

  /** The matches of the given modules. */
  find(test: readonly Word[], reference: readonly Word[], modules: ReadonlySet<Module>): MatchLists {
    const lists: MatchLists = {
      byReference: reference.map(() => []), referenceCover: new Int32Array(reference.length), testCover: new Int32Array(test.length),
    };
    for (const module of MODULES) {
      if (!modules.has(module)) continue;
      if (module === 'paraphrase') matchPhrases(test, reference, this.#paraphrases, lists);
      else if (module === 'synonym') this.#matchSynonyms(test, reference, lists);
      else matchWords(module, test, reference, lists);
    }
    return lists;
  }

  #matchSynonyms(test: readonly Word[], reference: readonly Word[], lists: MatchLists): void {
    this.#synonyms.fill(test);
    for (let j = 0; j < reference.length; j++) {
      for (const i of this.#synonyms.find(reference[j]!)) {
        if (test[i]!.key !== reference[j]!.key) add(lists, 'synonym', j, 1, i, 1);
      }
    }
  }
}

/** Whether a module takes two words for the same; equal words are the exact module's alone. */
const SAME = {
  exact: (a: Word, b: Word) => a.key === b.key,
  stem: (a: Word, b: Word) => a.stem === b.stem && a.key !== b.key,
} as const;

function matchWords(module: keyof typeof SAME, test: readonly Word[], reference: readonly Word[], lists: MatchLists): void {
  const same = SAME[module];
  for (let j = 0; j < reference.length; j++) {
    for (let i = 0; i < test.length; i++) {
      if (same(test[i]!, reference[j]!)) add(lists, module, j, 1, i, 1);
    }
  }
}

/** Paraphrases of the reference's phrases in the test, then of the test's in the reference: a pair that is in the table both ways matches twice. */
function matchPhrases(test: readonly Word[], reference: readonly Word[], paraphrases: Paraphrases | undefined, lists: MatchLists): void {
  const [inTest, inReference] = [numbersOf(test), numbersOf(reference)];
  paraphrases?.find(inReference, inTest, (start, length, testStart, testLength) => add(lists, 'paraphrase', start, length, testStart, testLength));
  paraphrases?.find(inTest, inReference, (start, length, referenceStart, referenceLength) => add(lists, 'paraphrase', referenceStart, referenceLength, start, length));
}

function numbersOf(words: readonly Word[]): Int32Array {
  const numbers = new Int32Array(words.length);
  for (let i = 0; i < words.length; i++) numbers[i] = words[i]!.paraphraseId;
  return numbers;
}

/** What a matched word counts in the search. */
const EXACT_WEIGHT = 1;
const OTHER_WEIGHT = 0.5;

function add({ byReference, referenceCover, testCover }: MatchLists, module: Module, referenceStart: number, referenceLength: number, testStart: number, testLength: number): void {
  const weight = module === 'exact' ? EXACT_WEIGHT : OTHER_WEIGHT;
  const counted = Math.floor(testLength * weight) + Math.floor(referenceLength * weight);
  byReference[referenceStart]!.push({ module, referenceStart, referenceLength, testStart, testLength, counted, distance: Math.abs(referenceStart - testStart) });
  for (let k = 0; k < referenceLength; k++) referenceCover[referenceStart + k]!++;
  for (let k = 0; k < testLength; k++) testCover[testStart + k]!++;
}
