import { basename, resolve } from 'node:path';
import { readRun } from '../tracking/runrecord.ts';

/** Keys that do not change the numbers of a run, or should not: threads may change last digits, which is worth knowing. */
const IDLE: readonly string[] = ['name', 'training.checkpoint_seconds', 'training.samples', 'runtime.threads'];

/**
 * Whether a run that repeats another came to the same losses, in words; undefined where their settings differ, so that
 * nothing need be the same. Both losses of every epoch that both have are compared, digit for digit.
 */
export async function compareRepeat(from: string, repeated: string): Promise<string | undefined> {
  const [was, now] = await Promise.all([readRun(from), readRun(repeated)]);
  if (settings(was.config) !== settings(now.config)) return undefined;
  const name = basename(resolve(from));
  const epochs = Math.min(was.history.length, now.history.length);
  const differing = now.history.find((row, i) => i < epochs && (row.loss !== was.history[i]!.loss || row.val_loss !== was.history[i]!.val_loss));
  if (epochs === 0) return `${name} has no epoch to compare with`;
  if (differing === undefined) return `the same losses as ${name} in ${epochs === 1 ? 'its epoch' : `all ${epochs} epochs`}${was.history.length > epochs ? ` of ${was.history.length}` : ''}`;
  const { epoch, val_loss } = differing;
  return `losses differ from those of ${name} from epoch ${epoch + 1} on: validation ${was.history[epoch]!.val_loss} there, ${val_loss} here`;
}

/** The configuration as text, keys in order, without those that do not count. */
function settings(config: Readonly<Record<string, unknown>> | null): string {
  const ordered = (value: unknown, path: string): unknown => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
    return Object.fromEntries(Object.entries(value).filter(([key]) => !IDLE.includes(at(key))).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, ordered(inner, at(key))]));
  };
  return JSON.stringify(ordered(config, ''));
}
