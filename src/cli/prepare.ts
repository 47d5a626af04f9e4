import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { progressBar } from '../core/progress.ts';
import { prepare, SPLITS } from '../data/prepare.ts';
import type { PrepareOptions, PrepareReport, SplitReport } from '../data/prepare.ts';

interface PrepareArguments {
  train?: string | undefined;
  val?: string | undefined;
  test?: string | undefined;
  descriptions?: string[] | undefined;
  'require-descriptions': boolean;
  features?: string[] | undefined;
  vocabulary?: string | undefined;
  words: number;
  'min-count': number;
  'max-words': number;
  output: string;
  json: boolean;
}

export const command: CommandModule<object, PrepareArguments> = {
  command: 'prepare',
  describe: 'Turn VIST JSON into a vocabulary and stories files',
  builder,
  handler,
};

function builder(yargs: Argv): Argv<PrepareArguments> {
  return yargs
    .option('train', { type: 'string', requiresArg: true, describe: 'story-in-sequence JSON of the training split; the vocabulary is built from it' })
    .option('val', { type: 'string', requiresArg: true, describe: 'the same of the validation split' })
    .option('test', { type: 'string', requiresArg: true, describe: 'the same of the test split' })
    .option('descriptions', { type: 'string', array: true, requiresArg: true, describe: 'description-in-isolation JSON, one or more: keep a caption of each photo' })
    .option('require-descriptions', { type: 'boolean', default: false, describe: 'drop stories with a photo that has no caption' })
    .option('features', { type: 'string', array: true, requiresArg: true, describe: 'features files, one or more: drop stories with a photo in none of them' })
    .option('vocabulary', { type: 'string', requiresArg: true, describe: 'use this vocabulary.json instead of building one' })
    .option('words', { type: 'number', default: 10000, describe: 'most frequent words to keep' })
    .option('min-count', { type: 'number', default: 1, describe: 'drop words seen fewer times' })
    .option('max-words', { type: 'number', default: 20, describe: 'words a sentence keeps; the rest is cut' })
    .option('output', { type: 'string', alias: 'o', demandOption: true, requiresArg: true, describe: 'folder for vocabulary.json, report.json, train.h5, val.h5, test.h5' })
    .option('json', { type: 'boolean', default: false, describe: 'print the report as JSON' })
    .check(checkNumbers)
    .example(
      '$0 prepare --train train.story-in-sequence.json --val val.story-in-sequence.json --output datasets/vist',
      'prepare VIST as VIST-seq2seq does',
    );
}

function checkNumbers(argv: ArgumentsCamelCase<Partial<PrepareArguments>>): true {
  for (const [name, value] of [['words', argv.words], ['min-count', argv.minCount], ['max-words', argv.maxWords]] as const) {
    if (!Number.isInteger(value) || value! < 1) throw new Error(`--${name}: expected a whole number from 1, found ${value}`);
  }
  return true;
}

async function handler(argv: ArgumentsCamelCase<PrepareArguments>): Promise<void> {
  const { train, val, test, descriptions, features, vocabulary } = argv;
  const inputs = [train, val, test, vocabulary].filter((path) => path !== undefined).length;
  const outputs = [train, val, test].filter((path) => path !== undefined).length;
  const bar = progressBar('prepare', inputs + outputs + (descriptions?.length ?? 0) + (features?.length ?? 0));
  let done = 0;
  const options: PrepareOptions = {
    stories: { ...(train && { train }), ...(val && { val }), ...(test && { test }) },
    ...(descriptions && { descriptions }),
    ...(features && { features }),
    ...(vocabulary && { vocabulary }),
    requireDescriptions: argv.requireDescriptions,
    words: argv.words,
    minCount: argv.minCount,
    maxWords: argv.maxWords,
    output: argv.output,
    onStep: (step) => bar.update(done++, step),
  };
  const report = await prepare(options).finally(() => bar.finish());
  console.log(argv.json ? JSON.stringify(report) : formatReport(report));
}

/** The report for people: a paragraph for the vocabulary and one a split. */
export function formatReport(report: PrepareReport): string {
  const { file, size, source } = report.vocabulary;
  const lines = [`vocabulary  ${size} words from ${source} -> ${file}`];
  for (const split of SPLITS) {
    const part = report.splits[split];
    if (part !== undefined) lines.push(...formatSplit(split, part));
  }
  return lines.join('\n');
}

function formatSplit(name: string, part: SplitReport): string[] {
  const { min, max, mean } = part.sentenceLength;
  const lines = [
    `${name.padEnd(10)}  ${part.kept} of ${part.read} stories -> ${part.file}`,
    `            words a sentence: ${min} to ${max}, mean ${mean.toFixed(2)}; ${part.cut} sentences cut; ${(100 * part.coverage).toFixed(2)} % of ${part.words} words known`,
  ];
  for (const [reason, examples] of Object.entries(part.examples)) {
    lines.push(`            dropped, ${reason}: ${part.dropped[reason as keyof typeof part.dropped]} (${examples[0]})`);
  }
  return lines;
}
