import { isGroup, leaves } from '../core/groups.ts';
import type { Group } from '../core/groups.ts';
import type { RunReading } from './runreading.ts';

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
    ...differences(runs.map(({ config }) => new Map(textsOf(config)))),
    ...differences(runs.map(({ environment }) => new Map(textsOf(environment, 'environment.').filter(([key]) => !INCIDENTAL.test(key))))),
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

/** Values as text; an empty group says nothing. */
function textsOf(group: Readonly<Group>, prefix = ''): [string, string][] {
  return leaves(group, prefix).filter(([, value]) => !isGroup(value)).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value) ?? 'undefined']);
}
