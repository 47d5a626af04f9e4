import { resolve, dirname } from 'node:path';
import { z } from 'zod';
import { checkConfig, loadConfig } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import { METRICS } from './metric.ts';
import type { Parameter } from './parameters.ts';
import { readParameters } from './parameters.ts';

/** What a sweep file holds. Keys that belong to one kind of search are null for the others. */
export const sweepSchema = z.strictObject({
  name: z.string().regex(/^[\w.-]+$/, 'letters, digits, ".", "_" and "-" only').default('sweep').describe('part of the folder\'s name and of the runs\''),
  base: z.string().nullable().default(null).describe('training configuration that every trial starts from (.yaml); its place is taken from that of this file'),
  config: z.record(z.string(), z.unknown()).default({}).describe('keys of the training configuration, the same in every trial; they go over `base`'),
  search: z.enum(['grid', 'random', 'halving']).default('grid').describe('every combination; draws; or draws of which only the better are trained longer'),
  parameters: z.record(z.string(), z.unknown()).describe('keys that differ: a list of values, or a range {min, max, scale, integer}; several keys with a comma between them get the same value'),
  trials: z.int().min(1).nullable().default(null).describe('random, halving: how many are drawn; halving without it starts with the whole grid'),
  seed: z.int().min(0).default(1).describe('random, halving: of the draws; the seed of the training is the key `seed` of its configuration'),
  metric: z.enum(METRICS).default('val_loss').describe('what is compared; the lowest is best'),
  eta: z.int().min(2).nullable().default(null).describe('halving: one in so many goes on, with so many times the epochs; 3'),
  min_epochs: z.int().min(1).nullable().default(null).describe('halving: epochs of the first rung; 1'),
  max_epochs: z.int().min(1).nullable().default(null).describe('halving: epochs of the last rung; training.epochs of the configuration'),
});
export type SweepSettings = z.infer<typeof sweepSchema>;

/** A sweep file that was read and checked. */
export interface SweepSpec {
  readonly settings: SweepSettings;
  readonly parameters: readonly Parameter[];
  /** The file with what was wrong named in errors. */
  readonly where: string;
  /** The file of `settings.base`, found. */
  readonly base: string | undefined;
}

/** @throws UserError naming file and key, with the nearest right one */
export async function loadSpec(file: string, sets: readonly string[]): Promise<SweepSpec> {
  return checkSpec(await loadConfig(sweepSchema, file, sets), file);
}

/** Checks what the schema cannot: keys of one search given to another, ranges, lists. @throws UserError */
export function checkSpec(content: unknown, where: string): SweepSpec {
  const settings = checkConfig(sweepSchema, content, where);
  const { search } = settings;
  const parameters = readParameters(settings.parameters, where);
  for (const key of ['eta', 'min_epochs', 'max_epochs'] as const) {
    if (search !== 'halving' && settings[key] !== null) throw new UserError(`${where}: ${key}: belongs to search: halving, not ${search}; leave it out`);
  }
  if (search === 'grid' && settings.trials !== null) throw new UserError(`${where}: trials: a grid tries every combination: leave it out, or choose search: random`);
  if (search === 'random' && settings.trials === null) throw new UserError(`${where}: trials: missing; say how many are drawn`);
  const range = parameters.find(({ values }) => values === undefined);
  if (settings.trials === null && range !== undefined) {
    throw new UserError(`${where}: parameters.${range.label}: a range has no end of values: ${search === 'grid' ? 'give a list, or choose search: random' : 'say how many are drawn with trials'}`);
  }
  if (parameters.some(({ keys }) => keys.includes('name'))) throw new UserError(`${where}: parameters.name: a sweep names its runs itself: leave it out`);
  if (search === 'halving' && parameters.some(({ keys }) => keys.includes('training.epochs'))) {
    throw new UserError(`${where}: parameters.training.epochs: halving decides the epochs: use min_epochs and max_epochs`);
  }
  return { settings, parameters, where, base: settings.base === null ? undefined : resolve(dirname(where), settings.base) };
}
