import { basename, extname } from 'node:path';
import { z } from 'zod';
import { UserError } from '../core/errors.ts';
import { readJson } from '../core/files.ts';
import type { HostTensor } from '../core/hosttensor.ts';
import { checkShape } from '../data/schema.ts';
import { decodeStretched } from '../io/images.ts';
import type { LabelTable } from '../models/photoclassifier.ts';

/** A photo file and the answer to each question about it. */
export interface LabelledPhoto {
  readonly file: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Decoded photos in memory with the places of their answers in the label table. */
export interface PhotoSet {
  readonly count: number;
  /** Pixels of a side. */
  readonly size: number;
  /** [count, size, size, 3], red first. */
  readonly pixels: Uint8Array;
  /** Question -> [count]. */
  readonly targets: Readonly<Record<string, Int32Array>>;
}

/** Value = (pixel - 127.5) / 127.5, from -1 to 1; the whole photo stretched to a square, so that nothing is cut off. */
const CENTRE = 127.5;
const VALUES = Float32Array.from({ length: 256 }, (_, pixel) => (pixel - CENTRE) / CENTRE);
const KERNEL = 'linear';

/** Photos decoded at once: the thread pool of Node has four threads. */
const DECODES = 4;

/** How photos are prepared, in the fields of a preprocessing file of `fabula extract`. */
export function photoPreprocessing(size: number) {
  return {
    short_side: size, crop: size, fit: 'stretch' as const, kernel: KERNEL as typeof KERNEL, order: 'rgb' as const, layout: 'nchw' as const,
    mean: [CENTRE, CENTRE, CENTRE] as [number, number, number], std: [CENTRE, CENTRE, CENTRE] as [number, number, number], scale: 1,
  };
}

/**
 * The labels of photos from a JSON file `{"PHOTO ID": {"question": "answer", ...}, ...}`, such as a Storybook's facts.json.
 * A photo's id is its file name without the ending.
 * @throws UserError naming the file and the field, or the first photo without labels
 */
export async function readLabels(path: string, files: readonly string[]): Promise<LabelledPhoto[]> {
  const schema = z.record(z.string(), z.record(z.string(), z.string()));
  const labels = checkShape(schema, await readJson(path, 'the labels'), path, 'labels are {"PHOTO ID": {"question": "answer"}}');
  return files.map((file) => {
    const id = basename(file, extname(file));
    if (!Object.hasOwn(labels, id)) throw new UserError(`${path}: no labels for photo ${id} (${file}): add them, or take the photo away`);
    return { file, labels: labels[id]! };
  });
}

/**
 * The questions of these photos with all their answers, sorted.
 * @throws UserError when photos do not answer the same questions
 */
export function labelTable(photos: readonly LabelledPhoto[]): LabelTable {
  const [first] = photos;
  if (!first) throw new UserError('there are no labelled photos: give some');
  const questions = Object.keys(first.labels).sort();
  if (questions.length === 0) throw new UserError(`${first.file}: its labels are empty: give at least one "question": "answer"`);
  for (const { file, labels } of photos) {
    const odd = questions.find((question) => !Object.hasOwn(labels, question)) ?? Object.keys(labels).find((question) => !questions.includes(question));
    if (odd !== undefined) throw new UserError(`${file} and ${first.file} differ: only one has a label "${odd}": label every photo alike`);
  }
  return Object.fromEntries(questions.map((question) => [question, [...new Set(photos.map(({ labels }) => labels[question]!))].sort()]));
}

/**
 * Decodes photos to size x size pixels. @param onPhoto told after each photo how many are done
 * @throws UserError naming a photo that cannot be read, or an answer that the table does not have
 */
export async function loadPhotoSet(
  photos: readonly LabelledPhoto[], table: LabelTable, size: number, onPhoto?: (done: number) => void,
): Promise<PhotoSet> {
  const targets = Object.fromEntries(Object.entries(table).map(([question, answers]) =>
    [question, Int32Array.from(photos, (photo) => answerAt(photo, question, answers))]));
  const pixels = new Uint8Array(photos.length * size * size * 3);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < photos.length) {
      const i = next++;
      const { data } = await decodeStretched(photos[i]!.file, size, size, KERNEL);
      pixels.set(data, i * data.length);
      onPhoto?.(++done);
    }
  };
  await Promise.all(Array.from({ length: DECODES }, work));
  return { count: photos.length, size, pixels, targets };
}

function answerAt({ file, labels }: LabelledPhoto, question: string, answers: readonly string[]): number {
  const at = answers.indexOf(labels[question] ?? '');
  if (at < 0) throw new UserError(`${file}: its ${question} is "${labels[question] ?? ''}", which no photo trained on has`);
  return at;
}

/** Photos and answers of one step, in memory that is used again. */
export interface PhotoBatch {
  /** [n, 3, size, size]. */
  readonly photos: HostTensor & { readonly dtype: 'float32' };
  /** Question -> [n]. */
  readonly targets: Readonly<Record<string, HostTensor & { readonly dtype: 'int32' }>>;
}

export function emptyBatch(set: PhotoSet, n: number): PhotoBatch {
  const { size, targets } = set;
  return {
    photos: { dtype: 'float32', shape: [n, 3, size, size], data: new Float32Array(n * 3 * size * size) },
    targets: Object.fromEntries(Object.keys(targets).map((question) => [question, { dtype: 'int32', shape: [n], data: new Int32Array(n) }])),
  };
}

/** Puts photo `index` of the set into row `row`, moved by (dx, dy) pixels with its borders repeated. */
export function fillRow(batch: PhotoBatch, row: number, set: PhotoSet, index: number, dx = 0, dy = 0): void {
  const { size, pixels } = set;
  const area = size * size;
  const out = batch.photos.data;
  const columns = Int32Array.from({ length: size }, (_, x) => 3 * Math.min(Math.max(x - dx, 0), size - 1));
  let to = row * 3 * area;
  for (let y = 0; y < size; y++) {
    const line = (index * size + Math.min(Math.max(y - dy, 0), size - 1)) * size * 3;
    for (let x = 0; x < size; x++, to++) {
      const from = line + columns[x]!;
      out[to] = VALUES[pixels[from]!]!;
      out[to + area] = VALUES[pixels[from + 1]!]!;
      out[to + 2 * area] = VALUES[pixels[from + 2]!]!;
    }
  }
  for (const [question, target] of Object.entries(batch.targets)) target.data[row] = set.targets[question]![index]!;
}
