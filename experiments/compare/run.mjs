// The style-shifting storyteller, measured: its parts and its style shift on real data (--shared), and its stories beside
// those of the sequence models on Storybook (--storybook) and on VIST's real stories (--shared). See README.md.
// @ts-check
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatSeconds, UserError } from 'fabula';
import { table, updateReadme, writeResults } from '../shared/compare.mjs';
import { runShared } from './shared.mjs';

const here = dirname(fileURLToPath(import.meta.url));

/** What the issue of this experiment asks for. */
const TARGETS = { recall1_times_chance: 5, median_rank_of_chance: 1 / 3, combine_skip_auc: 0.9, style_share: 0.75 };

/** @param {string} data @param {string} work @param {number} seed @param {boolean} publish */
async function shared(data, work, seed, publish) {
  const begun = performance.now();
  const { training, retrieval, vectors, shift } = await runShared({ data, work, seed, log: console.error });
  const results = {
    experiment: 'style-shifting storyteller on the shared real data', command: 'node experiments/compare/run.mjs --shared PATH --work PATH', data: 'COCO (390 photos), Flickr8k, Multi30k, four novels',
    seeds: [seed], targets: TARGETS, machine: `${availableParallelism()} cores, ${cpus()[0]?.model.trim()}`, training,
    retrieval, vectors, shift,
  };
  if (publish) await writeResults(join(here, 'results.shared.json'), results);
  const tables = sharedTables(results);
  console.log(tables);
  if (publish) await updateReadme(join(here, 'README.md'), 'shared', tables);
  console.error(`all of it took ${formatSeconds((performance.now() - begun) / 1000)} in this call`);
}

/** @param {{ training: any, retrieval: any, vectors: any, shift: any }} results */
function sharedTables({ training, retrieval, vectors, shift }) {
  const percent = (/** @type {number} */ share) => (100 * share).toFixed(1);
  const ways = { 'photo to captions': retrieval.photo_to_captions, 'caption to photos': retrieval.caption_to_photos };
  return [
    `Trained in ${formatSeconds(training.seconds)}: ${Object.entries(training.trainings).map(([name, { seconds }]) => `${name} ${formatSeconds(seconds)}`).join(', ')}.`, '',
    `Retrieval on ${retrieval.photos} photos with ${retrieval.captions} captions that nothing was trained on:`, '',
    table(['', 'R@1', 'R@5', 'R@10', 'median rank', 'R@1 by chance', 'times chance', 'rank by chance'], Object.entries(ways).map(([way, r]) =>
      [way, r.recall1.toFixed(1), r.recall5.toFixed(1), r.recall10.toFixed(1), r.median_rank, r.chance_recall1.toFixed(1), r.recall1_times_chance.toFixed(1), r.chance_median_rank])),
    '', `AUC of nearness, captions of one photo against those of others, ${vectors.captions} captions of ${vectors.photos} photos that no encoder learned from:`, '',
    table(['sentence vectors', 'numbers', 'AUC'], Object.entries(vectors.encoders).map(([name, { size, auc }]) => [name, size, auc.toFixed(3)])),
    '', 'Passages told of the test photos, and the genre that the classifier gives them:', '',
    table(['style', 'photos', 'classed as romance', 'as science fiction', 'right (95 % interval)', 'different', 'words', 'photos/s'], Object.entries(shift.styles).map(([style, f]) =>
      [style, f.photos, f.classed.romance, f.classed.scifi, f.share === undefined ? '' : `${percent(f.share)} % (${percent(f.interval[0])} to ${percent(f.interval[1])})`, f.different_passages, f.words, f.photos_per_second])),
  ].join('\n');
}

const { values } = parseArgs({
  options: {
    shared: { type: 'string' }, storybook: { type: 'boolean', default: false }, small: { type: 'boolean', default: false },
    work: { type: 'string' }, seed: { type: 'string', default: '1' }, publish: { type: 'boolean', default: false },
  },
});

try {
  const seed = Number(values.seed);
  if (!Number.isInteger(seed)) throw new UserError(`--seed ${values.seed}: give a whole number`);
  if (values.work === undefined) throw new UserError('--work: name a folder for what is made');
  if (values.shared !== undefined) await shared(values.shared, values.work, seed, values.publish);
  else throw new UserError('say what to run: --storybook, or --shared PATH with the real data');
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
