/** How the vectors of a sentence's tokens become one: their mean, their first, or the largest number at each place. */
export const POOLINGS = ['mean', 'cls', 'max'] as const;
export type Pooling = (typeof POOLINGS)[number];

/**
 * One vector for each sentence of a batch.
 * @param hidden [lengths.length, steps, size], row by row
 * @param lengths tokens of each sentence, at least 1; what lies behind them is filling
 * @returns [lengths.length, size]
 */
export function pool(hidden: Float32Array, lengths: readonly number[], steps: number, size: number, pooling: Pooling): Float32Array {
  const out = new Float32Array(lengths.length * size);
  for (const [row, length] of lengths.entries()) {
    const vector = out.subarray(row * size, (row + 1) * size);
    const start = row * steps * size;
    if (pooling === 'cls') vector.set(hidden.subarray(start, start + size));
    else if (pooling === 'max') largest(hidden, start, length, vector);
    else mean(hidden, start, length, vector);
  }
  return out;
}

function largest(hidden: Float32Array, start: number, length: number, out: Float32Array): void {
  out.fill(-Infinity);
  for (let step = 0, at = start; step < length; step++) {
    for (let i = 0; i < out.length; i++, at++) if (hidden[at]! > out[i]!) out[i] = hidden[at]!;
  }
}

function mean(hidden: Float32Array, start: number, length: number, out: Float32Array): void {
  for (let step = 0, at = start; step < length; step++) {
    for (let i = 0; i < out.length; i++, at++) out[i]! += hidden[at]!;
  }
  for (let i = 0; i < out.length; i++) out[i]! /= length;
}

/** Gives each row the length one, in place; rows of zeros stay. @param rows [n, size] */
export function normaliseRows(rows: Float32Array, size: number): void {
  for (let start = 0; start < rows.length; start += size) {
    const row = rows.subarray(start, start + size);
    let squares = 0;
    for (const x of row) squares += x * x;
    if (squares === 0) continue;
    const scale = 1 / Math.sqrt(squares);
    for (let i = 0; i < size; i++) row[i]! *= scale;
  }
}
