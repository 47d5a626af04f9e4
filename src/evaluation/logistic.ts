import { ShapeError } from '../core/errors.ts';
import type { FeatureMatrix } from './featurematrix.ts';
import type { Objective } from './lbfgs.ts';
import { minimise } from './lbfgs.ts';

export interface LogisticOptions {
  /** scikit-learn's C: how much the data weigh against the squared weights. Default 1. */
  readonly strength?: number;
  /**
   * Training ends when no partial derivative of the mean loss is larger than so much of the largest there is without
   * weights: products of unit vectors are small numbers, and an absolute tolerance would end at once. Default 1e-4.
   */
  readonly tolerance?: number;
  /** Default 1000. */
  readonly maxIterations?: number;
  /** A model of the same shape to start from, such as that of the last strength; else zeros. */
  readonly start?: LogisticModel;
}

/** Rows for which scores and gradient are computed together, so that the second reading finds them in the cache. */
const BLOCK = 16;

/** A trained model. `K` classes, of which those without an example have probability 0. */
export class LogisticModel {
  readonly classes: number;
  readonly columns: number;
  /** Classes that have examples, ascending. */
  readonly present: Int32Array;
  /**
   * [rows, columns + 1], the intercept last: a row a present class, but for two of them one row, of the second against
   * the first, and for one class none.
   */
  readonly weights: Float64Array;
  readonly iterations: number;
  readonly converged: boolean;

  constructor(fields: { classes: number; columns: number; present: Int32Array; weights: Float64Array; iterations: number; converged: boolean }) {
    ({ classes: this.classes, columns: this.columns, present: this.present, weights: this.weights, iterations: this.iterations, converged: this.converged } = fields);
  }

  /** [rows, classes], each row summing to 1. @throws ShapeError when the features have other columns */
  probabilities(features: FeatureMatrix): Float64Array {
    if (features.columns !== this.columns) throw new ShapeError(`features: ${features.columns} columns; the model was trained on ${this.columns}`);
    const width = weightRows(this.present.length);
    const scores = new Float64Array(features.rows * width);
    addAllScores(features, 0, features.rows, this.weights, width, scores);
    const out = new Float64Array(features.rows * this.classes);
    const row = new Float64Array(this.present.length);
    for (let n = 0; n < features.rows; n++) {
      distribution(scores, n * width, row);
      this.present.forEach((label, k) => (out[n * this.classes + label] = row[k]!));
    }
    return out;
  }

  /** [rows] the most probable class of each; of equal ones the first. */
  predict(features: FeatureMatrix): Int32Array {
    const probabilities = this.probabilities(features);
    return Int32Array.from({ length: features.rows }, (_, n) => argmax(probabilities.subarray(n * this.classes, (n + 1) * this.classes)));
  }
}

/**
 * Multinomial logistic regression by full-batch L-BFGS: minimises the summed loss plus the squared weights over 2C, as
 * scikit-learn's `LogisticRegression` does, the intercepts free. Sums are in double precision. An iteration reads the
 * features once and costs 2 x rows x columns x classes products (half for two classes), about 1,000 million a second:
 * 0.05 s for 5,000 x 4,800 of two classes, 0.3 s of six. Trainings take 20 to 300.
 * @param labels [rows] classes from 0
 * @param weights [rows] what each row counts; default 1
 */
export function fitLogistic(features: FeatureMatrix, labels: ArrayLike<number>, classes: number, options: LogisticOptions & { readonly weights?: ArrayLike<number> } = {}): LogisticModel {
  if (labels.length !== features.rows) throw new ShapeError(`logistic regression: ${labels.length} labels for ${features.rows} rows`);
  const targets = new Float64Array(features.rows * classes);
  for (let row = 0; row < features.rows; row++) {
    const label = labels[row]!;
    if (!Number.isInteger(label) || label < 0 || label >= classes) throw new ShapeError(`logistic regression: row ${row} has class ${label} of ${classes}`);
    targets[row * classes + label] = options.weights?.[row] ?? 1;
  }
  return fitDistributions(features, targets, classes, options);
}

/**
 * The same for rows that belong to several classes in part.
 * @param targets [rows, classes] shares of each row; their sum is what the row counts
 */
export function fitDistributions(features: FeatureMatrix, targets: Float64Array, classes: number, options: LogisticOptions = {}): LogisticModel {
  const { strength = 1, tolerance = 1e-4, maxIterations = 1000, start } = options;
  if (features.rows === 0 || targets.length !== features.rows * classes) throw new ShapeError(`logistic regression: ${targets.length} targets for ${features.rows} rows of ${classes} classes`);
  const present = Int32Array.from(Array.from({ length: classes }, (_, k) => k).filter((k) => someTarget(targets, classes, k)));
  const { columns } = features;
  if (present.length < 2) return new LogisticModel({ classes, columns, present, weights: new Float64Array(0), iterations: 0, converged: true });
  const length = weightRows(present.length) * (columns + 1);
  const from = start !== undefined && start.weights.length === length && start.present.every((label, k) => label === present[k]) ? start.weights : new Float64Array(length);
  const objective = meanLoss(features, pickColumns(targets, classes, present), present.length, strength);
  const { point, iterations, converged } = minimise(objective, from, { tolerance: tolerance * slopeWithoutWeights(objective, length, columns + 1), maxIterations });
  return new LogisticModel({ classes, columns, present, weights: point, iterations, converged });
}

