import type { ScoreTable, TableCell, TableProtocol, TableSignificance } from './scoretable.ts';

/** A table as CSV writers take it. */
export interface ScoreRecords {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string | number | boolean | null>>[];
}

/**
 * A record a system, with its protocol, numbers as exact as they are: `METEOR`, `METEOR low`, `METEOR high`,
 * `METEOR p` and `METEOR best`, each where a row has it.
 */
export function scoreRecords(table: ScoreTable): ScoreRecords {
  const parts = table.columns.flatMap(({ head }, i) => PARTS.filter(({ has }) => table.rows.some(({ cells }) => has(cells[i]!)))
    .map(({ suffix, get }) => ({ name: `${head}${suffix}`, get: (cells: readonly TableCell[]) => get(cells[i]!) })));
  return {
    columns: ['system', 'file', 'protocol', 'protocol description', ...parts.map(({ name }) => name)],
    rows: table.rows.map(({ system, file, protocol, cells }) => ({
      system, file: file ?? null, protocol: protocol.name, 'protocol description': protocol.description,
      ...Object.fromEntries(parts.map(({ name, get }) => [name, get(cells)])),
    })),
  };
}

interface Part {
  readonly suffix: string;
  has(cell: TableCell): boolean;
  get(cell: TableCell): number | boolean | null;
}

const PARTS: readonly Part[] = [
  { suffix: '', has: () => true, get: ({ value }) => finite(value) },
  { suffix: ' low', has: ({ interval }) => interval !== undefined, get: ({ interval }) => interval?.low ?? null },
  { suffix: ' high', has: ({ interval }) => interval !== undefined, get: ({ interval }) => interval?.high ?? null },
  { suffix: ' p', has: ({ p }) => p !== undefined, get: ({ p }) => p ?? null },
  { suffix: ' best', has: ({ best }) => best === true, get: ({ best }) => best === true },
];

export interface ScoreTableJson {
  /** Those of the systems, each once. */
  readonly protocols: readonly TableProtocol[];
  readonly settings: Readonly<Record<string, string>>;
  readonly significance: TableSignificance | null;
  readonly columns: readonly { readonly head: string; readonly direction: string }[];
  readonly systems: readonly {
    readonly system: string;
    readonly file: string | null;
    readonly protocol: TableProtocol;
    readonly scores: Readonly<Record<string, ScoreJson>>;
  }[];
}

export interface ScoreJson {
  readonly value: number | null;
  readonly low?: number;
  readonly high?: number;
  readonly p?: number;
  /** Best of its column, and significantly better than every other system. */
  readonly best: boolean;
}

/** The table as a plain object for `JSON.stringify`, numbers as exact as they are. */
export function scoreTableJson({ protocols, settings, significance, columns, rows }: ScoreTable): ScoreTableJson {
  return {
    protocols,
    settings: Object.fromEntries(settings),
    significance: significance ?? null,
    columns: columns.map(({ head, direction }) => ({ head, direction })),
    systems: rows.map(({ system, file, protocol, cells }) => ({
      system, file: file ?? null, protocol,
      scores: Object.fromEntries(cells.map((cell, i) => [columns[i]!.head, scoreJson(cell)])),
    })),
  };
}

function scoreJson({ value, interval, p, best }: TableCell): ScoreJson {
  return { value: finite(value), ...interval, ...(p !== undefined && { p }), best: best === true };
}

/** JSON and spreadsheets know no NaN. */
export function finite(value: number | null | undefined): number | null {
  return value != null && Number.isFinite(value) ? value : null;
}
