import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { SweepHead } from '../../src/sweep/folder.ts';
import { SweepFolder } from '../../src/sweep/folder.ts';
import type { Ended, Launch } from '../../src/sweep/process.ts';
import { rungsOf } from '../../src/sweep/halving.ts';
import type { Plan, TrialConfig } from '../../src/sweep/trials.ts';

interface FakeConfig extends TrialConfig {
  readonly rate: number;
}

/** A sweep over `rate`, whose runs validate at `rate + 1 / epoch`. */
export function fakeSweep(base: string, rates: readonly number[], halving = false): Promise<SweepFolder> {
  const rungs = halving ? rungsOf(rates.length, 2, 1, 4) : [];
  const plan: Plan = {
    rungs,
    trials: rates.map((rate, i) => {
      const id = String(i + 1).padStart(3, '0');
      const config: FakeConfig = { name: `fake-${id}`, training: { epochs: rungs[0]?.epochs ?? 4 }, runtime: { threads: 1 }, rate };
      return { id, settings: { rate }, config };
    }),
  };
  const about: Pick<SweepHead, 'name' | 'search' | 'metric' | 'threads' | 'parallel' | 'sweep'> = {
    name: 'fake', search: halving ? 'halving' : 'grid', metric: 'val_loss', threads: 1, parallel: 1, sweep: {},
  };
  return SweepFolder.create(base, plan, about);
}

/** What each call asked for, and how it shall end. */
export interface FakeTraining {
  readonly launch: Launch;
  readonly calls: { readonly words: readonly string[]; readonly run: string; readonly from: number; readonly to: number }[];
}

/**
 * Stands in for `fabula train`: writes a run folder as training does, epoch by epoch.
 * @param fate how a run ends that has reached some epoch; undefined: it goes on
 */
export function fakeTraining(fate: (config: FakeConfig, epoch: number) => Ended | undefined = () => undefined): FakeTraining {
  const calls: FakeTraining['calls'] = [];
  const launch: Launch = async (words) => {
    const resumed = words[1] === '--resume';
    const config = (resumed ? JSON.parse(await readFile(join(words[2]!, 'config.json'), 'utf8')) : parse(await readFile(words[1]!, 'utf8'))) as FakeConfig;
    const run = resumed ? words[2]! : join(words[3]!, `${config.name}-2026-01-31T12-00-00`);
    if (!resumed) await mkdir(run, { recursive: true });
    await writeFile(join(run, 'config.json'), JSON.stringify(config));
    const file = join(run, 'history.csv');
    const lines = (await readFile(file, 'utf8').catch(() => 'epoch,loss,val_loss\n')).trim().split('\n');
    calls.push({ words, run, from: lines.length - 1, to: config.training.epochs });
    for (let epoch = lines.length; epoch <= config.training.epochs; epoch++) {
      const end = fate(config, epoch);
      if (end) return end;
      lines.push(`${epoch - 1},${config.rate + 2 / epoch},${config.rate + 1 / epoch}`);
      await writeFile(file, `${lines.join('\n')}\n`);
    }
    await writeFile(join(run, 'result.json'), JSON.stringify({ epochs: lines.length - 1, stopped: 'all epochs', seconds: 1, parameters: 9 }));
    return { code: 0, signal: null, lastLine: '' };
  };
  return { launch, calls };
}
