import { ShapeError, UserError } from '../../core/errors.ts';

/** How alike two vectors are: their dot product, or the cosine of their angle, 0 where one of them is all zeros. */
export const SIMILARITIES = ['dot', 'cosine'] as const;
export type Similarity = (typeof SIMILARITIES)[number];

/** A row and its score. */
export interface Neighbour {
  readonly row: number;
  readonly score: number;
}

/** A query with what its scores need. */
export interface Query {
  /** [size] */
  readonly vector: Float32Array;
  readonly norm: number;
}

/**
 * The query, checked.
 * @throws ShapeError when it has another size; UserError when it holds NaN or an infinity, which have no nearest rows
 */
export function queryOf(vector: Float32Array, size: number): Query {
  if (vector.length !== size) throw new ShapeError(`the query has ${vector.length} numbers, the vectors have ${size}`);
  const wrong = notFinite(vector);
  if (wrong >= 0) throw new UserError(`the query's number ${wrong + 1} of ${size} is ${vector[wrong]}; nothing is near such a vector: check what made it`);
  return { vector, norm: normAt(vector, 0, size) };
}

/** The place of the first NaN or infinity, or -1. */
function notFinite(values: Float32Array): number {
  // A loop: the callback of findIndex takes seconds over 600 million numbers.
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

/** @param first the number of the first row, from 0 @throws UserError naming the first vector that holds NaN or an infinity */
export function refuseNotFinite(rows: Float32Array, size: number, first: number, what: string): void {
  const wrong = notFinite(rows);
  if (wrong >= 0) throw new UserError(`${what} ${first + Math.floor(wrong / size) + 1} holds ${rows[wrong]} at place ${(wrong % size) + 1} of ${size}; check what made it`);
}

/** @throws RangeError unless `k` is a whole number, 1 or more */
export function checkCount(k: number): void {
  if (!Number.isSafeInteger(k) || k < 1) throw new RangeError(`${k} nearest rows were asked for; give a whole number from 1`);
}

/** The score of the row that begins at `at`: sums in double precision, from the first number to the last. */
export function scoreAt(rows: Float32Array, at: number, { vector, norm }: Query, similarity: Similarity): number {
  const dot = dotAt(rows, at, vector);
  if (similarity === 'dot') return dot;
  const norms = normAt(rows, at, vector.length) * norm;
  return norms === 0 ? 0 : dot / norms;
}

/** The length of the row that begins at `at`. */
export function normAt(rows: Float32Array, at: number, size: number): number {
  let sum = 0;
  for (let i = at; i < at + size; i++) sum += rows[i]! * rows[i]!;
  return Math.sqrt(sum);
}

function dotAt(rows: Float32Array, at: number, query: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < query.length; i++) sum += rows[at + i]! * query[i]!;
  return sum;
}
