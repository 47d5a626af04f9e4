import { formatHead, formatInterval, formatP, formatValue, legend, protocolLabel } from './scoretable.ts';
import type { ScoreTable, TableCell, TableColumn, TableRow } from './scoretable.ts';
import { displayWidth, padLeft, padRight, plain, wrap, wrapAfter } from './terminal.ts';

/** A longer name goes on in the next line. */
const NAME_WIDTH = 32;
const GAP = '  ';

/**
 * The table for a terminal, its protocol on top and its legend below. Columns that do not fit beside each other follow
 * in further blocks.
 * @param width of the terminal in columns, 40 or more
 */
export function formatScoreTable(table: ScoreTable, width = 100): string {
  const blocks = formatColumns('System', table.rows.map((row) => ({ names: nameLines(table, row), cells: row.cells })), table.columns, width);
  return [headLines(table, width).join('\n'), ...blocks, ...footLines(table, width)].join('\n\n');
}

/**
 * Named rows of cells, in blocks of as many columns as fit beside each other.
 * @param title of the names
 * @param width of the terminal in columns, 40 or more
 */
export function formatColumns(title: string, table: readonly TextRow[], columns: readonly TableColumn[], width: number): string[] {
  const nameWidth = Math.max(displayWidth(title), ...table.flatMap(({ names }) => names).map(displayWidth));
  return blocksOf(columns, table, width - nameWidth).map((block) => {
    const head = [padRight(title, nameWidth), ...block.map(({ head: text, width: wide }) => padLeft(text, wide))];
    const rows = table.flatMap(({ names }, row) => rowLines(names, block.map(({ cells, width: wide }) => cells[row]!.map((line) => padLeft(line, wide))), nameWidth));
    return [head.join(GAP), ...rows].map((line) => line.trimEnd()).join('\n');
  });
}

/** A row of `formatColumns`. */
export interface TextRow {
  /** Lines of its name. */
  readonly names: readonly string[];
  /** One a column. */
  readonly cells: readonly TableCell[];
}

function headLines(table: ScoreTable, width: number): string[] {
  const { protocols, settings, rows } = table;
  const files = rows.flatMap(({ system, file }) => (file === undefined || file === system ? [] : [[system, file] as const]));
  return [
    ...protocols.flatMap((protocol) => [...wrapAfter('Protocol ', `${protocolLabel(table, protocol)}:`, width), ...wrapAfter('  ', protocol.description, width)]),
    ...[...settings, ...files].flatMap(([name, value]) => wrap(`${plain(name)}: ${value}`, width - 4).map((line, i) => `${i === 0 ? '  ' : '    '}${line}`)),
  ];
}

function footLines(table: ScoreTable, width: number): string[] {
  const { mark, interval, p } = legend(table);
  const marked = table.rows.some(({ cells }) => cells.some(({ best }) => best));
  const lines = [
    ...(mark === undefined ? [] : wrapAfter(marked ? '* ' : '', mark, width)),
    ...(interval === undefined ? [] : wrapAfter('low-high: ', interval, width)),
    ...(p === undefined ? [] : wrapAfter('p: ', p, width)),
  ];
  return lines.length === 0 ? [] : [lines.join('\n')];
}

/** The system, that it is the baseline, and its protocol where there are several. */
function nameLines(table: ScoreTable, { system, protocol }: TableRow): string[] {
  return [
    ...wrap(system, NAME_WIDTH),
    ...(table.significance?.baseline === system ? ['  baseline'] : []),
    ...(table.protocols.length > 1 ? wrapAfter('  ', protocolLabel(table, protocol), NAME_WIDTH) : []),
  ];
}

interface TextColumn {
  readonly head: string;
  /** Lines of each row. */
  readonly cells: readonly (readonly string[])[];
  readonly width: number;
}

/** Columns in groups that fit into `room`, one at least in each. */
function blocksOf(columns: readonly TableColumn[], rows: readonly TextRow[], room: number): TextColumn[][] {
  const blocks: TextColumn[][] = [];
  let left = 0;
  columns.forEach((column, index) => {
    const cells = rows.map((row) => cellLines(row.cells[index]!, column));
    // One more for the mark, which stands after the number so that numbers stay below each other.
    const head = `${formatHead(column)} `;
    const width = Math.max(displayWidth(head), ...cells.flat().map(displayWidth));
    left -= GAP.length + width;
    if (left < 0 || blocks.length === 0) {
      blocks.push([]);
      left = room - GAP.length - width;
    }
    blocks.at(-1)!.push({ head, cells, width });
  });
  return blocks;
}

function cellLines({ value, best, interval, p }: TableCell, column: TableColumn): string[] {
  return [
    `${formatValue(value, column)}${best ? '*' : ' '}`,
    ...(interval === undefined ? [] : [`${formatInterval(interval, column)} `]),
    ...(p === undefined ? [] : [`${formatP(p)} `]),
  ];
}

/** @param cells lines of each column, as wide as the column */
function rowLines(names: readonly string[], cells: readonly (readonly string[])[], nameWidth: number): string[] {
  const height = Math.max(names.length, ...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, i) => {
    const blanks = (lines: readonly string[]): string => ' '.repeat(displayWidth(lines[0]!));
    return [padRight(names[i] ?? '', nameWidth), ...cells.map((lines) => lines[i] ?? blanks(lines))].join(GAP);
  });
}
