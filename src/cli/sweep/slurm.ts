import type { SweepFolder } from '../../sweep/folder.ts';
import { taskStates } from '../../sweep/slurm/cluster.ts';
import { submittedArrays } from '../../sweep/slurm/jobs.ts';
import { jobsOf, statesOfTrials, sweepStages } from '../../sweep/slurm/sweepjobs.ts';
import { mirrorEvents } from '../../tracking/mlflow/mirror.ts';
import type { Cluster, SubmitArguments } from '../slurm.ts';
import { submitJobs } from '../slurm.ts';
import { printResults } from './print.ts';

/** Writes a sweep's job arrays and submits them, or what is left of it. */
export async function submitSweep(folder: SweepFolder, cluster: Cluster, args: SubmitArguments): Promise<void> {
  const stages = await sweepStages(folder);
  // Later rungs are left too whenever the first is; their tasks end at once where nothing is to be done.
  if (stages.every(({ tasks }) => tasks.length === 0)) {
    process.stderr.write(`fabula: ${folder.path}: nothing is left to submit\n`);
    return void (await printResults(folder, args.json));
  }
  // The trials' MLflow runs, made on other machines, are nested in that of the sweep: it must be there before them.
  await mirrorEvents(folder).close();
  const collect = `fabula sweep --gather ${folder.path}`;
  await submitJobs(jobsOf(folder), stages, { cluster, threads: folder.head.threads, collect, about: { folder: folder.path }, ...args });
}

/** Prints what the trials have reached; of those that have not come to an end, what Slurm says. */
export async function gather(folder: SweepFolder, json: boolean): Promise<void> {
  const arrays = await submittedArrays(jobsOf(folder));
  const states = await taskStates([...new Set(arrays.map(({ job }) => job))]);
  await printResults(folder, json, await statesOfTrials(folder, arrays, states));
  await mirrorEvents(folder).close();
}
