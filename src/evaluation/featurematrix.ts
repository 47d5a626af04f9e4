import { ShapeError } from '../core/errors.ts';

/**
 * Rows of features that a linear model reads. `N` rows, `D` columns, `K` classes; ranges of rows are [from, to).
 * A selection shares the numbers: folds cost no memory.
 */
export interface FeatureMatrix {
  readonly rows: number;
  readonly columns: number;
  /**
   * Adds the products of rows and weights.
   * @param weights [K, stride], of which `columns` from `offset` belong to this matrix
   * @param scores [to - from, K], added to
   */
  addScores(from: number, to: number, weights: Float64Array, stride: number, offset: number, scores: Float64Array, classes: number): void;
  /**
   * Adds each row times its residuals.
   * @param residuals [to - from, K]
   * @param gradient [K, stride], added to
   */
  addGradient(from: number, to: number, residuals: Float64Array, classes: number, gradient: Float64Array, stride: number, offset: number): void;
  /** The rows of these numbers, in this order. */
  select(rows: Int32Array): FeatureMatrix;
}

/** Rows that the dense inner loops take at once. */
const GROUP = 4;

/** Float32 vectors, row by row. */
export class DenseFeatures implements FeatureMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly #data: Float32Array;
  /** [rows] where each begins. */
  readonly #starts: Float64Array;

  /** @param data [rows, columns]. @throws ShapeError when the length is not a multiple of `columns` */
  constructor(data: Float32Array, columns: number, starts?: Float64Array) {
    if (!(columns > 0) || data.length % columns !== 0) throw new ShapeError(`features: ${data.length} numbers are no rows of ${columns}`);
    this.#data = data;
    this.columns = columns;
    this.#starts = starts ?? Float64Array.from({ length: data.length / columns }, (_, row) => row * columns);
    this.rows = this.#starts.length;
  }

  addScores(from: number, to: number, weights: Float64Array, stride: number, offset: number, scores: Float64Array, classes: number): void {
    const [data, starts, columns] = [this.#data, this.#starts, this.columns];
    for (let row = from; row < to; row += GROUP) {
      const last = Math.min(GROUP, to - row);
      // A group that is not full reads its first row again.
      const a = starts[row]!, b = starts[last > 1 ? row + 1 : row]!, c = starts[last > 2 ? row + 2 : row]!, d = starts[last > 3 ? row + 3 : row]!;
      for (let k = 0; k < classes; k++) {
        let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        for (let i = 0, w = k * stride + offset; i < columns; i++, w++) {
          const weight = weights[w]!;
          s0 += weight * data[a + i]!;
          s1 += weight * data[b + i]!;
          s2 += weight * data[c + i]!;
          s3 += weight * data[d + i]!;
        }
        const at = (row - from) * classes + k;
        scores[at]! += s0;
        if (last > 1) scores[at + classes]! += s1;
        if (last > 2) scores[at + 2 * classes]! += s2;
        if (last > 3) scores[at + 3 * classes]! += s3;
      }
    }
  }

  addGradient(from: number, to: number, residuals: Float64Array, classes: number, gradient: Float64Array, stride: number, offset: number): void {
    const [data, starts, columns] = [this.#data, this.#starts, this.columns];
    for (let row = from; row < to; row += GROUP) {
      const last = Math.min(GROUP, to - row);
      const a = starts[row]!, b = starts[last > 1 ? row + 1 : row]!, c = starts[last > 2 ? row + 2 : row]!, d = starts[last > 3 ? row + 3 : row]!;
      for (let k = 0; k < classes; k++) {
        const at = (row - from) * classes + k;
        const r0 = residuals[at]!, r1 = last > 1 ? residuals[at + classes]! : 0;
        const r2 = last > 2 ? residuals[at + 2 * classes]! : 0, r3 = last > 3 ? residuals[at + 3 * classes]! : 0;
        for (let i = 0, g = k * stride + offset; i < columns; i++, g++) {
          gradient[g]! += r0 * data[a + i]! + r1 * data[b + i]! + r2 * data[c + i]! + r3 * data[d + i]!;
        }
      }
    }
  }

  select(rows: Int32Array): DenseFeatures {
    return new DenseFeatures(this.#data, this.columns, Float64Array.from(rows, (row) => this.#starts[row]!));
  }
}

/** Rows that are mostly zeros, such as counts of words: the columns and values of each. */
export class SparseFeatures implements FeatureMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly #entries: readonly SparseRow[];

  constructor(entries: readonly SparseRow[], columns: number) {
    [this.#entries, this.rows, this.columns] = [entries, entries.length, columns];
  }

  addScores(from: number, to: number, weights: Float64Array, stride: number, offset: number, scores: Float64Array, classes: number): void {
    for (let row = from; row < to; row++) {
      const { columns, values } = this.#entries[row]!;
      for (let k = 0; k < classes; k++) {
        let sum = 0;
        for (let i = 0, start = k * stride + offset; i < columns.length; i++) sum += weights[start + columns[i]!]! * values[i]!;
        scores[(row - from) * classes + k]! += sum;
      }
    }
  }

  addGradient(from: number, to: number, residuals: Float64Array, classes: number, gradient: Float64Array, stride: number, offset: number): void {
    for (let row = from; row < to; row++) {
      const { columns, values } = this.#entries[row]!;
      for (let k = 0; k < classes; k++) {
        const residual = residuals[(row - from) * classes + k]!;
        for (let i = 0, start = k * stride + offset; i < columns.length; i++) gradient[start + columns[i]!]! += residual * values[i]!;
      }
    }
  }

  select(rows: Int32Array): SparseFeatures {
    return new SparseFeatures(Array.from(rows, (row) => this.#entries[row]!), this.columns);
  }
}

/** One row of `SparseFeatures`; a column comes once. */
export interface SparseRow {
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

/** Two matrices of the same rows, side by side. */
export class JoinedFeatures implements FeatureMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly #left: FeatureMatrix;
  readonly #right: FeatureMatrix;

  /** @throws ShapeError when the rows differ in number */
  constructor(left: FeatureMatrix, right: FeatureMatrix) {
    if (left.rows !== right.rows) throw new ShapeError(`features: ${left.rows} rows cannot stand beside ${right.rows}`);
    [this.#left, this.#right, this.rows, this.columns] = [left, right, left.rows, left.columns + right.columns];
  }

  addScores(from: number, to: number, weights: Float64Array, stride: number, offset: number, scores: Float64Array, classes: number): void {
    this.#left.addScores(from, to, weights, stride, offset, scores, classes);
    this.#right.addScores(from, to, weights, stride, offset + this.#left.columns, scores, classes);
  }

  addGradient(from: number, to: number, residuals: Float64Array, classes: number, gradient: Float64Array, stride: number, offset: number): void {
    this.#left.addGradient(from, to, residuals, classes, gradient, stride, offset);
    this.#right.addGradient(from, to, residuals, classes, gradient, stride, offset + this.#left.columns);
  }

  select(rows: Int32Array): JoinedFeatures {
    return new JoinedFeatures(this.#left.select(rows), this.#right.select(rows));
  }
}
