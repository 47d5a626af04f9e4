import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { train } from '../../src/training/run.ts';
import { trainSchema } from '../../src/training/config.ts';
import { sha256File } from '../../src/core/files.ts';
import type { TinyRun } from '../training/tinyrun.ts';
import { tinyRun } from '../training/tinyrun.ts';
import { builtProgram } from './built.ts';
import { expectRefusal, fabula } from './fabula.ts';

// Trials are real processes of the built program.

let main: string;
let tiny: TinyRun;
const at = (...names: string[]): string => join(tiny.folder, ...names);

beforeAll(async () => {
  main = await builtProgram();
  tiny = await tinyRun();
  await writeFile(at('features-are-text.h5'), 'no features\n');
  await writeFile(at('crash.yaml'), `name: crash\nbase: tiny.yaml\nparameters:\n  data.features: [${tiny.config.data.features}, ${at('features-are-text.h5')}]\n  seed: [3, 4]\n`);
  await writeFile(at('halving.yaml'), 'name: half\nbase: tiny.yaml\nsearch: halving\neta: 2\nmax_epochs: 3\nparameters: { seed: [3, 4] }\n');
  await writeFile(at('long.yaml'), 'name: long\nbase: tiny.yaml\nconfig: { training.epochs: 40 }\nparameters: { seed: [3, 4] }\n');
}, 60_000);
afterAll(() => rm(tiny.folder, { recursive: true }));

function start(...words: string[]): { child: ChildProcess; ended: Promise<{ code: number | null; stdout: string; stderr: string }> } {
  const child = spawn(process.execPath, [main, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr })) };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    if (await condition()) return;
    await setTimeout(10);
  }
  throw new Error('it did not happen within 30 s');
}

interface Printed {
  readonly folder: string;
  readonly best: { readonly trial: string; readonly run: string; readonly val_loss: number } | null;
  readonly trials: readonly { readonly trial: string; readonly status: string; readonly reason: string | null; readonly val_loss: number | null; readonly run: string | null; readonly epochs: number | null }[];
}

const weightsOf = (sweep: string, run: string): Promise<string> => sha256File(join(sweep, 'runs', run, 'checkpoints/last/weights.safetensors'));

test('a whole sweep, two at once: losses as training alone gives, and trials that cannot run are failed rows with their reasons', async () => {
  const { code, stdout } = await start('sweep', at('crash.yaml'), '--parallel', '2', '--runs', at('runs'), '--json').ended;
  expect(code).toBe(0);
  const { folder, best, trials } = JSON.parse(stdout) as Printed;
  expect(trials.map(({ trial, status }) => [trial, status]).sort()).toEqual([['001', 'done'], ['002', 'done'], ['003', 'failed'], ['004', 'failed']]);
  expect(trials.at(-1)!.reason).toMatch(/features-are-text\.h5/);
  const alone = await train({ config: { ...tiny.config, seed: 3 }, runs: at('alone') });
  const first = trials.find(({ trial }) => trial === '001')!;
  expect(first.val_loss).toBe(alone.result.validation_loss);
  expect(await weightsOf(folder, first.run!)).toBe(await sha256File(join(alone.folder, 'checkpoints/last/weights.safetensors')));
  expect(JSON.parse(await readFile(join(folder, 'runs', first.run!, 'run.json'), 'utf8'))).toMatchObject({ kind: 'train', parent: folder.split('/').at(-1) });
  expect(best!.val_loss).toBe(Math.min(...trials.flatMap(({ val_loss }) => val_loss ?? [])));
  expect(await fabula('train', join(folder, 'best.yaml'), '--dry-run')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^task: story\nname: crash-best\n/) as string });
}, 60_000);

test('halving: the survivor is the run that was trained as long from the start', async () => {
  const { code, stdout } = await start('sweep', at('halving.yaml'), '--runs', at('runs'), '--json').ended;
  const { folder, best, trials } = JSON.parse(stdout) as Printed;
  expect([code, trials.map(({ epochs }) => epochs)]).toEqual([0, [3, 1]]);
  const config = trainSchema.parse(JSON.parse(await readFile(join(folder, 'runs', best!.run, 'config.json'), 'utf8')));
  const straight = await train({ config, runs: at('straight') });
  expect(await weightsOf(folder, best!.run)).toBe(await sha256File(join(straight.folder, 'checkpoints/last/weights.safetensors')));
  expect(await readFile(join(folder, 'runs', best!.run, 'metrics.jsonl'), 'utf8')).toBe(await readFile(join(straight.folder, 'metrics.jsonl'), 'utf8'));
}, 60_000);

