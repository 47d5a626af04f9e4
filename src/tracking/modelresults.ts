import { basename, dirname } from 'node:path';
import { parse } from 'csv-parse/sync';
import { UserError } from '../core/errors.ts';
import { readText } from '../core/files.ts';
import { formatCsv } from '../io/csv.ts';
import type { RunRecord } from './runrecord.ts';

/** Columns of VIST-seq2seq's model_results.csv, a line a run, as its report_writer.py writes them. */
export const MODEL_RESULT_COLUMNS = [
  'num_samples', 'duration', 'num_epochs', 'loss', 'val_loss', 'num_layers', 'cell_type', 'activation', 'hidden_dimension', 'learning_rate',
  'gradient_clipping_value', 'optimizer', 'loss_history_filename', 'model_filename', 'reverse_sequence', 'notes',
] as const;
export type ModelResult = Readonly<Record<(typeof MODEL_RESULT_COLUMNS)[number], string>>;

/**
 * Runs as VIST-seq2seq's model_results.csv. As there, the losses are those of the last epoch, -1 stands for one that
 * was not measured, and a sample is a photo with its sentence. What a run does not say stays empty.
 */
export function formatModelResults(records: readonly RunRecord[]): string {
  return formatCsv(MODEL_RESULT_COLUMNS, records.map(modelResult));
}

function modelResult(record: RunRecord): ModelResult {
  const get = (...path: string[]): unknown => path.reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], record.config);
  const text = (value: unknown): string => (value === undefined || value === null ? '' : String(value));
  const last = record.history.at(-1);
  return {
    num_samples: text(samplesOf(record)),
    duration: record.seconds === null ? '' : formatDuration(record.seconds),
    num_epochs: String(record.epochs),
    loss: text(last?.loss ?? -1), val_loss: text(last?.val_loss ?? -1),
    num_layers: text(get('model', 'photos', 'layers')),
    cell_type: text(get('model', 'cell', 'type')),
    activation: 'tanh',
    hidden_dimension: text(get('model', 'photos', 'units')),
    learning_rate: text(get('optimizer', 'learning_rate')),
    gradient_clipping_value: text(get('optimizer', 'clip_value')),
    optimizer: text(get('optimizer', 'name')),
    loss_history_filename: `./${record.name}/history.csv`,
    model_filename: `./${record.name}/checkpoints/best/weights.safetensors`,
    reverse_sequence: get('model', 'photos', 'reverse') === true ? 'True' : 'False',
    notes: `${text(record.model)}, k = ${text(get('model', 'photos', 'last'))}, best epoch ${text(record.best_epoch)}, ${record.status}`,
  };
}

/** Sentences trained on, each with its photos. */
function samplesOf({ environment }: RunRecord): number | null {
  const data = environment?.['data'] as Record<string, { stories?: unknown; photos?: unknown }> | undefined;
  const train = data?.['data.train'];
  return typeof train?.stories === 'number' && typeof train.photos === 'number' ? train.stories * train.photos : null;
}

/** `3:36:54h` */
function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}h`;
}

/**
 * Reads a model_results.csv, VIST-seq2seq's own or one written here. Its own leaves commas in the notes without quotes:
 * they belong to the last column.
 * @throws UserError with the line that does not fit
 */
export async function readModelResults(path: string): Promise<ModelResult[]> {
  const lines = (await readText(path, 'model results')).replace(/^\uFEFF/, '').split(/\r?\n/);
  if (lines[0]?.trim() !== MODEL_RESULT_COLUMNS.join(',')) {
    throw new UserError(`${path}: line 1: not VIST-seq2seq's model_results.csv, whose columns are ${MODEL_RESULT_COLUMNS.join(',')}`);
  }
  return lines.flatMap((line, i) => (i === 0 || line.trim() === '' ? [] : [parseLine(line, `${path}: line ${i + 1}`)]));
}

function parseLine(line: string, where: string): ModelResult {
  const fields = fieldsOf(line);
  const width = MODEL_RESULT_COLUMNS.length;
  if (fields.length < width) throw new UserError(`${where}: ${fields.length} fields where ${width} are needed: the file is cut there, or of another kind`);
  const all = [...fields.slice(0, width - 1), fields.slice(width - 1).join(',').trim()];
  const result = Object.fromEntries(MODEL_RESULT_COLUMNS.map((name, i) => [name, all[i]!])) as ModelResult;
  for (const name of ['num_epochs', 'loss'] as const) {
    if (!Number.isFinite(Number(result[name]))) throw new UserError(`${where}: ${name}: expected a number, found ${JSON.stringify(result[name])}`);
  }
  return result;
}

function fieldsOf(line: string): string[] {
  try {
    return (parse(line) as string[][])[0] ?? [];
  } catch {
    // A quotation mark within an unquoted note.
    return line.split(',');
  }
}

/**
 * Rows of a model_results.csv as runs, to stand beside one's own; `source` says where each is from. The losses are those
 * of the last epoch: the best epoch is not known.
 */
export async function readPublishedRuns(path: string): Promise<RunRecord[]> {
  return (await readModelResults(path)).map((row, i) => publishedRun(row, `${basename(path)}, row ${i + 1}`));
}

function publishedRun(row: ModelResult, source: string): RunRecord {
  const value = (text: string): number | null => (text.trim() === '' || !Number.isFinite(Number(text)) ? null : Number(text));
  const measured = (text: string): number | null => (value(text) === -1 ? null : value(text));
  const val_loss = measured(row.val_loss);
  const epochs = value(row.num_epochs) ?? 0;
  return {
    name: nameOf(row.loss_history_filename), path: row.model_filename, kind: 'train', status: 'finished', source,
    model: null, epochs, planned: epochs, best_epoch: null, loss: measured(row.loss), val_loss, perplexity: val_loss === null ? null : Math.exp(val_loss),
    parameters: null, steps: null, seconds: parseDuration(row.duration), started: startOf(row.loss_history_filename), from: null, parent: null, failed: null,
    likelihood: true, holder: null, environment: null, history: [], scores: [], problems: [],
    config: {
      model: { photos: { units: value(row.hidden_dimension), layers: value(row.num_layers), reverse: row.reverse_sequence.trim() === 'True' }, cell: { type: row.cell_type } },
      optimizer: { name: row.optimizer, learning_rate: value(row.learning_rate), clip_value: value(row.gradient_clipping_value) },
      notes: row.notes,
    },
  };
}

function parseDuration(text: string): number | null {
  const match = /^(\d+):(\d\d):(\d\d)h?$/.exec(text.trim());
  return match === null ? null : Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
}

/** VIST-seq2seq names its loss logs by the time, `2018-06-19_15-15-24.csv`; here they have a folder of that name. */
function nameOf(file: string): string {
  return basename(file) === 'history.csv' ? basename(dirname(file)) : basename(file).replace(/\.csv$/, '');
}

/** The time in such a name; in which zone is not known. */
function startOf(file: string): string | null {
  const match = /(\d{4}-\d\d-\d\d)[_T](\d\d)[-:](\d\d)[-:](\d\d)/.exec(nameOf(file));
  return match === null ? null : `${match[1]}T${match[2]}:${match[3]}:${match[4]}`;
}
