import { z } from 'zod';
import { UserError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { photoClassifierSchema } from '../models/photoclassifier.ts';
import { Optimizer, OPTIMIZER_SLOTS, optimizerSchema } from '../optim/optimizer.ts';
import type { Runtime } from '../runtime/jit.ts';
import { PhotoNetwork } from './photonetwork.ts';
import type { LabelledPhoto, PhotoSet } from './photoset.ts';
import { emptyBatch, fillRow, labelTable, loadPhotoSet } from './photoset.ts';

/** Everything that decides the training of a photo classifier. */
export const classifierSchema = z.strictObject({
  seed: z.int().min(0).default(1).describe('of initial weights, order, shifts and the photos held out'),
  epochs: z.int().min(1).default(8).describe('passes over the photos'),
  batch: z.int().min(1).default(32).describe('photos in a step'),
  shift: z.int().min(0).default(4).describe('photos are moved by up to so many pixels each way, anew at each pass'),
  held_out: z.number().min(0).max(0.9).default(0.1).describe('share of the photos that is only measured on'),
  learning_rate: z.number().positive().default(2e-3).describe('of Adam at the first step; falls to 0 along a cosine'),
  model: photoClassifierSchema.prefault({}),
});
export type ClassifierOptions = z.infer<typeof classifierSchema>;

/** How well one question is answered. */
export interface QuestionReport {
  /** Number of answers. */
  readonly answers: number;
  /** Share of the photos held out that are answered right; null when none were held out. */
  readonly accuracy: number | null;
  /** The share that the most frequent answer would get. */
  readonly chance: number | null;
}

/** What a photo classifier was trained on, and how well it answers. */
export interface ClassifierReport {
  /** Photos trained on. */
  readonly photos: number;
  readonly heldOut: number;
  readonly questions: Readonly<Record<string, QuestionReport>>;
  /** Mean loss of each pass, in nats a photo, summed over the questions. */
  readonly losses: readonly number[];
  readonly steps: number;
  /** Trainable values. */
  readonly parameters: number;
  readonly readSeconds: number;
  readonly trainSeconds: number;
}

/** Told how far the work is. */
export type ClassifierProgress = (phase: 'reading' | 'training', done: number, total: number, note?: string) => void;

/**
 * Trains a photo classifier. Equal photos, options and threads give equal weights on the same machine.
 * @throws UserError for photos or labels that do not do, or when the loss is no longer a number
 */
export async function trainClassifier(
  runtime: Runtime, photos: readonly LabelledPhoto[], options: ClassifierOptions, onProgress?: ClassifierProgress,
): Promise<{ network: PhotoNetwork; report: ClassifierReport }> {
  const table = labelTable(photos);
  const shuffled = new Random(`${options.seed}/held out`).shuffle(photos);
  const heldOutCount = Math.round(photos.length * options.held_out);
  const [held, rest] = [shuffled.slice(0, heldOutCount), shuffled.slice(heldOutCount)];
  if (rest.length === 0) throw new UserError(`${photos.length} labelled photos with ${options.held_out} of them held out leave none to train on: give more photos`);
  const started = performance.now();
  const { size } = options.model;
  const trainSet = await loadPhotoSet(rest, table, size, (done) => onProgress?.('reading', done, photos.length));
  const heldSet = await loadPhotoSet(held, table, size, (done) => onProgress?.('reading', rest.length + done, photos.length));
  const read = performance.now();
  const network = new PhotoNetwork(runtime, options.model, table, OPTIMIZER_SLOTS.adam.length);
  network.initialise(options.seed);
  const { losses, steps } = await fit(network, trainSet, options, onProgress);
  const accuracy = await measure(network, heldSet, options.batch);
  const questions = Object.fromEntries(Object.entries(table).map(([question, answers]): [string, QuestionReport] =>
    [question, { answers: answers.length, accuracy: accuracy[question]!, chance: largestShare(heldSet.targets[question]!) }]));
  const report = {
    photos: rest.length, heldOut: held.length, questions, losses, steps, parameters: network.arena.trainableCount,
    readSeconds: (read - started) / 1000, trainSeconds: (performance.now() - read) / 1000,
  };
  return { network, report };
}

async function fit(
  network: PhotoNetwork, set: PhotoSet, options: ClassifierOptions, onProgress?: ClassifierProgress,
): Promise<{ losses: number[]; steps: number }> {
  const { epochs, shift, learning_rate } = options;
  const batchSize = Math.min(options.batch, set.count);
  const perEpoch = Math.floor(set.count / batchSize);
  const steps = epochs * perEpoch;
  const optimizer = await Optimizer.open(network.arena, optimizerSchema.parse({ name: 'adam', learning_rate, schedule: { kind: 'cosine', steps } }));
  const random = new Random(`${options.seed}/order`);
  const moved = (): number => random.int(2 * shift + 1) - shift;
  const batch = emptyBatch(set, batchSize);
  const indices = Array.from({ length: set.count }, (_, i) => i);
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const order = random.shuffle(indices);
    let sum = 0;
    for (let step = 0; step < perEpoch; step++) {
      for (let row = 0; row < batchSize; row++) fillRow(batch, row, set, order[step * batchSize + row]!, moved(), moved());
      const loss = await network.lossAndGradients(batch);
      if (!Number.isFinite(loss)) throw new UserError(`the loss is ${loss} after ${optimizer.step} steps: choose a lower learning_rate than ${learning_rate}`);
      optimizer.update();
      sum += loss;
      onProgress?.('training', optimizer.step, steps, `loss ${loss.toFixed(2)}`);
    }
    losses.push(sum / perEpoch);
  }
  return { losses, steps };
}

/** The share of photos answered right, by question; null for an empty set. */
export async function measure(network: PhotoNetwork, set: PhotoSet, batchSize: number): Promise<Record<string, number | null>> {
  const right = Object.fromEntries(Object.keys(network.table).map((question) => [question, 0]));
  const batch = emptyBatch(set, batchSize);
  for (let start = 0; start < set.count; start += batchSize) {
    const rows = Math.min(batchSize, set.count - start);
    for (let row = 0; row < rows; row++) fillRow(batch, row, set, start + row);
    const { logits } = await network.forward(batch.photos);
    for (const [question, answers] of Object.entries(network.table)) {
      const scores = logits[question]!.data as Float32Array;
      for (let row = 0; row < rows; row++) {
        if (largestAt(scores, row * answers.length, answers.length) === batch.targets[question]!.data[row]) right[question]!++;
      }
    }
  }
  return Object.fromEntries(Object.entries(right).map(([question, n]) => [question, set.count === 0 ? null : n / set.count]));
}

function largestAt(values: Float32Array, start: number, length: number): number {
  let best = 0;
  for (let i = 1; i < length; i++) if (values[start + i]! > values[start + best]!) best = i;
  return best;
}

function largestShare(answers: Int32Array): number | null {
  if (answers.length === 0) return null;
  const counts = new Map<number, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return Math.max(...counts.values()) / answers.length;
}
