import { UserError } from '../../core/errors.ts';
import type { SweepFolder } from '../../sweep/folder.ts';
import { launcher } from '../../sweep/process.ts';
import { runTrial, trialsOfRung } from '../../sweep/runner.ts';
import { describeSettings } from '../../sweep/trials.ts';
import { PROGRAM } from '../mainfile.ts';

/**
 * Runs what one task of a job array has to do, in the process group of the task. Exit code 0: done; 1: the trial
 * failed; 130: stopped and saved.
 * @param task counted from 1; @param rung counted from 1, under halving
 */
export async function runTask(folder: SweepFolder, task: number, rung = 1): Promise<void> {
  const stage = folder.rungs[rung - 1];
  if (rung > Math.max(1, folder.rungs.length)) throw new UserError(`--rung ${rung}: ${folder.path} has ${folder.rungs.length} rungs`);
  if (task > (stage?.trials ?? folder.trials.length)) throw new UserError(`--task ${task}: ${folder.path} has ${stage?.trials ?? folder.trials.length} trials there`);
  const id = (await trialsOfRung(folder, rung - 1))[task - 1];
  if (id === undefined) return console.log(`rung ${rung} has no trial ${task}: of the rung before, fewer came to their end`);
  const job = process.env['SLURM_JOB_ID'] ?? `process ${process.pid}`;
  const stop = new AbortController();
  const ask = (): void => stop.abort();
  // SIGINT comes to this process alone, from the script; SIGTERM to every process of the task, so that training has it already.
  const wait = (): void => undefined;
  process.on('SIGINT', ask);
  process.on('SIGTERM', wait);
  try {
    console.log(`trial ${id}: ${describeSettings(folder.trials.find((trial) => trial.id === id)!.settings)}`);
    const { status, reason } = await runTrial(folder, id, stage?.epochs, { launch: launcher(PROGRAM), parallel: 1, retry: false, job, stop: stop.signal });
    console.log(`trial ${id} ${status}${reason === undefined ? '' : `: ${reason}`}`);
    if (status !== 'done') process.exitCode = status === 'interrupted' || status === 'waiting' ? 130 : 1;
  } finally {
    process.off('SIGINT', ask);
    process.off('SIGTERM', wait);
  }
}
