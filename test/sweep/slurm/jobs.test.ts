import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Command } from '../../../src/sweep/slurm/cluster.ts';
import { isActive, maxArraySize, runCommand, submit, taskStates } from '../../../src/sweep/slurm/cluster.ts';
import type { JobRequest } from '../../../src/sweep/slurm/jobs.ts';
import { submittedArrays, writeJobs } from '../../../src/sweep/slurm/jobs.ts';
import { statesOfTrials, sweepStages } from '../../../src/sweep/slurm/sweepjobs.ts';
import { fakeSweep, fakeTraining } from '../fakeruns.ts';
import { runTrial } from '../../../src/sweep/runner.ts';

let base: string;
let path: string | undefined;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'fabula-jobs-'));
  path = process.env['PATH'];
});
afterEach(async () => {
  process.env['PATH'] = path;
  await rm(base, { recursive: true });
});

const request = (more: Partial<JobRequest> = {}): JobRequest => ({ command: ['node', 'main.js'], folder: base, threads: 1, options: new Map(), maxArraySize: 2, parallel: undefined, ...more });

/** An sbatch that numbers jobs from 101 and notes its arguments; `full` makes it refuse from that job on. */
async function fakeSbatch(full = Infinity): Promise<void> {
  const bin = join(base, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'sbatch'), `#!/bin/bash
[ "$1" = --version ] && exit 0
n=$(( $(cat "${base}/n" 2> /dev/null || echo 100) + 1 ))
[ $n -ge ${full === Infinity ? 999999 : full} ] && { echo "sbatch: error: QOSMaxSubmitJobPerUserLimit" >&2; exit 1; }
echo $n > "${base}/n"
echo "$*" >> "${base}/said"
echo "$n;cluster"
`);
  await chmod(join(bin, 'sbatch'), 0o755);
  process.env['PATH'] = `${bin}:${path}`;
}

const said = async (): Promise<string[]> => (await readFile(join(base, 'said'), 'utf8')).trim().split('\n');

test('rungs wait for all arrays of the one before; without a limit the arrays of a rung run side by side', async () => {
  await fakeSbatch();
  const folder = await fakeSweep(base, [1, 2, 3, 4, 5, 6], true);
  const { script, tasks, arrays } = await writeJobs(join(base, 'jobs'), await sweepStages(folder), request());
  expect([tasks, arrays]).toEqual([6 + 3 + 1, 3 + 2 + 1]);
  expect(await submit(script)).toEqual(['job 101: rung-1-array-1.sh', 'job 102: rung-1-array-2.sh', 'job 103: rung-1-array-3.sh', 'job 104: rung-2-array-1.sh', 'job 105: rung-2-array-2.sh', 'job 106: rung-3-array-1.sh']);
  expect(await said()).toEqual([
    '--parsable rung-1-array-1.sh', '--parsable rung-1-array-2.sh', '--parsable rung-1-array-3.sh',
    '--parsable --dependency=afterany:101:102:103 rung-2-array-1.sh', '--parsable --dependency=afterany:101:102:103 rung-2-array-2.sh', '--parsable --dependency=afterany:104:105 rung-3-array-1.sh',
  ]);
  expect(await submittedArrays(join(base, 'jobs'))).toEqual([
    { job: '101', stage: 0, offset: 0 }, { job: '102', stage: 0, offset: 2 }, { job: '103', stage: 0, offset: 4 },
    { job: '104', stage: 1, offset: 0 }, { job: '105', stage: 1, offset: 2 }, { job: '106', stage: 2, offset: 0 },
  ]);
  expect(await readFile(join(base, 'jobs', '1', 'rung-2-array-2.sh'), 'utf8')).toMatch(/SLURM_ARRAY_TASK_ID \+ 3\)\)\n.* sweep --resume .* --task "\$task" --rung 2 &\n/);
});

test('a limit on tasks at once holds over all arrays: they run one after the other', async () => {
  await fakeSbatch();
  const { script } = await writeJobs(join(base, 'jobs'), [{ name: 'x', file: 'array', words: ['extract'], tasks: [0, 1, 2, 4] }], request({ parallel: 2 }));
  await submit(script);
  expect(await said()).toEqual(['--parsable array-1.sh', '--parsable --dependency=afterany:101 array-2.sh', '--parsable --dependency=afterany:102 array-3.sh']);
  expect(await readFile(join(base, 'jobs', '1', 'array-3.sh'), 'utf8')).toContain('#SBATCH --array=0%2\n');
});

