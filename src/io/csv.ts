import { parse } from 'csv-parse/sync';
import { messageOf, UserError } from '../core/errors.ts';
import { readText, writeFileAtomic } from '../core/files.ts';

export type CsvValue = string | number | boolean | null | undefined;

/**
 * Rows of a CSV text whose first line names the columns (RFC 4180; a byte-order mark and blank lines are skipped).
 * @param path named in errors
 * @param required columns that must be there
 */
export function parseCsv(text: string, path: string, required: readonly string[] = []): Record<string, string>[] {
  let header: string[] = [];
  let rows: Record<string, string>[];
  try {
    rows = parse(text, {
      bom: true,
      skip_empty_lines: true,
      columns: (names: string[]) => (header = names.map((name) => name.trim())),
    }) as Record<string, string>[];
  } catch (error) {
    throw new UserError(`${path}: not valid CSV: ${messageOf(error).replace(/\s+/g, ' ')}`);
  }
  const missing = required.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    throw new UserError(`${path}: line 1: no column ${missing.join(', ')}; it has ${header.join(', ') || 'none'}`);
  }
  return rows;
}

export async function readCsv(path: string, required: readonly string[] = []): Promise<Record<string, string>[]> {
  return parseCsv(await readText(path, 'CSV file'), path, required);
}

/** One line with its line feed; null and undefined become empty fields. */
export function csvLine(values: readonly CsvValue[]): string {
  return `${values.map(quote).join(',')}\n`;
}

/** A CSV text: a line of column names, then a line a row. */
export function formatCsv(columns: readonly string[], rows: readonly Readonly<Record<string, CsvValue>>[]): string {
  return csvLine(columns) + rows.map((row) => csvLine(columns.map((column) => row[column]))).join('');
}

export async function writeCsv(
  path: string,
  columns: readonly string[],
  rows: readonly Readonly<Record<string, CsvValue>>[],
): Promise<void> {
  await writeFileAtomic(path, formatCsv(columns, rows));
}

function quote(value: CsvValue): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
