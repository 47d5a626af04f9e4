import type { Comparison, ComparisonRow } from './comparison.ts';
import type { ScoreRecords } from './scoretabledata.ts';
import type { TableCell } from './scoretable.ts';
import { finite } from './scoretabledata.ts';

/** A record a row: `validation loss`; of scores with their protocol: `METEOR (vist-seq2seq)`, `METEOR (vist-seq2seq) low`. */
export function comparisonRecords({ groups, rows }: Comparison): ScoreRecords {
  const columns = groups.flatMap((group, g) => group.columns.flatMap(({ head }, c) => {
    const cell = (row: ComparisonRow): TableCell | undefined => row.groups[g]?.[c];
    const name = g === 0 ? head : `${head} (${group.title})`;
    const bounds = rows.some((row) => cell(row)?.interval !== undefined);
    return [
      { name, get: (row: ComparisonRow) => finite(cell(row)?.value) },
      ...(bounds ? (['low', 'high'] as const).map((side) => ({ name: `${name} ${side}`, get: (row: ComparisonRow) => finite(cell(row)?.interval?.[side]) })) : []),
    ];
  }));
  return {
    columns: ['run', 'kind', 'model', 'source', ...columns.map(({ name }) => name)],
    rows: rows.map((row) => ({
      run: row.name, kind: row.kind, model: row.model, source: row.notes.length === 0 ? null : row.notes.join('; '),
      ...Object.fromEntries(columns.map(({ name, get }) => [name, get(row)])),
    })),
  };
}

export interface ComparisonJson {
  readonly protocols: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly runs: readonly {
    readonly run: string;
    readonly kind: 'run' | 'published';
    readonly model: string | null;
    readonly notes: readonly string[];
    readonly training: Readonly<Record<string, number | null>> | null;
    /** By protocol, then by column. */
    readonly scores: Readonly<Record<string, Readonly<Record<string, { readonly value: number | null; readonly low?: number; readonly high?: number }>>>>;
  }[];
  /** By key, then by run. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, string | null>>>>;
  readonly missing: Readonly<Record<string, readonly string[]>>;
}

/** The comparison as a plain object for `JSON.stringify`, numbers as exact as they are. */
export function comparisonJson({ groups, rows, runs, settings, missing }: Comparison): ComparisonJson {
  const [training, ...protocols] = groups;
  return {
    protocols: Object.fromEntries(protocols.map(({ title, notes }) => [title, Object.fromEntries(notes)])),
    runs: rows.map(({ name, kind, model, notes, groups: [figures, ...scores] }) => ({
      run: name, kind, model, notes,
      training: figures == null ? null : Object.fromEntries(training!.columns.map(({ head }, i) => [head, finite(figures[i]!.value)])),
      scores: Object.fromEntries(protocols.flatMap(({ title, columns }, i) => {
        const cells = scores[i];
        return cells == null ? [] : [[title, Object.fromEntries(columns.map(({ head }, c) => [head, { value: finite(cells[c]!.value), ...cells[c]!.interval }]))]];
      })),
    })),
    settings: Object.fromEntries(settings.map(({ key, values }) => [key, Object.fromEntries(runs.map((run, i) => [run, values[i] ?? null]))])),
    missing: Object.fromEntries(missing.map(({ run, what }) => [run, what])),
  };
}
