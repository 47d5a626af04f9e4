/** A sentence that a search has chosen. */
export interface Chosen {
  /** Word ids without START and END. */
  readonly ids: readonly number[];
  /** Sum of log-probabilities, END included where it was reached. */
  readonly logProbability: number;
  /** Per word and the END: which of the sentence's rows of that step it came from, for attention maps. */
  readonly rows: readonly number[];
}

/** The most probable next words of one row, falling. */
export interface NextWords {
  readonly tokens: ArrayLike<number>;
  readonly logProbabilities: ArrayLike<number>;
}

/** What the live hypotheses of a sentence read next, one entry each; none when it is finished. Rows count from 0 within the sentence. */
export interface Move {
  /** The row of this step that each goes on from. */
  readonly parents: readonly number[];
  readonly tokens: readonly number[];
}

/** A strategy over the one step contract: next words of every live hypothesis in, the words chosen out. */
export interface Search {
  /** @param next next words of row i; row 0 alone before the first step. Barred words may be among them. */
  advance(next: (row: number) => NextWords): Move;
  result(): Chosen;
}
