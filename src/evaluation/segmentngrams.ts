import type { MeasuredSegment } from './metric.ts';
import { NgramTrie, occurrences } from './ngramtrie.ts';

/** The n-grams of a segment's texts under numbers of their own. */
export interface SegmentNgrams {
  readonly trie: NgramTrie;
  /** Nodes of the texts' n-grams, as `NgramTrie.add` gives them. */
  readonly hypothesis: Int32Array;
  readonly references: readonly Int32Array[];
}

const known = new WeakMap<MeasuredSegment['tokens'], SegmentNgrams>();

/** Numbered once for all metrics that count n-grams; nothing of a segment outlives its tokens. */
export function ngramsOf(tokens: MeasuredSegment['tokens']): SegmentNgrams {
  const found = known.get(tokens);
  if (found !== undefined) return found;
  const { hypothesis, references } = tokens;
  const trie = new NgramTrie(references.reduce((sum, { length }) => sum + occurrences(length), occurrences(hypothesis.length)));
  const ngrams = { trie, hypothesis: trie.add(hypothesis), references: references.map((reference) => trie.add(reference)) };
  known.set(tokens, ngrams);
  return ngrams;
}
