import { availableParallelism } from 'node:os';
import type { CommandModule } from 'yargs';
import { checkConfig, formatConfig } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import { exists, writeFileAtomic } from '../core/files.ts';
import type { Progress } from '../core/progress.ts';
import { formatSeconds, progressBar } from '../core/progress.ts';
import { listPhotos } from '../features/photolist.ts';
import type { Preprocessing } from '../features/preprocess.ts';
import { openRuntime } from '../runtime/jit.ts';
import type { ClassifierOptions, ClassifierReport } from '../training/classifier.ts';
import { classifierSchema, trainClassifier } from '../training/classifier.ts';
import { photoPreprocessing, readLabels } from '../training/photoset.ts';

interface CnnArguments {
  photos: string;
  labels: string;
  output: string;
  epochs: number;
  seed: number;
  size: number;
  heldOut: number;
  threads: number;
  force: boolean;
  json: boolean;
}

/** The output that holds the features; `--layer` of `fabula extract`. */
export const FEATURE_LAYER = 'features';

const DEFAULTS = classifierSchema.parse({});

export const command: CommandModule<object, CnnArguments> = {
  command: 'cnn <photos>',
  describe: 'Train a small CNN on labelled photos',
  builder: (yargs) => yargs
    .positional('photos', { type: 'string', demandOption: true, describe: 'folder of photos (with its subfolders), or a .txt list' })
    .options({
      labels: { type: 'string', demandOption: true, describe: 'JSON {"PHOTO ID": {"question": "answer"}}, as facts.json of a Storybook' },
      output: { type: 'string', alias: 'o', demandOption: true, describe: 'NAME.onnx to write; NAME.yaml beside it says how photos are prepared' },
      epochs: { type: 'number', default: DEFAULTS.epochs, describe: 'passes over the photos' },
      seed: { type: 'number', default: DEFAULTS.seed, describe: 'of initial weights, order, shifts and the photos held out' },
      size: { type: 'number', default: DEFAULTS.model.size, describe: 'photos are resized to size x size pixels' },
      'held-out': { type: 'number', default: DEFAULTS.held_out, describe: 'share of the photos that is only measured on' },
      threads: { type: 'number', default: 0, describe: `threads; 0 = all (${availableParallelism()})` },
      force: { type: 'boolean', default: false, describe: 'replace an existing output' },
      json: { type: 'boolean', default: false, describe: 'print the report as JSON' },
    })
    .example('$0 cnn data/storybook/photos/train --labels data/storybook/facts.json -o scene.onnx', 'a CNN that knows Storybook')
    .example('$0 extract data/storybook/photos --cnn scene.onnx --layer features --preprocess scene.yaml -o scene.h5', 'its features') as never,
  handler: async ({ photos, labels, output, epochs, seed, size, heldOut, threads, force, json }) => {
    if (!Number.isInteger(threads) || threads < 0) throw new UserError(`--threads ${threads}: give a whole number, 0 or more`);
    const options = checkConfig(classifierSchema, { epochs, seed, held_out: heldOut, model: { size } }, 'the options of the CNN');
    if (!force && (await exists(output))) throw new UserError(`${output}: exists already: choose another --output, or --force to replace it`);
    const report = await trainPhotoCnn({ photos: [photos], labels, output, threads, options });
    console.log(json ? JSON.stringify({ output, preprocessing: preprocessingPath(output), ...report }) : formatReport(output, report));
  },
};

/** A photo CNN to train: photos, their labels, and where it goes. */
export interface PhotoCnnJob {
  /** Folders, photos, or lists of photos. */
  readonly photos: readonly string[];
  /** Path of the labels. */
  readonly labels: string;
  /** NAME.onnx. */
  readonly output: string;
  readonly threads: number;
  readonly options: ClassifierOptions;
}

/** Trains the CNN and writes NAME.onnx and NAME.yaml, with a progress bar. @throws UserError */
export async function trainPhotoCnn({ photos, labels, output, threads, options }: PhotoCnnJob): Promise<ClassifierReport> {
  if (!output.toLowerCase().endsWith('.onnx')) throw new UserError(`--output ${output}: give a name ending in .onnx`);
  const labelled = await readLabels(labels, (await listPhotos(photos)).map(({ path }) => path));
  const runtime = await openRuntime({ threads });
  const bars = new Map<string, Progress>();
  try {
    const { network, report } = await trainClassifier(runtime, labelled, options, (phase, done, total, note) => {
      if (!bars.has(phase)) bars.set(phase, progressBar(phase, total));
      bars.get(phase)!.update(done, note);
      if (done === total) bars.get(phase)!.finish();
    });
    const preprocessing: Preprocessing = photoPreprocessing(options.model.size);
    const answers = JSON.stringify(network.table);
    await writeFileAtomic(preprocessingPath(output), formatConfig(preprocessing));
    await writeFileAtomic(output, network.exportOnnx({ 'fabula.options': JSON.stringify(options), 'fabula.labels': answers }));
    return report;
  } finally {
    for (const bar of bars.values()) bar.finish();
    await runtime.dispose();
  }
}

/** scene.onnx -> scene.yaml */
export function preprocessingPath(output: string): string {
  return output.replace(/\.onnx$/i, '.yaml');
}

function formatReport(output: string, report: ClassifierReport): string {
  const { photos, heldOut, questions, losses, parameters, readSeconds, trainSeconds } = report;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const lines = [
    `${output}: ${parameters} parameters, ${photos} photos, loss ${losses[0]!.toFixed(2)} -> ${losses.at(-1)!.toFixed(2)}`,
    `read in ${formatSeconds(readSeconds)}, trained in ${formatSeconds(trainSeconds)}`,
  ];
  if (heldOut > 0) lines.push(`right on ${heldOut} photos held out (and always saying the most frequent answer):`);
  for (const [question, { answers, accuracy, chance }] of Object.entries(questions)) {
    if (accuracy !== null && chance !== null) lines.push(`  ${question.padEnd(12)} ${percent(accuracy).padStart(7)}  (${percent(chance)}), ${answers} answers`);
  }
  lines.push(`fabula extract PHOTOS --cnn ${output} --layer ${FEATURE_LAYER} --preprocess ${preprocessingPath(output)} --output features.h5`);
  return lines.join('\n');
}
