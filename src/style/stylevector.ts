import { join } from 'node:path';
import { z } from 'zod';
import { checkConfig } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import { readJson, writeFileAtomic, writeFolderAtomic } from '../core/files.ts';
import { readSafetensors, writeSafetensors } from '../io/safetensors.ts';
import type { SentenceEncoder } from './encoders/sentenceencoder.ts';

/** Sentence vectors of one encoder: which it was. */
export const encoderIdSchema = z.strictObject({ name: z.string(), fingerprint: z.string(), size: z.int().min(1) });
/** Which sentence encoder: vectors of two fit together only where it is the same. */
export type EncoderId = z.infer<typeof encoderIdSchema>;

/** What a mean was taken of. */
const originSchema = z.strictObject({
  /** Files or folders, as they were given. */
  sources: z.array(z.string()),
  /** Texts that went into the mean. */
  count: z.int().min(1),
  /** Texts that the length filter left out. */
  left_out: z.int().min(0),
  /** SHA-256 of the texts, a line each. */
  content: z.string(),
  filter: z.record(z.string(), z.number()),
});
/** What a mean vector was taken of. */
export type Origin = z.infer<typeof originSchema>;

/** style.json: what a style was made from. */
const styleSchema = z.strictObject({
  format: z.literal('fabula style'),
  version: z.literal(1),
  name: z.string(),
  encoder: encoderIdSchema,
  passages: originSchema.nullable(),
  captions: originSchema.nullable(),
  /** Of a blend: its styles with their weights. */
  blend: z.array(z.strictObject({ style: z.string(), weight: z.number() })).nullable(),
  /** Where its own decoder is: a folder beside this file; null takes the storyteller's. */
  decoder: z.string().nullable(),
});

/** A style: the vectors that turn the meaning of captions into that of passages, and where they come from. */
export interface Style extends Omit<z.infer<typeof styleSchema>, 'format' | 'version'> {
  /** c, the mean vector of captions: [size]. */
  readonly captionMean: Float32Array;
  /** b, the mean vector of passages of the style: [size]. */
  readonly passageMean: Float32Array;
}

/** The folder of a style's own decoder, in its folder. */
export const OWN_DECODER = 'decoder';

/** mean(encode(captions)) - c + b (neural-storyteller): [size]. */
export function shifted(captions: Float32Array, { captionMean, passageMean }: Pick<Style, 'captionMean' | 'passageMean'>): Float32Array {
  return captions.map((value, i) => value - captionMean[i]! + passageMean[i]!);
}

/** The mean of rows, summed in double precision. @param vectors [rows, size] */
export function meanOfRows(vectors: Float32Array, size: number): Float32Array {
  const sums = new Float64Array(size);
  for (let from = 0; from < vectors.length; from += size) for (let i = 0; i < size; i++) sums[i]! += vectors[from + i]!;
  return Float32Array.from(sums, (sum) => sum / (vectors.length / size));
}

/** Texts encoded at once while a mean is taken. */
const CHUNK = 1024;

/** The mean vector of any number of texts; memory does not grow with it. @throws UserError when there is none */
export async function meanVector(encoder: SentenceEncoder, texts: AsyncIterable<string> | Iterable<string>, onProgress?: (done: number) => void): Promise<{ mean: Float32Array; count: number }> {
  const sums = new Float64Array(encoder.size);
  let count = 0;
  let waiting: string[] = [];
  const add = async (): Promise<void> => {
    const vectors = await encoder.encode(waiting);
    for (let row = 0; row < waiting.length; row++) for (let i = 0; i < encoder.size; i++) sums[i]! += vectors[row * encoder.size + i]!;
    count += waiting.length;
    waiting = [];
    onProgress?.(count);
  };
  for await (const text of texts) {
    waiting.push(text);
    if (waiting.length === CHUNK) await add();
  }
  if (waiting.length > 0) await add();
  if (count === 0) throw new UserError('no text is left to take a mean of: give more, or a weaker length filter');
  return { mean: Float32Array.from(sums, (sum) => sum / count), count };
}

/**
 * Styles mixed: c and b are the weighted sums of theirs. Weights are scaled to sum to 1.
 * @throws UserError when they are of different encoders, or weights do not do
 */
export function blendStyles(name: string, parts: readonly { readonly style: Style; readonly weight: number }[]): Style {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  const bad = parts.find(({ weight }) => !Number.isFinite(weight));
  if (bad) throw new UserError(`${bad.style.name}: weight ${bad.weight}: give a number`);
  if (parts.length === 0 || !(total > 0)) throw new UserError(`${name}: the weights of a blend must have a sum above 0, not ${total}`);
  const [first] = parts;
  for (const { style } of parts) requireEncoder(style.encoder, first!.style.encoder, `style ${style.name}`, `style ${first!.style.name}`);
  const mixed = (key: 'captionMean' | 'passageMean'): Float32Array =>
    first!.style[key].map((_, i) => parts.reduce((sum, { style, weight }) => sum + (weight / total) * style[key][i]!, 0));
  return {
    name, encoder: first!.style.encoder, passages: null, captions: null, decoder: null,
    blend: parts.map(({ style, weight }) => ({ style: style.name, weight: weight / total })),
    captionMean: mixed('captionMean'), passageMean: mixed('passageMean'),
  };
}

/** @throws UserError when vectors of one encoder meet those of another */
export function requireEncoder(found: EncoderId, wanted: EncoderId, what: string, other: string): void {
  if (found.fingerprint === wanted.fingerprint) return;
  // Names do not tell a model from itself with a larger vocabulary, or after more training.
  const alike = found.name === wanted.name && found.size === wanted.size;
  const why = alike ? '; a model that was expanded (fabula style expand) or trained on in between counts as another' : '';
  throw new UserError(`${what}: belongs to the sentence encoder ${found.name} (${found.size} numbers, ${found.fingerprint.slice(0, 8)}), but ${other} to ${wanted.name} (${wanted.size} numbers, ${wanted.fingerprint.slice(0, 8)}): make both with the same${why}`);
}

/**
 * Writes a style's folder, whole or not at all.
 * @param extra puts further files into it, such as its own decoder
 */
export async function writeStyle(folder: string, style: Style, extra?: (fresh: string) => Promise<void>): Promise<void> {
  const { captionMean, passageMean, ...head } = style;
  await writeFolderAtomic(folder, async (fresh) => {
    const tensor = (data: Float32Array): { dtype: 'F32'; shape: number[]; data: Float32Array } => ({ dtype: 'F32', shape: [data.length], data });
    await writeSafetensors(join(fresh, 'vectors.safetensors'), { captions: tensor(captionMean), passages: tensor(passageMean) });
    await extra?.(fresh);
    await writeFileAtomic(join(fresh, 'style.json'), `${JSON.stringify({ format: 'fabula style', version: 1, ...head }, null, 2)}\n`);
  });
}

/** @throws UserError when the folder holds no style, or a damaged one */
export async function readStyle(folder: string): Promise<Style> {
  const file = join(folder, 'style.json');
  const { format, version, ...head } = checkConfig(styleSchema, await readJson(file, 'the style'), file);
  const path = join(folder, 'vectors.safetensors');
  const { tensors } = await readSafetensors(path);
  const vector = (name: string): Float32Array => {
    const found = tensors.get(name);
    if (found?.dtype !== 'F32' || found.data.length !== head.encoder.size) throw new UserError(`${path}: ${name}: expected ${head.encoder.size} numbers; build the style again`);
    return found.data;
  };
  return { ...head, captionMean: vector('captions'), passageMean: vector('passages') };
}
