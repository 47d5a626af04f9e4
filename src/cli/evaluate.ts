import { join } from 'node:path';
import type { CommandModule } from 'yargs';
import { unknownName, UserError } from '../core/errors.ts';
import { METRIC_NAMES } from '../evaluation/measurement.ts';
import type { MetricName } from '../evaluation/measurement.ts';
import { PROTOCOL_NAMES, protocolName, PROTOCOLS } from '../evaluation/protocols.ts';
import { RESAMPLES, SEED, TRIALS } from '../evaluation/resampling.ts';
import { PAIRED_TEST_NAMES } from '../evaluation/significance.ts';
import type { PairedTest } from '../evaluation/significance.ts';
import { formatCsv } from '../io/csv.ts';
import type { ScoreTable } from '../report/scoretable.ts';
import { scoreRecords } from '../report/scoretabledata.ts';
import { scoreTableHtml } from '../report/scoretablehtml.ts';
import { formatScoreTable } from '../report/scoretabletext.ts';
import { formatDetails, segmentsCsv } from '../scoring/details.ts';
import { evaluate } from '../scoring/evaluate.ts';
import type { EvaluateOptions, Evaluation } from '../scoring/evaluate.ts';
import { recordEvaluation } from '../scoring/record.ts';
import { evaluationTable } from '../scoring/table.ts';
import { requireWhole, terminalWidth, writeOutput } from './options.ts';
import { PhaseProgress } from './phases.ts';

interface EvaluateArguments {
  hypotheses: string[];
  references: string[];
  protocol: string[];
  mixed: boolean;
  metrics: string[];
  names: string[];
  baseline: string | undefined;
  vocabulary: string | undefined;
  template: string | undefined;
  partial: boolean;
  meteorData: string | undefined;
  documentFrequencies: string | undefined;
  writeDocumentFrequencies: string | undefined;
  training: string[];
  test: PairedTest;
  resamples: number;
  trials: number;
  confidence: number;
  alpha: number;
  seed: number;
  details: boolean;
  perStory: string | undefined;
  csv: string | undefined;
  html: string | undefined;
  runs: string;
  save: boolean;
  json: boolean;
}

const list = (text: string): string[] => text.split(',').map((name) => name.trim()).filter((name) => name !== '');

export const command: CommandModule<object, EvaluateArguments> = {
  command: 'evaluate <hypotheses..>',
  describe: 'Score generated stories against human ones',
  builder: (yargs) => yargs
    .positional('hypotheses', { type: 'string', array: true, demandOption: true, describe: 'what models wrote, a file a system: .jsonl, the VIST challenge\'s .json, or .txt with a story or a sentence a line' })
    .options({
      references: { type: 'string', array: true, nargs: 1, demandOption: true, describe: 'human stories: VIST .json, stories .h5, .jsonl or .txt; repeat for several files' },
      protocol: { type: 'string', array: true, nargs: 1, default: ['single-reference'], describe: `how to score: ${PROTOCOL_NAMES.join(', ')}; repeat with --mixed` },
      mixed: { type: 'boolean', default: false, describe: 'let scores of several protocols, which do not compare, stand in one table' },
      metrics: { type: 'string', coerce: list, default: METRIC_NAMES.join(','), requiresArg: true, describe: 'which, separated by commas' },
      names: { type: 'string', coerce: list, default: '', requiresArg: true, describe: 'names of the systems, separated by commas (default: their files)' },
      baseline: { type: 'string', requiresArg: true, describe: 'name of a system that all others are tested against' },
      'meteor-data': { type: 'string', default: process.env['FABULA_METEOR_DATA'] || undefined, requiresArg: true, describe: 'METEOR 1.5 distribution, or the Python package pycocoevalcap; without it METEOR-lite (default: $FABULA_METEOR_DATA)' },
      'document-frequencies': { type: 'string', requiresArg: true, describe: 'file for CIDEr (default: those of the references)' },
      'write-document-frequencies': { type: 'string', requiresArg: true, describe: 'write those of the references (.gz compresses)' },
      training: { type: 'string', array: true, nargs: 1, default: [], describe: 'stories the models were trained on, as references: what was copied from them' },
      vocabulary: { type: 'string', requiresArg: true, describe: 'vocabulary.json, for protocol vist-seq2seq with JSON references and for VIST-seq2seq\'s .hdf5' },
      template: { type: 'string', requiresArg: true, describe: 'the VIST challenge\'s template: the photo sequences that count' },
      partial: { type: 'boolean', default: false, describe: 'score although references lack a hypothesis; of several systems what all have' },
      test: { choices: PAIRED_TEST_NAMES, default: 'paired-ar' as PairedTest, describe: 'paired approximate randomisation, sacreBLEU\'s paired bootstrap, or a bootstrap with both tails' },
      resamples: { type: 'number', default: RESAMPLES, describe: 'of the bootstrap' },
      trials: { type: 'number', default: TRIALS, describe: 'of the randomisation' },
      confidence: { type: 'number', default: 0.95, describe: 'of the intervals' },
      alpha: { type: 'number', default: 0.05, describe: 'a system is marked best below this p-value' },
      seed: { type: 'number', default: SEED, describe: 'of resamples and trials' },
      details: { type: 'boolean', describe: 'what each metric\'s tool prints, and the texts\' own statistics (default: for one system)' },
      'per-story': { type: 'string', requiresArg: true, describe: 'folder for the scores of every story, a .csv a system' },
      csv: { type: 'string', requiresArg: true, describe: 'write the table as CSV' },
      html: { type: 'string', requiresArg: true, describe: 'write the table as a page' },
      runs: { type: 'string', default: 'runs', requiresArg: true, describe: 'where the run folder of this evaluation is made' },
      save: { type: 'boolean', default: true, describe: 'write a run folder; --no-save does not' },
      json: { type: 'boolean', default: false, describe: 'print everything as JSON' },
    })
    .example('$0 evaluate stories.jsonl --references datasets/vist/val.h5 --protocol vist-seq2seq', 'scores as VIST-seq2seq reported them')
    .example('$0 evaluate a.jsonl b.jsonl c.jsonl --references val.story-in-sequence.json --html scores.html', 'three systems in one table')
    .epilogue(PROTOCOL_NAMES.map((name) => `${name}: ${PROTOCOLS[name].description}`).join('\n')) as never,
  handler,
};

