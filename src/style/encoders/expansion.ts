// Vocabulary expansion of skip-thoughts (Kiros et al. 2015, section 2.2): a word that an encoder has not met is given the
// image of its word2vec vector under a linear map f: R^D -> R^E, fitted by least squares to the words that both know.
// Its code: ryankiros/skip-thoughts training/tools.py, train_regressor, apply_regressor and lookup_table.
import { UserError } from '../../core/errors.ts';
import type { WordVectors } from '../../text/wordvectors.ts';
import { requireMemory } from '../../text/wordvectors.ts';
import { tableBytes } from '../../text/wordvectors/memory.ts';
import type { Center, LinearMap, VectorPairs } from './leastsquares.ts';
import { addPairs, meanOf, Moments, solveLeastSquares, solveNormalEquations } from './leastsquares.ts';
import type { WordTable } from './wordtable.ts';
import { widthOf } from './wordtable.ts';

/** How to fit an expansion. */
export interface ExpansionOptions {
  /** First rows of the encoder's table that are no words but signs: `<eos>` and the unknown word. They stay out of the fit, as in the original code. Default: 2. */
  specials?: number;
  /** Added to each input's sum of squares; for a vocabulary smaller than the word vectors are wide. Default: 0, ordinary least squares. */
  ridge?: number;
}

/** The map from word vectors to an encoder's own. */
export interface ExpansionFit extends LinearMap {
  /** D, numbers of a word vector. */
  readonly inputs: number;
  /** E, numbers of the encoder's vectors. */
  readonly outputs: number;
  /** Words that both know: what it was fitted to. */
  readonly shared: number;
  readonly ridge: number;
  /** `qr` where the word vectors are so nearly dependent that the normal equations would lose digits. */
  readonly method: 'cholesky' | 'qr';
  /** How a fit to nine tenths does on the last; undefined where there are too few words for both. */
  readonly heldOut: HeldOut | undefined;
}

/** Measured on every tenth shared word, by a map fitted to the others. */
export interface HeldOut {
  readonly words: number;
  /** Mean squared error of a number. */
  readonly meanSquaredError: number;
  /** Share of the variance explained, all numbers of a vector pooled. */
  readonly r2: number;
}

const TENTH = 10;

/**
 * Fits outputs = inputs · matrix + intercept to the words in both tables, all of them. Words are compared as they are
 * written: of word vectors with capitals, the capitals.
 * @param own the encoder's words and vectors [V, E]
 * @throws UserError when too few words are shared, or they do not determine the map
 */
export function fitExpansion(own: WordTable, vectors: WordVectors, options: ExpansionOptions = {}): ExpansionFit {
  const { specials = 2, ridge = 0 } = options;
  if (!(ridge >= 0 && ridge < Infinity)) throw new UserError(`vocabulary expansion: a ridge of ${ridge}; it must be 0 or more`);
  const [D, E] = [vectors.dimension, widthOf(own)];
  const pairs = sharedPairs(own, vectors, specials);
  const found = `${pairs.count} words are both among the encoder's ${own.words.length} and the ${vectors.size} word vectors`;
  const least = ridge > 0 ? 2 : D + 1;
  if (pairs.count < least) {
    throw new UserError(`vocabulary expansion: ${found}; ${least} are needed for vectors of ${D} numbers${ridge > 0 ? '' : ': give a ridge, or narrower vectors'}`);
  }
  const center = meanOf(pairs, D, E);
  const [held, fitted] = [new Moments(D, E), new Moments(D, E)];
  const indices = Array.from({ length: pairs.count }, (_, i) => i);
  const isHeld = (i: number): boolean => i % TENTH === TENTH - 1;
  addPairs(held, pairs, indices.filter(isHeld), center);
  addPairs(fitted, pairs, indices.filter((i) => !isHeld(i)), center);
  const map = solveLeastSquares(fitted.plus(held), pairs, center, ridge);
  if (map === undefined) {
    throw new UserError(`vocabulary expansion: ${found}, but some numbers of their word vectors follow from the others: give a ${ridge > 0 ? 'larger ' : ''}ridge`);
  }
  const heldOut = held.count < 2 ? undefined : judge(solveNormalEquations(fitted, center, ridge), pairs, indices.filter(isHeld), center);
  return { ...map, inputs: D, outputs: E, shared: pairs.count, ridge, heldOut };
}

function sharedPairs(own: WordTable, vectors: WordVectors, specials: number): VectorPairs {
  const E = widthOf(own);
  const rows = own.words.flatMap((word, row) => {
    const other = row < specials ? undefined : vectors.rowOf(word);
    return other === undefined ? [] : [[other, row] as const];
  });
  return {
    count: rows.length,
    input: (i) => vectors.row(rows[i]![0]),
    output: (i) => own.data.subarray(rows[i]![1] * E, (rows[i]![1] + 1) * E),
  };
}

