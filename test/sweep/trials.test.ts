import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveTraining } from '../../src/cli/sweep/run.ts';
import { checkSpec, loadSpec } from '../../src/sweep/spec.ts';
import { planSweep } from '../../src/sweep/trials.ts';
import type { TrainConfig } from '../../src/training/config.ts';

let folder: string;

const data = { train: 'train.h5', validation: 'val.h5', features: 'features.h5' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-sweep-'));
  await writeFile(join(folder, 'base.yaml'), JSON.stringify({ seed: 5, data, optimizer: { name: 'sgd', learning_rate: 0.5 }, training: { epochs: 8 } }));
});
afterAll(() => rm(folder, { recursive: true }));

const plan = (content: object, threads = 2) => planSweep(checkSpec({ base: 'base.yaml', ...content }, join(folder, 'sweep.yaml')), resolveTraining, threads);

test('a trial is the base, under what all have, under its own settings; all keys resolved', async () => {
  const { trials, rungs } = await plan({ config: { training: { patience: null }, 'optimizer.momentum': 0.5 }, parameters: { 'optimizer.learning_rate': [0.1, 0.2] } });
  expect(rungs).toEqual([]);
  expect(trials.map(({ id, settings }) => [id, settings])).toEqual([['001', { 'optimizer.learning_rate': 0.1 }], ['002', { 'optimizer.learning_rate': 0.2 }]]);
  const config = trials[1]!.config as TrainConfig;
  expect(config).toMatchObject({
    name: 'sweep-002', seed: 5, data, optimizer: { name: 'sgd', learning_rate: 0.2, momentum: 0.5, beta1: 0.9 }, training: { epochs: 8, patience: null }, runtime: { threads: 2 },
  });
});

test('threads that a configuration chooses stay; a group as a value goes over the base key by key', async () => {
  const { trials } = await plan({ config: { runtime: { threads: 7 } }, parameters: { 'optimizer.schedule': [{ kind: 'constant' }, { kind: 'cosine', steps: 9 }] } });
  expect(trials.map(({ config }) => [config.runtime.threads, (config as TrainConfig).optimizer.schedule.kind, (config as TrainConfig).optimizer.schedule.steps])).toEqual([[7, 'constant', 10_000], [7, 'cosine', 9]]);
});

test('halving starts all trials with the epochs of its first rung; the last rung is training.epochs', async () => {
  const { trials, rungs } = await plan({ search: 'halving', eta: 2, parameters: { seed: [1, 2, 3, 4] } });
  expect(rungs).toEqual([{ trials: 4, epochs: 1 }, { trials: 2, epochs: 2 }, { trials: 1, epochs: 8 }]);
  expect(new Set(trials.map(({ config }) => config.training.epochs))).toEqual(new Set([1]));
  await expect(plan({ search: 'halving', min_epochs: 9, parameters: { seed: [1, 2] } })).rejects.toThrow('min_epochs: 9 is more than the 8 epochs of training.epochs');
});

test('every trial is checked before one starts', async () => {
  await expect(plan({ parameters: { 'optimizer.lerning_rate': [1] } })).rejects.toThrow(/sweep\.yaml: trial 001 \(optimizer\.lerning_rate=1\): optimizer\.lerning_rate: there is no such key: did you mean optimizer\.learning_rate\?/);
  await expect(plan({ parameters: { seed: [1, 2, 'three'] } })).rejects.toThrow('trial 003 (seed=three): seed: expected a number, found "three"');
  await expect(plan({ parameters: { 'model.photos.units': [512, 100], 'model.name': ['attention'] } })).rejects.toThrow('trial 002 (model.photos.units=100, model.name=attention): model.previous.units: attention compares states');
  await expect(plan({ base: 'none.yaml', parameters: { seed: [1] } })).rejects.toThrow(/none\.yaml: cannot read the configuration that .*sweep\.yaml names under base: no such file/);
  await expect(planSweep(checkSpec({ parameters: { seed: [1] } }, 'sweep.yaml'), resolveTraining, 1)).rejects.toThrow('sweep.yaml: trial 001 (seed=1): data: missing');
});

test('keys of one search given to another are refused', () => {
  const refused = (content: object) => expect(() => checkSpec({ parameters: { seed: [1, 2] }, ...content }, 'sweep.yaml'));
  refused({ eta: 3 }).toThrow('sweep.yaml: eta: belongs to search: halving, not grid');
  refused({ search: 'random', max_epochs: 3, trials: 1 }).toThrow('max_epochs: belongs to search: halving, not random');
  refused({ trials: 3 }).toThrow('trials: a grid tries every combination');
  refused({ search: 'random' }).toThrow('trials: missing');
  refused({ parameters: { seed: { min: 1, max: 2 } } }).toThrow('parameters.seed: a range has no end of values: give a list, or choose search: random');
  refused({ search: 'halving', parameters: { seed: { min: 1, max: 2 } } }).toThrow('say how many are drawn with trials');
  refused({ search: 'halving', parameters: { training: { epochs: [1, 2] } } }).toThrow('halving decides the epochs');
  refused({ parameters: { name: ['a'] } }).toThrow('a sweep names its runs itself');
  refused({ serch: 'grid' }).toThrow('serch: there is no such key: did you mean search?');
});

test('a file is read, with --set over it', async () => {
  const file = join(folder, 'file.yaml');
  await writeFile(file, 'base: base.yaml\nparameters:\n  optimizer.learning_rate: [1, 2]\n');
  const spec = await loadSpec(file, ['config.training.epochs=2', 'parameters.optimizer.learning_rate=[3]', 'name=mine']);
  const { trials } = await planSweep(spec, resolveTraining, 1);
  expect(trials.map(({ config, settings }) => [config.name, config.training.epochs, settings])).toEqual([['mine-001', 2, { 'optimizer.learning_rate': 3 }]]);
});
