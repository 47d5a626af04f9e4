/** The words, and with `bigrams` also each two in a row, joined by a space. */
export function ngrams(words: readonly string[], bigrams: boolean): string[] {
  return bigrams ? [...words, ...words.slice(1).map((word, i) => `${words[i]!} ${word}`)] : [...words];
}
