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