test('Ctrl-C saves the trials and says how to go on; resumed, the end is the same', async () => {
  const { child, ended } = start('sweep', at('long.yaml'), '--parallel', '2', '--runs', at('stopped'), '--json');
  let folder = '';
  await until(async () => {
    const [name] = await readdir(at('stopped')).catch(() => []);
    folder = at('stopped', name ?? '');
    const runs = await readdir(join(folder, 'runs')).catch(() => []);
    return runs.length === 2 && (await Promise.all(runs.map((run) => readFile(join(folder, 'runs', run, 'history.csv'), 'utf8').catch(() => '')))).every((text) => text.split('\n').length > 3);
  });
  child.kill('SIGINT');
  const stopped = await ended;
  expect([stopped.code, stopped.stderr]).toEqual([130, `fabula: interrupted and saved; continue with: fabula sweep --resume ${folder}\n`]);
  expect((JSON.parse(stopped.stdout) as Printed).trials.map(({ status }) => status)).toEqual(['interrupted', 'interrupted']);
  const again = await start('sweep', '--resume', folder, '--json').ended;
  const { trials } = JSON.parse(again.stdout) as Printed;
  expect([again.code, trials.map(({ status }) => status)]).toEqual([0, ['done', 'done']]);
  for (const { trial, run, val_loss } of trials) {
    const alone = await train({ config: { ...tiny.config, seed: trial === '001' ? 3 : 4, training: { ...tiny.config.training, epochs: 40 } }, runs: at('straight') });
    expect(val_loss).toBe(alone.result.validation_loss);
    expect(await weightsOf(folder, run!)).toBe(await sha256File(join(alone.folder, 'checkpoints/last/weights.safetensors')));
  }
}, 90_000);

test('--dry-run prints every trial and makes nothing', async () => {
  const { code, stdout } = await fabula('sweep', at('crash.yaml'), '--parallel', '2', '--runs', at('none'), '--dry-run');
  expect([code, stdout.split('\n').length]).toEqual([0, 5]);
  expect(stdout).toMatch(/^001 {2}data\.features=.*features\.h5, seed=3\n[^]*4 trials, grid, lowest val_loss, 1 thread each$/);
  expect((await fabula('sweep', at('halving.yaml'), '--dry-run')).stdout).toContain('rungs: 2 to epoch 1, 1 to epoch 3');
  const { trials } = JSON.parse((await fabula('sweep', at('halving.yaml'), '--dry-run', '--json')).stdout) as { trials: { config: { name: string; seed: number } }[] };
  expect(trials.map(({ config: { name, seed } }) => [name, seed])).toEqual([['half-001', 3], ['half-002', 4]]);
  await expect(readdir(at('none'))).rejects.toThrow('ENOENT');
});

test('wrong command lines are refused in one line, before anything is made', async () => {
  await expectRefusal(['sweep'], ['nothing to search: give a sweep file, --resume DIR or --gather DIR']);
  await expectRefusal(['sweep', at('crash.yaml'), '--resume', at('x')], ['exclude each other']);
  await expectRefusal(['sweep', '--resume', at('nowhere')], ['nowhere: not a sweep: it has no sweep.json']);
  await expectRefusal(['sweep', '--gather', at('runs')], ['runs: not a sweep']);
  await expectRefusal(['sweep', '--gather', at('x'), '--parallel', '2'], ['--gather trains nothing: leave out --parallel']);
  for (const flag of ['--resume', '--gather']) await expectRefusal(['sweep', flag, at('x'), '--runs', 'runs'], ['--runs says where a new sweep is made']);
  await expectRefusal(['sweep', at('nowhere.yaml')], ['nowhere.yaml: cannot read the configuration: no such file']);
  await expectRefusal(['sweep', at('crash.yaml'), '--parallel', '0'], ['--parallel 0']);
  await expectRefusal(['sweep', at('crash.yaml'), '--write-only'], ['--write-only belongs to --slurm']);
  await expectRefusal(['sweep', at('crash.yaml'), '--slurm', '--slurm-options', 'array=1'], ['--slurm-options array: it is set by Fabula']);
  await expectRefusal(['sweep', at('crash.yaml'), '--set', 'config.trainin.epochs=1'], ['trainin: there is no such key: did you mean training?']);
});

test('--slurm --write-only writes scripts that run single trials; a task runs one, and gathering shows it', async () => {
  const written = await fabula('sweep', at('crash.yaml'), '--runs', at('cluster'), '--slurm', '--write-only', '--slurm-options', 'time=10', '--json');
  const { folder, script, tasks } = JSON.parse(written.stdout) as { folder: string; script: string; tasks: number };
  expect([written.code, tasks, script]).toEqual([0, 4, join(folder, 'slurm/1/submit.sh')]);
  expect(await readFile(join(folder, 'slurm/1/array-1.sh'), 'utf8')).toContain(`sweep --resume ${folder} --task "$task" &\n`);
  expect((await start('sweep', '--resume', folder, '--task', '2').ended).code).toBe(0);
  const failed = await start('sweep', '--resume', folder, '--task', '3').ended;
  expect([failed.code, failed.stdout]).toEqual([1, expect.stringMatching(/trial 003 failed: .*features-are-text\.h5/) as string]);
  const { trials } = JSON.parse((await fabula('sweep', '--gather', folder, '--json')).stdout) as Printed;
  expect(trials.map(({ trial, status }) => [trial, status])).toEqual([['002', 'done'], ['001', 'waiting'], ['004', 'waiting'], ['003', 'failed']]);
  await expectRefusal(['sweep', '--resume', folder, '--task', '9'], [/--task 9: .* has 4 trials there/]);
}, 60_000);