function judge(map: LinearMap | undefined, pairs: VectorPairs, indices: readonly number[], center: Center): HeldOut | undefined {
  if (map === undefined) return undefined;
  const E = center.output.length;
  const means = new Float64Array(E);
  for (const i of indices) for (let e = 0; e < E; e++) means[e]! += pairs.output(i)[e]! / indices.length;
  const image = new Float64Array(E);
  let [error, variance] = [0, 0];
  for (const i of indices) {
    mapVector(map, pairs.input(i), image);
    const output = pairs.output(i);
    for (let e = 0; e < E; e++) {
      error += (output[e]! - image[e]!) ** 2;
      variance += (output[e]! - means[e]!) ** 2;
    }
  }
  // An encoder whose words are all alike has no variance to explain.
  if (variance === 0) return undefined;
  return { words: indices.length, meanSquaredError: error / (indices.length * E), r2: 1 - error / variance };
}

/** image := vector · matrix + intercept. @param vector [D] @param image [E], of double precision so that sums are */
export function mapVector({ matrix, intercept }: LinearMap, vector: ArrayLike<number>, image: Float64Array): void {
  const E = intercept.length;
  image.set(intercept);
  let d = 0;
  // Four rows at once: the image is then loaded and stored a quarter as often.
  for (; d + 4 <= vector.length; d += 4) {
    const [a, b, c, f] = [vector[d]!, vector[d + 1]!, vector[d + 2]!, vector[d + 3]!];
    const row = d * E;
    for (let e = 0, i = row; e < E; e++, i++) image[e]! += a * matrix[i]! + b * matrix[i + E]! + c * matrix[i + 2 * E]! + f * matrix[i + 3 * E]!;
  }
  for (; d < vector.length; d++) for (let e = 0; e < E; e++) image[e]! += vector[d]! * matrix[d * E + e]!;
}

/** An encoder's words, then those that expansion adds. */
export interface ExpandedTable extends WordTable {
  /** The first so many rows are the encoder's own, unchanged. */
  readonly own: number;
}

/**
 * The whole table of an expanded vocabulary: the encoder's own vectors, then the images of all words that only the word
 * vectors know, without the entries that contain `_`. It is large (930,000 words of 620 numbers: 2.4 GB); to encode
 * sentences use `Expansion`, which maps words when they are asked for.
 * @param options.only keep these words alone, of both tables
 * @throws UserError when it does not fit into memory
 */
export function expandTable(own: WordTable, vectors: WordVectors, fit: ExpansionFit, options: { only?: Iterable<string> } = {}): ExpandedTable {
  const E = widthOf(own);
  checkWidths(fit, E, vectors.dimension);
  const only = options.only === undefined ? undefined : new Set(options.only);
  const ownRows = own.words.flatMap((word, row) => (only?.has(word) ?? true) ? [row] : []);
  const added = newWords(own.words, vectors).filter((row) => only?.has(vectors.words[row]!) ?? true);
  const words = [...ownRows.map((row) => own.words[row]!), ...added.map((row) => vectors.words[row]!)];
  requireMemory('expanded vocabulary', tableBytes(words.length, E), 'keep only the words needed, or read fewer word vectors');
  const data = new Float32Array(words.length * E);
  ownRows.forEach((row, i) => data.set(own.data.subarray(row * E, (row + 1) * E), i * E));
  const image = new Float64Array(E);
  added.forEach((row, i) => {
    mapVector(fit, vectors.row(row), image);
    data.set(image, (ownRows.length + i) * E);
  });
  return { words, data, own: ownRows.length };
}

/** @throws UserError when a fit is not one between these widths */
export function checkWidths(fit: { readonly inputs: number; readonly outputs: number }, own: number, vectors: number): void {
  if (fit.outputs !== own) throw new UserError(`vocabulary expansion: it makes vectors of ${fit.outputs} numbers, but the encoder's words have ${own}; fit it again`);
  if (fit.inputs !== vectors) throw new UserError(`vocabulary expansion: it was fitted to word vectors of ${fit.inputs} numbers; these have ${vectors}`);
}

/** Rows of words that an encoder does not know, each word once and none with `_`. */
export function newWords(own: Iterable<string>, vectors: WordVectors): number[] {
  const known = new Set(own);
  const rows: number[] = [];
  for (let row = 0; row < vectors.size; row++) {
    const word = vectors.words[row]!;
    if (!word.includes('_') && !known.has(word) && vectors.rowOf(word) === row) rows.push(row);
  }
  return rows;
}
