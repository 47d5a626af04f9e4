import type { Chart } from './charts.ts';
import { escapeHtml } from './html.ts';
import { formatValue } from './scoretable.ts';
import type { TableColumn } from './scoretable.ts';
import { columnHead, nameCell, nameHead, numberCell, scrolling } from './tablehtml.ts';
import { lengthHistogram, unusualWords, writerStatistics } from './wordstatistics.ts';
import type { Stories, WordUse, WriterStatistics } from './wordstatistics.ts';

/** Everything that one writer told of the photos of a report. */
export interface Writer {
  readonly name: string;
  /** Place of the run; null for people. */
  readonly run: number | null;
  readonly stories: Stories;
  /** For a model: human stories of the same photos, empty where there are none. */
  readonly human: Stories;
}

/** Shares of stories by length; undefined without stories. */
export function lengthChart(writers: readonly Writer[]): Chart | undefined {
  const { width, starts, shares } = lengthHistogram(writers.map(({ stories }) => stories));
  if (starts.length < 2) return undefined;
  const middle = (start: number): number => start + (width - 1) / 2;
  return {
    title: 'Length of stories', xName: 'words a story', yName: '% of stories', fromZero: true, steps: true, height: 240,
    caption: width === 1 ? 'Shares of stories by their number of words.' : `Shares of stories by their number of words, in steps of ${width}.`,
    series: writers.map(({ name, run }, i) => ({ name, run, look: 'line', points: starts.map((start, n) => [middle(start), shares[i]![n]!] as const) })),
    xLabels: Object.fromEntries(starts.map((start) => [String(middle(start)), width === 1 ? `${start} words` : `${start} to ${start + width - 1} words`])),
  };
}

const COLUMNS: readonly (TableColumn & { value(statistics: WriterStatistics): number })[] = [
  { head: 'stories', direction: 'none', digits: 0, value: ({ diversity }) => diversity.stories },
  { head: 'words a story', direction: 'none', digits: 1, value: ({ diversity }) => diversity.wordsPerStory },
  { head: '± deviation', direction: 'none', digits: 1, value: ({ diversity }) => diversity.wordsPerStoryDeviation },
  { head: 'words a sentence', direction: 'none', digits: 1, value: ({ diversity }) => diversity.wordsPerSentence },
  { head: 'vocabulary', direction: 'none', digits: 0, value: ({ diversity }) => diversity.vocabulary },
  { head: 'distinct-1', direction: 'none', digits: 4, value: ({ diversity }) => diversity.distinct1 },
  { head: 'distinct-2', direction: 'none', digits: 4, value: ({ diversity }) => diversity.distinct2 },
  { head: 'repeated sentences %', direction: 'none', digits: 1, value: ({ diversity }) => 100 * diversity.repeatedAnywhere },
];

/** Figures of all writers, their most frequent words, and what models say more and less than people. */
export function wordTables(writers: readonly Writer[]): string {
  const statistics = writers.map(({ name, stories }) => writerStatistics(name, stories));
  const compared = writers.flatMap(({ name, run, stories, human }) => {
    if (run === null || human.length === 0) return [];
    const { more, less } = unusualWords(stories, human);
    return [`<section class="uses"><h4>${escapeHtml(name)}</h4><div>${useTable('More often than people', more)}${useTable('More rarely than people', less)}</div></section>`];
  });
  return [
    scrolling('Lengths and variety', [
      '<table>',
      `<thead><tr>${nameHead('Writer')}${COLUMNS.map(columnHead).join('')}</tr></thead>`,
      '<tbody>',
      ...statistics.map((one) => `<tr>${nameCell(one.name, [])}${COLUMNS.map((column) => numberCell({ value: column.value(one) }, column)).join('')}</tr>`),
      '</tbody></table>',
    ].join('\n')),
    '<h3>Most frequent words</h3>',
    frequentTable(statistics),
    ...(compared.length === 0 ? [] : ['<h3>Words out of proportion</h3>', '<p>In a thousand words, against human stories of the same photos; those with the strongest evidence first (log-likelihood ratio, Dunning 1993).</p>', ...compared]),
  ].join('\n');
}

const RATE: TableColumn = { head: '', direction: 'none', digits: 1 };

function frequentTable(statistics: readonly WriterStatistics[]): string {
  const rows = Math.max(0, ...statistics.map(({ frequent }) => frequent.length));
  return scrolling('Most frequent words', [
    '<table class="settings">',
    `<thead><tr><th scope="col">Rank</th>${statistics.map(({ name }) => `<th scope="col">${escapeHtml(name)}</th>`).join('')}</tr></thead>`,
    '<tbody>',
    ...Array.from({ length: rows }, (_, i) => `<tr><th scope="row">${i + 1}</th>${statistics.map(({ frequent }) => wordCell(frequent[i])).join('')}</tr>`),
    '</tbody></table>',
  ].join('\n')) + '\n<ul class="legend"><li>Numbers: in a thousand words.</li></ul>';
}

function wordCell(count: WriterStatistics['frequent'][number] | undefined): string {
  return count === undefined ? '<td></td>' : `<td>${escapeHtml(count.word)} <small class="rate">${formatValue(count.perThousand, RATE)}</small></td>`;
}

function useTable(title: string, uses: readonly WordUse[]): string {
  if (uses.length === 0) return `<p>${escapeHtml(title)}: no word stands out.</p>`;
  return [
    `<table class="use"><caption>${escapeHtml(title)}</caption>`,
    '<thead><tr><th scope="col">word</th><th scope="col" class="number">model</th><th scope="col" class="number">people</th></tr></thead>',
    '<tbody>',
    ...uses.map(({ word, model, human }) => `<tr><th scope="row">${escapeHtml(word)}</th><td class="number">${formatValue(model, RATE)}</td><td class="number">${formatValue(human, RATE)}</td></tr>`),
    '</tbody></table>',
  ].join('\n');
}
