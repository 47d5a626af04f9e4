import type { Random } from '../core/random.ts';
import { END_ID } from '../text/vocabulary.ts';
import type { Constraints } from './constraints.ts';
import type { DecodingOptions } from './options.ts';
import type { Chosen, Move, Search } from './search.ts';

/** Draws each word: temperature, then the k most probable, then the nucleus of mass p (Holtzman et al. 2020). */
export class Sampling implements Search {
  readonly width = 1;
  readonly #options: DecodingOptions;
  readonly #maxWords: number;
  readonly #constraints: Constraints;
  readonly #random: Random;
  readonly #ids: number[] = [];
  #steps = 0;
  #logProbability = 0;
  #done = false;

  constructor(options: DecodingOptions, maxWords: number, constraints: Constraints, random: Random) {
    this.#options = options;
    this.#maxWords = maxWords;
    this.#constraints = constraints;
    this.#random = random;
  }

  get done(): boolean {
    return this.#done;
  }

  advance(row: (i: number) => Float32Array): Move {
    const logProbabilities = row(0);
    const original = (token: number): number => logProbabilities[token]!;
    this.#constraints.apply(logProbabilities, this.#ids);
    const token = draw(logProbabilities, this.#options, this.#random) ?? END_ID;
    if (Number.isFinite(original(token))) this.#logProbability += original(token);
    this.#steps++;
    if (token !== END_ID) this.#ids.push(token);
    this.#done = token === END_ID || this.#ids.length >= this.#maxWords;
    return { parents: [0], tokens: [token] };
  }

  result(): Chosen {
    return { ids: this.#ids, logProbability: this.#logProbability, rows: Array.from({ length: this.#steps }, () => 0) };
  }
}

/** One token of the truncated distribution; undefined when every word is barred. */
export function draw(logProbabilities: Float32Array, options: Pick<DecodingOptions, 'temperature' | 'top_k' | 'top_p'>, random: Random): number | undefined {
  const order = Array.from(logProbabilities.keys()).filter((i) => logProbabilities[i]! > -Infinity)
    .sort((a, b) => logProbabilities[b]! - logProbabilities[a]! || a - b);
  if (order.length === 0) return undefined;
  const kept = options.top_k > 0 ? order.slice(0, options.top_k) : order;
  const top = logProbabilities[kept[0]!]!;
  const weights = kept.map((i) => Math.exp((logProbabilities[i]! - top) / options.temperature));
  const size = nucleusSize(weights, options.top_p);
  const total = weights.slice(0, size).reduce((a, b) => a + b, 0);
  let point = random.uniform() * total;
  for (let i = 0; i < size; i++) {
    point -= weights[i]!;
    if (point < 0) return kept[i];
  }
  return kept[size - 1];
}

/** How many of the falling weights it takes to reach the share p. */
function nucleusSize(weights: readonly number[], p: number): number {
  if (p >= 1) return weights.length;
  const goal = p * weights.reduce((a, b) => a + b, 0);
  let mass = 0;
  const size = weights.findIndex((weight) => (mass += weight) >= goal);
  return size === -1 ? weights.length : size + 1;
}
