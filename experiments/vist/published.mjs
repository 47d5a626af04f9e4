// The losses that VIST-seq2seq logged, beside one's own and never mixed with them.
// @ts-check
import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { table } from '../shared/compare.mjs';

/** The runs whose validation loss was recorded. @param {string} file VIST-seq2seq's model_results.csv */
export async function publishedTable(file) {
  /** @type {Record<string, string>[]} */
  const rows = parse(await readFile(file, 'utf8'), { columns: true, relax_quotes: true, relax_column_count: true });
  const number = (/** @type {string | undefined} */ x) => (x === undefined || x === 'None' || Number(x) < 0 || !Number.isFinite(Number(x)) ? '–' : Number(x).toFixed(2));
  const head = ['published by VIST-seq2seq', 'epochs', 'hours', 'layers x units', 'train loss', 'validation loss'];
  const recorded = rows.filter((row) => number(row['val_loss']) !== '–');
  return table(head, recorded.map((row) => [
    (row['loss_history_filename'] ?? '').replace(/^.*\/(\d{4}-\d{2}-\d{2}).*$/, '$1'), row['num_epochs'] ?? '', (row['duration'] ?? '').replace(/:\d+h$/, ''),
    `${row['num_layers']} x ${row['hidden_dimension']}`, number(row['loss']), number(row['val_loss']),
  ]));
}
