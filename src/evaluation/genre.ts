import { UserError } from '../core/errors.ts';
import { splitWords } from '../text/tokenizer.ts';
import type { SparseRow } from './featurematrix.ts';
import { SparseFeatures } from './featurematrix.ts';
import { argmax, fitLogistic } from './logistic.ts';
import type { Proportion } from './proportion.ts';
import { proportion } from './proportion.ts';
import { ngrams } from './wordngrams.ts';

/** A tokenised text, words apart by spaces or as a list. */
export type Tokenised = string | readonly string[];

/** A sentence or passage whose genre is known. */
export interface GenreText {
  readonly text: Tokenised;
  readonly genre: string;
  /** The book it is from. */
  readonly source?: string;
}

export const GENRE_MODELS = ['naive-bayes', 'logistic'] as const;
export type GenreModel = (typeof GENRE_MODELS)[number];

/** How a genre classifier is trained. */
export interface GenreOptions {
  /** Default: naive Bayes. */
  readonly model?: GenreModel;
  /** Count two words in a row too. Default false. */
  readonly bigrams?: boolean;
  /** Naive Bayes: added to every count. Default 1. */
  readonly alpha?: number;
  /** Logistic regression: scikit-learn's C. Default 1. */
  readonly strength?: number;
  /** Take the genres for equally likely, however many texts each has. Default true. */
  readonly balanced?: boolean;
  /** Words that may not decide, such as names; neither may bigrams with one of them. */
  readonly leaveOut?: Iterable<string>;
  /** Keep words that are in so many texts or more. Default 1. */
  readonly minDocuments?: number;
  /** Keep words that are in so many sources or more: from 2 on, no name of one novel's people decides. Default 1. */
  readonly minSources?: number;
}

/** A text's genre. */
export interface Classified {
  /** The likeliest genre; of equally likely ones the first by name. */
  readonly genre: string;
  /** Log-odds of each genre against all others, in nats: above 0 where it is likelier than not. */
  readonly scores: Readonly<Record<string, number>>;
}

/** How well genres are told, with the texts by their genre and what they were taken for. */
export interface GenreAccuracy extends Proportion {
  /** [genres][genres], genres in order of name. */
  readonly confusion: readonly (readonly number[])[];
  /** The share of the most frequent genre, which a constant answer reaches. */
  readonly majority: number;
}

/** Tells the genre of a text by its words: each adds its weight for each genre, once each time it comes. */
export class GenreClassifier {
  /** In order of name. */
  readonly genres: readonly string[];
  /** Words and bigrams that count, in order of their first appearance. */
  readonly words: readonly string[];
  readonly #bigrams: boolean;
  readonly #columns: ReadonlyMap<string, number>;
  /** [genres, words + 1], the prior last: logarithms of unnormalised probabilities. */
  readonly #weights: Float64Array;

