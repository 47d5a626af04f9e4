import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { exists } from '../../src/core/files.ts';
import { lockRun } from '../../src/tracking/lock.ts';
import { RunFolder } from '../../src/tracking/runfolder.ts';
import type { RunRecord } from '../../src/tracking/runrecord.ts';
import { resume, train } from '../../src/training/run.ts';
import type { TinyRun } from '../training/tinyrun.ts';
import { copyRun, tinyRun, traces } from '../training/tinyrun.ts';
import { expectRefusal, fabula } from './fabula.ts';

let tiny: TinyRun;
let runs: string;
const at = (...names: string[]): string => join(runs, ...names);

beforeAll(async () => {
  tiny = await tinyRun();
  runs = join(tiny.folder, 'runs');
  const short = { ...tiny.config, training: { ...tiny.config.training, epochs: 2 } };
  const controller = new AbortController();
  const made: [string, Promise<{ folder: string }>][] = [];
  const make = async (name: string, request: Omit<Parameters<typeof train>[0], 'runs'>): Promise<void> => {
    const making = train({ runs, ...request });
    made.push([name, making]);
    await making.catch(() => undefined);
  };
  await make('good', { config: short });
  await make('other', { config: { ...short, seed: 4, model: { ...short.model, name: 'encoder-decoder' } } });
  await make('stopped', { config: short, signal: controller.signal, events: () => ({ onStep: ({ step }) => { if (step === 3) controller.abort(); } }) });
  for (const [name, making] of made) await rename((await making).folder, at(name));
  await new RunFolder(at('good')).writeScores('single-reference', { protocol: 'single-reference', scores: { 'BLEU-4': { value: 5.25, low: 4.5, high: 6 }, METEOR: { value: 20 } } });
  await new RunFolder(at('other')).writeScores('single-reference', { protocol: 'single-reference', scores: { 'BLEU-4': { value: 7 } } });
  // A sweep, an evaluation, a run that lost its configuration, and what is no run.
  await mkdir(at('sweep-a/runs'), { recursive: true });
  await cp(at('good'), at('sweep-a/runs/trial-1'), { recursive: true });
  const evaluation = await RunFolder.createEvaluation(runs, 'evaluate', { hypotheses: ['a.jsonl'] });
  await evaluation.writeScores('single-reference', { protocol: 'single-reference', scores: { 'BLEU-4': { value: 6 } } });
  await rename(evaluation.path, at('evaluated'));
  await cp(at('good'), at('broken'), { recursive: true });
  await rm(at('broken/config.json'));
  await mkdir(at('notes'));
  await writeFile(at('notes/config.json.txt'), '');
});

async function list(...words: string[]): Promise<RunRecord[]> {
  const { code, stdout, stderr } = await fabula('runs', runs, '--json', ...words);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as RunRecord[];
}

const names = (records: readonly RunRecord[]): string[] => records.map(({ name }) => name);

