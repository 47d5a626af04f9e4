import type { CommandModule } from 'yargs';
import { UserError } from '../../core/errors.ts';
import { progressBar } from '../../core/progress.ts';
import type { Progress } from '../../core/progress.ts';
import type { SentenceEncoder } from '../../style/encoders/sentenceencoder.ts';
import type { ClassificationReport, GroupReport, OnStep, PairReport, RelatednessReport } from '../../style/evaluate.ts';
import type { RuntimeArguments } from '../options.ts';
import { requireWhole, RUNTIME_FLAGS, runtimeOptions } from '../options.ts';

interface EvaluateArguments extends RuntimeArguments {
  encoder: string;
  relatedness: string | undefined;
  classification: string[] | undefined;
  pairs: string | undefined;
  groups: string[] | undefined;
  dev: string | undefined;
  test: string[] | undefined;
  nb: boolean | undefined;
  fine: boolean | undefined;
  overlap: boolean | undefined;
  photos: number | undefined;
  folds: number;
  innerFolds: number | undefined;
  seed: number;
  json: boolean;
}

export const command: CommandModule<object, EvaluateArguments> = {
  command: 'evaluate',
  describe: 'Evaluate a sentence encoder: relatedness, classification, pairs, captions of one photo',
  builder: (yargs) => yargs
    .options({
      encoder: { type: 'string', requiresArg: true, demandOption: true, describe: 'a sentence encoder: its folder or file' },
      relatedness: { type: 'string', requiresArg: true, describe: 'rated pairs: SICK, or score, sentence1, sentence2 (tabs or .csv)' },
      classification: { type: 'string', array: true, requiresArg: true, describe: 'labelled sentences: .csv with label and text, TREC, or a file a class' },
      pairs: { type: 'string', requiresArg: true, describe: 'labelled pairs: MSRP, or label, sentence1, sentence2 (tabs or .csv)' },
      groups: { type: 'string', array: true, requiresArg: true, describe: 'captions of photos: are those of one photo nearer (AUC)?' },
      dev: { type: 'string', requiresArg: true, describe: 'with --relatedness and --test: the development pairs' },
      test: { type: 'string', array: true, requiresArg: true, describe: 'the test set, in the same format (default: cross-validation, or parts drawn)' },
      nb: { type: 'boolean', describe: 'with --classification of two classes: naive Bayes features too' },
      fine: { type: 'boolean', describe: 'with --classification: the fine classes of TREC' },
      overlap: { type: 'boolean', describe: 'with --pairs: features of shared words and numbers too' },
      photos: { type: 'number', requiresArg: true, describe: 'with --groups: at most so many photos, drawn by the seed' },
      folds: { type: 'number', default: 10, describe: 'of cross-validations' },
      'inner-folds': { type: 'number', requiresArg: true, describe: 'of those that choose the strength (default: as --folds)' },
      seed: { type: 'number', default: 1234, describe: 'of folds and draws' },
      json: { type: 'boolean', default: false, describe: 'print the results as JSON' },
      ...RUNTIME_FLAGS,
    })
    .example('$0 style evaluate --encoder encoders/books --relatedness SICK.txt', 'Pearson, Spearman, MSE')
    .example('$0 style evaluate --encoder encoders/books --classification rt-polarity.pos rt-polarity.neg', 'ten folds')
    .example('$0 style evaluate --encoder minilm.onnx --groups captions.json --json', 'captions of one photo against others') as never,
  handler: async (args) => {
    checkArguments(args);
    const { openSentenceEncoder } = await import('../../style/encoders/open.ts');
    const encoder = await openSentenceEncoder(args.encoder, runtimeOptions(args));
    try {
      const report = await evaluateEncoder(encoder, args);
      console.log(args.json ? JSON.stringify(report) : formatReport(report));
    } finally {
      await encoder.dispose();
    }
  },
};

/** The `--json` of `fabula style evaluate`: the tasks asked for. */
export interface EncoderReport {
  readonly encoder: { readonly name: string; readonly fingerprint: string; readonly size: number };
  readonly relatedness?: RelatednessReport;
  readonly classification?: ClassificationReport;
  readonly pairs?: PairReport;
  readonly groups?: GroupReport;
}

const TASKS = ['relatedness', 'classification', 'pairs', 'groups'] as const;
/** Options that belong to one task. */
const BELONGS = { dev: 'relatedness', nb: 'classification', fine: 'classification', overlap: 'pairs', photos: 'groups' } as const;

function checkArguments(args: EvaluateArguments): void {
  const asked = TASKS.filter((task) => args[task] !== undefined);
  if (asked.length === 0) throw new UserError(`nothing to evaluate: give one or more of ${TASKS.map((task) => `--${task}`).join(', ')}`);
  for (const [option, task] of Object.entries(BELONGS)) {
    if (args[option as keyof typeof BELONGS] !== undefined && args[task] === undefined) throw new UserError(`--${option} belongs to --${task}, which is not given`);
  }
  if (args.test !== undefined) {
    const tested = asked.filter((task) => task !== 'groups');
    if (tested.length !== 1) throw new UserError(`--test belongs to one of --relatedness, --classification, --pairs; ${tested.length === 0 ? 'none' : tested.length} are given`);
    if (tested[0] !== 'classification' && args.test.length > 1) throw new UserError(`--test: --${tested[0]} has one test file; ${args.test.length} are given`);
  }
  requireWhole('folds', args.folds, 2);
  if (args.innerFolds !== undefined) requireWhole('inner-folds', args.innerFolds, 2);
  if (args.photos !== undefined) requireWhole('photos', args.photos, 2);
}

