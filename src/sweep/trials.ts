import { parseYaml } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import { readText } from '../core/files.ts';
import { isGroup } from '../core/groups.ts';
import type { Group } from '../core/groups.ts';
import type { Rung } from './halving.ts';
import { rungsOf } from './halving.ts';
import type { Settings, Value } from './parameters.ts';
import { drawTrials, gridOf } from './parameters.ts';
import type { SweepSpec } from './spec.ts';

/** What the sweep must know of a training configuration; it has other keys too. */
export interface TrialConfig {
  readonly name: string;
  readonly training: { readonly epochs: number };
  readonly runtime: { readonly threads: number };
}

/** One combination of settings. */
export interface Trial {
  /** `001`, `002`, ... */
  readonly id: string;
  readonly settings: Settings;
}

export interface PlannedTrial extends Trial {
  /** Everything resolved. */
  readonly config: TrialConfig;
}

/** A sweep with everything decided before anything starts. */
export interface Plan {
  readonly trials: readonly PlannedTrial[];
  /** Empty unless the search is halving. */
  readonly rungs: readonly Rung[];
}

/** Checks a training configuration and fills in its defaults. @throws UserError naming `where` and the key */
export type Resolve = (content: unknown, where: string) => TrialConfig;

/**
 * All trials of a sweep, their configurations resolved: a wrong key or value in any of them is found here.
 * @param threads what a trial gets whose configuration leaves `runtime.threads` at 0
 */
export async function planSweep(spec: SweepSpec, resolve: Resolve, threads: number): Promise<Plan> {
  const { settings, where } = spec;
  const base = merge(spec.base === undefined ? {} : await readBase(spec.base, where), undotted(settings.config));
  const all = settings.trials === null ? gridOf(spec.parameters) : drawTrials(spec.parameters, settings.trials, settings.seed, where);
  const width = Math.max(3, String(all.length).length);
  const planned = all.map((chosen, i) => {
    const id = String(i + 1).padStart(width, '0');
    const config = resolve(withSettings(base, chosen), `${where}: trial ${id} (${describeSettings(chosen)})`);
    const shared = config.runtime.threads === 0 ? { ...config, runtime: { ...config.runtime, threads } } : config;
    return { id, settings: chosen, config: { ...shared, name: `${settings.name}-${id}` } };
  });
  if (settings.search !== 'halving') return { trials: planned, rungs: [] };
  const rungs = halvingRungs(spec, planned);
  return { trials: planned.map((trial) => ({ ...trial, config: withEpochs(trial.config, rungs[0]!.epochs) })), rungs };
}

function halvingRungs({ settings, where }: SweepSpec, trials: readonly PlannedTrial[]): Rung[] {
  const [least, most] = [settings.min_epochs ?? 1, settings.max_epochs ?? trials[0]!.config.training.epochs];
  if (least > most) throw new UserError(`${where}: min_epochs: ${least} is more than the ${most} epochs of ${settings.max_epochs === null ? 'training.epochs' : 'max_epochs'}`);
  return rungsOf(trials.length, settings.eta ?? 3, least, most);
}

/** The same configuration, trained for so many epochs. */
export function withEpochs<C extends TrialConfig>(config: C, epochs: number): C {
  return { ...config, training: { ...config.training, epochs } };
}

/** `optimizer.learning_rate=0.001, seed=2`. */
export function describeSettings(settings: Settings): string {
  return Object.entries(settings).map(([key, value]) => `${key}=${describeValue(value)}`).join(', ');
}

export function describeValue(value: Value): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function readBase(path: string, where: string): Promise<Group> {
  const text = await readText(path, `the configuration that ${where} names under base`);
  const content = parseYaml(text, path);
  if (!isGroup(content)) throw new UserError(`${path}: a configuration is a list of "key: value" lines`);
  return content;
}

function withSettings(base: Group, settings: Settings): Group {
  return Object.entries(settings).reduce((config, [key, value]) => merge(config, undotted({ [key]: value })), base);
}

/** `{'a.b': 1}` as `{a: {b: 1}}`. */
function undotted(content: Group): Group {
  return Object.entries(content).reduce<Group>((whole, [key, value]) => {
    const [last, ...outer] = key.split('.').reverse();
    const inner: Group = { [last!]: isGroup(value) ? undotted(value) : value };
    return merge(whole, outer.reduce<Group>((group, name) => ({ [name]: group }), inner));
  }, {});
}

/** Groups are merged key by key; anything else of `over` takes the place of what was there. */
function merge(under: Group, over: Group): Group {
  const merged = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key];
    merged[key] = isGroup(before) && isGroup(value) ? merge(before, value) : value;
  }
  return merged;
}
