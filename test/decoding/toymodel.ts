import { Random } from '../../src/core/random.ts';
import { decodingSchema } from '../../src/decoding/options.ts';
import type { DecodingOptions } from '../../src/decoding/options.ts';
import type { Chosen, NextWords, Search } from '../../src/decoding/search.ts';

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

/** All words of a row, the most probable first; equal ones keep their order, as in a compiled step. */
export function falling(logProbabilities: Float32Array): NextWords {
  const tokens = Array.from(logProbabilities.keys()).sort((a, b) => logProbabilities[b]! - logProbabilities[a]! || a - b);
  return { tokens, logProbabilities: tokens.map((token) => logProbabilities[token]!) };
}

/** Runs a search with states that follow their parents, as the storyteller does. @param count next words given a row */
export function runSearch(search: Search, model: ToyModel, count = TOKENS): Chosen & { readonly seen: readonly (readonly number[][])[] } {
  let states: number[][] = [[]];
  const seen: number[][][] = [];
  while (states.length > 0) {
    seen.push(states);
    const { parents, tokens } = search.advance((i) => {
      const next = falling(model(states[i]!));
      return { tokens: Array.from(next.tokens).slice(0, count), logProbabilities: Array.from(next.logProbabilities).slice(0, count) };
    });
    states = parents.map((parent, i) => [...states[parent]!, tokens[i]!]);
  }
  return { ...search.result(), seen };
}

export function decoding(options: Partial<DecodingOptions> = {}): DecodingOptions {
  return decodingSchema.parse(options);
}
