import { Best } from './best.ts';
import type { Neighbour, Query, Similarity } from './scoring.ts';
import { scoreAt } from './scoring.ts';
import type { Candidate } from './survivors.ts';

/** Reads rows as they are. */
export interface RowReader {
  readonly size: number;
  /** [count, size], which holds until the next call. */
  read(first: number, count: number): Float32Array;
}

/** Candidates scored before those left are looked at again; doubled each time. */
const FIRST_ROUND = 128;
/** Bytes between two rows up to which reading on costs less than another read. */
const GAP_BYTES = 8192;
const READ_BYTES = 2 ** 20;

/**
 * The second pass: the k best candidates by their exact scores, best first. Candidates are taken from the greatest upper
 * bound on, until no bound that is left reaches the k-th score.
 * @param candidates as sorted by `Survivors`
 * @param onDoubt told of a row whose score is not within its bounds: codes and rows are not of the same vectors
 */
export function rescore(candidates: readonly Candidate[], k: number, query: Query, similarity: Similarity, reader: RowReader, onDoubt: (row: number) => never): Neighbour[] {
  const best = new Best(k);
  let round = Math.max(FIRST_ROUND, k);
  for (let from = 0; from < candidates.length; from += round, round *= 2) {
    const next = candidates.slice(from, from + round).filter(({ row, upper }) => best.takes(row, upper));
    // As they are sorted, none after the first can be kept when that one cannot.
    if (next.length === 0) break;
    for (const run of runs(next.sort((a, b) => a.row - b.row), reader.size)) {
      const first = run[0]!.row;
      const rows = reader.read(first, run.at(-1)!.row - first + 1);
      for (const { row, lower, upper } of run) {
        const score = scoreAt(rows, (row - first) * reader.size, query, similarity);
        if (!(score >= lower && score <= upper)) onDoubt(row);
        best.offer(row, score);
      }
    }
  }
  return best.sorted();
}

/** Candidates by row, joined where they lie so near each other that one read serves them. */
function runs(candidates: readonly Candidate[], size: number): Candidate[][] {
  const gap = 1 + Math.floor(GAP_BYTES / (size * 4));
  const most = Math.max(1, Math.floor(READ_BYTES / (size * 4)));
  const all: Candidate[][] = [];
  for (const candidate of candidates) {
    const last = all.at(-1);
    if (last !== undefined && candidate.row - last.at(-1)!.row <= gap && candidate.row - last[0]!.row < most) last.push(candidate);
    else all.push([candidate]);
  }
  return all;
}
