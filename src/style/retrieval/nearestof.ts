import { ShapeError } from '../../core/errors.ts';
import { Best } from './best.ts';
import type { Neighbour, Similarity } from './scoring.ts';
import { checkCount, queryOf, scoreAt } from './scoring.ts';

export interface NearestOfOptions {
  /** @default 'cosine' */
  readonly similarity?: Similarity;
  /** Rows that are not wanted. */
  readonly barred?: (row: number) => boolean;
}

/**
 * The k rows nearest to a query, best first, by comparing all of them: for sets that are in memory, up to some 100,000 rows.
 * Rows that hold NaN are nobody's neighbours.
 * @param vectors [rows, size]
 * @param query [size]
 * @throws ShapeError when sizes do not fit; UserError when the query holds NaN or an infinity
 */
export function nearestOf(vectors: Float32Array, size: number, query: Float32Array, k: number, { similarity = 'cosine', barred }: NearestOfOptions = {}): Neighbour[] {
  checkCount(k);
  if (vectors.length % size !== 0) throw new ShapeError(`${vectors.length} numbers are not rows of ${size}`);
  const checked = queryOf(query, size);
  const best = new Best(k);
  for (let row = 0; row * size < vectors.length; row++) {
    const score = scoreAt(vectors, row * size, checked, similarity);
    if (!Number.isNaN(score) && best.takes(row, score) && !barred?.(row)) best.offer(row, score);
  }
  return best.sorted();
}
