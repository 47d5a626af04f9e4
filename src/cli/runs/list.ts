import { UserError } from '../../core/errors.ts';
import { exists } from '../../core/files.ts';
import { formatSeconds } from '../../core/progress.ts';
import { formatCsv } from '../../io/csv.ts';
import { PUBLISHED_NAMES } from '../../report/published.ts';
import { displayWidth, padLeft, padRight, plain } from '../../report/terminal.ts';
import { readPublishedRuns } from '../../tracking/modelresults.ts';
import { selectRuns, sortRuns } from '../../tracking/runfields.ts';
import type { RunRecord } from '../../tracking/runrecord.ts';
import { listRuns } from '../../tracking/runrecord.ts';
import { findRun, RUNS_FOLDER } from './find.ts';

export interface ListArguments {
  folders: string[];
  where: string | undefined;
  sort: string | undefined;
  reverse: boolean;
  published: string[];
  json: boolean;
  csv: boolean;
}

export async function listCommand(args: ListArguments): Promise<void> {
  if (args.reverse && args.sort === undefined) throw new UserError('--reverse: give the key to sort by with --sort');
  if (args.json && args.csv) throw new UserError('--json and --csv: choose one');
  const own = await listRuns(await foldersOf(args));
  const published = (await Promise.all(args.published.map(readPublishedFile))).flat();
  const all = [...own, ...published];
  const chosen = args.where === undefined ? all : selectRuns(all, args.where);
  const records = args.sort === undefined ? chosen : sortRuns(chosen, args.sort, args.reverse);
  if (args.json) console.log(JSON.stringify(records));
  else if (args.csv) console.log(runsCsv(records).trimEnd());
  else console.log(all.length === 0 ? 'no runs yet: fabula train makes them' : records.length === 0 ? `none of ${all.length} runs` : formatRuns(records));
}

/** Without a folder runs/, which need not be there yet; with --published alone nothing else. */
async function foldersOf({ folders, published }: ListArguments): Promise<string[]> {
  if (folders.length > 0) return Promise.all(folders.map(findRun));
  if (await exists(RUNS_FOLDER)) return [RUNS_FOLDER];
  if (published.length > 0) return [];
  throw new UserError(`${RUNS_FOLDER}: there is no such folder here: name the folder of the runs, or train one`);
}

/** Figures that come with Fabula are no runs: they have no files, dates or configuration. */
async function readPublishedFile(file: string): Promise<RunRecord[]> {
  if (await exists(file)) return readPublishedRuns(file);
  const hint = PUBLISHED_NAMES.some((name) => name === file) ? `; the figures of that name stand in fabula compare --published ${file}` : '';
  throw new UserError(`--published ${file}: no such file: here it takes a CSV file as VIST-seq2seq's model_results.csv${hint}`);
}

const CSV_COLUMNS = [
  'name', 'kind', 'status', 'model', 'epochs', 'planned', 'best_epoch', 'loss', 'val_loss', 'perplexity', 'parameters', 'steps', 'seconds', 'started', 'from', 'parent', 'source', 'path',
] as const satisfies readonly (keyof RunRecord)[];

function runsCsv(records: readonly RunRecord[]): string {
  return formatCsv(CSV_COLUMNS, records.map((record) => Object.fromEntries(CSV_COLUMNS.map((column) => [column, record[column]]))));
}

interface Column {
  readonly head: string;
  readonly right?: true;
  text(record: RunRecord): string;
}

const decimals = (value: number | null, digits: number): string => (value === null ? '-' : value.toFixed(digits));

const COLUMNS: readonly Column[] = [
  { head: 'run', text: ({ name }) => plain(name) },
  { head: 'kind', text: ({ kind, source }) => (source === null ? kind : 'published') },
  { head: 'model', text: ({ model }) => plain(model ?? '-') },
  { head: 'status', text: ({ status }) => status },
  { head: 'epochs', right: true, text: ({ kind, epochs, planned }) => (kind === 'evaluate' ? '-' : planned === null ? String(epochs) : `${epochs}/${planned}`) },
  { head: 'best', right: true, text: ({ best_epoch }) => String(best_epoch ?? '-') },
  { head: 'loss', right: true, text: ({ loss }) => decimals(loss, 4) },
  { head: 'val_loss', right: true, text: ({ val_loss }) => decimals(val_loss, 4) },
  { head: 'perplexity', right: true, text: ({ perplexity }) => decimals(perplexity, 2) },
  { head: 'time', right: true, text: ({ seconds }) => (seconds === null ? '-' : formatSeconds(seconds)) },
  { head: 'source', text: ({ source }) => plain(source ?? '') },
];

/** A table for the terminal, with a line for each run that has something wrong. */
export function formatRuns(records: readonly RunRecord[]): string {
  const columns = COLUMNS.filter(({ head, text }) => head !== 'source' || records.some((record) => text(record) !== ''));
  const rows = [columns.map(({ head }) => head), ...records.map((record) => columns.map(({ text }) => text(record)))];
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => displayWidth(row[i]!))));
  const lines = rows.map((row) => row.map((text, i) => (columns[i]!.right ? padLeft : padRight)(text, widths[i]!)).join('  ').trimEnd());
  const notes = records.flatMap(({ name, failed, problems }) => [
    ...(failed === null ? [] : [`${plain(name)}: ${plain(failed)}`]),
    ...(problems.length === 0 ? [] : [`${plain(name)}: ${plain(problems[0]!)}${problems.length > 1 ? ` and ${problems.length - 1} more` : ''}; see fabula runs show`]),
  ]);
  const sources = records.some(({ source }) => source !== null) ? ['published: losses of the last epoch as VIST-seq2seq logged them, on its data; they do not compare with runs on other data'] : [];
  return [...lines, ...(notes.length + sources.length > 0 ? [''] : []), ...notes, ...sources].join('\n');
}
