import type { Moderator } from './moderation.ts';

/** A passage that a decoder offers. */
export interface PassageCandidate {
  /** As a reader would see it: this is what the moderator is asked about. */
  readonly text: string;
  /** Tokens that the decoder wrote, marks included. */
  readonly words: number;
}

export interface RejectedCandidate<C> {
  readonly candidate: C;
  /** 0: of the first search; 1: of the wider one. */
  readonly round: number;
  /** Place in its search, 0 being the best. */
  readonly rank: number;
  readonly reasons: readonly string[];
}

/** What became of the candidates for one photo. */
export interface Acceptance<C> {
  /** The one to show; null when none may be: the story cannot be generated. */
  readonly accepted: { readonly candidate: C; readonly round: number; readonly rank: number } | null;
  /** Those looked at before it. */
  readonly rejected: readonly RejectedCandidate<C>[];
}

export interface AcceptanceRules<C> {
  /** Tokens of the best candidate at least. Default 15. */
  readonly minWords?: number;
  /** Tokens of every other. Default the same; Pix2Story's code asks one more of them (16). */
  readonly minWordsOthers?: number;
  /** Searches again, wider, when no candidate will do. */
  readonly retry?: () => Promise<readonly C[]>;
}

/** The beam of Pix2Story's second search. */
export const RETRY_BEAM = 50;

/**
 * Pix2Story's rule: where the best passage is flagged or shorter than 15 tokens the others of its beam are tried, then
 * the search is made once more with a beam of 50, and then the story cannot be generated.
 * @param candidates best first; Pix2Story's code tries the others in the order of its beam, not of their scores
 * @param moderator null lets every text pass
 */
export async function chooseAccepted<C extends PassageCandidate>(
  candidates: readonly C[],
  moderator: Moderator | null,
  { minWords = 15, minWordsOthers = minWords, retry }: AcceptanceRules<C> = {},
): Promise<Acceptance<C>> {
  const rejected: RejectedCandidate<C>[] = [];
  // Beams often hold texts that differ in tokens only, and the wider search finds the same again.
  const reviews = new Map<string, Promise<readonly string[]>>();
  const flags = (text: string): Promise<readonly string[]> => {
    const known = reviews.get(text) ?? reasonsAgainst(text, moderator);
    reviews.set(text, known);
    return known;
  };
  for (const [round, search] of [async () => candidates, ...(retry === undefined ? [] : [retry])].entries()) {
    for (const [rank, candidate] of (await search()).entries()) {
      const least = rank === 0 ? minWords : minWordsOthers;
      // A moderator may cost: it is not asked about what goes anyway.
      const reasons = candidate.words < least || candidate.words === 0 ? [tooShort(candidate.words, least)] : await flags(candidate.text);
      if (reasons.length === 0) return { accepted: { candidate, round, rank }, rejected };
      rejected.push({ candidate, round, rank, reasons });
    }
  }
  return { accepted: null, rejected };
}

function tooShort(words: number, least: number): string {
  return words === 0 ? 'empty' : `${words} ${words === 1 ? 'word' : 'words'}, ${least} are needed`;
}

async function reasonsAgainst(text: string, moderator: Moderator | null): Promise<readonly string[]> {
  if (moderator === null) return [];
  const { flagged, reasons } = await moderator.review(text);
  if (!flagged) return [];
  return reasons.length > 0 ? reasons : [`flagged by ${moderator.name}`];
}
