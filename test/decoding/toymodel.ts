import { Random } from '../../src/core/random.ts';
import { decodingSchema } from '../../src/decoding/options.ts';
import type { DecodingOptions } from '../../src/decoding/options.ts';
import type { Chosen, Search } from '../../src/decoding/search.ts';

/** The four specials and four words. */
export const TOKENS = 8;

/** Log-probabilities of the next token after the words so far. */
export type ToyModel = (history: readonly number[]) => Float32Array;

export function logSoftmax(scores: readonly number[]): Float32Array {
  const total = Math.log(scores.reduce((sum, x) => sum + Math.exp(x), 0));
  return Float32Array.from(scores, (x) => x - total);
}

/** A random model that remembers everything said: its state is the whole history. */
export function randomModel(seed: number): ToyModel {
  return (history) => {
    const random = new Random(`${seed}/${history.join(' ')}`);
    return logSoftmax(Array.from({ length: TOKENS }, () => 1.5 * random.normal()));
  };
}

/** Probabilities by the words so far; what is not listed ends. */
export function tableModel(table: Readonly<Record<string, Readonly<Record<number, number>>>>): ToyModel {
  return (history) => {
    const row = table[history.join(' ')] ?? { 2: 1 };
    return Float32Array.from({ length: TOKENS }, (_, token) => Math.log(row[token] ?? 0));
  };
}

/** Runs a search with states that follow their parents, as the storyteller does. */
export function runSearch(search: Search, model: ToyModel): Chosen & { readonly seen: readonly (readonly number[][])[] } {
  let states: number[][] = Array.from({ length: search.width }, () => []);
  const seen: number[][][] = [];
  while (!search.done) {
    seen.push(states);
    const { parents, tokens } = search.advance((i) => Float32Array.from(model(states[i]!)));
    states = parents.map((parent, i) => [...states[parent]!, tokens[i]!]);
  }
  return { ...search.result(), seen };
}

export function decoding(options: Partial<DecodingOptions> = {}): DecodingOptions {
  return decodingSchema.parse(options);
}