describe('the list', () => {
  test('shows kind, model, status, epochs, losses of each, a sweep\'s too, and what is wrong', async () => {
    const { code, stdout } = await fabula('runs', runs);
    const lines = stdout.split('\n');
    expect(code).toBe(0);
    expect(lines[0]).toMatch(/^run +kind +model +status +epochs +best +loss +val_loss +perplexity +time$/);
    const row = (name: string): string => lines.find((line) => line.startsWith(`${name} `)) ?? '';
    expect(row('good')).toMatch(/^good +train +previous-sentence +finished +2\/2 +\d +\d\.\d{4} +\d\.\d{4} +\d+\.\d\d +[\d.]+ s$/);
    expect(row('other')).toMatch(/^other +train +encoder-decoder +finished +2\/2 /);
    expect(row('trial-1')).toMatch(/ finished /);
    expect(row('stopped')).toMatch(/^stopped +train +previous-sentence +interrupted +0\/2 +- +- +- +- /);
    expect(row('evaluated')).toMatch(/^evaluated +evaluate +- +finished +- /);
    expect(row('broken')).toMatch(/^broken +train +- +broken +2 /);
    expect(lines.at(-1)).toBe('broken: config.json: missing; see fabula runs show');
    expect(stdout).not.toContain('notes');
  });

  test('as CSV', async () => {
    const { stdout } = await fabula('runs', at('good'), '--csv');
    expect(stdout).toMatch(/^name,kind,status,model,epochs,planned,best_epoch,loss,val_loss,perplexity,parameters,steps,seconds,started,from,parent,source,path\ngood,train,finished,previous-sentence,2,2,\d,\d\.\d+,/);
  });

  test('as JSON: everything, in the order of start', async () => {
    const records = await list();
    expect(names(records)).toEqual(['broken', 'good', 'trial-1', 'other', 'stopped', 'evaluated']);
    expect(records.find(({ name }) => name === 'good')).toMatchObject({ kind: 'train', steps: 16, config: { seed: 3 }, environment: { threads: 1 }, history: [{ epoch: 0 }, { epoch: 1 }], problems: [] });
  });

  test('--where on configuration, results and scores', async () => {
    expect(names(await list('--where', 'model.name = encoder-decoder'))).toEqual(['other']);
    expect(names(await list('--where', 'status = finished and seed = 3'))).toEqual(['good', 'trial-1']);
    expect(names(await list('--where', 'BLEU-4 > 5.5'))).toEqual(['other', 'evaluated']);
    expect(names(await list('--where', 'scores.single-reference.METEOR = 20 and not (name ~ trial or status = broken)'))).toEqual(['good']);
    expect(names(await list('--where', 'val_loss < 0'))).toEqual([]);
    expect((await fabula('runs', runs, '--where', 'val_loss < 0')).stdout).toBe('none of 6 runs');
    await expectRefusal(['runs', runs, '--where', 'val_los < 4'], ['--where "val_los < 4", character 1: no run has a key val_los: did you mean val_loss?']);
    await expectRefusal(['runs', runs, '--where', 'val_loss <'], ['character 11: a value is expected after <']);
  });

  test('a column scored under two protocols must be named with its own', async () => {
    const copy = await copyRun(at('good'));
    await new RunFolder(copy).writeScores('arel', { protocol: 'arel', scores: { 'BLEU-4': { value: 9 } } });
    await expectRefusal(['runs', copy, '--where', 'BLEU-4 > 1'], ['no run has a key BLEU-4: did you mean scores.arel.BLEU-4 or scores.single-reference.BLEU-4?']);
    expect((await fabula('runs', copy, '--where', 'scores.arel.BLEU-4 > 8')).stdout).toMatch(/\nrun +train /);
  });

  test('--sort by any key; runs without it last', async () => {
    const sorted = await list('--sort', 'BLEU-4', '--reverse');
    expect(sorted.map(({ scores }) => scores[0]?.scores['BLEU-4']?.value)).toEqual([7, 6, 5.25, 5.25, 5.25, undefined]);
    expect(names(await list('--sort', 'epochs'))[0]).toMatch(/stopped|evaluated/);
    await expectRefusal(['runs', runs, '--sort', 'val_los'], ['--sort val_los: no run has such a key: did you mean val_loss?']);
    await expectRefusal(['runs', runs, '--reverse'], ['--reverse: give the key to sort by with --sort']);
  });

  test('a run that a process works on is running', async () => {
    const lock = await lockRun(at('stopped'));
    expect((await list('--where', 'status = running')).map(({ name, holder }) => [name, holder?.pid])).toEqual([['stopped', process.pid]]);
    await lock.release();
  });

  test('moved and renamed folders, and links to them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fabula-elsewhere-'));
    await cp(at('good'), join(folder, 'my best run'), { recursive: true });
    await symlink(at('other'), join(folder, 'linked'));
    const { stdout } = await fabula('runs', folder, '--json');
    expect(names(JSON.parse(stdout) as RunRecord[]).sort()).toEqual(['linked', 'my best run']);
    // Resuming a finished one finds that there is nothing to do.
    await resume(join(folder, 'my best run'), {});
    expect(await traces(join(folder, 'my best run'))).toEqual(await traces(at('good')));
  });

  test('an old run, which has its configuration and no more', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fabula-old-'));
    await mkdir(join(folder, 'old'));
    await cp(at('good/config.json'), join(folder, 'old/config.json'));
    expect((await fabula('runs', folder)).stdout).toMatch(/\nold +train +previous-sentence +interrupted +0\/2 /);
  });

  test('no folder', async () => {
    await expectRefusal(['runs', at('none')], [/none: there is no such run/]);
    expect((await fabula('runs', await mkdtemp(join(tmpdir(), 'fabula-empty-')))).stdout).toBe('no runs yet: fabula train makes them');
  });
});

