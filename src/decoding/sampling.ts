import type { Random } from '../core/random.ts';
import { END_ID } from '../text/vocabulary.ts';
import type { Constraints } from './constraints.ts';
import type { DecodingOptions } from './options.ts';
import type { Chosen, Move, NextWords, Search } from './search.ts';

/** Draws each word: temperature, then the k most probable, then the nucleus of mass p (Holtzman et al. 2020). */
export class Sampling implements Search {
  readonly #options: DecodingOptions;
  readonly #maxWords: number;
  readonly #constraints: Constraints;
  readonly #random: Random;
  readonly #ids: number[] = [];
  #steps = 0;
  #logProbability = 0;

  constructor(options: DecodingOptions, maxWords: number, constraints: Constraints, random: Random) {
    this.#options = options;
    this.#maxWords = maxWords;
    this.#constraints = constraints;
    this.#random = random;
  }

  advance(next: (row: number) => NextWords): Move {
    const allowed = without(next(0), this.#constraints.barred(this.#ids));
    const place = draw(allowed.logProbabilities, this.#options, this.#random);
    const token = place === undefined ? END_ID : allowed.tokens[place]!;
    if (place !== undefined) this.#logProbability += allowed.logProbabilities[place]!;
    this.#steps++;
    if (token !== END_ID) this.#ids.push(token);
    return token === END_ID || this.#ids.length >= this.#maxWords ? { parents: [], tokens: [] } : { parents: [0], tokens: [token] };
  }

  result(): Chosen {
    return { ids: this.#ids, logProbability: this.#logProbability, rows: Array.from({ length: this.#steps }, () => 0) };
  }
}

function without({ tokens, logProbabilities }: NextWords, barred: ReadonlySet<number>): { tokens: number[]; logProbabilities: number[] } {
  const places = Array.from({ length: tokens.length }, (_, i) => i).filter((i) => !barred.has(tokens[i]!) && logProbabilities[i]! > -Infinity);
  return { tokens: places.map((i) => tokens[i]!), logProbabilities: places.map((i) => logProbabilities[i]!) };
}

/** A place in the truncated distribution; undefined when there is none. @param falling log-probabilities, the greatest first */
export function draw(falling: readonly number[], options: Pick<DecodingOptions, 'temperature' | 'top_k' | 'top_p'>, random: Random): number | undefined {
  if (falling.length === 0) return undefined;
  const kept = options.top_k > 0 ? falling.slice(0, options.top_k) : falling;
  const weights = kept.map((x) => Math.exp((x - kept[0]!) / options.temperature));
  const size = nucleusSize(weights, options.top_p);
  const total = weights.slice(0, size).reduce((a, b) => a + b, 0);
  let point = random.uniform() * total;
  for (let i = 0; i < size; i++) {
    point -= weights[i]!;
    if (point < 0) return i;
  }
  return size - 1;
}

/** How many of the falling weights it takes to reach the share p. */
function nucleusSize(weights: readonly number[], p: number): number {
  if (p >= 1) return weights.length;
  const goal = p * weights.reduce((a, b) => a + b, 0);
  let mass = 0;
  const size = weights.findIndex((weight) => (mass += weight) >= goal);
  return size === -1 ? weights.length : size + 1;
}
