/** Words and their vectors. */
export interface WordTable {
  readonly words: readonly string[];
  /** [words, E], row by row. */
  readonly data: Float32Array;
}

/** E, the numbers of a vector. */
export function widthOf({ words, data }: WordTable): number {
  const width = data.length / words.length;
  if (!Number.isInteger(width)) throw new Error(`a table of ${data.length} numbers for ${words.length} words`);
  return width;
}
