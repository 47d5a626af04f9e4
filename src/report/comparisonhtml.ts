import type { Comparison, ComparisonGroup, ComparisonRow } from './comparison.ts';
import { escapeHtml, htmlPage } from './html.ts';
import type { SettingDifference } from './settings.ts';
import { columnHead, definitions, nameCell, nameHead, numberCell, scrolling, SORT_SCRIPT, TABLE_STYLE } from './tablehtml.ts';

/** The comparison as a page of one file. */
export function comparisonHtml(comparison: Comparison, title = 'Comparison of runs'): string {
  const body = [
    `<h1>${escapeHtml(title)}</h1>`,
    comparisonTable(comparison),
    comparison.settings.length === 0 ? '' : `<h2>Settings that differ</h2>\n${settingsTable(comparison.settings, comparison.runs)}`,
    missingList(comparison),
  ].filter((part) => part !== '').join('\n');
  return htmlPage({ title, body, style: `h2 { margin: 1.5rem 0 0.4rem; font-size: 1em; }\n${TABLE_STYLE}`, script: SORT_SCRIPT });
}

/** One table of runs and published figures, a group of columns for each protocol, with how each was made below it. */
export function comparisonTable(comparison: Comparison): string {
  const groups = comparison.groups.map((group, index) => ({ ...group, index })).filter(({ columns }) => columns.length > 0);
  const sources = [...new Set(comparison.rows.flatMap(({ notes }) => notes))];
  const table = [
    '<table>',
    '<thead>',
    `<tr><th></th>${groups.map(({ title, index, columns }) => `<th class="group" scope="colgroup" colspan="${columns.length}">${escapeHtml(index === 0 ? 'training' : `protocol ${title}`)}</th>`).join('')}</tr>`,
    `<tr>${nameHead('Run')}${groups.flatMap(({ columns }) => columns.map((column, i) => begins(columnHead(column), i))).join('\n')}</tr>`,
    '</thead>',
    '<tbody>',
    ...comparison.rows.map((row) => tableRow(row, groups, sources)),
    '</tbody>',
    '</table>',
  ].join('\n');
  return `${scrolling('Table of runs', table)}\n${sourceList(sources)}${legendOf(comparison, groups)}`;
}

function tableRow({ name, kind, model, notes, groups: all }: ComparisonRow, groups: readonly (ComparisonGroup & { index: number })[], sources: readonly string[]): string {
  const numbers = notes.map((note) => `[${sources.indexOf(note) + 1}]`).join(' ');
  const label = [...(kind === 'published' ? ['published'] : []), numbers].filter((part) => part !== '').join(' ');
  const cells = groups.flatMap(({ index, columns }) => columns.map((column, i) => begins(numberCell(all[index]?.[i] ?? { value: null }, column), i)));
  return `<tr>\n${nameCell(name, [...(model === null ? [] : [model]), ...(label === '' ? [] : [label])])}\n${cells.join('\n')}\n</tr>`;
}

/** A line to the left of a group's first cell. */
function begins(cell: string, i: number): string {
  return i > 0 ? cell : cell.replace('class="', 'class="begins ');
}

function legendOf({ rows }: Comparison, groups: readonly ComparisonGroup[]): string {
  const intervals = rows.some(({ groups: all }) => all.some((cells) => cells?.some(({ interval }) => interval)));
  const items = [
    ...groups.flatMap(({ title, notes: lines }) => (lines.length === 0 ? [] : [`<b>${escapeHtml(title)}</b>: ${lines.map(([name, value]) => `${escapeHtml(name)}: ${escapeHtml(value)}`).join('; ')}.`])),
    ...(groups.length > 2 ? ['Scores of different protocols do not compare.'] : []),
    ...(intervals ? ['<b class="small">low-high</b>: bootstrap interval of the score, as fabula evaluate logged it.'] : []),
    '↑ higher is better, ↓ lower is better.',
  ];
  return `<ul class="legend">\n${items.map((item) => `<li>${item}</li>`).join('\n')}\n</ul>`;
}

/** Where published figures are from and how they were made, by the numbers that rows have. */
function sourceList(sources: readonly string[]): string {
  return sources.length === 0 ? '' : `<ol class="sources">${sources.map((source, i) => `<li>[${i + 1}] ${escapeHtml(source)}</li>`).join('')}</ol>\n`;
}

/** Settings by run. */
export function settingsTable(settings: readonly SettingDifference[], runs: readonly string[]): string {
  return scrolling('Settings that differ', [
    '<table class="settings">',
    `<thead><tr><th scope="col">Setting</th>${runs.map((run) => `<th scope="col">${escapeHtml(run)}</th>`).join('')}</tr></thead>`,
    '<tbody>',
    ...settings.map(({ key, values }) => `<tr><th scope="row">${escapeHtml(key)}</th>${values.map((value) => `<td>${escapeHtml(value ?? '-')}</td>`).join('')}</tr>`),
    '</tbody>',
    '</table>',
  ].join('\n'));
}

/** What run folders lack. */
export function missingList({ missing }: Comparison): string {
  return missing.length === 0 ? '' : `<h2>Not there</h2>\n${definitions(missing.map(({ run, what }) => [run, what.join('; ')] as const))}`;
}
