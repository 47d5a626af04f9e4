import { END_ID } from '../text/vocabulary.ts';
import type { Constraints } from './constraints.ts';
import type { Chosen, Move, Search } from './search.ts';

interface Hypothesis {
  readonly ids: readonly number[];
  readonly rows: readonly number[];
  /** Sum of -log p. */
  readonly cost: number;
}

/**
 * Beam search as in VIST-seq2seq and neural-storyteller: of all continuations of the live hypotheses the
 * (beam - finished) cheapest stay; one finishes at END or at the greatest length; the cheapest finished one wins.
 * Width 1 is greedy search. The caller re-indexes decoder states by the parents returned.
 */
export class BeamSearch implements Search {
  readonly width: number;
  readonly #maxWords: number;
  readonly #lengthPenalty: number;
  readonly #constraints: Constraints;
  #live: Hypothesis[] = [{ ids: [], rows: [], cost: 0 }];
  readonly #finished: Hypothesis[] = [];

  constructor(width: number, maxWords: number, lengthPenalty: number, constraints: Constraints) {
    this.width = width;
    this.#maxWords = maxWords;
    this.#lengthPenalty = lengthPenalty;
    this.#constraints = constraints;
  }

  get done(): boolean {
    return this.#live.length === 0;
  }

  advance(row: (i: number) => Float32Array): Move {
    const room = this.width - this.#finished.length;
    const candidates: { cost: number; token: number; parent: number }[] = [];
    this.#live.forEach((hypothesis, parent) => {
      const logProbabilities = row(parent);
      this.#constraints.apply(logProbabilities, hypothesis.ids);
      for (const token of largest(logProbabilities, room)) candidates.push({ cost: hypothesis.cost - logProbabilities[token]!, token, parent });
    });
    // Everything may be barred: then the sentence ends where it stands.
    if (candidates.length === 0) this.#finished.push(...this.#live);
    candidates.sort((a, b) => a.cost - b.cost || a.parent - b.parent);
    const next: { hypothesis: Hypothesis; parent: number }[] = [];
    for (const { cost, token, parent } of candidates.slice(0, room)) {
      const from = this.#live[parent]!;
      const hypothesis = { ids: token === END_ID ? from.ids : [...from.ids, token], rows: [...from.rows, parent], cost };
      if (token === END_ID || hypothesis.ids.length >= this.#maxWords) this.#finished.push(hypothesis);
      else next.push({ hypothesis, parent });
    }
    this.#live = next.map(({ hypothesis }) => hypothesis);
    const pick = (i: number) => next[Math.min(i, next.length - 1)];
    const rows = Array.from({ length: this.width }, (_, i) => pick(i));
    return { parents: rows.map((one) => one?.parent ?? 0), tokens: rows.map((one) => one?.hypothesis.ids.at(-1) ?? END_ID) };
  }

  result(): Chosen {
    const score = ({ cost, rows }: Hypothesis): number => cost / Math.max(1, rows.length) ** this.#lengthPenalty;
    const best = this.#finished.reduce((a, b) => (score(b) < score(a) ? b : a));
    return { ids: best.ids, logProbability: -best.cost, rows: best.rows };
  }
}

/** Places of the `count` largest finite values, falling. Equal values keep their order. */
export function largest(values: Float32Array, count: number): number[] {
  const places: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (places.length === count && value <= values[places[count - 1]!]!) continue;
    if (value === -Infinity) continue;
    let at = places.length;
    while (at > 0 && values[places[at - 1]!]! < value) at--;
    places.splice(at, 0, i);
    if (places.length > count) places.pop();
  }
  return places;
}
