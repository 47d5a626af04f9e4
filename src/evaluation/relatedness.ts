import { ShapeError, UserError } from '../core/errors.ts';
import { meanSquaredError, pearson, spearman } from './correlation.ts';
import { DenseFeatures } from './featurematrix.ts';
import type { LogisticModel } from './logistic.ts';
import { fitDistributions } from './logistic.ts';
import type { PairVectors } from './sentencepairs.ts';
import { pairFeatures } from './sentencepairs.ts';

/** Pairs of sentences with what people say about how related they are. */
export interface RatedPairs extends PairVectors {
  /** [pairs] */
  readonly scores: ArrayLike<number>;
}

export interface RelatednessOptions {
  /** Lowest and highest score; default the whole numbers around all scores, 1 and 5 for SICK. */
  readonly range?: readonly [low: number, high: number];
  /** Tried in this order, each from the weights of the last. Default 1, 4, ... 65,536. */
  readonly strengths?: readonly number[];
  /** Called after each strength. */
  readonly onProgress?: (done: number) => void;
}

/** How predictions agree with ratings. */
export interface RelatednessScores {
  readonly pairs: number;
  /** -1 to 1; NaN when every pair is given the same score. */
  readonly pearson: number;
  readonly spearman: number;
  readonly mse: number;
}

export interface RelatednessResult {
  readonly range: readonly [low: number, high: number];
  /** The strength chosen. */
  readonly strength: number;
  readonly development: RelatednessScores;
  readonly test: RelatednessScores;
  /** [test pairs] */
  readonly predictions: Float64Array;
}

export const RELATEDNESS_STRENGTHS: readonly number[] = Array.from({ length: 9 }, (_, i) => 4 ** i);
/** Strengths in a row that do no better on the development set before the search ends. */
const PATIENCE = 2;
/** The development set chooses among models, as it stops the original: none is trained to the last digit. */
const TOLERANCE = 1e-3;

/**
 * Skip-thoughts' semantic relatedness (`eval_sick.py`; Tai et al. 2015): softmax regression from |u - v| and u * v to
 * the whole scores, a score in between being shared out; predicted is the expected score. The original trains by Adam
 * until the development set's Pearson falls; here a strength of regularisation is chosen by it, the weak ones trained
 * from the strong, which needs neither a learning rate nor a seed.
 * @param size numbers of a vector
 * @throws UserError when a part has fewer than two pairs or its scores are all alike
 */
export function relatedness(train: RatedPairs, development: RatedPairs, test: RatedPairs, size: number, options: RelatednessOptions = {}): RelatednessResult {
  const parts = [['training', train], ['development', development], ['test', test]] as const;
  for (const [name, part] of parts) checkPart(name, part, size);
  const range = options.range ?? wholeRange(parts.map(([, { scores }]) => scores));
  const classes = range[1] - range[0] + 1;
  const features = parts.map(([, part]) => new DenseFeatures(pairFeatures(part, size), 2 * size)) as [DenseFeatures, DenseFeatures, DenseFeatures];
  const targets = shareOut(train.scores, range);
  let best: { readonly model: LogisticModel; readonly strength: number; readonly value: number } | undefined;
  let [last, worse]: [LogisticModel | undefined, number] = [undefined, 0];
  for (const [i, strength] of (options.strengths ?? RELATEDNESS_STRENGTHS).entries()) {
    const model = fitDistributions(features[0], targets, classes, { strength, tolerance: TOLERANCE, ...(last !== undefined && { start: last }) });
    const value = pearson(expectedScores(model, features[1], range), development.scores);
    last = model;
    options.onProgress?.(i + 1);
    worse = best === undefined || value > best.value || Number.isNaN(best.value) ? 0 : worse + 1;
    if (worse === 0) best = { model, strength, value };
    if (worse === PATIENCE) break;
  }
  if (best === undefined) throw new UserError('relatedness: no strengths to try; give at least one');
  const predictions = expectedScores(best.model, features[2], range);
  return {
    range, strength: best.strength, predictions,
    development: relatednessScores(expectedScores(best.model, features[1], range), development.scores),
    test: relatednessScores(predictions, test.scores),
  };
}

/** Predicted scores against those of people. */
export function relatednessScores(predicted: ArrayLike<number>, scores: ArrayLike<number>): RelatednessScores {
  return { pairs: scores.length, pearson: pearson(predicted, scores), spearman: spearman(predicted, scores), mse: meanSquaredError(predicted, scores) };
}

/** [pairs, classes]: 3.6 is 0.4 of class 3 and 0.6 of class 4. @throws UserError when a score is outside the range */
export function shareOut(scores: ArrayLike<number>, [low, high]: readonly [number, number]): Float64Array {
  const classes = high - low + 1;
  const targets = new Float64Array(scores.length * classes);
  for (let row = 0; row < scores.length; row++) {
    const score = scores[row]!;
    if (!(score >= low && score <= high)) throw new UserError(`relatedness: pair ${row + 1} has score ${score}, outside ${low} to ${high}; give a wider range`);
    const floor = Math.floor(score);
    targets[row * classes + floor - low] = floor + 1 - score;
    if (score > floor) targets[row * classes + floor - low + 1] = score - floor;
  }
  return targets;
}

/** [rows] the mean of the scores under the model's probabilities. */
function expectedScores(model: LogisticModel, features: DenseFeatures, [low]: readonly [number, number]): Float64Array {
  const probabilities = model.probabilities(features);
  return Float64Array.from({ length: features.rows }, (_, row) => {
    let sum = 0;
    for (let k = 0; k < model.classes; k++) sum += (low + k) * probabilities[row * model.classes + k]!;
    return sum;
  });
}

function checkPart(name: string, { first, scores }: RatedPairs, size: number): void {
  if (first.length !== scores.length * size) throw new ShapeError(`relatedness: the ${name} part has ${scores.length} scores for ${first.length / size} pairs`);
  const all = Array.from(scores);
  if (all.length < 2 || all.every((score) => score === all[0])) throw new UserError(`relatedness: the ${name} part has ${all.length} pairs${all.length < 2 ? '' : ', all of one score'}; a correlation needs two different ones`);
  const bad = all.findIndex((score) => !Number.isFinite(score));
  if (bad >= 0) throw new UserError(`relatedness: the ${name} part's pair ${bad + 1} has score ${all[bad]}; give a number`);
}

function wholeRange(parts: readonly ArrayLike<number>[]): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (const part of parts) for (const score of Array.from(part)) [low, high] = [Math.min(low, score), Math.max(high, score)];
  return [Math.floor(low), Math.ceil(high)];
}
