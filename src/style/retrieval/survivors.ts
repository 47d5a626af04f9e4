import { Best } from './best.ts';
import type { QueryCodes } from './codes.ts';
import { BOUNDS } from './codes.ts';

/** A row that may be among the k nearest, and between what its score lies. */
export interface Candidate {
  readonly row: number;
  readonly lower: number;
  readonly upper: number;
}

/** Candidates are gone through again when they are this many times the number that was left the last time. */
const GROWTH = 2;
const FIRST_LIMIT = 4096;

/**
 * The first pass for one query: rows whose upper bound is not below the k-th greatest lower bound. All others have k rows
 * before them.
 */
export class Survivors {
  readonly #query: QueryCodes;
  readonly #lowers: Best;
  readonly #barred: ((row: number) => boolean) | undefined;
  #candidates: Candidate[] = [];
  #limit = FIRST_LIMIT;

  constructor(query: QueryCodes, k: number, barred?: (row: number) => boolean) {
    this.#query = query;
    this.#lowers = new Best(k);
    this.#barred = barred;
  }

  /** @param products of the rows from `first` on; @param bounds of all rows, [rows, 3] */
  add(first: number, products: Int32Array, count: number, bounds: Float64Array): void {
    const { base, scale, reach, reachOfLoss, slack } = this.#query;
    let bar = this.#lowers.bar;
    for (let i = 0, at = first * BOUNDS; i < count; i++, at += BOUNDS) {
      const score = base + bounds[at]! * scale * products[i]!;
      const error = bounds[at + 1]! * reachOfLoss + bounds[at + 2]! * reach + slack;
      if (score + error < bar || this.#barred?.(first + i)) continue;
      this.#candidates.push({ row: first + i, lower: score - error, upper: score + error });
      this.#lowers.offer(first + i, score - error);
      bar = this.#lowers.bar;
    }
    if (this.#candidates.length > this.#limit) this.#limit = GROWTH * Math.max(FIRST_LIMIT, this.#filter().length);
  }

  /** Greatest upper bound first, equal ones by lower row. */
  sorted(): readonly Candidate[] {
    return this.#filter().sort((a, b) => b.upper - a.upper || a.row - b.row);
  }

  #filter(): Candidate[] {
    const { bar } = this.#lowers;
    this.#candidates = this.#candidates.filter(({ upper }) => upper >= bar);
    return this.#candidates;
  }
}
