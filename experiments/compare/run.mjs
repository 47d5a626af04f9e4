// The style-shifting storyteller, measured: its parts and its style shift on real data, and its stories beside those of the
// sequence models on VIST's real stories (--shared) and on Storybook (--storybook). See README.md.
// @ts-check
import { mkdir } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatScoreTable, formatSeconds, UserError } from 'fabula';
import { table, updateReadme, writeResults } from '../shared/compare.mjs';
import { runShared } from './shared.mjs';
import { compareStorybook } from './storybook.mjs';
import { shortTable } from './systems.mjs';
import { compareVist } from './vist.mjs';

const here = dirname(fileURLToPath(import.meta.url));

/** What is to be reached on the shared data. */
const TARGETS = { recall1_times_chance: 5, median_rank_of_chance: 1 / 3, combine_skip_auc: 0.9, style_share: 0.75 };

const machine = `${availableParallelism()} cores, ${cpus()[0]?.model.trim()}`;

/** @typedef {{ work: string, seed: number, small: boolean, publish: boolean }} Run */

/** @param {string} data @param {Run} run */
async function shared(data, { work, seed, small, publish }) {
  const measured = await runShared({ data, work, seed, small, log: console.error });
  const { training, retrieval, vectors, shift } = measured;
  const results = {
    experiment: 'style-shifting storyteller on the shared real data', command: 'node experiments/compare/run.mjs --shared PATH --work DIR',
    data: 'COCO (390 photos), Flickr8k, Multi30k, four novels', seeds: [seed], targets: TARGETS, machine, training, retrieval, vectors, shift,
  };
  const tables = sharedTables(results);
  console.log(tables);
  if (publish) {
    await writeResults(join(here, 'results.json'), results);
    await updateReadme(join(here, 'README.md'), 'shared', tables);
  }
  const told = await compareVist({ data, work: join(work, 'vist'), encoder: measured.encoder, books: measured.books, unread: measured.unread, seed, size: small ? 'small' : 'full' });
  await showStories(told, { name: 'stories', experiment: 'the storyteller beside the sequence models on VIST stories', command: results.command, publish });
}

/** @param {Run} run */
async function storybook({ work, seed, small, publish }) {
  const told = await compareStorybook({ output: work, seed, size: small ? 'small' : 'demo' });
  await showStories(told, { name: 'storybook', experiment: 'the storyteller beside the sequence models on Storybook', command: 'node experiments/compare/run.mjs --storybook --work DIR', publish });
}

/**
 * @param {any} told what a comparison of stories came to
 * @param {{ name: string, experiment: string, command: string, publish: boolean }} about
 */
async function showStories({ table: scores, page, ...figures }, { name, experiment, command, publish }) {
  console.error(formatScoreTable(scores));
  const text = `${shortTable(scores)}\n\nEverything took ${formatSeconds(figures.seconds)}.`;
  console.log(text);
  console.error(`${page}: photos, references and the stories of all systems`);
  if (!publish) return;
  await writeResults(join(here, `results.${name}.json`), { experiment, command, seeds: [figures.seed], machine, ...figures });
  await updateReadme(join(here, 'README.md'), name, text);
}

/** @param {{ training: any, retrieval: any, vectors: any, shift: any }} results */
function sharedTables({ training, retrieval, vectors, shift }) {
  const percent = (/** @type {number} */ share) => (100 * share).toFixed(1);
  const ways = { 'photo to captions': retrieval.photo_to_captions, 'caption to photos': retrieval.caption_to_photos };
  const times = Object.entries(training.trainings).map(([name, { seconds }]) => `${name} ${formatSeconds(seconds)}`).join(', ');
  return [
    `Trained in ${formatSeconds(training.seconds)} (${times}), while other work shared the two cores.`, '',
    `Retrieval on ${retrieval.photos} photos with ${retrieval.captions} captions that nothing was trained on:`, '',
    table(['', 'R@1', 'R@5', 'R@10', 'median rank', 'R@1 by chance', 'times chance', 'median rank by chance'], Object.entries(ways).map(([way, r]) =>
      [way, r.recall1.toFixed(1), r.recall5.toFixed(1), r.recall10.toFixed(1), r.median_rank, r.chance_recall1.toFixed(1), r.recall1_times_chance.toFixed(1), r.chance_median_rank])),
    '', `Nearness of captions of one photo against those of others (AUC over all pairs), ${vectors.captions} captions of ${vectors.photos} photos that no encoder learned from:`, '',
    table(['sentence vectors', 'numbers', 'AUC'], Object.entries(vectors.encoders).map(([name, { size, auc }]) => [name, size, auc.toFixed(3)])),
    '', `Passages told of the ${retrieval.photos} test photos, and the genre that the classifier gives them. "swapped" decoders read the novels that the classifier of the others learned from, and the other way round:`, '',
    table(['decoder', 'style', 'classed as romance', 'as science fiction', 'right (95 % interval)', 'different passages', 'words', 'photos/s'], ['first', 'swapped'].flatMap((name) =>
      Object.entries(shift[name].styles).map(([style, f]) =>
        [style.endsWith('-own') ? 'of the genre' : `one, ${name}`, style.replace(/-.*/, ''), f.classed.romance, f.classed.scifi, f.share === undefined ? '' : `${percent(f.share)} % (${percent(f.interval[0])} to ${percent(f.interval[1])})`, f.different_passages, f.words, f.photos_per_second]))),
    '', `The classifiers call ${classifierShares(shift)} of what people wrote.`,
  ].join('\n');
}

/** How well a classifier knows the novels that it was not trained on, which a decoder reads. @param {any} shift */
function classifierShares(shift) {
  return ['first', 'swapped'].map((name) => {
    const { romance, scifi } = shift[name].classifier.right_of_the_novels_that_the_decoder_reads;
    return `${name}: ${(100 * romance).toFixed(0)} % of the romance and ${(100 * scifi).toFixed(0)} % of the science fiction rightly`;
  }).join('; ');
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
  if (values.publish && values.small) throw new UserError('--publish: small runs are for trying out; leave out --small');
  const run = { work: values.work, seed, small: values.small, publish: values.publish };
  if (values.shared !== undefined) {
    await mkdir(run.work, { recursive: true });
    await shared(values.shared, run);
  } else if (values.storybook) await storybook(run);
  else throw new UserError('say what to run: --storybook, or --shared PATH with the real data');
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
