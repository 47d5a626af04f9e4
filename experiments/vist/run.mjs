// VIST: preprocess, extract, train the three models, tell, score, compare. See README.md beside this file.
// @ts-check
import { parseArgs } from 'node:util';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from 'fabula';
import { MODELS, resultsTable, TITLES, trainAndTell, updateReadme, writeResults } from '../shared/compare.mjs';
import { LABEL, oracleConfig, prepareOracle } from './oracle.mjs';
import { officialConfig, prepareOfficial } from './official.mjs';
import { publishedTable } from './published.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: {
    data: { type: 'string', default: join(here, 'data') },
    oracle: { type: 'string' },
    work: { type: 'string', default: join(here, 'work') },
    models: { type: 'string', default: MODELS.join(',') },
    published: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    'update-readme': { type: 'boolean', default: false },
  },
});

async function main() {
  const models = values.models.split(',');
  const unknown = models.find((name) => !MODELS.includes(name));
  if (unknown !== undefined) throw new UserError(`--models ${unknown}: the models are ${MODELS.join(', ')}`);
  const rows = values.oracle === undefined ? await official(models) : await oracle(values.oracle, models);
  const text = resultsTable(rows);
  const published = values.published === undefined ? '' : `\n\n${await publishedTable(values.published)}`;
  console.log(`${text}${published}`);
  const name = values.oracle === undefined ? 'results.json' : 'results.oracle.json';
  await writeResults(join(values['update-readme'] ? here : values.work, name), {
    experiment: values.oracle === undefined ? 'vist' : `vist, ${LABEL}`, command: commandLine(), seeds: [1],
    target: 'each model below the same model with shuffled photos', rows: rows.map(({ checkpoint: _, ...row }) => row),
  });
  if (values['update-readme']) await updateReadme(join(here, 'README.md'), values.oracle === undefined ? 'official' : 'oracle', text);
  if (values['update-readme'] && published !== '') await updateReadme(join(here, 'README.md'), 'published', published.trim());
}

/** The command with places for the folders of this machine. */
function commandLine() {
  const places = new Set([values.data, values.oracle, values.work, values.published]);
  return ['node experiments/vist/run.mjs', ...process.argv.slice(2).map((word) => (places.has(word) ? 'PATH' : word))].join(' ');
}

/** @param {string[]} models */
async function official(models) {
  const files = await prepareOfficial(values.data, values.work);
  const rows = [];
  for (const name of models) {
    const { row } = await trainAndTell({ label: name, config: officialConfig(files, name, values.set), runs: join(values.work, 'runs'), protocol: 'vist-seq2seq' });
    rows.push({ ...row, title: titleOf(name) });
  }
  return rows;
}

/** Each model, and the same model given the photos of other stories. @param {string} data @param {string[]} models */
async function oracle(data, models) {
  const sizes = await prepareOracle(data, values.work);
  console.error(`${sizes.train} stories for training, ${sizes.development} for development, ${sizes.vocabulary} words (${LABEL})`);
  const glove = join(data, 'glove');
  const rows = [];
  for (const name of models) {
    for (const shuffled of [false, true]) {
      const config = oracleConfig(values.work, glove, name, shuffled);
      const { row } = await trainAndTell({ label: config.name, config, runs: join(values.work, 'runs') });
      rows.push({ ...row, title: `${titleOf(name)}${shuffled ? ', photos shuffled' : ''}` });
    }
  }
  return rows;
}

/** @param {string} name */
function titleOf(name) {
  return /** @type {Record<string, string>} */ (TITLES)[name] ?? name;
}

await main().catch((error) => {
  console.error(`run.mjs: ${error.message}`);
  process.exitCode = error instanceof UserError ? 2 : 1;
});
