import { comparedCells, scoreTable } from '../report/scoretable.ts';
import type { ScoreTable, TableCell, TableColumn, TableRow } from '../report/scoretable.ts';
import { PROTOCOLS } from '../evaluation/protocols.ts';
import type { Evaluation, SystemEvaluation } from './evaluate.ts';

/** What texts say about themselves, beside the scores: neither better nor worse, but for repetition. */
const OWN_COLUMNS: readonly (TableColumn & { value(system: SystemEvaluation): number | null })[] = [
  { head: 'words a story', direction: 'none', digits: 1, value: ({ diversity }) => diversity.wordsPerStory },
  { head: 'vocabulary', direction: 'none', digits: 0, value: ({ diversity }) => diversity.vocabulary },
  { head: 'distinct-1', direction: 'none', digits: 4, value: ({ diversity }) => diversity.distinct1 },
  { head: 'distinct-2', direction: 'none', digits: 4, value: ({ diversity }) => diversity.distinct2 },
  { head: 'RoViST-NR', direction: 'higher', digits: 3, value: ({ repetition }) => repetition.nonRedundancy.score },
  { head: 'copied stories %', direction: 'lower', digits: 2, value: ({ novelty }) => (novelty === null ? null : 100 * novelty.copiedStoryShare) },
];

/**
 * One table of systems, under one protocol or several.
 * @param mixed let several protocols stand in one table
 * @throws UserError when there are several without `mixed`
 */
export function evaluationTable(evaluations: readonly Evaluation[], mixed = false): ScoreTable {
  const heads = [...new Set(evaluations.flatMap(({ columns }) => columns))];
  const own = OWN_COLUMNS.filter(({ value }) => evaluations.some(({ systems }) => systems.some((system) => value(system) !== null)));
  const first = evaluations[0]!;
  const { baseline, ...significance } = first.significance;
  return scoreTable({
    columns: [...heads.map((head): TableColumn => ({ head, direction: 'higher' })), ...own],
    rows: evaluations.flatMap((evaluation) => evaluation.systems.map((system, i): TableRow => ({
      system: system.name, file: system.file,
      protocol: { name: evaluation.protocol, description: PROTOCOLS[evaluation.protocol].description },
      cells: [...scoreCells(evaluation, i, heads), ...own.map(({ value }): TableCell => ({ value: value(system) }))],
    }))),
    settings: evaluations.length === 1 ? settingsOf(first) : sharedSettings(evaluations),
    significance: { ...significance, ...(baseline !== null && { baseline }) },
    mixed,
  });
}

function scoreCells(evaluation: Evaluation, system: number, heads: readonly string[]): TableCell[] {
  const { comparison, significance: { baseline }, systems } = evaluation;
  const index = systems.findIndex(({ name }) => name === baseline);
  const cells = new Map(comparedCells(comparison, system, index < 0 ? undefined : index).map((cell, i) => [comparison[i]!.column, cell]));
  return heads.map((head) => cells.get(head) ?? { value: null });
}

function settingsOf({ references, meteor, frequencies, systems }: Evaluation): [string, string][] {
  return [
    ['references', references.join(', ')],
    ...countsLines(systems),
    ...(isPlain(references) ? [['plain text', 'taken as it is, a text a line; the references of a text are the same line of each file'] as [string, string]] : []),
    ...(meteor === null ? [] : [['METEOR', `${meteor.id}, ${meteor.data}`] as [string, string]]),
    ...(frequencies === null ? [] : [['CIDEr', `document frequencies of ${frequencies}`] as [string, string]]),
  ];
}

/** Lines name neither photos nor albums: whatever the protocol, they are held against the same lines. */
function isPlain(references: readonly string[]): boolean {
  return references.some((path) => path.toLowerCase().endsWith('.txt'));
}

/** Of several protocols: what is the same for all once, the rest with its protocol. */
function sharedSettings(evaluations: readonly Evaluation[]): [string, string][] {
  const all = evaluations.map((evaluation) => ({ protocol: evaluation.protocol, settings: settingsOf(evaluation) }));
  const isShared = ([name, value]: readonly [string, string]): boolean => all.every(({ settings }) => settings.some(([other, text]) => other === name && text === value));
  return [
    ...all[0]!.settings.filter(isShared),
    ...all.flatMap(({ protocol, settings }) => settings.filter((setting) => !isShared(setting)).map(([name, value]): [string, string] => [`${name}, ${protocol}`, value])),
  ];
}

/** One line where all systems have the same; the counts of each otherwise. */
function countsLines(systems: readonly SystemEvaluation[]): [string, string][] {
  const lines = systems.map((system): [string, string] => [`scored of ${system.name}`, countsLine(system)]);
  return new Set(lines.map(([, line]) => line)).size === 1 ? [['scored', lines[0]![1]]] : lines;
}

/** `4990 stories, 1.00 references each`, and what was left out or is odd. */
export function countsLine({ counts, unshared }: SystemEvaluation): string {
  const notes: [number, string][] = [
    [counts.repeatedHypotheses, 'hypotheses repeat the story of the same photos and count once'],
    [counts.otherHypotheses, 'hypotheses are further stories of an album and are left out'],
    [counts.unaskedHypotheses, 'hypotheses were not asked for and are left out'],
    [counts.unaskedReferences, 'references do not count and are left out'],
    [counts.unusedReferences, 'references have no hypothesis: a partial score'],
    [unshared, 'texts are left out because another system has none there: a partial score'],
    [counts.emptyHypotheses, 'hypotheses are empty'],
    [counts.emptyReferences, 'references are empty'],
  ];
  const seen = notes.filter(([count]) => count > 0).map(([count, text]) => `; ${count} ${text}`);
  return `${counts.segments} texts, ${(counts.referencesUsed / counts.segments).toFixed(2)} references each${seen.join('')}`;
}
