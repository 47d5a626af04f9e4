import type { SweepFolder } from './folder.ts';
import type { SweepResults, TrialRow } from './results.ts';
import { settingKeys } from './results.ts';
import { describeValue } from './trials.ts';

/** The table of a sweep for a terminal: best trial first, reasons of failures below. */
export function formatResults({ head }: SweepFolder, { rows, best }: SweepResults): string {
  const keys = settingKeys(rows);
  const columns: (readonly [string, (row: TrialRow) => string])[] = [
    ['trial', ({ trial }) => trial],
    ...shortKeys(keys).map((short, i) => [short, ({ settings }: TrialRow) => (keys[i]! in settings ? describeValue(settings[keys[i]!]!) : '')] as const),
    [head.metric, (row) => formatLoss(row[head.metric])],
    ...(head.metric === 'val_loss' ? [['perplexity', ({ perplexity }: TrialRow) => formatLoss(perplexity, 1)] as const] : []),
    ['epochs', ({ epochs }) => String(epochs ?? '')],
    ['best', ({ best_epoch }) => String(best_epoch ?? '')],
    ...(head.rungs.length > 0 ? [['rung', ({ rung }: TrialRow) => String(rung ?? '')] as const] : []),
    ['', ({ status }) => (status === 'done' ? '' : status)],
  ];
  const cells = [columns.map(([name]) => name), ...rows.map((row) => columns.map(([, text]) => text(row)))];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i]!.length)));
  const lines = cells.map((line) => line.map((cell, i) => (i === 0 || i === line.length - 1 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ').trimEnd());
  const reasons = rows.filter(({ reason }) => reason !== null).map(({ trial, status, reason }) => `trial ${trial} ${status}: ${reason}`);
  const done = rows.filter(({ status }) => status === 'done').length;
  const last = best === undefined ? `no trial of ${rows.length} is done` : `best of ${done} done: trial ${best.trial}, ${head.metric} ${formatLoss(best[head.metric])}`;
  return [...lines, ...reasons, last].join('\n');
}

/** A training that went astray has losses that fill a line. */
export function formatLoss(loss: number | null, digits = 4): string {
  return loss === null ? '' : loss < 1e6 ? loss.toFixed(digits) : loss.toExponential(2);
}

/** The last part of each key where it says enough: `learning_rate` for `optimizer.learning_rate`. */
function shortKeys(keys: readonly string[]): string[] {
  const lasts = keys.map((key) => key.split('.').at(-1)!);
  return lasts.map((last, i) => (lasts.filter((other) => other === last).length === 1 ? last : keys[i]!));
}