async function handler(argv: EvaluateArguments): Promise<void> {
  const protocols = [...new Set(argv.protocol.map(protocolName))];
  if (protocols.length > 1 && !argv.mixed) {
    throw new UserError(`protocols ${protocols.join(' and ')}: their scores do not compare; choose one, or give --mixed to have them in one table`);
  }
  if (argv.writeDocumentFrequencies !== undefined && protocols.length > 1) throw new UserError('--write-document-frequencies: give one protocol, whose tokens are counted');
  const options = evaluateOptions(argv);
  const evaluations: Evaluation[] = [];
  const progress = new PhaseProgress();
  for (const protocol of protocols) evaluations.push(await evaluate({ ...options, protocol, onProgress: (what, done, total) => progress.update(what, done, total) }));
  progress.finish();
  const table = evaluationTable(evaluations, argv.mixed);
  await writeTables(argv, evaluations, table);
  if (argv.json) {
    const run = await saved(argv, options, evaluations, table);
    const found = evaluations.map((evaluation) => ({ ...withoutSegments(evaluation), ...(run !== undefined && { run }) }));
    console.log(JSON.stringify(found.length === 1 ? found[0] : found));
    return;
  }
  console.log(formatScoreTable(table, terminalWidth()));
  if (argv.details ?? argv.hypotheses.length === 1) {
    for (const evaluation of evaluations) for (const system of evaluation.systems) console.log(`\n${formatDetails(evaluation, system)}`);
  }
  // After the scores are printed: what cannot be saved must not cost them.
  const run = await saved(argv, options, evaluations, table);
  if (run !== undefined) console.log(`\n${run}`);
}

/** @returns the run folder, undefined without `--save` */
async function saved({ save, runs, mixed }: EvaluateArguments, options: object, evaluations: readonly Evaluation[], table: ScoreTable): Promise<string | undefined> {
  if (!save) return undefined;
  const { folder, notes } = await recordEvaluation(runs, { ...options, protocols: evaluations.map(({ protocol }) => protocol), mixed }, evaluations, table);
  for (const note of notes) process.stderr.write(`fabula: ${note}\n`);
  return folder;
}

function evaluateOptions(argv: EvaluateArguments): Omit<EvaluateOptions, 'protocol'> {
  requireWhole('seed', argv.seed, 0);
  requireWhole('resamples', argv.resamples, 1);
  requireWhole('trials', argv.trials, 1);
  requireShare('confidence', argv.confidence, 0.95);
  requireShare('alpha', argv.alpha, 0.05);
  const { names, baseline, vocabulary, template, meteorData, documentFrequencies: frequencies, writeDocumentFrequencies: writeFrequencies, training } = argv;
  const metrics = metricNames(argv.metrics);
  return {
    hypotheses: argv.hypotheses, references: argv.references, names, metrics, partial: argv.partial, training,
    // A default from the environment is no mistake where METEOR is not asked for.
    ...(meteorData !== undefined && (metrics.includes('meteor') || meteorData !== process.env['FABULA_METEOR_DATA']) && { meteorData }),
    ...(baseline !== undefined && { baseline }), ...(vocabulary !== undefined && { vocabulary }), ...(template !== undefined && { template }),
    ...(frequencies !== undefined && { frequencies }), ...(writeFrequencies !== undefined && { writeFrequencies }),
    comparison: { test: argv.test, resamples: argv.resamples, trials: argv.trials, confidence: argv.confidence, alpha: argv.alpha, seed: argv.seed },
  };
}

/** Asked before anything is measured, which can take minutes. */
function requireShare(option: string, value: number, usual: number): void {
  if (!(value > 0 && value < 1)) throw new UserError(`--${option} ${value}: give a number above 0 and below 1, such as ${usual}`);
}

function metricNames(names: readonly string[]): MetricName[] {
  if (names.length === 0) throw new UserError(`--metrics: name some of ${METRIC_NAMES.join(', ')}`);
  return names.map((name) => {
    const found = METRIC_NAMES.find((known) => known === name.toLowerCase());
    if (found === undefined) throw unknownName('metric', name, METRIC_NAMES);
    return found;
  });
}

async function writeTables({ csv, html, perStory }: EvaluateArguments, evaluations: readonly Evaluation[], table: ScoreTable): Promise<void> {
  const { columns, rows } = scoreRecords(table);
  if (csv !== undefined) await writeOutput(csv, formatCsv(columns, rows));
  if (html !== undefined) await writeOutput(html, scoreTableHtml(table));
  if (perStory === undefined) return;
  for (const evaluation of evaluations) {
    for (const system of evaluation.systems) {
      const name = `${system.name}${evaluations.length > 1 ? `.${evaluation.protocol}` : ''}.csv`;
      await writeOutput(join(perStory, name), segmentsCsv(evaluation, system));
    }
  }
}

/** The scores of segments go to files of their own. */
function withoutSegments({ segments, systems, ...evaluation }: Evaluation): object {
  return { ...evaluation, segments: segments.length, systems: systems.map(({ segmentScores: _, ...system }) => system) };
}
