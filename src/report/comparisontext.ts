import type { Comparison, ComparisonGroup, ComparisonRow } from './comparison.ts';
import type { SettingDifference } from './settings.ts';
import { formatColumns } from './scoretabletext.ts';
import type { TextRow } from './scoretabletext.ts';
import { displayWidth, padRight, wrap, wrapAfter } from './terminal.ts';

const NAME_WIDTH = 44;

/**
 * The comparison for a terminal: a table a group of columns, each with how it was made; then the settings that differ.
 * @param width of the terminal in columns, 60 or more
 */
export function formatComparison(comparison: Comparison, width = 100): string {
  const sources = [...new Set(comparison.rows.flatMap(({ notes }) => notes))];
  const parts = [
    ...comparison.groups.flatMap((group, i) => (group.columns.length === 0 ? [] : [groupLines(comparison, group, i, sources, width)])),
    ...(sources.length === 0 ? [] : [sources.map((source, i) => wrapAfter(`[${i + 1}] `, source, width).join('\n')).join('\n')]),
    ...(comparison.settings.length === 0 ? [] : [settingLines(comparison, width)]),
    ...(comparison.missing.length === 0 ? [] : [missingLines(comparison, width)]),
  ];
  return parts.join('\n\n');
}

function groupLines({ rows }: Comparison, { title, notes, columns }: ComparisonGroup, index: number, sources: readonly string[], width: number): string {
  const those = rows.filter(({ groups }) => groups[index] !== null);
  const table = those.map((row): TextRow => ({ names: nameLines(row, sources, index === 0), cells: row.groups[index]! }));
  const intervals = table.some(({ cells }) => cells.some(({ interval }) => interval));
  const head = index === 0 ? 'Training' : `Scores, protocol ${title}`;
  const lines = [...notes, ...(intervals ? [['low-high', 'bootstrap interval of the score, as fabula evaluate logged it'] as const] : [])];
  return [
    [head, ...lines.flatMap(([name, value]) => wrapAfter('  ', `${name}: ${value}`, width))].join('\n'),
    ...formatColumns('Run', table, columns, width),
  ].join('\n\n');
}

/** The name, the model in the first table, and the numbers of its sources. */
function nameLines({ name, model, notes }: ComparisonRow, sources: readonly string[], withModel: boolean): string[] {
  const references = notes.map((note) => `[${sources.indexOf(note) + 1}]`).join(' ');
  const own = wrap(references === '' ? name : `${name} ${references}`, NAME_WIDTH);
  return withModel && model !== null ? [...own, ...wrapAfter('  ', model, NAME_WIDTH)] : own;
}

function settingLines({ settings, runs }: Comparison, width: number): string {
  const label = Math.max(...runs.map(displayWidth));
  return ['Settings that differ', ...settings.flatMap((setting) => oneSetting(setting, runs, label, width))].join('\n');
}

/** Runs of the same value in one line. */
function oneSetting({ key, values }: SettingDifference, runs: readonly string[], label: number, width: number): string[] {
  const room = Math.max(20, width - label - 6);
  return [`  ${key}`, ...runs.flatMap((run, i) => wrap(values[i] ?? '-', room).map((line, n) => `    ${padRight(n === 0 ? run : '', label)}  ${line}`))];
}

function missingLines({ missing }: Comparison, width: number): string {
  return ['Not there', ...missing.flatMap(({ run, what }) => what.flatMap((line) => wrapAfter('  ', `${run}: ${line}`, width)))].join('\n');
}
