import { escapeHtml, htmlPage } from './html.ts';
import { formatInterval, formatP, formatValue, legend, protocolLabel } from './scoretable.ts';
import type { ScoreTable, TableCell, TableColumn, TableRow } from './scoretable.ts';

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
    '<div class="scroll" tabindex="0" role="region" aria-label="Table of scores">',
    '<table>',
    `<caption><span>${escapeHtml(caption(table))}</span></caption>`,
    '<thead><tr>',
    headCell('System', '', 'ascending', ''),
    ...table.columns.map(columnHead),
    '</tr></thead>',
    '<tbody>',
    ...table.rows.map((row) => tableRow(table, row)),
    '</tbody>',
    '</table>',
    '</div>',
    legendList(table),
    fileList(table),
  ].filter((part) => part !== '').join('\n');
  return htmlPage({ title, body, style: STYLE, script: SCRIPT });
}

function caption(table: ScoreTable): string {
  const names = table.protocols.map((protocol) => protocolLabel(table, protocol));
  return names.length === 1 ? `Protocol ${names[0]}` : `Protocols ${names.join(', ')}: rows of different protocols do not compare`;
}

function definitions(items: readonly (readonly [string, string])[]): string {
  return `<dl>\n${items.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`).join('\n')}\n</dl>`;
}

/** What was scored, where names do not say it. */
function fileList({ rows }: ScoreTable): string {
  const files = rows.flatMap(({ system, file }) => (file === undefined || file === system ? [] : [[system, file] as const]));
  return files.length === 0 ? '' : `<h2>Files</h2>\n${definitions(files)}`;
}

const ARROWS = { higher: ['↑', 'higher is better'], lower: ['↓', 'lower is better'], none: ['', ''] } as const;

function columnHead({ head, direction }: TableColumn): string {
  const [arrow, meaning] = ARROWS[direction];
  // The best come first at the first click.
  return headCell(head, arrow === '' ? '' : ` <abbr title="${meaning}">${arrow}</abbr>`, direction === 'lower' ? 'ascending' : 'descending', ' class="number"');
}

/** @param first how the first click sorts */
function headCell(text: string, after: string, first: 'ascending' | 'descending', attributes: string): string {
  return `<th scope="col"${attributes} data-first="${first}"><button type="button">${escapeHtml(text)}${after}</button></th>`;
}

function tableRow(table: ScoreTable, { system, protocol, cells }: TableRow): string {
  const notes = [
    table.significance?.baseline === system ? 'baseline' : '',
    table.protocols.length > 1 ? protocolLabel(table, protocol) : '',
  ].filter((note) => note !== '').map((note) => `<small>${escapeHtml(note)}</small>`).join('');
  return `<tr>
<th scope="row" data-value="${escapeHtml(system)}">${escapeHtml(system)}${notes}</th>
${cells.map((cell, i) => tableCell(cell, table.columns[i]!)).join('\n')}
</tr>`;
}

function tableCell({ value, interval, p, best }: TableCell, column: TableColumn): string {
  const sortable = value === null || !Number.isFinite(value) ? '' : ` data-value="${value}"`;
  const shown = formatValue(value, column);
  const small = [...(interval === undefined ? [] : [formatInterval(interval, column)]), ...(p === undefined ? [] : [formatP(p)])];
  return `<td class="number${best ? ' best' : ''}"${sortable}>${best ? `<strong>${shown}</strong>` : shown}${small.map((line) => `<small>${escapeHtml(line)}</small>`).join('')}</td>`;
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
  return items.length === 0 ? '' : `<ul>\n${items.map((item) => `<li>${item}</li>`).join('\n')}\n</ul>`;
}

const STYLE = `h2 { margin: 1.5rem 0 0.4rem; font-size: 1em; }
dl { margin: 0 0 1.25rem; }
dl div { display: flex; flex-wrap: wrap; gap: 0 0.75rem; padding: 0.15rem 0; }
dt { flex: 0 0 13rem; color: var(--soft); }
dd { flex: 1 1 18rem; margin: 0; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
.scroll:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-variant-numeric: tabular-nums; }
caption { padding: 0.5rem 0.75rem; text-align: left; color: var(--soft); font-size: 0.85em; }
caption span { position: sticky; left: 0.75rem; display: inline-block; max-width: calc(100vw - 3.5rem); }
th, td { padding: 0.45rem 0.65rem; border-top: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: normal; }
thead th { padding: 0; background: var(--tint); vertical-align: bottom; }
tbody th { min-width: 12rem; max-width: 24rem; }
th:first-child { position: sticky; left: 0; background: var(--paper); border-right: 1px solid var(--line); }
thead th:first-child { background: var(--tint); }
.number { text-align: right; white-space: nowrap; }
.best { background: var(--mark); }
small { display: block; color: var(--soft); font-size: 0.78em; }
button { all: unset; box-sizing: border-box; width: 100%; padding: 0.5rem 0.65rem; cursor: pointer; font-weight: 600; text-align: inherit; white-space: nowrap; }
button:hover { color: var(--accent); }
button::before, button::after { color: var(--accent); }
[aria-sort=ascending].number button::before { content: '▴ '; }
[aria-sort=descending].number button::before { content: '▾ '; }
[aria-sort=ascending]:not(.number) button::after { content: ' ▴'; }
[aria-sort=descending]:not(.number) button::after { content: ' ▾'; }
abbr { text-decoration: none; color: var(--soft); }
ul { margin: 1rem 0 0; padding: 0; list-style: none; color: var(--soft); font-size: 0.9em; }
li { margin: 0.25rem 0; }
li strong { color: var(--ink); }
.small { font-weight: normal; font-style: italic; }
@media (max-width: 40rem) {
  body { font-size: 15px; }
  dt { flex-basis: 100%; }
  th, td { padding: 0.4rem 0.55rem; }
  thead th { padding: 0; }
  button { padding: 0.45rem 0.55rem; }
  tbody th { min-width: 8rem; max-width: 40vw; }
}
@media print {
  .scroll { overflow: visible; border: 0; }
  table { font-size: 8pt; }
  th, td { padding: 0.2rem 0.3rem; }
  button { padding: 0.2rem 0.3rem; white-space: normal; overflow-wrap: normal; }
  caption { padding: 0.2rem 0; }
  caption span { max-width: none; }
  button::before, button::after { display: none; }
  tbody th { min-width: 0; }
  tr { break-inside: avoid; }
  .best { background: none; }
}
`;

const SCRIPT = `for (const button of document.querySelectorAll('thead button')) {
  button.addEventListener('click', () => {
    const head = button.parentElement;
    const body = head.closest('table').tBodies[0];
    const now = head.getAttribute('aria-sort');
    const way = now === null ? head.dataset.first : now === 'ascending' ? 'descending' : 'ascending';
    for (const other of head.parentElement.cells) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', way);
    const sign = way === 'ascending' ? 1 : -1;
    const numbers = head.classList.contains('number');
    const value = (row) => row.cells[head.cellIndex].dataset.value;
    const order = (a, b) => {
      // Without a value, last either way.
      if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
      return sign * (numbers ? a - b : a.localeCompare(b, undefined, { numeric: true }));
    };
    body.append(...[...body.rows].sort((a, b) => order(value(a), value(b))));
  });
}
`;
