import { formatConfig, loadConfig } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import { formatSeconds, progressBar } from '../core/progress.ts';
import type { Progress } from '../core/progress.ts';
import { decodingSchema } from '../decoding/options.ts';
import { Teller } from '../decoding/teller.ts';
import type { Backend, Device } from '../runtime/choices.ts';
import { trainSchema } from '../training/config.ts';
import { previousForm } from '../training/network.ts';
import type { OpenTraining, TrainOutcome } from '../training/run.ts';
import { resume, train } from '../training/run.ts';
import type { TrainingEvents } from '../training/trainer.ts';

export interface TrainArguments {
  config: string | undefined;
  set: string[];
  resume: string | undefined;
  runs: string;
  dryRun: boolean;
  json: boolean;
  backend: Backend | undefined;
  device: Device | undefined;
  threads: number | undefined;
}

/** Trains, resumes or prints the configuration, as the command line asks. */
export async function runTraining(args: TrainArguments): Promise<void> {
  const settings = [...args.set, ...runtimeSettings(args)];
  if (args.resume !== undefined && (args.config !== undefined || settings.length > 0)) {
    throw new UserError('--resume continues a run with its own configuration: leave out the configuration, --set, --backend, --device and --threads');
  }
  if (args.resume !== undefined && args.dryRun) throw new UserError(`--dry-run shows the configuration of a new run: that of ${args.resume} is its config.json`);
  if (args.resume === undefined) {
    if (args.config === undefined && args.set.length === 0) throw new UserError('nothing to train: give a configuration file, or --resume RUN; fabula train --help shows how it is used');
    const config = await loadConfig(trainSchema, args.config, settings);
    if (args.dryRun) return console.log(formatConfig(config).trimEnd());
    return finish(args, await interruptible((signal) => train({ config, runs: args.runs, signal, events: (open) => watch(open, !args.json) })));
  }
  const folder = args.resume;
  return finish(args, await interruptible((signal) => resume(folder, { signal, events: (open) => watch(open, !args.json) })));
}

/** What the short options set. */
function runtimeSettings({ backend, device, threads }: TrainArguments): string[] {
  return Object.entries({ backend, device, threads }).flatMap(([key, value]) => (value === undefined ? [] : [`runtime.${key}=${value}`]));
}

function finish(args: TrainArguments, { folder, result }: TrainOutcome): void {
  if (args.json) console.log(JSON.stringify({ folder, ...result }));
  else {
    console.log(`best epoch ${result.best_epoch}: validation loss ${result.validation_loss.toFixed(4)}, perplexity ${result.perplexity.toFixed(1)}`);
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

/** Prints a line an epoch and a few validation stories as the model tells them. */
export function watch(open: OpenTraining, print: boolean): TrainingEvents {
  const { config, folder, trainer, resumedFrom } = open;
  if (print) {
    console.log(`${folder.path}: ${config.model.name}, ${trainer.network.arena.trainableCount.toLocaleString('en')} parameters, ${open.data.train.length} stories${resumedFrom > 0 ? `, continuing after epoch ${resumedFrom}` : ''}`);
  }
  let bar: Progress | undefined;
  const tellSamples = print ? sampler(open) : undefined;
  return {
    onStep({ epoch, batch, batches, loss, wordsPerSecond }) {
      if (!print) return;
      bar ??= progressBar(`epoch ${epoch}`, batches);
      bar.update(batch, `loss ${loss.toFixed(3)}, ${Math.round(wordsPerSecond)} words/s`);
    },
    async onEpoch(row) {
      bar?.finish();
      bar = undefined;
      if (!print) return;
      console.log(`epoch ${String(row.epoch + 1).padStart(2)}  loss ${row.loss.toFixed(4)}  val_loss ${row.val_loss.toFixed(4)}  perplexity ${Math.exp(row.val_loss).toFixed(1)}  ${formatSeconds(row.seconds)}${row.best ? '  best' : ''}`);
      await tellSamples?.();
    },
  };
}

function sampler({ config, data, runtime, trainer }: OpenTraining): () => Promise<void> {
  const count = Math.min(config.training.samples, data.validation.length);
  const { options, sizes, arena } = trainer.network;
  const teller = new Teller({ runtime, options, sizes, parameters: arena.values, previous: previousForm(options) });
  const decoding = decodingSchema.parse({ strategy: 'greedy' });
  return async () => {
    if (count === 0) return;
    const photos = data.features.rows(data.validation.imageIds.slice(0, count).flat());
    const stories = await teller.tell(photos, count, decoding);
    for (const { sentences } of stories) {
      console.log(`  ${sentences.map(({ ids }) => data.train.vocabulary.decode(ids).join(' ')).join(' ')}`);
    }
  };
}
