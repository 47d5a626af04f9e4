import { basename, resolve as resolvePath } from 'node:path';
import { formatConfig, loadConfig, settingOf } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import { formatSeconds } from '../core/progress.ts';
import type { Backend, Device } from '../runtime/choices.ts';
import { PARENT_VARIABLE } from '../sweep/runner.ts';
import { compareRepeat } from '../training/repeat.ts';
import type { TrainOutcome } from '../training/run.ts';
import { resumeTask, taskConfigOf, taskOfRun, trainTask } from '../training/run.ts';
import type { OpenTraining, RunConfig } from '../training/task.ts';
import type { TrainingEvents } from '../training/trainer.ts';
import { mirrored } from './mirrored.ts';
import type { Trainable } from './tasks.ts';
import { trainableOf } from './tasks.ts';
import { watch } from './watching.ts';

export interface TrainArguments {
  config: string | undefined;
  set: string[];
  resume: string | undefined;
  from: string | undefined;
  runs: string;
  dryRun: boolean;
  json: boolean;
  plain: boolean;
  every: number;
  backend: Backend | undefined;
  device: Device | undefined;
  threads: number | undefined;
}

/** Trains, resumes, repeats or prints the configuration, as the command line asks. */
export async function runTraining(args: TrainArguments): Promise<void> {
  const settings = [...args.set, ...runtimeSettings(args)];
  checkArguments(args, settings);
  const trainable = await chosenTask(args, settings);
  const { kind } = trainable;
  const events = (open: OpenTraining): TrainingEvents => show(args, trainable, open);
  if (args.resume !== undefined) {
    const folder = args.resume;
    return finish(args, await mirrored((mirror) => interruptible((signal) => resumeTask(kind, folder, { signal, events: (open) => mirror(open.folder, events(open)) }))));
  }
  const config = await configuration(args, trainable, settings);
  if (args.dryRun) return console.log(formatConfig(config).trimEnd());
  const { runs, from } = args;
  // Set by a sweep for the runs that it starts.
  const parent = process.env[PARENT_VARIABLE];
  return finish(args, await mirrored((mirror) => interruptible((signal) => trainTask(kind, { config, runs, from, parent, signal, events: (open) => mirror(open.folder, events(open)) }))));
}

/** What is to be trained: as the run says, the settings, or the configuration file. */
async function chosenTask({ resume, from, config }: TrainArguments, settings: readonly string[]): Promise<Trainable> {
  const run = resume ?? from;
  if (run !== undefined) return trainableOf(await taskOfRun(run), run);
  const task = await settingOf(config, settings, 'task');
  return trainableOf(typeof task === 'string' ? task : 'story', config ?? 'the configuration');
}

function checkArguments(args: TrainArguments, settings: readonly string[]): void {
  if (!(args.every > 0)) throw new UserError(`--every ${args.every}: give a number of seconds above 0`);
  if (args.resume !== undefined) {
    if (args.config !== undefined || args.from !== undefined || settings.length > 0) {
      throw new UserError('--resume continues a run with its own configuration: leave out the configuration, --from, --set, --backend, --device and --threads');
    }
    if (args.dryRun) throw new UserError(`--dry-run shows the configuration of a new run: that of ${args.resume} is its config.json`);
  } else if (args.from !== undefined && args.config !== undefined) {
    throw new UserError('--from takes the configuration of a run: leave out the configuration file, and change keys with --set');
  } else if (args.config === undefined && args.from === undefined && args.set.length === 0) {
    throw new UserError('nothing to train: give a configuration file, or --resume RUN, or --from RUN; fabula train --help shows how it is used');
  }
}

function configuration({ config, from }: TrainArguments, { kind }: Trainable, settings: readonly string[]): Promise<RunConfig> {
  return from === undefined ? loadConfig(kind.schema, config, settings) : taskConfigOf(kind, from, settings);
}

/** What the short options set. */
function runtimeSettings({ backend, device, threads }: TrainArguments): string[] {
  return Object.entries({ backend, device, threads }).flatMap(([key, value]) => (value === undefined ? [] : [`runtime.${key}=${value}`]));
}

function show(args: TrainArguments, trainable: Trainable, open: OpenTraining): TrainingEvents {
  const then = basename(resolvePath(args.from ?? open.folder.path));
  for (const change of open.changes) process.stderr.write(`fabula: changed since ${then}, so that numbers may differ: ${change}\n`);
  const toStandardError = (line: string): void => void process.stderr.write(`${line}\n`);
  const toStandardOutput = (line: string): void => console.log(line);
  const print = !args.json ? toStandardOutput : args.plain ? toStandardError : undefined;
  return watch(open, trainable.samples(open), { print, every: args.plain ? args.every : undefined });
}

async function finish(args: TrainArguments, { folder, result }: TrainOutcome): Promise<void> {
  const repeated = args.from === undefined || result.stopped === 'interrupted' ? undefined : await compareRepeat(args.from, folder);
  if (args.json) console.log(JSON.stringify({ folder, ...result, ...(repeated !== undefined && { repeated }) }));
  else {
    if (result.best_epoch > 0) console.log(`best epoch ${result.best_epoch}: validation loss ${result.validation_loss.toFixed(4)}${result.perplexity === null ? '' : `, perplexity ${result.perplexity.toFixed(1)}`}`);
    if (repeated !== undefined) console.log(repeated);
    console.log(`${folder} (${formatSeconds(result.seconds)}, ${result.stopped})`);
  }
  if (result.stopped === 'interrupted') {
    process.stderr.write(`fabula: interrupted and saved; continue with: fabula train --resume ${folder}\n`);
    process.exitCode = 130;
  }
}

/** The first Ctrl-C asks to stop after the step under way; a second ends at once. */
async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    process.once('SIGINT', () => process.exit(130));
    controller.abort();
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
