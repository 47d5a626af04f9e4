import type { RunReading } from './runreading.ts';
import { asObject } from './runreading.ts';

/** Settings in which runs differ: a value a run, in their order; null where a run has no such setting. */
export interface SettingDifference {
  /** Such as `model.photos.units`, or `environment.cpu`. */
  readonly key: string;
  readonly values: readonly (string | null)[];
}

/** What the environment says besides that makes no difference to the numbers, or differs always. */
const INCIDENTAL = /(^|\.)(command|command_line|argv|started|time|date|hostname|host|pid)(\.|$)/;

/** @returns by key, those of the configuration first; nothing for a single run */
export function settingsThatDiffer(runs: readonly RunReading[]): SettingDifference[] {
  return [
    ...differences(runs.map(({ config }) => new Map(flatten(config)))),
    ...differences(runs.map(({ environment }) => new Map(flatten(environment, 'environment').filter(([key]) => !INCIDENTAL.test(key))))),
  ];
}

function differences(all: readonly ReadonlyMap<string, string>[]): SettingDifference[] {
  // A file that is missing would differ in everything.
  const known = all.filter((settings) => settings.size > 0);
  const keys = [...new Set(known.flatMap((settings) => [...settings.keys()]))];
  return keys
    .filter((key) => new Set(known.map((settings) => settings.get(key))).size > 1)
    .map((key) => ({ key, values: all.map((settings) => settings.get(key) ?? null) }));
}

/** Leaves with their dotted keys; a list is one leaf. */
function flatten(value: Readonly<Record<string, unknown>>, before = ''): [string, string][] {
  return Object.entries(value).flatMap(([name, inner]): [string, string][] => {
    const key = before === '' ? name : `${before}.${name}`;
    const group = asObject(inner);
    if (group !== undefined) return flatten(group, key);
    return [[key, typeof inner === 'string' ? inner : JSON.stringify(inner) ?? 'undefined']];
  });
}
