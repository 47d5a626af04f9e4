import { UserError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { readCaptions } from '../data/captions/captionset.ts';
import type { GroupAuc } from '../evaluation/auc.ts';
import { sameGroupAuc } from '../evaluation/auc.ts';
import type { ClassificationOptions, ClassificationResult, ClassScores, LabelledVectors } from '../evaluation/classification.ts';
import { classScores, crossValidate, trainAndTest } from '../evaluation/classification.ts';
import type { RatedPairs, RelatednessResult } from '../evaluation/relatedness.ts';
import { relatedness, RELATEDNESS_STRENGTHS } from '../evaluation/relatedness.ts';
import type { PairVectors } from '../evaluation/sentencepairs.ts';
import { pairInputs } from '../evaluation/sentencepairs.ts';
import type { SentenceEncoder } from './encoders/sentenceencoder.ts';
import type { Labelled, RatedPair, RelatednessData, RelatednessFiles } from './evaluationfiles.ts';
import { readLabelledPairs, readLabelledSentences, readRelatedness } from './evaluationfiles.ts';

/** Told what is being done, and how far it is. */
export type OnStep = (step: 'encode' | 'train' | 'compare', done: number, total: number) => void;

/** How sentence vectors are evaluated. */
export interface EvaluationOptions extends Pick<ClassificationOptions, 'folds' | 'innerFolds' | 'strengths'> {
  /** Of every draw; default 1234. */
  readonly seed?: number;
  readonly onStep?: OnStep;
}

/** Relatedness by the vectors, against ratings. */
export interface RelatednessReport extends Omit<RelatednessResult, 'predictions'> {
  readonly split: RelatednessData['split'];
  readonly trainingPairs: number;
}

/** Semantic relatedness of rated pairs, as SICK. @throws UserError naming file and line */
export async function evaluateRelatedness(encoder: SentenceEncoder, files: RelatednessFiles, { strengths, seed = SEED, onStep }: EvaluationOptions = {}): Promise<RelatednessReport> {
  const { train, development, test, split } = await readRelatedness(files, seed);
  const parts = [train, development, test];
  const encoded = await encodePairs(encoder, parts.flatMap((part) => part.map(({ sentences }) => sentences)), onStep);
  let from = 0;
  const [fitted, chosen, tested] = parts.map((part) => ratedVectors(part, encoded, encoder.size, from, (from += part.length))) as [RatedPairs, RatedPairs, RatedPairs];
  const total = (strengths ?? RELATEDNESS_STRENGTHS).length;
  const result = relatedness(fitted, chosen, tested, encoder.size, { ...(strengths !== undefined && { strengths }), onProgress: (done) => onStep?.('train', done, total) });
  return { split, trainingPairs: train.length, range: result.range, strength: result.strength, development: result.development, test: result.test };
}

/** Files of labelled sentences. */
export interface LabelledFiles {
  /** One file, or one a class. */
  readonly train: readonly string[];
  /** Without it: cross-validation. */
  readonly test?: readonly string[];
}

/** A result by cross-validation, or with a test set. */
export interface ClassificationReport extends ClassificationResult {
  readonly protocol: 'cross-validation' | 'test set';
}

/** How sentences are classified. */
export interface SentenceOptions extends EvaluationOptions {
  /** Naive Bayes features beside the vectors: of two classes. */
  readonly nb?: boolean;
  /** TREC: its fine classes. */
  readonly fine?: boolean;
}

/** Classes of sentences, as MR, CR, SUBJ, MPQA and TREC. @throws UserError naming file and line */
export async function evaluateClassification(encoder: SentenceEncoder, files: LabelledFiles, options: SentenceOptions = {}): Promise<ClassificationReport> {
  const { onStep, fine = false } = options;
  const parts = [await readLabelledSentences(files.train, fine), ...(files.test === undefined ? [] : [await readLabelledSentences(files.test, fine)])];
  const rows = await encodeOnce(encoder, parts.flatMap(({ items }) => items), onStep);
  let from = 0;
  const data = parts.map(({ items, labels }): LabelledVectors => ({ vectors: rows.slice(from * encoder.size, (from += items.length) * encoder.size), labels, sentences: items }));
  return classify(data, encoder.size, options);
}

/** How pairs are classified. */
export interface PairOptions extends EvaluationOptions {
  /** Features of shared words and numbers beside the vectors. */
  readonly overlap?: boolean;
}

export interface PairReport extends ClassificationReport {
  /** The class that F1 is of: `1`, paraphrases, where there is one, else the last. */
  readonly positive: string;
  readonly scores: ClassScores;
}

/** Classes of sentence pairs, as MSRP. @throws UserError naming file and line */
export async function evaluatePairs(encoder: SentenceEncoder, files: { readonly train: string; readonly test?: string }, options: PairOptions = {}): Promise<PairReport> {
  const parts = [await readLabelledPairs(files.train), ...(files.test === undefined ? [] : [await readLabelledPairs(files.test)])];
  const encoded = await encodePairs(encoder, parts.flatMap(({ items }) => items), options.onStep);
  let from = 0;
  const inputs = parts.map(({ items }: Labelled<readonly [string, string]>) => pairInputs(sliceOf(encoded, encoder.size, from, (from += items.length)), encoder.size, options.overlap === true ? items : undefined));
  const result = classify(parts.map(({ labels }, i) => ({ vectors: inputs[i]!.vectors, labels })), inputs[0]!.size, options);
  const positive = result.labels.includes('1') ? '1' : result.labels.at(-1)!;
  return { ...result, positive, scores: classScores(result, positive) };
}

/** How nearness of captions is measured. */
export interface GroupOptions extends Pick<EvaluationOptions, 'seed' | 'onStep'> {
  /** At most so many photos, drawn by the seed; default all. */
  readonly photos?: number;
  /** Pairs drawn of either kind; default all pairs up to 5,000 captions. */
  readonly pairs?: number;
}

/** How near captions of one photo are, against those of others. */
export interface GroupReport extends GroupAuc {
  readonly captions: number;
  /** Captions without a single word that the encoder knows: their vector is zero, and they are left out. */
  readonly leftOut: number;
}

/** Whether captions of one photo lie nearer than those of different photos. @param paths caption files of any known format */
export async function evaluateGroups(encoder: SentenceEncoder, paths: string | readonly string[], options: GroupOptions = {}): Promise<GroupReport> {
  const { seed = SEED, photos: most = Infinity, onStep } = options;
  const { photos } = await readCaptions(paths);
  const chosen = photos.length > most ? new Random(seed).shuffle(photos).slice(0, most) : photos;
  const captions = chosen.flatMap(({ captions: texts }) => texts);
  const groups = chosen.flatMap(({ captions: texts }, i) => texts.map(() => i));
  const rows = await encodeOnce(encoder, captions, onStep);
  const { size } = encoder;
  const kept = groups.flatMap((_, row) => (rows.subarray(row * size, (row + 1) * size).some((value) => value !== 0) ? [row] : []));
  const vectors = gather(rows, size, kept);
  const auc = sameGroupAuc(vectors, size, kept.map((row) => groups[row]!), { seed, ...(options.pairs !== undefined && { pairs: options.pairs }), onProgress: (done, total) => onStep?.('compare', done, total) });
  return { ...auc, captions: kept.length, leftOut: captions.length - kept.length };
}

const SEED = 1234;

function classify(data: readonly LabelledVectors[], size: number, { onStep, ...options }: SentenceOptions): ClassificationReport {
  const [train, test] = data;
  const settings: ClassificationOptions = { ...options, onProgress: (done, total) => onStep?.('train', done, total) };
  if (test === undefined) return { protocol: 'cross-validation', ...crossValidate(train!, size, settings) };
  const unseen = test.labels.find((label) => !train!.labels.includes(label));
  if (unseen !== undefined) throw new UserError(`the test set has the label ${JSON.stringify(unseen)}, which the training set has not; use the same labels in both`);
  return { protocol: 'test set', ...trainAndTest(train!, test, size, settings) };
}

/** Encodes each different sentence once: SICK's pairs come from far fewer sentences. @returns [sentences, size] */
async function encodeOnce(encoder: SentenceEncoder, sentences: readonly string[], onStep: OnStep | undefined): Promise<Float32Array> {
  const unique = [...new Set(sentences)];
  const vectors = await encoder.encode(unique, (done) => onStep?.('encode', done, unique.length));
  const bad = vectors.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new UserError(`${encoder.name}: its vector of ${JSON.stringify(unique[Math.floor(bad / encoder.size)])} holds ${vectors[bad]}; train or export the encoder again`);
  const rowOf = new Map(unique.map((sentence, row) => [sentence, row]));
  return gather(vectors, encoder.size, sentences.map((sentence) => rowOf.get(sentence)!));
}

async function encodePairs(encoder: SentenceEncoder, pairs: readonly (readonly [string, string])[], onStep: OnStep | undefined): Promise<PairVectors> {
  const rows = await encodeOnce(encoder, [...pairs.map(([first]) => first), ...pairs.map(([, second]) => second)], onStep);
  const half = pairs.length * encoder.size;
  return { first: rows.subarray(0, half), second: rows.subarray(half) };
}

function sliceOf({ first, second }: PairVectors, size: number, from: number, to: number): PairVectors {
  return { first: first.subarray(from * size, to * size), second: second.subarray(from * size, to * size) };
}

function ratedVectors(pairs: readonly RatedPair[], encoded: PairVectors, size: number, from: number, to: number): RatedPairs {
  return { ...sliceOf(encoded, size, from, to), scores: pairs.map(({ score }) => score) };
}

function gather(vectors: Float32Array, size: number, rows: readonly number[]): Float32Array {
  const out = new Float32Array(rows.length * size);
  rows.forEach((row, i) => out.set(vectors.subarray(row * size, (row + 1) * size), i * size));
  return out;
}