test('where Slurm takes no more jobs, it says so, and the same script submits the rest later', async () => {
  await fakeSbatch(103);
  const { script } = await writeJobs(join(base, 'jobs'), [{ name: 'x', file: 'array', words: ['extract'], tasks: [0, 1, 2, 3, 4, 5] }], request());
  await expect(submit(script)).rejects.toThrow(`sbatch: QOSMaxSubmitJobPerUserLimit; what was submitted before stays: go on with: bash ${script}`);
  expect((await submittedArrays(join(base, 'jobs'))).map(({ job }) => job)).toEqual(['101', '102']);
  await fakeSbatch();
  expect(await submit(script)).toEqual(['job 103: array-3.sh']);
  expect((await submittedArrays(join(base, 'jobs'))).map(({ job, offset }) => [job, offset])).toEqual([['101', 0], ['102', 2], ['103', 4]]);
});

test('submitted again, only what is left; scripts of before stay', async () => {
  const folder = await fakeSweep(base, [1, 2, 3, 4, 5]);
  const { launch } = fakeTraining();
  for (const id of ['001', '002', '005']) await runTrial(folder, id, undefined, { launch, parallel: 1, retry: false });
  await writeJobs(folder.file('slurm'), await sweepStages(folder), request());
  await writeJobs(folder.file('slurm'), await sweepStages(folder), request({ maxArraySize: 1001 }));
  expect(await readdir(folder.file('slurm'))).toEqual(['1', '2']);
  expect(await readFile(folder.file('slurm', '1', 'array-1.sh'), 'utf8')).toMatch(/--array=0-1\n[^]*TASK_ID \+ 3\)/);
  expect(await readFile(folder.file('slurm', '2', 'array-1.sh'), 'utf8')).toMatch(/--array=2-3\n[^]*TASK_ID \+ 1\)/);
});

test('MaxArraySize as Slurm says it, and what is said where there is no Slurm', async () => {
  expect(await maxArraySize(() => Promise.resolve('MaxArraySize            = 4001\nMaxBatchRequeue = 5\n'))).toBe(4001);
  expect(await maxArraySize(() => Promise.resolve('nothing'))).toBe(1001);
  await expect(maxArraySize(() => Promise.resolve('MaxArraySize = 0'))).rejects.toThrow('this cluster allows no job arrays');
  process.env['PATH'] = base;
  await expect(maxArraySize(runCommand)).rejects.toThrow('scontrol show config: Slurm\'s commands are not on this machine; run this where Slurm is, or write the scripts only, with --write-only');
  await expect(submit('submit.sh')).rejects.toThrow('sbatch: Slurm\'s commands are not on this machine');
});

test('states of tasks: from the queue, before the accounting; by trial, the latest rung counting', async () => {
  const command: Command = (program) => Promise.resolve(program === 'squeue'
    ? '101|0|RUNNING|None|node3\n101|1|PENDING|JobArrayTaskLimit|\n102|0|PENDING|BeginTime|\n'
    : '101_0|FAILED|1:0|node1\n103_0|OUT_OF_MEMORY|0:125|node2\n104_0|COMPLETED|0:0|node2\n101_[2-3]|PENDING|0:0|None assigned\n');
  const states = await taskStates(['101', '102', '103', '104'], command);
  expect(Object.fromEntries(states)).toMatchObject({
    '101_0': { state: 'RUNNING', detail: 'node3' }, '101_1': { state: 'PENDING', detail: 'JobArrayTaskLimit' }, '103_0': { state: 'OUT_OF_MEMORY', detail: 'exit code 0:125' }, '104_0': { state: 'COMPLETED', detail: 'node2' },
  });
  expect([...states].filter(([, state]) => isActive(state)).map(([task]) => task).sort()).toEqual(['101_0', '101_1', '101_[2-3]', '102_0']);
  const folder = await fakeSweep(base, [2, 1, 3, 4], true);
  const arrays = [{ job: '101', stage: 0, offset: 0 }, { job: '103', stage: 0, offset: 2 }, { job: '102', stage: 1, offset: 0 }];
  expect([...(await statesOfTrials(folder, arrays, states))]).toEqual([
    ['001', 'Slurm job 101_0: RUNNING (node3)'], ['002', 'Slurm job 101_1: PENDING (JobArrayTaskLimit)'], ['003', 'Slurm job 103_0: OUT_OF_MEMORY (exit code 0:125)'],
  ]);
  const { launch } = fakeTraining();
  for (const { id } of folder.trials) await runTrial(folder, id, 1, { launch, parallel: 1, retry: false });
  expect((await statesOfTrials(folder, arrays, states)).get('002')).toBe('Slurm job 102_0: PENDING (BeginTime)');
  expect(await taskStates(['1'], () => Promise.reject(new Error('no such command')))).toEqual(new Map());
  expect(await taskStates([])).toEqual(new Map());
});
