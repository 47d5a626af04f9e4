import type { Paraphrases } from '../../text/paraphrases.ts';
import type { Word } from './lexicon.ts';
import { Beam } from './beam.ts';
import { Matcher } from './matches.ts';
import type { Match, MatchLists } from './matches.ts';
import type { Module } from './tasks.ts';

/** METEOR's default `-x`. */
export const BEAM_SIZE = 40;

export interface AlignOptions {
  readonly modules: ReadonlySet<Module>;
  readonly paraphrases?: Paraphrases | undefined;
  /** Hypotheses of the search that are kept at each word of the reference. */
  readonly beamSize?: number;
}

const EXACT: ReadonlySet<Module> = new Set<Module>(['exact']);

/** Aligns pairs of texts, one after the other, in memory of its own. The words of all are from one lexicon. */
export class Aligner {
  readonly #modules: ReadonlySet<Module>;
  readonly #matcher: Matcher;
  readonly #beams: readonly [Beam, Beam];

  constructor({ modules, paraphrases, beamSize = BEAM_SIZE }: AlignOptions) {
    this.#modules = modules;
    this.#matcher = new Matcher(paraphrases);
    this.#beams = [new Beam(beamSize), new Beam(beamSize)];
  }

  /**
   * METEOR's alignment: matches that do not overlap, most words first, then fewest chunks, then shortest distances.
   * @returns the matches in the order of the reference
   */
  align(test: readonly Word[], reference: readonly Word[]): Match[] {
    // The search could miss that equal texts match word for word.
    const equal = test.length === reference.length && test.every((word, i) => word.key === reference[i]!.key);
    const lists = this.#matcher.find(test, reference, equal ? EXACT : this.#modules);
    return search(lists, fixedMatches(lists), this.#beams);
  }
}

/** Matches that overlap no other are part of every alignment. */
function fixedMatches({ byReference, referenceCover, testCover }: MatchLists): (Match | undefined)[] {
  return byReference.map((matches) => {
    const [match] = matches;
    if (match === undefined || matches.length > 1) return undefined;
    for (let k = 0; k < match.referenceLength; k++) if (referenceCover[match.referenceStart + k] !== 1) return undefined;
    for (let k = 0; k < match.testLength; k++) if (testCover[match.testStart + k] !== 1) return undefined;
    return match;
  });
}

/** Beam search from left to right through the reference. */
function search(lists: MatchLists, fixed: readonly (Match | undefined)[], [first, second]: readonly [Beam, Beam]): Match[] {
  const { byReference, testCover } = lists;
  let [beam, next] = [first, second];
  const taken = takenWords(fixed, testCover.length);
  beam.start(taken.test);
  for (let current = 0; current < byReference.length; current++) {
    const certain = fixed[current];
    if (certain !== undefined) {
      beam.followAll(current, certain);
      continue;
    }
    const possible = byReference[current]!.filter((match) => !overlaps(match, taken.reference));
    if (possible.length === 0) {
      beam.skipAll(current);
      continue;
    }
    next.clear(testCover.length);
    for (let rank = 0; rank < beam.size; rank++) {
      if (current < beam.resumes(rank)) {
        next.keep(beam, rank);
        continue;
      }
      for (let i = 0; i < possible.length; i++) if (!beam.uses(rank, possible[i]!)) next.choose(beam, rank, possible[i]!);
      next.skip(beam, rank);
    }
    [beam, next] = [next, beam];
  }
  return beam.best(byReference.length);
}

function overlaps({ referenceStart, referenceLength }: Match, taken: Uint8Array): boolean {
  for (let k = 0; k < referenceLength; k++) if (taken[referenceStart + k] === 1) return true;
  return false;
}

/** Words of both texts that fixed matches take. */
function takenWords(fixed: readonly (Match | undefined)[], testLength: number): { test: Uint8Array; reference: Uint8Array } {
  const taken = { test: new Uint8Array(testLength), reference: new Uint8Array(fixed.length) };
  for (const match of fixed) {
    if (match === undefined) continue;
    taken.reference.fill(1, match.referenceStart, match.referenceStart + match.referenceLength);
    taken.test.fill(1, match.testStart, match.testStart + match.testLength);
  }
  return taken;
}
