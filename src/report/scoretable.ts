import { ShapeError, UserError } from '../core/errors.ts';
import { fixed } from '../evaluation/bleuline.ts';
import { pairP, PAIRED_TESTS } from '../evaluation/significance.ts';
import type { ComparedColumn, PairedTest } from '../evaluation/significance.ts';

/** How scores were computed. Scores are comparable where both are the same. */
export interface TableProtocol {
  readonly name: string;
  readonly description: string;
}

/** One column of the table. */
export interface TableColumn {
  /** Such as BLEU-4. */
  readonly head: string;
  /** Which scores are better; `none` for figures that are neither, such as a length. */
  readonly direction: 'higher' | 'lower' | 'none';
  /** Digits after the point that people are shown; default 2. CSV and JSON have all. */
  readonly digits?: number;
}

/** One score of the table. */
export interface TableCell {
  /** null where the system has none. */
  readonly value: number | null;
  /** Bootstrap interval of the value. */
  readonly interval?: { readonly low: number; readonly high: number };
  /** p-value of the difference from the baseline. */
  readonly p?: number;
  /** Best of its column, and significantly better than every other system: never set for less. */
  readonly best?: boolean;
}

/** One system of the table. */
export interface TableRow {
  readonly system: string;
  /** What was scored. */
  readonly file?: string;
  readonly protocol: TableProtocol;
  /** One a column. */
  readonly cells: readonly TableCell[];
}

/** How intervals, p-values and marks were made. */
export interface TableSignificance {
  readonly test: PairedTest;
  readonly alpha: number;
  readonly confidence: number;
  readonly resamples: number;
  readonly trials: number;
  readonly seed: number;
  /** Name of the system that p-values compare with. */
  readonly baseline?: string;
}

export interface ScoreTableInput {
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
  /** What else was the same for all rows, such as the references: name and value. */
  readonly settings?: readonly (readonly [name: string, value: string])[];
  readonly significance?: TableSignificance;
  /** Let rows of different protocols stand in one table, each with its own. Default false. */
  readonly mixed?: boolean;
}

/** Scores of systems with the protocols that made them; made by `scoreTable`, which checks it. */
export interface ScoreTable extends ScoreTableInput {
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Those of the rows, each once. One, unless the table is mixed. */
  readonly protocols: readonly TableProtocol[];
}

/**
 * A table that may be shown.
 * @throws UserError when rows of different protocols are to stand in one table without `mixed`; ShapeError when a row
 * has another number of cells than there are columns, or two columns have one head
 */
export function scoreTable(input: ScoreTableInput): ScoreTable {
  const { columns, rows, settings = [], mixed = false } = input;
  if (rows.length === 0) throw new ShapeError('scoreTable: no row');
  const odd = rows.find(({ cells }) => cells.length !== columns.length);
  if (odd !== undefined) throw new ShapeError(`scoreTable: ${odd.cells.length} cells for ${odd.system}, ${columns.length} columns`);
  const twice = columns.find(({ head }, i) => columns.findIndex((other) => other.head === head) < i);
  if (twice !== undefined) throw new ShapeError(`scoreTable: two columns ${twice.head}`);
  const protocols = rows.map(({ protocol }) => protocol).filter((one, i, all) => all.findIndex((other) => sameProtocol(one, other)) === i);
  if (protocols.length > 1 && !mixed) throw new UserError(refusal(rows));
  return { ...input, settings, protocols };
}

export function sameProtocol(a: TableProtocol, b: TableProtocol): boolean {
  return a.name === b.name && a.description === b.description;
}

/** A protocol's name, numbered where two of a mixed table have the same. */
export function protocolLabel({ protocols }: ScoreTable, protocol: TableProtocol): string {
  const namesakes = protocols.filter(({ name }) => name === protocol.name);
  return namesakes.length === 1 ? protocol.name : `${protocol.name} (${1 + namesakes.findIndex((one) => sameProtocol(one, protocol))})`;
}

/** The cells of one system, from comparisons of all: values, intervals, marks, and p-values where there is a baseline. */
export function comparedCells(columns: readonly ComparedColumn[], system: number, baseline?: number): TableCell[] {
  return columns.map(({ systems, pairs, best }) => {
    const { score, low, high } = systems[system]!;
    const p = baseline === undefined || baseline === system ? undefined : pairP(pairs, system, baseline);
    return {
      value: score, interval: { low, high },
      ...(p !== undefined && { p }),
      ...(best.significant && best.system === system && { best: true }),
    };
  });
}

/** `26.19`, or a dash where there is no value. */
export function formatValue(value: number | null, { digits = 2 }: TableColumn): string {
  if (value === null || !Number.isFinite(value)) return '-';
  return value < 0 ? `-${fixed(-value, digits)}` : fixed(value, digits);
}

/** `25.90-26.48`. */
export function formatInterval({ low, high }: { readonly low: number; readonly high: number }, column: TableColumn): string {
  return `${formatValue(low, column)}${low < 0 || high < 0 ? ' to ' : '-'}${formatValue(high, column)}`;
}

/** `p = 0.03`, with two digits that count; `p < 0.001`. */
export function formatP(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p < 0.01 ? p.toFixed(4) : p < 0.1 ? p.toFixed(3) : p.toFixed(2)}`;
}

/** The head of a column with an arrow to where better scores are. */
export function formatHead({ head, direction }: TableColumn): string {
  return direction === 'none' ? head : `${head} ${direction === 'higher' ? '↑' : '↓'}`;
}

/** What marks and small figures mean: a phrase for each that is in the table. */
export interface Legend {
  readonly mark?: string;
  readonly interval?: string;
  readonly p?: string;
}

export function legend({ rows, significance, protocols }: ScoreTable): Legend {
  if (significance === undefined) return {};
  const { test, alpha, confidence, resamples, trials, seed, baseline } = significance;
  const cells = rows.flatMap((row) => row.cells);
  const draws = test === 'paired-ar' ? `${trials} trials` : `${resamples} resamples`;
  const how = `${PAIRED_TESTS[test]}, ${draws}, seed ${seed}`;
  const group = protocols.length > 1 ? 'of its column and protocol' : 'of its column';
  const mark = cells.some(({ best }) => best)
    ? `best ${group}, and significantly better than every other system (p < ${alpha} after Holm's correction; ${how})`
    : `nothing is marked: in no column is one system significantly better than every other (p < ${alpha} after Holm's correction; ${how})`;
  return {
    ...(rows.length > 1 && { mark }),
    ...(cells.some(({ interval }) => interval) && { interval: `${percent(confidence)} interval of the score (percentile bootstrap, ${resamples} resamples, seed ${seed})` }),
    ...(baseline !== undefined && cells.some(({ p }) => p !== undefined) && { p: `of the difference from ${baseline}, one test by itself (${how})` }),
  };
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(6))} %`;
}

/** Names the first two rows that do not compare. */
function refusal(rows: readonly TableRow[]): string {
  const first = rows[0]!;
  const other = rows.find(({ protocol }) => !sameProtocol(protocol, first.protocol))!;
  const [a, b] = [first.protocol, other.protocol];
  const difference = a.name === b.name
    ? `${first.system} and ${other.system} were both scored under ${a.name}, but not alike (${a.description}; ${b.description})`
    : `${first.system} was scored under protocol ${a.name}, ${other.system} under ${b.name}`;
  return `${difference}: such scores do not compare; score both alike, or ask for a mixed table`;
}