  constructor(genres: readonly string[], columns: ReadonlyMap<string, number>, bigrams: boolean, weights: Float64Array) {
    [this.genres, this.words, this.#columns, this.#bigrams, this.#weights] = [genres, [...columns.keys()], columns, bigrams, weights];
  }

  /** The genre of a text. */
  classify(text: Tokenised): Classified {
    const logs = this.#logs(text);
    const scores = logs.map((log, k) => log - logSum(logs.filter((_, other) => other !== k)));
    return { genre: this.genres[argmax(logs)]!, scores: Object.fromEntries(this.genres.map((genre, k) => [genre, scores[k]!])) };
  }

  /** @throws UserError for a genre that it was not trained on, and of no texts */
  accuracy(texts: Iterable<Pick<GenreText, 'text' | 'genre'>>): GenreAccuracy {
    const confusion = this.genres.map(() => this.genres.map(() => 0));
    for (const { text, genre } of texts) {
      const row = confusion[this.genres.indexOf(genre)];
      if (row === undefined) throw new UserError(`genre ${JSON.stringify(genre)}: the classifier knows ${this.genres.join(', ')}`);
      row[argmax(this.#logs(text))]!++;
    }
    const totals = confusion.map((row) => row.reduce((sum, count) => sum + count, 0));
    const total = totals.reduce((sum, count) => sum + count, 0);
    if (total === 0) throw new UserError('genre classifier: no texts to test it on');
    return { ...proportion(confusion.reduce((sum, row, k) => sum + row[k]!, 0), total), confusion, majority: Math.max(...totals) / total };
  }

  /** Words that speak most for a genre against the mean of the others, with their weights in nats, highest first. */
  telling(genre: string, count: number): { readonly word: string; readonly weight: number }[] {
    const own = this.genres.indexOf(genre);
    if (own < 0) throw new UserError(`genre ${JSON.stringify(genre)}: the classifier knows ${this.genres.join(', ')}`);
    const width = this.words.length + 1;
    const others = this.genres.length - 1;
    const weigh = (column: number): number => this.genres.reduce((sum, _, k) => sum + this.#weights[k * width + column]! * (k === own ? 1 : -1 / others), 0);
    return this.words.map((word, column) => ({ word, weight: weigh(column) })).sort((a, b) => b.weight - a.weight).slice(0, count);
  }

  #logs(text: Tokenised): number[] {
    const width = this.words.length + 1;
    const columns = gramsOf(text, this.#bigrams).flatMap((gram) => this.#columns.get(gram) ?? []);
    return this.genres.map((_, k) => columns.reduce((sum, column) => sum + this.#weights[k * width + column]!, this.#weights[(k + 1) * width - 1]!));
  }
}

/**
 * Trains a genre classifier on the counts of words: multinomial naive Bayes (every count raised by alpha), or logistic regression.
 * @throws UserError when there are fewer than two genres, or no word is left to tell them by
 */
export function trainGenreClassifier(texts: Iterable<GenreText>, options: GenreOptions = {}): GenreClassifier {
  const { model = 'naive-bayes', bigrams = false, balanced = true } = options;
  const all = [...texts];
  const genres = [...new Set(all.map(({ genre }) => genre))].sort();
  if (genres.length < 2) throw new UserError(`genre classifier: ${all.length} texts of ${genres.length === 0 ? 'no genre' : `one genre, ${genres[0]}`}; give texts of two genres or more`);
  const grams = all.map(({ text }) => gramsOf(text, bigrams));
  const columns = chooseWords(all, grams, options);
  const labels = Int32Array.from(all, ({ genre }) => genres.indexOf(genre));
  const rows = grams.map((words) => countWords(words, columns));
  const counts = Float64Array.from(genres, (_, k) => labels.reduce((sum, label) => sum + Number(label === k), 0));
  const weights = model === 'logistic'
    ? logisticWeights(rows, columns.size, labels, counts, balanced, options.strength ?? 1)
    : bayesWeights(rows, columns.size, labels, counts, balanced, options.alpha ?? 1);
  return new GenreClassifier(genres, columns, bigrams, weights);
}

function gramsOf(text: Tokenised, bigrams: boolean): string[] {
  return ngrams(typeof text === 'string' ? splitWords(text) : text, bigrams);
}

/** The words that count, each with its column. */
function chooseWords(texts: readonly GenreText[], grams: readonly (readonly string[])[], options: GenreOptions): Map<string, number> {
  const { minDocuments = 1, minSources = 1 } = options;
  const barred = new Set(options.leaveOut);
  if (minSources > 1) checkSources(texts, minSources);
  const found = new Map<string, { documents: number; readonly sources: Set<string | undefined> }>();
  for (const [row, words] of grams.entries()) {
    for (const word of new Set(words)) {
      const entry = found.get(word) ?? { documents: 0, sources: new Set() };
      entry.documents++;
      if (minSources > 1) entry.sources.add(texts[row]!.source);
      found.set(word, entry);
    }
  }
  const kept = [...found].filter(([word, { documents, sources }]) => documents >= minDocuments && (minSources <= 1 || sources.size >= minSources) && !word.split(' ').some((part) => barred.has(part)));
  if (kept.length === 0) throw new UserError(`genre classifier: none of ${found.size} words is in ${minDocuments} texts and ${minSources} sources and not left out; ask for fewer`);
  return new Map(kept.map(([word], column) => [word, column]));
}

function checkSources(texts: readonly GenreText[], minSources: number): void {
  const nameless = texts.findIndex(({ source }) => source === undefined);
  if (nameless >= 0) throw new UserError(`genre classifier: text ${nameless + 1} names no source, which words in ${minSources} sources or more are counted by`);
  const sources = new Set(texts.map(({ source }) => source)).size;
  if (sources < minSources) throw new UserError(`genre classifier: no word can be in ${minSources} sources; the texts have ${sources}`);
}

function countWords(words: readonly string[], columns: ReadonlyMap<string, number>): SparseRow {
  const counts = new Map<number, number>();
  for (const word of words) {
    const column = columns.get(word);
    if (column !== undefined) counts.set(column, (counts.get(column) ?? 0) + 1);
  }
  return { columns: Int32Array.from(counts.keys()), values: Float64Array.from(counts.values()) };
}

function bayesWeights(rows: readonly SparseRow[], words: number, labels: Int32Array, texts: Float64Array, balanced: boolean, alpha: number): Float64Array {
  if (!(alpha > 0)) throw new UserError(`genre classifier: alpha ${alpha}: give a number above 0`);
  const width = words + 1;
  const weights = new Float64Array(texts.length * width).fill(alpha);
  for (const [row, { columns, values }] of rows.entries()) columns.forEach((column, i) => (weights[labels[row]! * width + column]! += values[i]!));
  for (let k = 0; k < texts.length; k++) {
    const counts = weights.subarray(k * width, (k + 1) * width - 1);
    const total = Math.log(counts.reduce((sum, count) => sum + count, 0));
    for (let i = 0; i < words; i++) counts[i] = Math.log(counts[i]!) - total;
    weights[(k + 1) * width - 1] = balanced ? -Math.log(texts.length) : Math.log(texts[k]! / rows.length);
  }
  return weights;
}

function logisticWeights(rows: readonly SparseRow[], words: number, labels: Int32Array, texts: Float64Array, balanced: boolean, strength: number): Float64Array {
  if (!(strength > 0)) throw new UserError(`genre classifier: strength ${strength}: give a number above 0`);
  // As scikit-learn's class_weight='balanced'.
  const weights = Float64Array.from(labels, (label) => (balanced ? rows.length / (texts.length * texts[label]!) : 1));
  const model = fitLogistic(new SparseFeatures(rows, words), labels, texts.length, { strength, weights, tolerance: 1e-6 });
  if (texts.length > 2) return model.weights;
  // Two genres: the one row of weights is the second's, against a first of zeros.
  const both = new Float64Array(2 * (words + 1));
  both.set(model.weights, words + 1);
  return both;
}

function logSum(logs: readonly number[]): number {
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0));
}
