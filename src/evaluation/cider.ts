import type { FrequencyCounts } from './documentfrequencies.ts';
import { meanMetric } from './meanmetric.ts';
import type { Metric } from './metric.ts';
import { ORDERS } from './ngramtrie.ts';
import type { NgramTrie } from './ngramtrie.ts';
import { ngramsOf } from './segmentngrams.ts';

/** Standard deviation of CIDEr-D's length penalty, in words. */
const SIGMA = 6;

/** Both tools multiply by it, so that scores look like other metrics'. */
const SCALE = 10;

/**
 * `CIDEr-D` is what coco-caption calls CIDEr and papers report: counts are clipped to the reference's, and a length that
 * differs costs. `CIDEr` is plain, as in `pyciderevalcap/cider` of vrama91/cider.
 */
export type CiderVariant = 'CIDEr' | 'CIDEr-D';

/** A text as tf-idf weights by node of its segment's trie. */
interface Vector {
  /** [nodes] */
  readonly weights: Float64Array;
  /** Euclidean norm of each order's weights. [4] */
  readonly norms: Float64Array;
  /** What the tools take for the length: pairs of neighbouring words, so that texts of no word and of one are equally long. */
  readonly length: number;
}

/**
 * Mean CIDEr over segments (Vedantam et al. 2015), as the tools have it: the paper stems words, neither tool does. The
 * inverse document frequency is log(segments) - log(frequency), an n-gram that no segment holds counting as in one. So a
 * corpus of a single segment scores 0 whatever it says, and a word that every segment has weighs nothing. Where no
 * reference holds a word at all, which stops the tools, it is 0 too.
 * @param frequencies counted to the end, of the references (`corpus` to the tools) or of other texts cut by the same
 * tokenizer
 * @throws RangeError when no segment was counted; from `measure` when a segment has no reference
 */
export function ciderMetric(frequencies: FrequencyCounts, options: { readonly variant: CiderVariant }): Metric {
  if (frequencies.segments === 0) throw new RangeError('CIDEr: document frequencies of no segment');
  const logSegments = Math.log(frequencies.segments);
  return meanMetric(options.variant, ({ tokens }) => {
    if (tokens.references.length === 0) throw new RangeError('CIDEr: a segment without a reference');
    const { trie, hypothesis, references } = ngramsOf(tokens);
    const counts = frequencies.countsOf(trie);
    const idf = new Float64Array(trie.size);
    // Most n-grams of stories stand in one segment: no logarithm for them.
    for (let node = 0; node < idf.length; node++) idf[node] = counts[node]! > 1 ? logSegments - Math.log(counts[node]!) : logSegments;
    const own = vectorOf(trie, hypothesis, idf);
    let sum = 0;
    for (const reference of references) sum += similarity(trie, own, vectorOf(trie, reference, idf), options.variant);
    return (SCALE * sum) / references.length;
  });
}

function vectorOf(trie: NgramTrie, nodes: Int32Array, idf: Float64Array): Vector {
  const weights = new Float64Array(trie.size);
  const norms = new Float64Array(ORDERS);
  let length = 0;
  for (const node of nodes) {
    if (trie.orderOf(node) === 2) length++;
    weights[node]! += idf[node]!;
  }
  for (let node = 1; node < weights.length; node++) norms[trie.orderOf(node) - 1]! += weights[node]! ** 2;
  return { weights, norms: norms.map(Math.sqrt), length };
}

/** Mean over orders of the cosine of both texts; for CIDEr-D clipped, and less where lengths differ. */
function similarity(trie: NgramTrie, own: Vector, other: Vector, variant: CiderVariant): number {
  const products = new Float64Array(ORDERS);
  for (let node = 1; node < own.weights.length; node++) {
    const theirs = other.weights[node]!;
    const ours = own.weights[node]!;
    if (theirs !== 0 && ours !== 0) products[trie.orderOf(node) - 1]! += (variant === 'CIDEr-D' ? Math.min(ours, theirs) : ours) * theirs;
  }
  // A norm of 0 has weights of 0 only, and with them a product of 0.
  const sum = products.reduce((total, product, order) => total + (product === 0 ? 0 : product / (own.norms[order]! * other.norms[order]!)), 0);
  const penalty = variant === 'CIDEr-D' ? Math.exp(-((own.length - other.length) ** 2) / (2 * SIGMA ** 2)) : 1;
  return (penalty * sum) / ORDERS;
}