async function evaluateEncoder(encoder: SentenceEncoder, args: EvaluateArguments): Promise<EncoderReport> {
  const { evaluateClassification, evaluateGroups, evaluatePairs, evaluateRelatedness } = await import('../../style/evaluate.ts');
  const { relatedness, classification, pairs, groups, test, dev, seed } = args;
  const bars = stepBars();
  const common = { seed, folds: args.folds, onStep: bars.onStep, ...(args.innerFolds !== undefined && { innerFolds: args.innerFolds }) };
  const one = test?.[0];
  try {
    return {
      encoder: { name: encoder.name, fingerprint: encoder.fingerprint, size: encoder.size },
      ...(relatedness !== undefined && { relatedness: await evaluateRelatedness(encoder, { train: relatedness, ...(dev !== undefined && { development: dev }), ...(one !== undefined && { test: one }) }, common) }),
      ...(classification !== undefined && { classification: await evaluateClassification(encoder, { train: classification, ...(test !== undefined && { test }) }, { ...common, nb: args.nb ?? false, fine: args.fine ?? false }) }),
      ...(pairs !== undefined && { pairs: await evaluatePairs(encoder, { train: pairs, ...(one !== undefined && { test: one }) }, { ...common, overlap: args.overlap ?? false }) }),
      ...(groups !== undefined && { groups: await evaluateGroups(encoder, groups, { seed, onStep: bars.onStep, ...(args.photos !== undefined && { photos: args.photos }) }) }),
    };
  } finally {
    bars.finish();
  }
}

/** A bar for each step, one after the other. */
function stepBars(): { onStep: OnStep; finish(): void } {
  let [step, bar]: [string, Progress | undefined] = ['', undefined];
  return {
    onStep: (name, done, total) => {
      if (name !== step) {
        bar?.finish();
        [step, bar] = [name, progressBar(name, total)];
      }
      bar?.update(done);
    },
    finish: () => bar?.finish(),
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const SPLITS: Readonly<Record<RelatednessReport['split'], string>> = { files: 'a file each', column: 'as the file says', drawn: 'drawn by the seed', 'development drawn': 'development drawn by the seed' };

function formatReport({ encoder, relatedness, classification, pairs, groups }: EncoderReport): string {
  return [
    `${encoder.name}, vectors of ${encoder.size}`,
    ...(relatedness === undefined ? [] : relatednessLines(relatedness)),
    ...(classification === undefined ? [] : ['classification', ...classificationLines(classification)]),
    ...(pairs === undefined ? [] : ['pairs', ...classificationLines(pairs), row(`F1 of ${pairs.positive}`, percent(pairs.scores.f1), `precision ${percent(pairs.scores.precision)}, recall ${percent(pairs.scores.recall)}`)]),
    ...(groups === undefined ? [] : groupLines(groups)),
  ].join('\n');
}

function row(name: string, value: string, note = ''): string {
  return `  ${name.padEnd(14)}${value.padStart(8)}${note === '' ? '' : `   ${note}`}`;
}

function relatednessLines({ test, development, trainingPairs, strength, split }: RelatednessReport): string[] {
  return [
    `relatedness: ${trainingPairs} pairs for training, ${development.pairs} development, ${test.pairs} test (${SPLITS[split]}); C ${strength}`,
    row('', 'test', 'development'),
    row('Pearson', test.pearson.toFixed(4), development.pearson.toFixed(4)),
    row('Spearman', test.spearman.toFixed(4), development.spearman.toFixed(4)),
    row('MSE', test.mse.toFixed(4), development.mse.toFixed(4)),
  ];
}

function classificationLines({ protocol, folds, total, labels, accuracy, meanAccuracy, low, high, majority }: ClassificationReport): string[] {
  const how = protocol === 'test set' ? `a test set of ${total}` : `${folds.length} folds of ${total}`;
  return [
    row('accuracy', percent(protocol === 'test set' ? accuracy : meanAccuracy), `${how}, ${labels.length} classes; 95 % interval ${percent(low)} to ${percent(high)}`),
    row('constant', percent(majority), 'always the most frequent class'),
    row('C', [...new Set(folds.map(({ strength }) => strength))].sort((a, b) => a - b).join(', '), 'chosen by inner cross-validation'),
  ];
}

function groupLines({ auc, exact, groups, captions, leftOut, same, different, meanSame, meanDifferent }: GroupReport): string[] {
  return [
    `groups: ${captions} captions of ${groups} photos${leftOut > 0 ? `; ${leftOut} without a known word left out` : ''}`,
    row('AUC', auc.toFixed(4), exact ? 'all pairs' : 'pairs drawn by the seed'),
    row('one photo', meanSame.toFixed(4), `mean cosine of ${same} pairs`),
    row('different', meanDifferent.toFixed(4), `mean cosine of ${different} pairs`),
  ];
}
