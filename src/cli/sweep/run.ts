import { availableParallelism } from 'node:os';
import { checkConfig } from '../../core/config.ts';
import { messageOf, UserError } from '../../core/errors.ts';
import { checkModelOptions } from '../../models/options.ts';
import { SweepFolder } from '../../sweep/folder.ts';
import { launcher } from '../../sweep/process.ts';
import type { RunnerOptions } from '../../sweep/runner.ts';
import { runSweep } from '../../sweep/runner.ts';
import type { SweepSpec } from '../../sweep/spec.ts';
import { loadSpec } from '../../sweep/spec.ts';
import type { Plan, TrialConfig } from '../../sweep/trials.ts';
import { planSweep } from '../../sweep/trials.ts';
import { holdingRun } from '../../tracking/lock.ts';
import { mirrorEvents } from '../../tracking/mlflow/mirror.ts';
import { trainSchema } from '../../training/config.ts';
import { requireWhole } from '../options.ts';
import type { SlurmArguments } from '../slurm.ts';
import { checkSlurmArguments, clusterOf } from '../slurm.ts';
import { printPlan, printResults, trialPrinter } from './print.ts';
import { PROGRAM } from '../mainfile.ts';
import { RUNS_FOLDER } from '../runs/find.ts';
import { gather, submitSweep } from './slurm.ts';
import { runTask } from './task.ts';

export interface SweepArguments extends SlurmArguments {
  config: string | undefined;
  set: string[];
  parallel: number | undefined;
  resume: string | undefined;
  retry: boolean;
  gather: string | undefined;
  /** undefined: runs. */
  runs: string | undefined;
  task: number | undefined;
  rung: number | undefined;
  dryRun: boolean;
  json: boolean;
}

/** Starts, resumes, gathers or prints a sweep, as the command line asks. */
export async function runSweepCommand(args: SweepArguments): Promise<void> {
  checkArguments(args);
  if (args.gather !== undefined) return gather(await SweepFolder.open(args.gather), args.json);
  if (args.resume !== undefined) {
    const folder = await SweepFolder.open(args.resume);
    if (args.task !== undefined) return runTask(folder, args.task, args.rung);
    if (args.slurm) return submitSweep(folder, await clusterOf(args), args);
    return runHere(folder, args);
  }
  const spec = await loadSpec(args.config!, args.set);
  const cluster = args.slurm ? await clusterOf(args) : undefined;
  const parallel = args.parallel ?? 1;
  const threads = cluster?.threads ?? Math.max(1, Math.floor(availableParallelism() / parallel));
  const plan = await planSweep(spec, resolveTraining, threads);
  if (args.dryRun) return printPlan(spec, plan, args.json);
  const folder = await createFolder(spec, plan, args.runs ?? RUNS_FOLDER, parallel);
  return cluster ? submitSweep(folder, cluster, args) : runHere(folder, args);
}

function checkArguments(args: SweepArguments): void {
  const { config, resume, gather: gathered, task, rung, slurm, parallel } = args;
  const given = [config, resume, gathered].filter((place) => place !== undefined).length;
  if (given === 0) throw new UserError('nothing to search: give a sweep file, --resume DIR or --gather DIR; fabula sweep --help shows how it is used');
  if (given > 1) throw new UserError('a sweep file, --resume and --gather exclude each other: choose one');
  if (config === undefined && args.set.length > 0) throw new UserError('--set changes a new sweep: what is in a folder is decided already; leave it out');
  if (config === undefined && args.dryRun) throw new UserError('--dry-run shows a new sweep: that of a folder is its sweep.json');
  if (config === undefined && args.runs !== undefined) throw new UserError('--runs says where a new sweep is made: that of a folder stays there; leave it out');
  if (gathered !== undefined && parallel !== undefined) throw new UserError('--gather trains nothing: leave out --parallel');
  if (args.retry && resume === undefined) throw new UserError('--retry belongs to --resume: a new sweep has no failed trials');
  if (args.retry && slurm) throw new UserError('--retry and --slurm exclude each other: try failed trials again here, or delete their trials/ID.json first');
  if (slurm && gathered !== undefined) throw new UserError('--gather finds a sweep\'s jobs itself: leave out --slurm');
  checkSlurmArguments(args);
  if (task !== undefined && resume === undefined) throw new UserError('--task belongs to --resume: scripts made by --slurm use it');
  if (rung !== undefined && task === undefined) throw new UserError('--rung belongs to --task: scripts made by --slurm use it');
  if (parallel !== undefined) requireWhole('parallel', parallel, 1);
  if (task !== undefined) requireWhole('task', task, 1);
  if (rung !== undefined) requireWhole('rung', rung, 1);
}

function createFolder({ settings }: SweepSpec, plan: Plan, runs: string, parallel: number): Promise<SweepFolder> {
  const { name, search, metric } = settings;
  const threads = Math.max(...plan.trials.map(({ config }) => config.runtime.threads));
  return SweepFolder.create(runs, plan, { name, search, metric, threads, parallel, sweep: settings });
}

/** A training configuration, checked as `fabula train` would before it reads any data. */
export function resolveTraining(content: unknown, where: string): TrialConfig {
  const config = checkConfig(trainSchema, content, where);
  try {
    checkModelOptions(config.model);
  } catch (error) {
    throw new UserError(`${where}: ${messageOf(error)}`);
  }
  return config;
}

async function runHere(folder: SweepFolder, args: SweepArguments): Promise<void> {
  const parallel = args.parallel ?? folder.head.parallel;
  await holdingRun(folder.path, async () => {
    // The trials' MLflow runs are nested in that of the sweep.
    const mirror = mirrorEvents(folder);
    const printer = trialPrinter(folder, args.json);
    const stopped = await interruptible(async (signals) => {
      const options: RunnerOptions = { launch: launcher(PROGRAM), parallel, retry: args.retry, onTrial: printer.onTrial, ...signals };
      await runSweep(folder, options).finally(printer.finish);
    });
    const { rows, best } = await printResults(folder, args.json);
    await mirror.close();
    const unfinished = rows.some(({ status }) => status !== 'done' && status !== 'failed');
    if (stopped && unfinished) process.stderr.write(`fabula: interrupted and saved; continue with: fabula sweep --resume ${folder.path}\n`);
    process.exitCode = stopped && unfinished ? 130 : unfinished || best === undefined ? 1 : 0;
  });
}

/** The first Ctrl-C asks the trials to save and stop; a second ends them at once. @returns whether there was one */
async function interruptible(work: (signals: { stop: AbortSignal; kill: AbortSignal }) => Promise<void>): Promise<boolean> {
  const [stop, kill] = [new AbortController(), new AbortController()];
  const onSignal = (): void => {
    if (stop.signal.aborted) kill.abort();
    stop.abort();
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, onSignal);
  try {
    await work({ stop: stop.signal, kill: kill.signal });
    return stop.signal.aborted;
  } finally {
    for (const name of names) process.off(name, onSignal);
  }
}
