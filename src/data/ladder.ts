/**
 * Shapes for packed batches. Compiled programs have fixed shapes, and every new shape costs a compilation, so batches
 * are fitted into a few prepared ladders (rows per step, falling) with a little slack, instead of each having its own.
 */
export type Ladder = readonly number[];

/** Shapes of one batch or one prepared slot: sentences to tell and, where read, sentences before them. */
export interface Shape {
  readonly words: Ladder;
  readonly previous?: Ladder;
}

/** How many sequences are longer than t, for t = 0, 1, ... */
export function ladderOf(lengths: readonly number[]): number[] {
  const ladder = Array.from({ length: Math.max(0, ...lengths) }, () => 0);
  for (const length of lengths) for (let t = 0; t < length; t++) ladder[t]!++;
  return ladder;
}

export function rowsOf(ladder: Ladder): number {
  return ladder.reduce((sum, rows) => sum + rows, 0);
}

/** Whether a batch of shape `inner` fits into `outer`. */
export function fits(inner: Shape, outer: Shape): boolean {
  return below(inner.words, outer.words) && below(inner.previous ?? [], outer.previous ?? []);
}

function below(inner: Ladder, outer: Ladder): boolean {
  return inner.length <= outer.length && inner.every((rows, t) => rows <= outer[t]!);
}

/**
 * Ladders for batches like those in `samples`, smallest first: samples are grouped by size, each group gets the least
 * ladder that holds its members, and `full`, which holds everything, comes last. A pure function of its arguments, so
 * that a resumed run computes in the same shapes.
 */
export function planShapes(samples: readonly Shape[], full: Shape, groups: number): Shape[] {
  const sorted = samples.toSorted((a, b) => size(a) - size(b));
  const count = Math.min(groups, sorted.length);
  const edge = (g: number): number => Math.floor((g * sorted.length) / count);
  const planned = Array.from({ length: count }, (_, g) => sorted.slice(edge(g), edge(g + 1)).reduce(envelope));
  const rounded = planned.map((shape) => roundUp(shape, full));
  return [...rounded.filter((shape, i) => !rounded.slice(0, i).some((other) => fits(shape, other))), full];
}

function size(shape: Shape): number {
  return rowsOf(shape.words) + rowsOf(shape.previous ?? []);
}

/** The least shape that holds both. */
function envelope(a: Shape, b: Shape): Shape {
  const least = (x: Ladder, y: Ladder): number[] =>
    Array.from({ length: Math.max(x.length, y.length) }, (_, t) => Math.max(x[t] ?? 0, y[t] ?? 0));
  return { words: least(a.words, b.words), ...(a.previous && { previous: least(a.previous, b.previous ?? []) }) };
}

/** Rows rounded up to multiples of 4: room for batches that were not sampled, and even work for SIMD. */
function roundUp(shape: Shape, full: Shape): Shape {
  const round = (ladder: Ladder, limit: Ladder): number[] => ladder.map((rows, t) => Math.min(limit[t]!, Math.ceil(rows / 4) * 4));
  return { words: round(shape.words, full.words), ...(shape.previous && { previous: round(shape.previous, full.previous!) }) };
}
