// What the experiments share: train several models on the same data, tell and score the same stories, make one table.
// @ts-check
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkConfig, decodingSchema, describeEnvironment, formatSeconds, openFeatureFiles, readStories, scoreStories, Storyteller, tellSplit, train,
  trainSchema, writeFileAtomic, writeStoryOutputs,
} from 'fabula';

/** The three models, smallest first. */
export const MODELS = ['encoder-decoder', 'previous-sentence', 'attention'];
export const TITLES = {
  'encoder-decoder': 'Encoder-decoder', 'previous-sentence': 'Image sequence + previous sentence', attention: 'Attention over the previous sentence',
};

/**
 * Trains one model and tells the validation stories.
 * @param {object} setup
 * @param {string} setup.label name of the row
 * @param {object} setup.config configuration, as in a YAML file
 * @param {string} setup.runs folder of the run folders
 * @param {object} [setup.decoding] decoding options
 * @param {string} [setup.protocol] of the scores
 * @param {(line: string) => void} [setup.log]
 */
export async function trainAndTell({ label, config, runs, decoding = { strategy: 'beam', beam: 3 }, protocol = 'single-reference', log = console.error }) {
  const checked = checkConfig(trainSchema, config, label);
  const { folder, result } = await train({
    config: checked, runs,
    events: () => ({
      onEpoch: ({ epoch, loss, val_loss, seconds }) =>
        log(`  ${label}: epoch ${epoch + 1}  loss ${loss.toFixed(4)}  val_loss ${val_loss.toFixed(4)}  ${formatSeconds(seconds)}`),
    }),
  });
  const stories = await readStories(checked.data.validation);
  const features = await openFeatureFiles([checked.data.features].flat());
  const storyteller = await Storyteller.open(folder, checked.runtime);
  const begun = performance.now();
  const told = await tellSplit(storyteller, stories, features, decodingSchema.parse(decoding));
  const tellSeconds = (performance.now() - begun) / 1000;
  await storyteller.dispose();
  features.close();
  await writeStoryOutputs(join(folder, 'stories.jsonl'), told);
  const references = stories.ids.map((id, i) => ({ id, imageIds: stories.imageIds[i] ?? [], sentences: stories.texts[i] ?? [] }));
  const scores = scoreStories({ hypotheses: told, references, protocol });
  return {
    row: {
      name: label, parameters: result.parameters, epochs: result.epochs, best_epoch: result.best_epoch,
      seconds_per_epoch: round(result.seconds / result.epochs, 2), train_loss: round(result.train_loss, 4),
      validation_loss: round(result.validation_loss, 4), perplexity: round(result.perplexity, 2),
      bleu: [scores.bleu.bleu1, scores.bleu.bleu2, scores.bleu.bleu3, scores.bleu.bleu4].map((x) => round(x, 2)), protocol: scores.protocol,
      seconds: round(result.seconds, 1), tell_seconds: round(tellSeconds, 1), checkpoint: folder,
    },
    told, stories,
  };
}

/** @param {number} x @param {number} digits */
export function round(x, digits) {
  return Number(x.toFixed(digits));
}

/**
 * A Markdown table, columns padded so that it reads well as text too.
 * @param {string[]} head @param {(string | number)[][]} rows
 */
export function table(head, rows) {
  const cells = [head, ...rows.map((row) => row.map(String))];
  const widths = head.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
  const line = (/** @type {string[]} */ row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...cells.slice(1).map(line)].join('\n');
}

/** @param {any[]} rows as `trainAndTell` gives them */
export function resultsTable(rows) {
  return table(
    ['model', 'parameters', 's/epoch', 'best epoch', 'train loss', 'validation loss', 'perplexity', 'BLEU-1', 'BLEU-2', 'BLEU-3', 'BLEU-4'],
    rows.map((row) => [
      row.title ?? row.name, row.parameters.toLocaleString('en'), row.seconds_per_epoch.toFixed(1), row.best_epoch, row.train_loss.toFixed(3),
      row.validation_loss.toFixed(3), row.perplexity.toFixed(1), ...row.bleu.map((/** @type {number} */ x) => x.toFixed(1)),
    ]),
  );
}

/**
 * Writes results.json: every figure with what is needed to get it again.
 * @param {string} file @param {object} content
 */
export async function writeResults(file, content) {
  // The command is named in the content, without the folders of whoever ran it.
  const { command_line, ...environment } = await describeEnvironment();
  await writeFileAtomic(file, `${JSON.stringify({ ...content, environment }, null, 2)}\n`);
}

/**
 * Puts text between `<!-- NAME -->` and `<!-- /NAME -->` in a README.
 * @param {string} file @param {string} name @param {string} text
 */
export async function updateReadme(file, name, text) {
  const content = await readFile(file, 'utf8');
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [start, end] = [content.indexOf(open), content.indexOf(close)];
  if (start === -1 || end === -1) throw new Error(`${file} has no place marked ${open}`);
  await writeFileAtomic(file, `${content.slice(0, start + open.length)}\n${text}\n${content.slice(end)}`);
}
