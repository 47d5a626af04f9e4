import { ShapeError } from '../core/errors.ts';
import { splitWords } from '../text/tokenizer.ts';

/** Vectors of two sentences a pair, row by row [pairs, size]. */
export interface PairVectors {
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/**
 * The features of skip-thoughts' pair tasks (Kiros et al. 2015, section 3.1): |u - v| and then u * v.
 * @returns [pairs, 2 size]
 * @throws ShapeError when the two sides do not fit
 */
export function pairFeatures({ first, second }: PairVectors, size: number): Float32Array {
  if (first.length !== second.length || first.length % size !== 0) throw new ShapeError(`pairs of vectors: ${first.length} and ${second.length} numbers for vectors of ${size}`);
  const features = new Float32Array(2 * first.length);
  for (let i = 0, at = 0; i < first.length; i += size, at += 2 * size) {
    for (let k = 0; k < size; k++) {
      const [u, v] = [first[i + k]!, second[i + k]!];
      features[at + k] = Math.abs(u - v);
      features[at + size + k] = u * v;
    }
  }
  return features;
}

/**
 * Features of pairs for a classification: `pairFeatures`, followed by `overlapFeatures` where sentences are given.
 * @returns the features and their number a pair
 */
export function pairInputs(vectors: PairVectors, size: number, sentences?: readonly (readonly [string, string])[]): { readonly vectors: Float32Array; readonly size: number } {
  const features = pairFeatures(vectors, size);
  if (sentences === undefined) return { vectors: features, size: 2 * size };
  const overlap = overlapFeatures(sentences);
  const width = 2 * size + OVERLAP_FEATURES;
  if (sentences.length * 2 * size !== features.length) throw new ShapeError(`pairs of vectors: ${sentences.length} pairs of sentences for ${features.length / 2 / size} of vectors`);
  const all = new Float32Array(sentences.length * width);
  for (let row = 0; row < sentences.length; row++) {
    all.set(features.subarray(row * 2 * size, (row + 1) * 2 * size), row * width);
    all.set(overlap.subarray(row * OVERLAP_FEATURES, (row + 1) * OVERLAP_FEATURES), row * width + 2 * size);
  }
  return { vectors: all, size: width };
}

/** How many `overlapFeatures` gives. */
export const OVERLAP_FEATURES = 6;

/**
 * What Socher et al. (2011) add for paraphrases, as skip-thoughts coded it: whether the numbers agree (three ways), the
 * share of either's words that are the other's, and the mean ratio of lengths.
 * @param pairs sentences, words apart by spaces
 * @returns [pairs, 6]
 */
export function overlapFeatures(pairs: readonly (readonly [string, string])[]): Float32Array {
  const features = new Float32Array(pairs.length * OVERLAP_FEATURES);
  for (const [row, [first, second]] of pairs.entries()) {
    const [a, b] = [splitWords(first), splitWords(second)];
    const [words, others] = [new Set(a), new Set(b)];
    const [numbers, otherNumbers] = [new Set(a.filter(isNumber)), new Set(b.filter(isNumber))];
    const within = contains(otherNumbers, numbers);
    const around = contains(numbers, otherNumbers);
    const shared = [...words].filter((word) => others.has(word)).length;
    const lengths = a.length === 0 || b.length === 0 ? 0 : 0.5 * (a.length / b.length + b.length / a.length);
    features.set([
      Number(within && around), Number(within && around && numbers.size > 0), Number(within || around),
      shared / Math.max(1, words.size), shared / Math.max(1, others.size), lengths,
    ], row * OVERLAP_FEATURES);
  }
  return features;
}

function isNumber(word: string): boolean {
  return word !== '' && Number.isFinite(Number(word));
}

function contains(all: ReadonlySet<string>, some: ReadonlySet<string>): boolean {
  return [...some].every((item) => all.has(item));
}
