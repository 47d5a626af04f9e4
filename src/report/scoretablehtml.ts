import { escapeHtml, htmlPage } from './html.ts';
import { legend, protocolLabel } from './scoretable.ts';
import type { ScoreTable, TableRow } from './scoretable.ts';
import { columnHead, definitions, nameCell, nameHead, numberCell, scrolling, SORT_SCRIPT, TABLE_STYLE } from './tablehtml.ts';

/**
 * The table as a page of one file, for reading, sending and printing: protocol and settings above it, legend below,
 * sorted by a click on a head.
 */
export function scoreTableHtml(table: ScoreTable, title = 'Scores'): string {
  const body = [
    `<h1>${escapeHtml(title)}</h1>`,
    definitions([
      ...table.protocols.map((protocol) => [`Protocol ${protocolLabel(table, protocol)}`, protocol.description] as const),
      ...table.settings,
    ]),
    scrolling('Table of scores', [
      '<table>',
      `<caption><span>${escapeHtml(caption(table))}</span></caption>`,
      '<thead><tr>',
      nameHead('System'),
      ...table.columns.map(columnHead),
      '</tr></thead>',
      '<tbody>',
      ...table.rows.map((row) => tableRow(table, row)),
      '</tbody>',
      '</table>',
    ].join('\n')),
    legendList(table),
    fileList(table),
  ].filter((part) => part !== '').join('\n');
  return htmlPage({ title, body, style: `h2 { margin: 1.5rem 0 0.4rem; font-size: 1em; }\n${TABLE_STYLE}`, script: SORT_SCRIPT });
}

function caption(table: ScoreTable): string {
  const names = table.protocols.map((protocol) => protocolLabel(table, protocol));
  return names.length === 1 ? `Protocol ${names[0]}` : `Protocols ${names.join(', ')}: rows of different protocols do not compare`;
}

/** What was scored, where names do not say it. */
function fileList({ rows }: ScoreTable): string {
  const files = rows.flatMap(({ system, file }) => (file === undefined || file === system ? [] : [[system, file] as const]));
  return files.length === 0 ? '' : `<h2>Files</h2>\n${definitions(files)}`;
}

function tableRow(table: ScoreTable, { system, protocol, cells }: TableRow): string {
  const notes = [
    table.significance?.baseline === system ? 'baseline' : '',
    table.protocols.length > 1 ? protocolLabel(table, protocol) : '',
  ].filter((note) => note !== '');
  return `<tr>
${nameCell(system, notes)}
${cells.map((cell, i) => numberCell(cell, table.columns[i]!)).join('\n')}
</tr>`;
}

function legendList(table: ScoreTable): string {
  const { mark, interval, p } = legend(table);
  const marked = table.rows.some(({ cells }) => cells.some(({ best }) => best));
  const items = [
    ...(mark === undefined ? [] : [marked ? `<strong>Bold</strong>: ${escapeHtml(mark)}.` : `${escapeHtml(mark[0]!.toUpperCase() + mark.slice(1))}.`]),
    ...(interval === undefined ? [] : [`<b class="small">low-high</b>: ${escapeHtml(interval)}.`]),
    ...(p === undefined ? [] : [`<b class="small">p</b>: ${escapeHtml(p)}.`]),
    ...(table.columns.some(({ direction }) => direction !== 'none') ? ['↑ higher is better, ↓ lower is better.'] : []),
  ];
  return items.length === 0 ? '' : `<ul class="legend">\n${items.map((item) => `<li>${item}</li>`).join('\n')}\n</ul>`;
}
