import { ShapeError, UserError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import type { FeatureMatrix } from './featurematrix.ts';
import { DenseFeatures, JoinedFeatures } from './featurematrix.ts';
import type { LogisticModel } from './logistic.ts';
import { argmax, fitLogistic } from './logistic.ts';
import { NbFeatures } from './nbfeatures.ts';
import type { Proportion } from './proportion.ts';
import { proportion } from './proportion.ts';

/** Vectors with a class each. */
export interface LabelledVectors {
  /** [rows, size] */
  readonly vectors: Float32Array;
  /** [rows] */
  readonly labels: readonly string[];
  /** [rows] the sentences, which naive Bayes features are made from. */
  readonly sentences?: readonly string[];
}

export interface ClassificationOptions {
  /** Folds of a cross-validation; default 10. */
  readonly folds?: number;
  /** Folds of the inner one that chooses the strength; default as `folds`. */
  readonly innerFolds?: number;
  /** scikit-learn's C to choose from; default 1, 2, 4, ... 256, as published. */
  readonly strengths?: readonly number[];
  /** Add naive Bayes features of unigrams and bigrams, as published for two classes. Default false. */
  readonly nb?: boolean;
  /** Of the order in which rows fall into folds; default 1234. */
  readonly seed?: number;
  /** Told after each model how many are trained, of how many at most. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What one fold came to. */
export interface FoldResult {
  readonly strength: number;
  readonly correct: number;
  readonly total: number;
}

/** A classifier's hits over rows that it was not trained on. */
export interface ClassificationResult extends Proportion {
  readonly labels: readonly string[];
  /** The share of the most frequent class among the rows tested: what a constant answer reaches. */
  readonly majority: number;
  /** The mean of the folds' accuracies, which published figures are; equal to `accuracy` for one test set. */
  readonly meanAccuracy: number;
  readonly folds: readonly FoldResult[];
  /** [labels][labels] rows by their label and what they were taken for. */
  readonly confusion: readonly (readonly number[])[];
}

export const CLASSIFICATION_STRENGTHS: readonly number[] = Array.from({ length: 9 }, (_, i) => 2 ** i);
/** Tolerance of the models that only choose a strength; the one tested is trained further. */
const CHOOSING = 1e-3;
const FOLDS = 10;
const SEED = 1234;

/**
 * Classes of sentences by nested cross-validation (skip-thoughts' `eval_classification.py`, for MR, CR, SUBJ and MPQA): each fold is tested
 * by a logistic regression trained on the others, whose strength an inner cross-validation over these chose.
 * @param size numbers of a vector
 * @throws UserError when there are fewer rows than folds, or one label only
 */
export function crossValidate(data: LabelledVectors, size: number, options: ClassificationOptions = {}): ClassificationResult {
  const { folds = FOLDS, strengths = CLASSIFICATION_STRENGTHS, innerFolds = folds, seed = SEED } = options;
  const task = new Task([data], size, options, folds * (strengths.length * innerFolds + 1));
  const order = new Random(seed).shuffle(Array.from(data.labels, (_, row) => row));
  return task.result(split(order, folds).map(({ train, test }) => task.fold(train, test, strengths, innerFolds)));
}

/**
 * Classes of sentences with a test set of its own (`eval_trec.py`, `eval_msrp.py`): the strength comes from a cross-validation over the
 * training rows.
 */
export function trainAndTest(train: LabelledVectors, test: LabelledVectors, size: number, options: ClassificationOptions = {}): ClassificationResult {
  const { folds = FOLDS, strengths = CLASSIFICATION_STRENGTHS, innerFolds = folds, seed = SEED } = options;
  const task = new Task([train, test], size, options, strengths.length * innerFolds + 1);
  const rows = Array.from(train.labels, (_, row) => row);
  const tested = Array.from(test.labels, (_, row) => rows.length + row);
  return task.result([task.fold(new Random(seed).shuffle(rows), tested, strengths, innerFolds)]);
}

/** Precision, recall and F1 of one class. */
export interface ClassScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** F1 of a class, which MSRP reports for `1`, the paraphrases. @throws UserError when no such label is there */
export function classScores({ labels, confusion }: Pick<ClassificationResult, 'labels' | 'confusion'>, label: string): ClassScores {
  const k = labels.indexOf(label);
  if (k < 0) throw new UserError(`label ${JSON.stringify(label)}: there are ${labels.join(', ')}`);
  const hits = confusion[k]![k]!;
  const taken = confusion.reduce((sum, row) => sum + row[k]!, 0);
  const there = confusion[k]!.reduce((sum, count) => sum + count, 0);
  const share = (of: number): number => (of === 0 ? 0 : hits / of);
  return { precision: share(taken), recall: share(there), f1: hits === 0 ? 0 : (2 * hits) / (taken + there) };
}

/** Parts of `rows` in turn: each is tested once. The first parts are a row longer when it does not come out even, as in scikit-learn's `KFold`. */
export function split(rows: readonly number[], folds: number): { train: number[]; test: number[] }[] {
  if (!Number.isInteger(folds) || folds < 2 || folds > rows.length) throw new UserError(`${folds} folds of ${rows.length} rows: give 2 folds or more, and as many rows`);
  const [short, longer] = [Math.floor(rows.length / folds), rows.length % folds];
  return Array.from({ length: folds }, (_, fold) => {
    const from = fold * short + Math.min(fold, longer);
    const to = from + short + Number(fold < longer);
    return { train: [...rows.slice(0, from), ...rows.slice(to)], test: rows.slice(from, to) };
  });
}

interface Fold extends FoldResult {
  readonly test: readonly number[];
  readonly predicted: Int32Array;
}

/** The rows of one task, whichever part they belong to. */
class Task {
  readonly #features: FeatureMatrix;
  readonly #labels: readonly string[];
  /** [rows] */
  readonly #classes: Int32Array;
  readonly #sentences: readonly string[] | undefined;
  readonly #tick: () => void;

  constructor(parts: readonly LabelledVectors[], size: number, { nb = false, onProgress }: ClassificationOptions, models: number) {
    for (const { vectors, labels } of parts) if (vectors.length !== labels.length * size) throw new ShapeError(`classification: ${labels.length} labels for ${vectors.length / size} vectors`);
    const all = parts.flatMap(({ labels }) => labels);
    this.#labels = [...new Set(all)].sort();
    if (this.#labels.length < 2) throw new UserError(`classification: ${all.length} rows with ${this.#labels.length === 0 ? 'no label' : `one label, ${this.#labels[0]}`}; there must be two classes or more`);
    const numbers = new Map(this.#labels.map((label, k) => [label, k]));
    this.#classes = Int32Array.from(all, (label) => numbers.get(label)!);
    this.#features = new DenseFeatures(parts.length === 1 ? parts[0]!.vectors : join(parts.map(({ vectors }) => vectors)), size);
    if (nb) this.#sentences = this.#allSentences(parts);
    let done = 0;
    this.#tick = () => onProgress?.(++done, models);
  }

  /** Chooses the strength on `train`, trains on all of it and tests. */
  fold(train: readonly number[], test: readonly number[], strengths: readonly number[], innerFolds: number): Fold {
    if (strengths.length === 0) throw new UserError('classification: no strengths to try; give at least one');
    const strength = strengths.length === 1 ? strengths[0]! : this.#choose(train, strengths, innerFolds);
    const [fitted, tested] = this.#prepare(train, test);
    const model = fitLogistic(fitted, this.#classesOf(train), this.#labels.length, { strength });
    this.#tick();
    const predicted = model.predict(tested);
    return { strength, test, predicted, total: test.length, correct: this.#hits(predicted, test) };
  }

  result(folds: readonly Fold[]): ClassificationResult {
    const count = this.#labels.length;
    const confusion = Array.from({ length: count }, () => new Array<number>(count).fill(0));
    for (const { test, predicted } of folds) for (const [i, row] of test.entries()) confusion[this.#classes[row]!]![predicted[i]!]!++;
    const sum = (pick: (fold: Fold) => number): number => folds.reduce((total, fold) => total + pick(fold), 0);
    const total = sum((fold) => fold.total);
    return {
      ...proportion(sum(({ correct }) => correct), total),
      labels: this.#labels,
      majority: Math.max(...confusion.map((row) => row.reduce((all, one) => all + one, 0))) / total,
      meanAccuracy: sum(({ correct, total: rows }) => correct / rows) / folds.length,
      folds: folds.map(({ strength, correct, total: rows }) => ({ strength, correct, total: rows })),
      confusion,
    };
  }

  /** The strength with the best mean accuracy; of equal ones the first. Each starts from the weights of the one before. */
  #choose(rows: readonly number[], strengths: readonly number[], folds: number): number {
    const scores = strengths.map(() => 0);
    for (const { train, test } of split(rows, folds)) {
      const [fitted, tested] = this.#prepare(train, test);
      let start: LogisticModel | undefined;
      for (const [i, strength] of strengths.entries()) {
        start = fitLogistic(fitted, this.#classesOf(train), this.#labels.length, { strength, tolerance: CHOOSING, ...(start !== undefined && { start }) });
        scores[i]! += this.#hits(start.predict(tested), test) / test.length / folds;
        this.#tick();
      }
    }
    return strengths[argmax(scores)]!;
  }

  #prepare(train: readonly number[], test: readonly number[]): [FeatureMatrix, FeatureMatrix] {
    const [fitted, tested] = [train, test].map((rows) => this.#features.select(Int32Array.from(rows))) as [FeatureMatrix, FeatureMatrix];
    const sentences = this.#sentences;
    if (sentences === undefined) return [fitted, tested];
    const texts = (rows: readonly number[]): string[] => rows.map((row) => sentences[row]!);
    const nb = new NbFeatures(texts(train), this.#classesOf(train));
    return [new JoinedFeatures(fitted, nb.of(texts(train))), new JoinedFeatures(tested, nb.of(texts(test)))];
  }

  #allSentences(parts: readonly LabelledVectors[]): string[] {
    if (this.#labels.length !== 2) throw new UserError(`naive Bayes features are of two classes; there are ${this.#labels.length}: ${this.#labels.join(', ')}`);
    return parts.flatMap(({ sentences, labels }) => {
      if (sentences?.length !== labels.length) throw new ShapeError(`classification: ${sentences?.length ?? 'no'} sentences for ${labels.length} labels; naive Bayes features need them`);
      return sentences;
    });
  }

  #classesOf(rows: readonly number[]): Int32Array {
    return Int32Array.from(rows, (row) => this.#classes[row]!);
  }

  #hits(predicted: Int32Array, rows: readonly number[]): number {
    return rows.reduce((count, row, i) => count + Number(predicted[i] === this.#classes[row]), 0);
  }
}

function join(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
