import { z } from 'zod';
import { checkConfig } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import { isGroup } from '../core/groups.ts';
import { Random } from '../core/random.ts';

/** A value of a configuration key: anything JSON can say. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };
/** What one trial sets, by key with dots. */
export type Settings = Readonly<Record<string, Value>>;

const rangeSchema = z.strictObject({
  min: z.number().describe('lowest value'),
  max: z.number().describe('highest value'),
  scale: z.enum(['linear', 'log']).default('linear').describe('log: every power of ten is as likely'),
  integer: z.boolean().default(false).describe('whole numbers only'),
});
export type Range = z.infer<typeof rangeSchema>;

/** One thing that differs between trials: the keys that get it, and either its values or its range. */
export interface Parameter {
  /** As written: the keys with a comma between them. */
  readonly label: string;
  readonly keys: readonly string[];
  readonly values?: readonly Value[];
  readonly range?: Range;
}

/** Digits kept of a drawn number, so that a table shows exactly the number that was used. */
const DIGITS = 4;
/** Draws tried for each trial that is wanted before it is said that there are no more. */
const TRIES = 200;

/** Reads the `parameters` of a sweep file: `a.b: [1, 2]`, `a: {b: [1, 2]}` and `a.b: {min: 1, max: 2}`. @throws UserError */
export function readParameters(content: Readonly<Record<string, unknown>>, where: string): Parameter[] {
  // A later one of the same name wins: --set comes after the file.
  const parameters = new Map<string, Parameter>();
  const read = (value: unknown, path: string): void => {
    const at = `${where}: parameters.${path}`;
    if (isGroup(value) && !('min' in value) && !('max' in value)) {
      const entries = Object.entries(value);
      if (entries.length === 0) throw new UserError(`${at}: empty; give a list of values or a range {min, max}`);
      for (const [key, inner] of entries) read(inner, `${path}.${key}`);
      return;
    }
    const keys = path.split(',').map((key) => key.trim());
    const parameter = { label: keys.join(', '), keys };
    parameters.set(parameter.label, isGroup(value) ? { ...parameter, range: checkRange(value, at) } : { ...parameter, values: checkValues(value, at) });
  };
  for (const [key, value] of Object.entries(content)) read(value, key);
  if (parameters.size === 0) throw new UserError(`${where}: parameters: empty; name a key that differs, such as optimizer.learning_rate: [0.001, 0.0001]`);
  const all = [...parameters.values()].flatMap(({ keys }) => keys);
  const twice = all.find((key, i) => all.indexOf(key) !== i);
  if (twice !== undefined) throw new UserError(`${where}: parameters: ${twice} is there twice; keep one`);
  return [...parameters.values()];
}

function checkValues(value: unknown, at: string): readonly Value[] {
  if (!Array.isArray(value)) throw new UserError(`${at}: ${JSON.stringify(value)} is one value: write a list [..], or put the key under config`);
  if (value.length === 0) throw new UserError(`${at}: an empty list; give at least one value`);
  const texts = value.map((item) => JSON.stringify(item));
  const twice = texts.findIndex((text, i) => texts.indexOf(text) !== i);
  if (twice >= 0) throw new UserError(`${at}: ${texts[twice]} is in the list twice; keep one`);
  return value as Value[];
}

function checkRange(value: unknown, at: string): Range {
  const range = checkConfig(rangeSchema, value, at);
  if (!(range.min < range.max)) throw new UserError(`${at}: min ${range.min} is not below max ${range.max}`);
  if (range.scale === 'log' && range.min <= 0) throw new UserError(`${at}: min ${range.min}: a logarithmic scale needs numbers above 0`);
  if (range.integer && !(Number.isInteger(range.min) && Number.isInteger(range.max))) throw new UserError(`${at}: integer: min and max must be whole numbers too`);
  return range;
}

/** Every combination of the values; the last parameter changes fastest. */
export function gridOf(parameters: readonly Parameter[]): Settings[] {
  return parameters.reduce<Settings[]>((settings, { keys, values = [] }) =>
    settings.flatMap((before) => values.map((value) => ({ ...before, ...assign(keys, value) }))), [{}]);
}

/**
 * Draws trials that all differ. The first ones stay the same when more are asked for, and each parameter has its own
 * stream, so that adding one leaves the others' draws alone.
 * @throws UserError when there are not so many that differ
 */
export function drawTrials(parameters: readonly Parameter[], count: number, seed: number, where: string): Settings[] {
  const streams = parameters.map(({ label }) => new Random(`${seed}/sweep/${label}`));
  const found = new Map<string, Settings>();
  for (let tries = 0; found.size < count; tries++) {
    if (tries >= TRIES * count) throw new UserError(`${where}: trials: ${count} are asked for, but only ${found.size} that differ were found; lower trials, or widen the ranges`);
    const settings: Settings = Object.assign({}, ...parameters.map((parameter, i) => assign(parameter.keys, draw(parameter, streams[i]!))));
    const text = JSON.stringify(settings);
    if (!found.has(text)) found.set(text, settings);
  }
  return [...found.values()];
}

function assign(keys: readonly string[], value: Value): Settings {
  return Object.fromEntries(keys.map((key) => [key, value]));
}

function draw({ values, range }: Parameter, random: Random): Value {
  if (range === undefined) return random.pick(values!);
  const { min, max, scale, integer } = range;
  // A whole number stands for the stretch from itself to the next.
  const end = integer ? max + 1 : max;
  const drawn = scale === 'log' ? Math.exp(random.between(Math.log(min), Math.log(end))) : random.between(min, end);
  return Math.min(max, Math.max(min, integer ? Math.floor(drawn) : Number(drawn.toPrecision(DIGITS))));
}
