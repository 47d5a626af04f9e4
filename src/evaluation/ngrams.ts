/** How often each n-gram occurs; its words are joined by one space, which no token holds. */
export type NgramCounts = ReadonlyMap<string, number>;

/**
 * The n-grams of one order.
 * @param words tokens without spaces in them
 * @param order n, from 1
 */
export function countNgrams(words: readonly string[], order: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let start = 0; start + order <= words.length; start++) {
    const ngram = order === 1 ? words[start]! : words.slice(start, start + order).join(' ');
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

/** For each n-gram the largest count it has in any one of the texts: what a hypothesis can be credited with (Papineni et al. 2002). */
export function largestCounts(texts: readonly NgramCounts[]): NgramCounts {
  const [first = new Map<string, number>(), ...others] = texts;
  if (others.length === 0) return first;
  const largest = new Map(first);
  for (const counts of others) {
    for (const [ngram, count] of counts) if (count > (largest.get(ngram) ?? 0)) largest.set(ngram, count);
  }
  return largest;
}

/** Sum over n-grams of the smaller of both counts. */
export function overlap(counts: NgramCounts, limits: NgramCounts): number {
  let sum = 0;
  for (const [ngram, count] of counts) sum += Math.min(count, limits.get(ngram) ?? 0);
  return sum;
}
