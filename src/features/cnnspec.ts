import { parse } from 'yaml';
import { z } from 'zod';
import { messageOf, nearestName, UserError } from '../core/errors.ts';
import { readText } from '../core/files.ts';
import { checkShape } from '../data/schema.ts';
import { POOLS } from './places.ts';
import { preprocessingNamed, preprocessingSchema, PREPROCESSINGS } from './preprocess.ts';
import type { Preprocessing } from './preprocess.ts';

/** Which CNN turns photos into features, and how. */
export const cnnSpecSchema = z.strictObject({
  kind: z.enum(['alexnet', 'vgg19', 'onnx']).describe('a CNN built in, or any ONNX file'),
  weights: z.string().min(1).describe('path of the .npy or .onnx file; random:SEED for an untrained CNN built in'),
  layer: z.string().min(1).optional().describe('layer or tensor whose values are the features; fc7 for the CNNs built in'),
  preprocessing: z.union([z.string(), preprocessingSchema]).optional()
    .describe('a known name or all fields; the CNNs built in have their own'),
  padding: z.enum(['valid', 'same']).default('valid').describe('of AlexNet\'s conv1: valid as published, same as VIST-seq2seq\'s code has it'),
  pool: z.enum(POOLS).default('none').describe('for layers that keep places: mean averages them, spatial keeps a row a place'),
});

/** Which CNN makes features: its kind, weights, layer, and how photos are prepared for it. */
export type CnnSpec = z.input<typeof cnnSpecSchema>;

/** A spec with everything decided. */
export interface ResolvedCnn {
  readonly kind: 'alexnet' | 'vgg19' | 'onnx';
  readonly weights: string;
  /** The seed when the weights are random. */
  readonly seed: number | undefined;
  readonly layer: string;
  readonly preprocessing: Preprocessing;
  readonly padding: 'valid' | 'same';
  readonly pool: (typeof POOLS)[number];
}

/** @throws UserError saying which field is missing or wrong */
export function resolveCnn(spec: CnnSpec): ResolvedCnn {
  if (typeof spec.preprocessing === 'object') checked(preprocessingSchema, spec.preprocessing, 'preprocessing');
  const { kind, weights, layer, preprocessing, padding, pool } = checked(cnnSpecSchema, spec, 'the CNN');
  const seed = /^random:(\d{1,9})$/.exec(weights)?.[1];
  if (weights.startsWith('random:') && (seed === undefined || kind === 'onnx')) {
    throw new UserError(`weights ${weights}: random weights are written random:SEED, with a whole number, and only for alexnet and vgg19`);
  }
  if (kind === 'onnx' && layer === undefined) throw new UserError(`${weights}: say which output holds the features with --layer`);
  if (kind === 'onnx' && preprocessing === undefined) {
    throw new UserError(`${weights}: say how its photos are prepared with --preprocess: ${Object.keys(PREPROCESSINGS).join(', ')}, or a .yaml file`);
  }
  if (padding === 'same' && kind !== 'alexnet') throw new UserError(`padding same is a switch of alexnet, not of ${kind}`);
  const chosen = preprocessing ?? kind;
  const prepared = withoutDefaults(typeof chosen === 'string' ? preprocessingNamed(chosen) : chosen);
  const side = { alexnet: 227, vgg19: 224, onnx: prepared.crop }[kind];
  if (kind !== 'onnx' && (prepared.crop !== side || prepared.layout !== 'nchw')) {
    throw new UserError(`${kind} reads photos of ${side} x ${side}, nchw: the preprocessing has crop ${prepared.crop}, ${prepared.layout}`);
  }
  return { kind, weights, seed: seed === undefined ? undefined : Number(seed), layer: layer ?? 'fc7', preprocessing: prepared, padding, pool };
}

/** Fingerprints are made of the fields: `fit: crop` written out must not change them. */
function withoutDefaults(preprocessing: Preprocessing): Preprocessing {
  const { fit, ...rest } = preprocessing;
  return fit === 'stretch' ? { ...rest, fit } : rest;
}

/**
 * A preprocessing by name, or from a YAML file with all its fields.
 * @throws UserError naming the file and the field
 */
export async function readPreprocessing(nameOrFile: string): Promise<Preprocessing> {
  if (!/\.(ya?ml|json)$/i.test(nameOrFile)) return preprocessingNamed(nameOrFile);
  const text = await readText(nameOrFile, 'the preprocessing');
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw new UserError(`${nameOrFile}: not valid YAML: ${messageOf(error).split('\n')[0]}`);
  }
  return checked(preprocessingSchema, content, nameOrFile);
}

/** As `checkShape`, with the nearest name for a field that does not exist. */
function checked<T>(schema: z.ZodType<T> & { readonly shape: object }, value: unknown, where: string): T {
  const known = Object.keys(schema.shape);
  const extra = typeof value === 'object' && value !== null ? Object.keys(value).find((key) => !known.includes(key)) : undefined;
  if (extra !== undefined) {
    const near = nearestName(extra, known);
    throw new UserError(`${where}: ${extra}: there is no such field: ${near ? `did you mean ${near}?` : `the fields are ${known.join(', ')}`}`);
  }
  return checkShape(schema, value, where);
}
