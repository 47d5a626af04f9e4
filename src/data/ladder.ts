/**
 * Sequences of different lengths are packed: sorted by falling length, step t holds the rows of those longer than t. A
 * ladder is the rows of every step.
 */
export type Ladder = readonly number[];

/** How many sequences are longer than t, for t = 0, 1, ... */
export function ladderOf(lengths: readonly number[]): number[] {
  const ladder = Array.from({ length: Math.max(0, ...lengths) }, () => 0);
  for (const length of lengths) for (let t = 0; t < length; t++) ladder[t]!++;
  return ladder;
}

export function rowsOf(ladder: Ladder): number {
  return ladder.reduce((sum, rows) => sum + rows, 0);
}
