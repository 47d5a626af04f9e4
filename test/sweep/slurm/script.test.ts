import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatPlaces, splitTasks } from '../../../src/sweep/slurm/arrays.ts';
import { readSlurmOptions, threadsOf } from '../../../src/sweep/slurm/options.ts';
import type { ArrayJob } from '../../../src/sweep/slurm/script.ts';
import { arrayScript } from '../../../src/sweep/slurm/script.ts';

const run = promisify(execFile);
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'fabula script ')))); // A space in its name.
afterAll(() => rm(folder, { recursive: true }));

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const job = (more: Partial<ArrayJob> = {}): ArrayJob => ({
  name: 'sweep-x', command: ['/usr/bin/node', '/opt/fabula/main.js'], words: ['sweep', '--resume', "/data/it's here", '--task', '{task}'],
  folder: '/data', logs: '/data/logs', threads: 4, options: new Map(), parallel: undefined, ...more,
});

test('tasks are dealt out to arrays whose places stay below MaxArraySize', () => {
  expect(splitTasks(range(10), 4)).toEqual([{ offset: 0, places: [0, 1, 2, 3] }, { offset: 4, places: [0, 1, 2, 3] }, { offset: 8, places: [0, 1] }]);
  expect(splitTasks([1, 6, 7], 4)).toEqual([{ offset: 0, places: [1] }, { offset: 4, places: [2, 3] }]);
  expect(splitTasks([], 4)).toEqual([]);
  expect([formatPlaces([0, 1, 2, 5, 7, 8]), formatPlaces([3]), formatPlaces([])]).toEqual(['0-2,5,7-8', '3', '']);
});

test('the head of a script: requeue, a warning before the time limit, what the user asked for', () => {
  const text = arrayScript(job({ parallel: 3, options: readSlurmOptions('partition=gpu; time=12:00:00;exclusive; --mem=16G; comment=two words') }), { offset: 8, places: [0, 1, 3] });
  expect(text.split('\n\n')[0]!.split('\n')).toEqual([
    '#!/bin/bash', '#SBATCH --job-name="sweep-x"', '#SBATCH --array=0-1,3%3', '#SBATCH --requeue', '#SBATCH --open-mode=append', '#SBATCH --signal=B:USR1@60',
    '#SBATCH --chdir="/data"', '#SBATCH --output="/data/logs/%A_%a.log"', '#SBATCH --cpus-per-task=4',
    '#SBATCH --partition=gpu', '#SBATCH --time=12:00:00', '#SBATCH --exclusive', '#SBATCH --mem=16G', '#SBATCH --comment="two words"',
  ]);
  expect(text).toContain('task=$((SLURM_ARRAY_TASK_ID + 9))\n');
  expect(arrayScript(job({ options: readSlurmOptions('cpus-per-task=2') }), { offset: 0, places: [0] })).toMatch(/cpus-per-task=2\n(?![^]*cpus-per-task)/);
});

test('options that Fabula sets itself, or that are none, are refused', () => {
  for (const name of ['array', 'signal', 'output', 'dependency', 'a']) expect(() => readSlurmOptions(`${name}=1`)).toThrow(`--slurm-options ${name}: it is set by Fabula`);
  expect(() => readSlurmOptions('partition gpu')).toThrow('write them as name=value');
  expect(() => readSlurmOptions('comment="x"')).toThrow('write them as name=value');
  expect([...readSlurmOptions(' ; ')]).toEqual([]);
  expect([threadsOf(readSlurmOptions('cpus-per-task=8')), threadsOf(readSlurmOptions('c=3')), threadsOf(new Map())]).toEqual([8, 3, 1]);
  expect(() => threadsOf(readSlurmOptions('cpus-per-task=many'))).toThrow('cpus-per-task=many: give a whole number');
});

/** Runs a script as a task of an array would be, with a program that writes what it was given and sees. */
async function runTask(program: string, then?: (pid: number) => void): Promise<{ code: number; stdout: string }> {
  const [main, script] = [join(folder, 'main.cjs'), join(folder, 'script.sh')];
  await writeFile(main, program);
  await writeFile(join(folder, 'scontrol'), '#!/bin/bash\necho "scontrol $*"\n', { mode: 0o755 });
  await writeFile(script, arrayScript(job({ command: [process.execPath, main] }), { offset: 4, places: [2] }));
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, SLURM_ARRAY_TASK_ID: '2', SLURM_ARRAY_JOB_ID: '17' };
  const work = run('bash', [script], { env });
  if (then) work.child.stdout!.once('data', () => then(work.child.pid!));
  return work.then(({ stdout }) => ({ code: 0, stdout }), (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }));
}

test('a task gets its number and words as they are, and ends with the exit code of its work', async () => {
  expect(await runTask('console.log(JSON.stringify(process.argv.slice(2))); process.exit(3)')).toEqual({ code: 3, stdout: `${JSON.stringify(['sweep', '--resume', "/data/it's here", '--task', '7'])}\n` });
});

test('at the warning the work is asked to stop, and the task goes back into the queue under the number of its array', async () => {
  const slow = 'process.on("SIGINT", () => setTimeout(() => { console.log("saved"); process.exit(130); }, 100)); setInterval(() => {}, 1000); console.log("ready");';
  expect(await runTask(slow, (pid) => process.kill(pid, 'SIGUSR1'))).toEqual({ code: 0, stdout: 'ready\nsaved\nthe time is up: saved, and back into the queue\nscontrol requeue 17_2\n' });
});

test('work that ends by itself just then is not done again', async () => {
  const quick = 'process.on("SIGINT", () => { console.log("done"); process.exit(0); }); setInterval(() => {}, 1000); console.log("ready");';
  expect(await runTask(quick, (pid) => process.kill(pid, 'SIGUSR1'))).toEqual({ code: 0, stdout: 'ready\ndone\n' });
});

test('SIGTERM to the shell is no reason for a requeue: it waits for the work, which has got it too', async () => {
  const slow = 'setTimeout(() => { console.log("saved"); process.exit(130); }, 300); console.log("ready");';
  expect(await runTask(slow, (pid) => process.kill(pid, 'SIGTERM'))).toEqual({ code: 130, stdout: 'ready\nsaved\n' });
  expect(await readFile(join(folder, 'script.sh'), 'utf8')).not.toContain('{task}');
});
