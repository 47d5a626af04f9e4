import type { Paraphrases } from '../../text/paraphrases.ts';
import { shareSet } from './lexicon.ts';
import type { Word } from './lexicon.ts';
import { MODULES } from './tasks.ts';
import type { Module } from './tasks.ts';

/** Words of the test (what is scored) that match words of the reference. */
export interface Match {
  readonly module: Module;
  readonly referenceStart: number;
  readonly referenceLength: number;
  readonly testStart: number;
  readonly testLength: number;
}

/** Every possible match of two texts. */
export interface MatchLists {
  /** By the place in the reference where they begin; in METEOR's order, on which ties in its search depend. */
  readonly byReference: Match[][];
  /** How many matches cover each word. */
  readonly referenceCover: Int32Array;
  readonly testCover: Int32Array;
}

/** Finds the matches of the given modules. */
export function findMatches(test: readonly Word[], reference: readonly Word[], modules: ReadonlySet<Module>, paraphrases: Paraphrases | undefined): MatchLists {
  const lists: MatchLists = {
    byReference: reference.map(() => []), referenceCover: new Int32Array(reference.length), testCover: new Int32Array(test.length),
  };
  for (const module of MODULES) {
    if (!modules.has(module)) continue;
    if (module !== 'paraphrase') matchWords(module, test, reference, lists);
    else if (paraphrases !== undefined) matchPhrases(test, reference, paraphrases, lists);
  }
  return lists;
}

/** Whether a module takes two words for the same; equal words are the exact module's alone. */
const SAME = {
  exact: (a: Word, b: Word) => a.key === b.key,
  stem: (a: Word, b: Word) => a.stem === b.stem && a.key !== b.key,
  synonym: (a: Word, b: Word) => shareSet(a, b) && a.key !== b.key,
} as const;

function matchWords(module: Exclude<Module, 'paraphrase'>, test: readonly Word[], reference: readonly Word[], lists: MatchLists): void {
  const same = SAME[module];
  for (let j = 0; j < reference.length; j++) {
    for (let i = 0; i < test.length; i++) {
      if (same(test[i]!, reference[j]!)) add(lists, { module, referenceStart: j, referenceLength: 1, testStart: i, testLength: 1 });
    }
  }
}

/** Paraphrases of the reference's phrases in the test, then of the test's in the reference: a pair that is in the table both ways matches twice. */
function matchPhrases(test: readonly Word[], reference: readonly Word[], paraphrases: Paraphrases, lists: MatchLists): void {
  const inTest = paraphrases.index(Int32Array.from(test, ({ paraphraseId }) => paraphraseId));
  const inReference = paraphrases.index(Int32Array.from(reference, ({ paraphraseId }) => paraphraseId));
  const module = 'paraphrase';
  for (let j = 0; j < reference.length; j++) {
    paraphrases.find(inReference.words, j, inTest, (length, testStart, testLength) => {
      add(lists, { module, referenceStart: j, referenceLength: length, testStart, testLength });
    });
  }
  for (let i = 0; i < test.length; i++) {
    paraphrases.find(inTest.words, i, inReference, (length, referenceStart, referenceLength) => {
      add(lists, { module, referenceStart, referenceLength, testStart: i, testLength: length });
    });
  }
}

function add({ byReference, referenceCover, testCover }: MatchLists, match: Match): void {
  byReference[match.referenceStart]!.push(match);
  for (let k = 0; k < match.referenceLength; k++) referenceCover[match.referenceStart + k]!++;
  for (let k = 0; k < match.testLength; k++) testCover[match.testStart + k]!++;
}
