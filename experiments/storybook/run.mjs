// Storybook: draw the dataset, train a CNN on its scenes, train the three models, compare. `npm run demo` is this with
// one seed. See README.md beside this file.
// @ts-check
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  evaluate, evaluationTable, formatScoreTable, formatSeconds, makeReport, recordEvaluation, scoreTableHtml, UserError, writeFileAtomic,
} from 'fabula';
import { MODELS, resultsTable, round, table, TITLES, updateReadme, writeResults } from '../shared/compare.mjs';
import { clearOutput, DEMO_SIZE, makeStorybookData, step, trainStorybookModels } from '../shared/storybook.mjs';
import { writeGallery } from './gallery.mjs';

const here = dirname(fileURLToPath(import.meta.url));

/**
 * The whole experiment for one seed.
 * @param {{ output: string, seed: number, models?: string[], log?: (line: string) => void }} options
 */
export async function runSeed({ output, seed, models = MODELS, log = console.error }) {
  const begun = performance.now();
  await clearOutput(output);
  const data = await makeStorybookData({ output, seed, size: DEMO_SIZE, log });
  const { book, accuracy } = data;
  const { rows, told } = await trainStorybookModels({ output, data, seed, size: DEMO_SIZE, models, log });
  const gallery = join(output, 'stories.html');
  await writeGallery(gallery, join(book, 'photos', 'val'), told, TITLES);
  const scores = await step(log, 'scoring and comparing', () => compareModels(output, book, rows));
  await step(log, 'writing the report', async () => {
    const { html } = await makeReport({
      runs: rows.map(({ checkpoint }) => checkpoint), title: 'Storybook', photos: [join(book, 'photos', 'val')], references: [join(book, 'val.story-in-sequence.json')],
      stories: 12, published: [], tell: false, features: [], runtime: {},
    });
    await writeFileAtomic(join(output, 'report.html'), html);
  });
  return { seed, rows, accuracy, gallery, scores, seconds: round((performance.now() - begun) / 1000, 1) };
}

/**
 * All scores of the models in one table, with intervals and tests; also as a page.
 * @param {string} output @param {string} book @param {any[]} rows
 */
async function compareModels(output, book, rows) {
  /** @type {import('fabula').EvaluateOptions} */
  const options = {
    hypotheses: rows.map(({ checkpoint }) => join(checkpoint, 'stories.jsonl')), names: rows.map(({ name }) => name),
    references: [join(book, 'val.story-in-sequence.json')], training: [join(book, 'train.story-in-sequence.json')], protocol: 'story-multi',
  };
  const evaluation = await evaluate(options);
  const scores = evaluationTable([evaluation]);
  await recordEvaluation(join(output, 'evaluations'), options, [evaluation], scores);
  await writeFileAtomic(join(output, 'scores.html'), scoreTableHtml(scores, 'Storybook: scores of three models'));
  return scores;
}

/** @param {any[]} rows */
function namingTable(rows) {
  const percent = (/** @type {number} */ x) => `${(100 * x).toFixed(1)} %`;
  return table(['model', 'sentences that name subject or place, all named rightly', 'subject', 'place', 'thing', 'weather'],
    rows.map((row) => [row.title, percent(row.named_rightly), ...['subject', 'place', 'thing', 'weather'].map((kind) => percent(row.naming[kind]))]));
}

/** What `npm run demo` and `fabula demo` run. @param {{ output: string, seed: number, json: boolean }} options */
export async function runDemo({ output, seed, json }) {
  const { rows, accuracy, gallery, scores, seconds } = await runSeed({ output, seed });
  const heads = Object.entries(accuracy).map(([head, share]) => `${head} ${(100 * Number(share)).toFixed(1)} %`).join(', ');
  console.log(`\nPhoto features: a small CNN trained here on the training scenes (validation scenes recognised: ${heads}).\n`);
  console.log(resultsTable(rows));
  console.log(`\n${namingTable(rows)}\n`);
  console.log('Loss: nats per word on the validation stories. BLEU: protocol story-multi, the references being Storybook\'s own two tellings.\n');
  console.log(`${formatScoreTable(scores)}\n`);
  console.log(`The same as a page: ${join(output, 'scores.html')}`);
  console.log(`Losses, scores, stories, attention: ${join(output, 'report.html')}`);
  console.log(`Stories beside their photos: ${gallery}`);
  console.log(`Tell one: npx fabula tell PHOTO PHOTO PHOTO PHOTO PHOTO --checkpoint ${rows[1]?.checkpoint ?? rows[0].checkpoint}`);
  console.log(`${formatSeconds(seconds)} in all`);
  if (json) console.log(JSON.stringify({ seed, seconds, cnn_accuracy: accuracy, gallery, models: rows }));
}

/** Several seeds; writes results.json and the README's table. @param {string} output @param {number[]} seeds */
async function runSeeds(output, seeds) {
  const runs = [];
  for (const seed of seeds) runs.push(await runSeed({ output: join(output, `seed-${seed}`), seed }));
  const rows = runs.flatMap((run) => run.rows);
  const gaps = runs.map(({ seed, rows: [first, second] }) => ({ seed, gap: round(first.validation_loss - second.validation_loss, 4) }));
  const head = ['seed', 'model', 'validation loss', 'perplexity', 'BLEU-4', 'named rightly', 'seconds'];
  const text = table(head, rows.map((row) => [row.seed, row.title, row.validation_loss.toFixed(3), row.perplexity.toFixed(2), row.bleu[3].toFixed(1), `${(100 * row.named_rightly).toFixed(1)} %`, row.seconds.toFixed(0)]));
  console.log(text);
  await writeResults(join(here, 'results.json'), {
    experiment: 'storybook', command: `node experiments/storybook/run.mjs --seeds ${seeds.join(',')}`, data: { storybook: DEMO_SIZE.stories }, seeds,
    figures: [
      ...gaps.map(({ seed, gap }) => ({ name: 'validation loss of encoder-decoder minus previous-sentence', seed, value: gap, target: 'clearly above 0' })),
      ...rows.map((row) => ({ name: `sentences naming subject or place, all named rightly, ${row.name}`, seed: row.seed, value: row.named_rightly, target: 'at least 0.90' })),
      ...runs.map(({ seed, seconds }) => ({ name: 'seconds of one demo', seed, value: seconds, target: 'under 300' })),
    ],
    cnn_accuracy: runs.map(({ seed, accuracy }) => ({ seed, accuracy })), rows: rows.map(({ checkpoint: _, ...row }) => row),
  });
  await updateReadme(join(here, 'README.md'), 'results', text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { output: { type: 'string', default: 'runs/storybook' }, seeds: { type: 'string', default: '1,2,3' } },
  });
  await runSeeds(values.output, values.seeds.split(',').map(Number)).catch((error) => {
    console.error(`run.mjs: ${error.message}`);
    process.exitCode = error instanceof UserError ? 2 : 1;
  });
}