describe('show', () => {
  test('everything about one', async () => {
    const run = await copyRun(at('good'));
    await new RunFolder(run).samples({ epoch: 2, stories: [{ id: '7', image_ids: ['a'], sentences: ['the end \u001b[31m.'] }] });
    const { code, stdout } = await fabula('runs', 'show', run);
    expect(code).toBe(0);
    for (const text of [/status +finished/, /model +previous-sentence, [\d,]+ parameters/, /data\.train +.*train\.h5/, /, 1 thread, /, /trained +2 of 2 epochs, 16 steps/, /\n +1 +\d\.\d{4} +\d\.\d{4}/, /best/,
      'scores/single-reference.json, protocol single-reference:\n  BLEU-4 5.25 (4.50 to 6.00), METEOR 20.00', 'told after epoch 2:\n  7: the end  [31m.']) expect(stdout).toMatch(text);
    expect(stdout).not.toContain('missing or cut');
    const json = JSON.parse((await fabula('runs', 'show', run, '--json')).stdout) as { findings: unknown[]; samples: { epoch: number } };
    expect([json.findings, json.samples.epoch]).toEqual([[], 2]);
  });

  test('what is cut and how to save it; rescue does', async () => {
    const run = await copyRun(at('good'));
    await truncate(join(run, 'result.json'), 30);
    await truncate(join(run, 'checkpoints/last/weights.safetensors'), 100);
    const { stdout } = await fabula('runs', 'show', run);
    expect(stdout).toMatch(/missing or cut, and what can be saved:\n {2}checkpoints\/last: .*\n {2}result\.json: .*\nfabula rescues what it can with: fabula runs rescue /);
    const rescue = await fabula('runs', 'rescue', run);
    expect([rescue.code, rescue.stdout.split('\n').length]).toEqual([0, 2]);
    expect((await fabula('runs', 'rescue', run)).stdout).toBe(`${run}: nothing is missing or cut`);
    await resume(run, {});
    expect(await traces(run)).toEqual(await traces(at('good')));
  });

  test('rescue leaves a run alone that a process works on', async () => {
    const lock = await lockRun(at('stopped'));
    await expectRefusal(['runs', 'rescue', at('stopped')], [`process ${process.pid} on ${hostname()} works on this run`]);
    expect((await fabula('runs', 'show', at('stopped'))).stdout).toMatch(/status +running, process/);
    await lock.release();
  });

  test('no run', async () => {
    await expectRefusal(['runs', 'show', at('goods')], [/goods: there is no such run/]);
    await expectRefusal(['runs', 'show', at('notes')], [/notes: not a run folder: it has no config\.json/]);
    await expectRefusal(['runs', 'show'], ['Not enough non-option arguments']);
  });
});

