/** A sentence that a search has chosen. */
export interface Chosen {
  /** Word ids without START and END. */
  readonly ids: readonly number[];
  /** Sum of log-probabilities, END included where it was reached. */
  readonly logProbability: number;
  /** Per word and the END: row of the step's results it came from, for attention maps. */
  readonly rows: readonly number[];
}

/** Where the hypotheses of one sentence go next. Rows count from 0 to width - 1 within the sentence. */
export interface Move {
  readonly parents: readonly number[];
  readonly tokens: readonly number[];
}

/** A strategy over the one step contract: log-probabilities of every live row in, next words out. */
export interface Search {
  /** Rows it needs. */
  readonly width: number;
  readonly done: boolean;
  /** @param row log-probabilities of row i; may be written to */
  advance(row: (i: number) => Float32Array): Move;
  result(): Chosen;
}
