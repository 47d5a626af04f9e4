import { END_ID } from '../text/vocabulary.ts';
import type { Constraints } from './constraints.ts';
import type { Chosen, Move, NextWords, Search } from './search.ts';

interface Hypothesis {
  readonly ids: readonly number[];
  readonly rows: readonly number[];
  /** Sum of -log p. */
  readonly cost: number;
}

interface Continuation {
  readonly cost: number;
  readonly token: number;
  readonly parent: number;
}

/**
 * Beam search as in VIST-seq2seq and neural-storyteller: of all continuations of the live hypotheses the
 * (beam - finished) cheapest stay; one finishes at END or at the greatest length; the cheapest finished one wins.
 * Width 1 is greedy search. The caller re-indexes decoder states by the parents returned.
 */
export class BeamSearch implements Search {
  readonly #width: number;
  readonly #maxWords: number;
  readonly #lengthPenalty: number;
  readonly #constraints: Constraints;
  #live: readonly Hypothesis[] = [{ ids: [], rows: [], cost: 0 }];
  readonly #finished: Hypothesis[] = [];

  constructor(width: number, maxWords: number, lengthPenalty: number, constraints: Constraints) {
    this.#width = width;
    this.#maxWords = maxWords;
    this.#lengthPenalty = lengthPenalty;
    this.#constraints = constraints;
  }

  advance(next: (row: number) => NextWords): Move {
    const kept = this.#cheapest(next);
    // Everything may be barred: then the sentence ends where it stands.
    if (kept.length === 0) this.#finished.push(...this.#live);
    const [live, parents, tokens]: [Hypothesis[], number[], number[]] = [[], [], []];
    for (const { cost, token, parent } of kept) {
      const from = this.#live[parent]!;
      const hypothesis = { ids: token === END_ID ? from.ids : [...from.ids, token], rows: [...from.rows, parent], cost };
      if (token === END_ID || hypothesis.ids.length >= this.#maxWords) this.#finished.push(hypothesis);
      else {
        live.push(hypothesis);
        parents.push(parent);
        tokens.push(token);
      }
    }
    this.#live = live;
    return { parents, tokens };
  }

  #cheapest(next: (row: number) => NextWords): Continuation[] {
    const room = this.#width - this.#finished.length;
    const continuations: Continuation[] = [];
    this.#live.forEach(({ ids, cost }, parent) => {
      const barred = this.#constraints.barred(ids);
      const { tokens, logProbabilities } = next(parent);
      for (let i = 0, taken = 0; i < tokens.length && taken < room; i++) {
        const logProbability = logProbabilities[i]!;
        if (barred.has(tokens[i]!) || logProbability === -Infinity) continue;
        continuations.push({ cost: cost - logProbability, token: tokens[i]!, parent });
        taken++;
      }
    });
    return continuations.sort((a, b) => a.cost - b.cost || a.parent - b.parent).slice(0, room);
  }

  result(): Chosen {
    return this.ranked()[0]!;
  }

  /** All finished hypotheses, the best first. */
  ranked(): Chosen[] {
    const score = ({ cost, rows }: Hypothesis): number => cost / Math.max(1, rows.length) ** this.#lengthPenalty;
    const sorted = this.#finished.toSorted((a, b) => score(a) - score(b));
    return sorted.map(({ ids, cost, rows }) => ({ ids, logProbability: -cost, rows }));
  }
}