describe('delete', () => {
  test('asks: without a terminal only --yes deletes', async () => {
    const [one, two] = [await copyRun(at('good')), await copyRun(at('stopped'))];
    await expectRefusal(['runs', 'delete', one, two], [/2 runs \(\d+ kB\): give --yes to delete without being asked/]);
    expect([await exists(one), await exists(join(one, 'run.lock'))]).toEqual([true, false]);
    const { code, stdout } = await fabula('runs', 'delete', one, two, '--yes');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^deleted 2 runs \(\d+ kB\)$/)]);
    expect([await exists(one), await exists(two)]).toEqual([false, false]);
  });

  test('refuses what runs, what is no run, and what holds something else; then nothing goes', async () => {
    const good = await copyRun(at('good'));
    const refused = async (other: string, says: RegExp): Promise<void> => {
      await expectRefusal(['runs', 'delete', good, other, '--yes'], [says]);
      expect([await exists(good), await exists(other)]).toEqual([true, true]);
    };
    const running = await copyRun(at('stopped'));
    const lock = await lockRun(running);
    await refused(running, /works on this run since/);
    await lock.release();
    await refused(at('notes'), /notes: not a run folder/);
    await refused(tiny.folder, /not a run folder/);
    const project = await mkdtemp(join(tmpdir(), 'fabula-project-'));
    await writeFile(join(project, 'config.json'), '{}');
    await refused(project, /it has a config\.json and nothing else of a run/);
    const mixed = await copyRun(at('good'));
    await writeFile(join(mixed, 'thesis.tex'), '');
    await refused(mixed, /holds thesis\.tex, which no run wrote: move it elsewhere/);
    expect((await readdir(good)).includes('run.lock')).toBe(false);
  });

  test('a broken run can go', async () => {
    const run = await copyRun(at('broken'));
    expect((await fabula('runs', 'delete', run, '-y')).code).toBe(0);
    expect(await exists(run)).toBe(false);
  });
});

describe('VIST-seq2seq\'s model_results.csv', () => {
  test('is written, and read beside one\'s own with its source', async () => {
    const file = join(tiny.folder, 'model_results.csv');
    const { code, stdout } = await fabula('runs', 'export', at('good'), at('other'), '-o', file);
    expect([code, stdout]).toEqual([0, `${file}: 2 runs`]);
    const [head, line] = (await readFile(file, 'utf8')).split('\n');
    expect(head).toBe('num_samples,duration,num_epochs,loss,val_loss,num_layers,cell_type,activation,hidden_dimension,learning_rate,gradient_clipping_value,optimizer,loss_history_filename,model_filename,reverse_sequence,notes');
    expect(line).toMatch(/^200,0:00:\d\dh,2,\d\.\d+,\d\.\d+,1,gru,tanh,6,0\.2,5,adam,\.\/good\/history\.csv,/);
    const { stdout: table } = await fabula('runs', at('stopped'), '--published', file);
    expect(table).toMatch(/\nstopped +train +previous-sentence/);
    expect(table).toMatch(/\ngood +published +- +finished +2\/2 +- +\d\.\d{4} .*model_results\.csv, row 1\n/);
    expect(table).toContain('published: losses of the last epoch as VIST-seq2seq logged them, on its data; they do not compare with runs on other data');
    const where = await fabula('runs', at('stopped'), '--published', file, '--where', 'source = null', '--json');
    expect(names(JSON.parse(where.stdout) as RunRecord[])).toEqual(['stopped']);
  });

  test('mistakes', async () => {
    await expectRefusal(['runs', 'export', at('evaluated')], [/no trainings there/]);
    await expectRefusal(['runs', runs, '--published', 'vist'], ['--published vist: no such file: here it takes a CSV file', 'fabula compare --published vist']);
    await expectRefusal(['runs', runs, '--published', join(tiny.folder, 'tiny.yaml')], [/tiny\.yaml: line 1: not VIST-seq2seq's model_results\.csv/]);
    await expectRefusal(['runs', runs, '--json', '--csv'], ['--json and --csv: choose one']);
  });
});
