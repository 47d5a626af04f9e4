import { resolve } from 'node:path';
import type { SweepFolder } from '../folder.ts';
import { trialsOfRung } from '../runner.ts';
import { readStates } from '../state.ts';
import type { TaskState } from './cluster.ts';
import { describeTask } from './cluster.ts';
import type { Stage, SubmittedArray } from './jobs.ts';

/** Where a sweep's scripts are. */
export function jobsOf(folder: SweepFolder): string {
  return folder.file('slurm');
}

/**
 * What is left of a sweep, for job arrays: task t runs trial t. Under halving each rung is a stage, and task t runs the
 * trial that was the t-th best of the rung before; who that is is only known then, so later rungs are submitted whole.
 */
export async function sweepStages(folder: SweepFolder): Promise<Stage[]> {
  const { name, rungs } = folder;
  const words = ['sweep', '--resume', resolve(folder.path), '--task', '{task}'];
  const states = await readStates(folder, rungs[0]?.epochs);
  const left = states.flatMap(({ status }, i) => (status === 'done' || status === 'failed' ? [] : [i]));
  if (rungs.length === 0) return [{ name, file: 'array', words, tasks: left }];
  return rungs.map(({ trials }, i) => ({
    name: `${name}-rung-${i + 1}`, file: `rung-${i + 1}-array`, words: [...words, '--rung', String(i + 1)],
    tasks: i === 0 ? left : Array.from({ length: trials }, (_, task) => task),
  }));
}

async function isOver(folder: SweepFolder, rung: number): Promise<boolean> {
  const ids = new Set(await trialsOfRung(folder, rung));
  const states = await readStates(folder, folder.rungs[rung]!.epochs);
  return states.every(({ id, status }) => !ids.has(id) || status === 'done' || status === 'failed');
}

/** What Slurm says of trials, by id. @param states as `taskStates` gave them for these arrays */
export async function statesOfTrials(folder: SweepFolder, arrays: readonly SubmittedArray[], states: ReadonlyMap<string, TaskState>): Promise<Map<string, string>> {
  const said = new Map<string, string>();
  const rungs = [...new Set(arrays.map(({ stage }) => stage))].sort((a, b) => a - b);
  for (const rung of rungs) {
    // Before the rung below is over, nobody knows whose task is whose.
    if (rung > 0 && !(await isOver(folder, rung - 1))) break;
    const ids = await trialsOfRung(folder, rung);
    for (const array of arrays.filter(({ stage }) => stage === rung)) {
      for (const [task, id] of ids.entries()) {
        const text = describeTask(array, task, states);
        if (text !== undefined) said.set(id, text);
      }
    }
  }
  return said;
}
