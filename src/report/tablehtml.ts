import { escapeHtml } from './html.ts';
import { formatInterval, formatP, formatValue } from './scoretable.ts';
import type { TableCell, TableColumn } from './scoretable.ts';

const ARROWS = { higher: ['↑', 'higher is better'], lower: ['↓', 'lower is better'], none: ['', ''] } as const;

/** The head of a column of numbers; a click sorts. */
export function columnHead({ head, direction }: TableColumn): string {
  const [arrow, meaning] = ARROWS[direction];
  // The best come first at the first click.
  return headCell(head, arrow === '' ? '' : ` <abbr title="${meaning}">${arrow}</abbr>`, direction === 'lower' ? 'ascending' : 'descending', ' class="number"');
}

/** The head of the names; a click sorts. */
export function nameHead(text: string): string {
  return headCell(text, '', 'ascending', '');
}

/** @param first how the first click sorts */
function headCell(text: string, after: string, first: 'ascending' | 'descending', attributes: string): string {
  return `<th scope="col"${attributes} data-first="${first}"><button type="button">${escapeHtml(text)}${after}</button></th>`;
}

/** @param notes small lines below the name */
export function nameCell(name: string, notes: readonly string[]): string {
  return `<th scope="row" data-value="${escapeHtml(name)}">${escapeHtml(name)}${notes.map((note) => `<small>${escapeHtml(note)}</small>`).join('')}</th>`;
}

export function numberCell({ value, interval, p, best }: TableCell, column: TableColumn): string {
  const sortable = value === null || !Number.isFinite(value) ? '' : ` data-value="${value}"`;
  const shown = formatValue(value, column);
  const small = [...(interval === undefined ? [] : [formatInterval(interval, column)]), ...(p === undefined ? [] : [formatP(p)])];
  return `<td class="number${best ? ' best' : ''}"${sortable}>${best ? `<strong>${shown}</strong>` : shown}${small.map((line) => `<small>${escapeHtml(line)}</small>`).join('')}</td>`;
}

/** A wide table: it scrolls by itself, with its first column in place, so that the page never does. */
export function scrolling(label: string, table: string): string {
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(label)}">\n${table}\n</div>`;
}

export function definitions(items: readonly (readonly [string, string])[]): string {
  return items.length === 0 ? '' : `<dl>\n${items.map(([name, value]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`).join('\n')}\n</dl>`;
}

/** Of `scrolling`, `definitions`, and lists of the class `legend`. */
export const TABLE_STYLE = `dl { margin: 0 0 1.25rem; }
dl div { display: flex; flex-wrap: wrap; gap: 0 0.75rem; padding: 0.15rem 0; }
dt { flex: 0 0 13rem; color: var(--soft); }
dd { flex: 1 1 18rem; margin: 0; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
.scroll:focus-visible, .scroll button:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.scroll table { border-collapse: separate; border-spacing: 0; width: 100%; font-variant-numeric: tabular-nums; }
.scroll caption { padding: 0.5rem 0.75rem; text-align: left; color: var(--soft); font-size: 0.85em; }
.scroll caption span { position: sticky; left: 0.75rem; display: inline-block; max-width: calc(100vw - 3.5rem); }
.scroll th, .scroll td { padding: 0.45rem 0.65rem; border-top: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: normal; }
.scroll thead th { padding: 0; background: var(--tint); vertical-align: bottom; }
.scroll thead .group { padding: 0.35rem 0.65rem; border-left: 1px solid var(--line); color: var(--soft); font-size: 0.85em; white-space: nowrap; }
.scroll .begins { border-left: 1px solid var(--line); }
.scroll tbody th { min-width: 12rem; max-width: 24rem; }
.scroll th:first-child { position: sticky; left: 0; background: var(--paper); border-right: 1px solid var(--line); }
.scroll thead th:first-child { background: var(--tint); }
.scroll .settings thead th { padding: 0.45rem 0.65rem; font-weight: 600; }
.scroll .settings td { min-width: 9rem; }
.scroll .number { text-align: right; white-space: nowrap; }
.scroll .best { background: var(--mark); }
.scroll small { display: block; color: var(--soft); font-size: 0.78em; }
.scroll button { all: unset; box-sizing: border-box; width: 100%; padding: 0.5rem 0.65rem; cursor: pointer; font-weight: 600; text-align: inherit; white-space: nowrap; }
.scroll button:hover { color: var(--accent); }
.scroll button::before, .scroll button::after { color: var(--accent); }
[aria-sort=ascending].number button::before { content: '▴ '; }
[aria-sort=descending].number button::before { content: '▾ '; }
[aria-sort=ascending]:not(.number) button::after { content: ' ▴'; }
[aria-sort=descending]:not(.number) button::after { content: ' ▾'; }
abbr { text-decoration: none; color: var(--soft); }
.sources { margin: 1rem 0 0; padding: 0; list-style: none; color: var(--soft); font-size: 0.9em; }
.legend { margin: 1rem 0 0; padding: 0; list-style: none; color: var(--soft); font-size: 0.9em; }
.legend li { margin: 0.25rem 0; }
.legend strong { color: var(--ink); }
.small { font-weight: normal; font-style: italic; }
@media (max-width: 40rem) {
  body { font-size: 15px; }
  dt { flex-basis: 100%; }
  .scroll th, .scroll td { padding: 0.4rem 0.55rem; }
  .scroll thead th { padding: 0; }
  .scroll button { padding: 0.45rem 0.55rem; }
  .scroll tbody th { min-width: 8rem; max-width: 40vw; }
}
@media print {
  .scroll { overflow: visible; border: 0; }
  .scroll table { font-size: 8pt; }
  .scroll th, .scroll td { padding: 0.2rem 0.3rem; }
  /* On pages after the first, Chromium repeats heads but none of their buttons. */
  .scroll button { display: contents; white-space: inherit; font-size: inherit; }
  .scroll thead th, .scroll thead .number { padding: 0.2rem 0.3rem; font-weight: 600; white-space: normal; overflow-wrap: normal; }
  .scroll caption { padding: 0.2rem 0; }
  .scroll caption span { max-width: none; }
  .scroll button::before, .scroll button::after { display: none; }
  .scroll tbody th { min-width: 30mm; }
  tr { break-inside: avoid; }
  .scroll .best { background: none; }
}
`;

/** Sorts a table by a click on a head. The last row of heads has one cell a column. */
export const SORT_SCRIPT = `for (const button of document.querySelectorAll('.scroll thead button')) {
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