/** The largest partial derivative at zero, intercepts apart; at most 1. */
function slopeWithoutWeights(objective: Objective, length: number, stride: number): number {
  const gradient = new Float64Array(length);
  objective(new Float64Array(length), gradient);
  const most = gradient.reduce((largest, value, i) => ((i + 1) % stride === 0 ? largest : Math.max(largest, Math.abs(value))), 0);
  return most === 0 ? 1 : Math.min(1, most);
}

/** The first place of the largest value. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Two classes need one row of weights. */
function weightRows(present: number): number {
  return present <= 2 ? present - 1 : present;
}

function someTarget(targets: Float64Array, classes: number, k: number): boolean {
  for (let i = k; i < targets.length; i += classes) if (targets[i]! > 0) return true;
  return false;
}

function pickColumns(targets: Float64Array, classes: number, present: Int32Array): Float64Array {
  if (present.length === classes) return targets;
  return Float64Array.from({ length: (targets.length / classes) * present.length }, (_, i) => targets[Math.floor(i / present.length) * classes + present[i % present.length]!]!);
}

function addAllScores(features: FeatureMatrix, from: number, to: number, weights: Float64Array, width: number, scores: Float64Array): void {
  const stride = features.columns + 1;
  for (let n = 0; n < to - from; n++) for (let k = 0; k < width; k++) scores[n * width + k] = weights[(k + 1) * stride - 1]!;
  features.addScores(from, to, weights, stride, 0, scores, width);
}

/** Writes the probabilities of one row and gives the logarithm of their common divisor. */
function distribution(scores: Float64Array, at: number, out: Float64Array): number {
  const single = out.length <= 2;
  let most = single ? 0 : -Infinity;
  for (let k = 0; k < out.length; k++) most = Math.max(most, single ? (k === 0 ? 0 : scores[at]!) : scores[at + k]!);
  let sum = 0;
  for (let k = 0; k < out.length; k++) sum += out[k] = Math.exp((single ? (k === 0 ? 0 : scores[at]!) : scores[at + k]!) - most);
  for (let k = 0; k < out.length; k++) out[k]! /= sum;
  return most + Math.log(sum);
}

/** The mean loss and penalty, over `classes` that all have examples. */
function meanLoss(features: FeatureMatrix, targets: Float64Array, classes: number, strength: number): Objective {
  const width = weightRows(classes);
  const stride = features.columns + 1;
  const total = targets.reduce((sum, value) => sum + value, 0);
  const scores = new Float64Array(BLOCK * width);
  const row = new Float64Array(classes);
  return (point, gradient) => {
    gradient.fill(0);
    let loss = 0;
    for (let from = 0; from < features.rows; from += BLOCK) {
      const to = Math.min(features.rows, from + BLOCK);
      addAllScores(features, from, to, point, width, scores);
      for (let n = from; n < to; n++) loss += residuals(scores, (n - from) * width, width, targets, n * classes, row);
      for (let n = 0; n < to - from; n++) for (let k = 0; k < width; k++) gradient[(k + 1) * stride - 1]! += scores[n * width + k]!;
      features.addGradient(from, to, scores, width, gradient, stride, 0);
    }
    return (loss + addPenalty(point, gradient, stride, strength)) / scaleDown(gradient, total);
  };
}

/** The loss of one row; its scores are replaced by probabilities minus targets. */
function residuals(scores: Float64Array, at: number, width: number, targets: Float64Array, target: number, row: Float64Array): number {
  const classes = row.length;
  let [count, picked] = [0, 0];
  for (let k = 0; k < classes; k++) {
    count += targets[target + k]!;
    const score = width === classes ? scores[at + k]! : k === 0 ? 0 : scores[at]!;
    picked += targets[target + k]! * score;
  }
  const divisor = distribution(scores, at, row);
  const first = classes - width;
  for (let k = 0; k < width; k++) scores[at + k] = count * row[k + first]! - targets[target + k + first]!;
  return count * divisor - picked;
}

/** Half the squared weights over C, without the intercepts. */
function addPenalty(point: Float64Array, gradient: Float64Array, stride: number, strength: number): number {
  let squares = 0;
  for (let start = 0; start < point.length; start += stride) {
    for (let i = start; i < start + stride - 1; i++) {
      squares += point[i]! ** 2;
      gradient[i]! += point[i]! / strength;
    }
  }
  return squares / (2 * strength);
}

function scaleDown(gradient: Float64Array, total: number): number {
  for (let i = 0; i < gradient.length; i++) gradient[i]! /= total;
  return total;
}
