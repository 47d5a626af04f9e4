import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { messageOf, nearestName, UserError } from './errors.ts';
import { readText } from './files.ts';

/**
 * A configuration: defaults of the schema, then a YAML file, then `key.inner=value` settings.
 * @throws UserError naming the key, and the nearest right one where a key is unknown
 */
export async function loadConfig<S extends z.ZodType>(schema: S, file: string | undefined, sets: readonly string[] = []): Promise<z.output<S>> {
  return checkConfig(schema, await rawConfig(file, sets), file ?? 'the configuration');
}

/** One key of a configuration file with settings, unchecked: for what decides which schema the rest has. */
export async function settingOf(file: string | undefined, sets: readonly string[], key: string): Promise<unknown> {
  return (await rawConfig(file, sets))[key];
}

async function rawConfig(file: string | undefined, sets: readonly string[]): Promise<Record<string, unknown>> {
  const content = file === undefined ? {} : (parseYaml(await readText(file, 'the configuration'), file) ?? {});
  if (content === null || typeof content !== 'object' || Array.isArray(content)) throw new UserError(`${file}: a configuration is a list of "key: value" lines`);
  const config = structuredClone(content) as Record<string, unknown>;
  for (const setting of sets) applySetting(config, setting);
  return config;
}

/** Checks a configuration that is already an object. @throws UserError as `loadConfig` */
export function checkConfig<S extends z.ZodType>(schema: S, config: unknown, where: string): z.output<S> {
  const result = schema.safeParse(config);
  if (result.success) return result.data;
  // A key that does not exist says more than the one it leaves missing.
  const { issues } = result.error;
  throw new UserError(`${where}: ${describeIssue(schema, issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!, config)}`);
}

/** A configuration as YAML, the form that `loadConfig` reads. */
export function formatConfig(config: unknown): string {
  return stringify(config);
}

/** @param where the text is from, for errors @throws UserError when it is no YAML */
export function parseYaml(text: string, where: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new UserError(`${where}: not valid YAML: ${messageOf(error).split('\n')[0]}`);
  }
}

/** `optimizer.learning_rate=0.01`; the value is read as YAML, so numbers, true, null and [lists] mean themselves. */
function applySetting(config: Record<string, unknown>, setting: string): void {
  const equals = setting.indexOf('=');
  if (equals <= 0) throw new UserError(`--set ${setting}: write it as key=value, for example optimizer.learning_rate=0.01`);
  const path = setting.slice(0, equals).split('.');
  const key = path.pop()!;
  let place = config;
  for (const part of path) {
    const inner = place[part];
    if (inner === null || typeof inner !== 'object') place[part] = {};
    place = place[part] as Record<string, unknown>;
  }
  place[key] = parseYaml(setting.slice(equals + 1), `--set ${setting}`);
  if (setting.slice(equals + 1).trim() === '') place[key] = '';
}

/** What zod calls them, in words. */
const TYPES: Readonly<Record<string, string>> = {
  object: 'a group of keys', record: 'a group of keys', array: 'a list', string: 'a text', number: 'a number', int: 'a whole number', boolean: 'true or false',
};

function describeIssue(schema: z.ZodType, issue: z.core.$ZodIssue, config: unknown): string {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(shapeAt(schema, path) ?? {});
    const key = issue.keys[0]!;
    const near = nearestName(key, known);
    const full = [...path, key].join('.');
    return `${full}: there is no such key: ${near ? `did you mean ${[...path, near].join('.')}?` : `the keys here are ${known.join(', ')}`}`;
  }
  const field = path.join('.') || 'the whole';
  const found = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], config);
  const expected = issue.code === 'invalid_type' ? TYPES[issue.expected] : undefined;
  if (found === undefined) return `${field}: missing${expected === undefined ? '' : `; ${expected} is needed`}`;
  return `${field}: ${expected === undefined ? issue.message : `expected ${expected}`}, found ${JSON.stringify(found).slice(0, 60)}`;
}

/** The fields of the object schema at a path, through defaults and optionals. */
function shapeAt(schema: z.ZodType, path: readonly string[]): Record<string, z.ZodType> | undefined {
  let current: unknown = schema;
  const unwrap = (): void => {
    while (current && typeof current === 'object' && 'def' in current && 'innerType' in (current.def as object)) {
      current = (current.def as { innerType: unknown }).innerType;
    }
  };
  unwrap();
  for (const part of path) {
    current = (current as { shape?: Record<string, z.ZodType> }).shape?.[part];
    unwrap();
  }
  return (current as { shape?: Record<string, z.ZodType> } | undefined)?.shape;
}
