import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../core/errors.ts';
import { matchLines, readHypotheses, readReferences } from '../data/storytexts.ts';
import type { TextFile } from '../data/storytexts.ts';
import { fixed } from '../evaluation/bleuline.ts';
import { diversity } from '../evaluation/diversity.ts';
import type { Diversity } from '../evaluation/diversity.ts';
import type { PairingCounts } from '../evaluation/pairing.ts';
import { PROTOCOL_NAMES, protocolName, PROTOCOLS } from '../evaluation/protocols.ts';
import type { Protocol, ProtocolName } from '../evaluation/protocols.ts';
import { scoreStories } from '../evaluation/scores.ts';
import type { StoryScores } from '../evaluation/scores.ts';

interface EvaluateArguments {
  hypotheses: string;
  references: string[];
  protocol: string;
  vocabulary?: string | undefined;
  partial: boolean;
  json: boolean;
}

export const command: CommandModule<object, EvaluateArguments> = {
  command: 'evaluate <hypotheses>',
  describe: 'Score generated stories against human ones',
  builder,
  handler,
};

function builder(yargs: Argv): Argv<EvaluateArguments> {
  return yargs
    .positional('hypotheses', { type: 'string', demandOption: true, describe: 'what a model wrote: .jsonl, or .txt with a story or a sentence a line' })
    .option('references', { type: 'string', array: true, nargs: 1, demandOption: true, describe: 'human stories: VIST .json, stories .h5, .jsonl or .txt; repeat for several files' })
    .option('protocol', { type: 'string', default: 'single-reference', requiresArg: true, describe: `how to score: ${PROTOCOL_NAMES.join(', ')}` })
    .option('vocabulary', { type: 'string', requiresArg: true, describe: 'vocabulary.json, for protocol vist-seq2seq with JSON references and for VIST-seq2seq\'s .hdf5' })
    .option('partial', { type: 'boolean', default: false, describe: 'score although references lack a hypothesis' })
    .option('json', { type: 'boolean', default: false, describe: 'print the scores as JSON' })
    .example('$0 evaluate stories.jsonl --references datasets/vist/val.h5 --protocol vist-seq2seq', 'BLEU as VIST-seq2seq reported it')
    .example('$0 evaluate stories.txt --references val.story-in-sequence.json --protocol story-multi', 'text, line n being the n-th story of the references')
    .epilogue(PROTOCOL_NAMES.map((name) => `${name}: ${PROTOCOLS[name].description}`).join('\n'));
}

export interface EvaluateOptions {
  readonly hypotheses: string;
  readonly references: readonly string[];
  readonly protocol: ProtocolName;
  readonly vocabulary?: string;
  readonly partial?: boolean;
}

/** Scores, how they were made, and from what: the `--json` of `fabula evaluate`. */
export interface Evaluation extends StoryScores {
  /** Everything the protocol fixes. */
  readonly settings: Protocol;
  readonly hypotheses: string;
  readonly references: readonly string[];
  /** What `diversity` counts as a sentence. */
  readonly unit: 'sentence' | 'line';
  readonly diversity: Diversity;
}

/** Reads the files and scores them. @throws UserError for files that cannot be read or do not fit together */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { protocol, partial = false } = options;
  const settings: Protocol = PROTOCOLS[protocol];
  checkFiles(options, settings);
  const source = { text: settings.referenceText, ...(options.vocabulary !== undefined && { vocabulary: options.vocabulary }) };
  const files: TextFile[] = [];
  for (const path of options.references) files.push(await readReferences(path, source));
  const texts = matchLines(await readHypotheses(options.hypotheses), files, settings.level);
  return {
    ...scoreStories({ ...texts, protocol, partial }),
    settings,
    hypotheses: options.hypotheses,
    references: options.references,
    unit: texts.unit,
    diversity: diversity(texts.hypotheses.map((story) => story.sentences)),
  };
}

/** Asks for nothing that would be ignored. */
function checkFiles({ references, protocol, vocabulary }: EvaluateOptions, settings: Protocol): void {
  const texts = references.filter((path) => path.toLowerCase().endsWith('.txt'));
  if (texts.length > 1 && settings.references === 'own story') {
    throw new UserError(`protocol ${protocol} takes one reference a story; give one .txt, or choose story-multi`);
  }
  const used = references.some((path) => /\.(h5|hdf5)$/i.test(path) || (settings.referenceText === 'indexed' && !texts.includes(path)));
  if (vocabulary !== undefined && !used) {
    throw new UserError(`--vocabulary ${vocabulary} would not be used: protocol ${protocol} takes these references as they are; leave it out`);
  }
}

async function handler(argv: ArgumentsCamelCase<EvaluateArguments>): Promise<void> {
  const evaluation = await evaluate({
    hypotheses: argv.hypotheses, references: argv.references, protocol: protocolName(argv.protocol), partial: argv.partial,
    ...(argv.vocabulary !== undefined && { vocabulary: argv.vocabulary }),
  });
  console.log(argv.json ? JSON.stringify(evaluation) : formatEvaluation(evaluation));
}

/** A table for people, its protocol on top. */
export function formatEvaluation({ protocol, settings, hypotheses, references, bleu, bleuLine, counts, unit, diversity: d }: Evaluation): string {
  const figures: [string, string][] = [
    ['BLEU-1', fixed(bleu.bleu1, 2)], ['BLEU-2', fixed(bleu.bleu2, 2)], ['BLEU-3', fixed(bleu.bleu3, 2)], ['BLEU-4', fixed(bleu.bleu4, 2)],
    ['brevity', fixed(bleu.brevityPenalty, 3)], ['ratio', fixed(bleu.ratio, 3)], ['words', String(bleu.hypothesisWords)], ['reference', String(bleu.referenceWords)],
  ];
  const widths = figures.map(([name, value]) => Math.max(name.length, value.length));
  const row = (cells: readonly string[]): string => `  ${cells.map((cell, i) => cell.padStart(widths[i]!)).join('  ')}`;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return [
    `Protocol ${protocol}: ${settings.description}`,
    `  ${hypotheses} against ${references.join(', ')}`,
    `  ${formatCounts(counts, settings.level)}`,
    '',
    row(figures.map(([name]) => name)),
    row(figures.map(([, value]) => value)),
    '',
    `  ${bleuLine}`,
    `  distinct-1 ${d.distinct1.toFixed(4)}, distinct-2 ${d.distinct2.toFixed(4)}, ${d.vocabulary} different words, ${d.wordsPerSentence.toFixed(2)} words a ${unit}`,
    `  repeated ${unit}s: ${unit === 'sentence' ? `${percent(d.repeatedInStory)} within their story, ` : ''}${percent(d.repeatedAnywhere)} anywhere`,
  ].join('\n');
}

function formatCounts(counts: PairingCounts, level: Protocol['level']): string {
  const units = level === 'story' ? 'stories' : 'sentences';
  const notes: [number, string][] = [
    [counts.repeatedHypotheses, 'hypotheses repeat the story of the same photos and count once'],
    [counts.unusedReferences, 'references have no hypothesis: a partial score'],
    [counts.emptyHypotheses, 'hypotheses are empty'],
    [counts.emptyReferences, 'references are empty'],
  ];
  const seen = notes.filter(([count]) => count > 0).map(([count, text]) => `; ${count} ${text}`);
  return `${counts.segments} ${units}, ${(counts.referencesUsed / counts.segments).toFixed(2)} references each${seen.join('')}`;
}
