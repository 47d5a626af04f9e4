// Makes what the programs share in bench/work/: the batch stream, initial weights, photos, the CNN's weights.
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from './programs.mjs';

/** Enough for --steps and its warm-up without a batch coming twice. */
const BATCHES = 40;

/**
 * The batch stream and the weights of these models, made where they are not there yet.
 * @param models `[{ model, hidden }]`
 * @returns `{ batches, weights, source }`: file stems, and 'VIST' or 'synthetic'
 */
export async function makeBatches({ work, python, peers, sentences, vocabulary, say, has }, models) {
  mkdirSync(work, { recursive: true });
  const batches = join(work, 'batches');
  const weights = ({ model, hidden }) => join(work, `weights_${model}${hidden}`);
  const program = join(peers, 'make_batches.py');
  const real = existsSync(sentences) && existsSync(vocabulary) ? 'VIST' : 'synthetic';
  if (!existsSync(`${batches}.json`) || !existsSync(`${batches}.npz`) || sourceOf(batches) !== real) {
    if (!(await has('numpy'))) throw new Error(`the batches are made by Python, and ${python} has no numpy: pip install numpy, and name that Python with --python or FABULA_PYTHON`);
    say('making the batches');
    await make(python, [program, '--out', batches, '--batches', BATCHES, '--sentences', sentences, '--vocabulary', vocabulary]);
  }
  for (const one of models) {
    if (existsSync(`${weights(one)}.json`)) continue;
    say(`making the initial weights of ${one.model} ${one.hidden}`);
    await make(python, [program, '--out', batches, '--weights-only', '--weights', `${one.model}:${one.hidden}`]);
  }
  return { batches, weights, source: sourceOf(batches) };
}

function sourceOf(stem) {
  return JSON.parse(readFileSync(`${stem}.json`, 'utf8')).meta.source;
}

/** AlexNet with random weights, in the form of bvlc_alexnet.npy. */
export async function makeAlexNet({ work, python, peers, say }) {
  mkdirSync(work, { recursive: true });
  const path = join(work, 'alexnet.npy');
  if (existsSync(path)) return path;
  say('making AlexNet\'s weights');
  await make(python, [join(peers, 'peer_features.py'), '--write-weights', '--weights', path]);
  return path;
}

/** A folder of JPEG photos: the one given when it is there, else Storybook's drawings at the size of web photos. */
export async function makePhotos({ work, say }, given) {
  if (given && existsSync(given)) return { folder: given, source: 'photos' };
  const storybook = join(work, 'storybook');
  const folder = join(storybook, 'photos', 'train');
  if (!existsSync(folder) || readdirSync(folder).length === 0) {
    say('drawing photos');
    const { writeStorybook } = await import('../../dist/data/storybook/storybook.js');
    await writeStorybook(storybook, { seed: 1, stories: { train: 60, val: 2, test: 2 }, width: 640, height: 480 });
  }
  return { folder, source: 'drawings' };
}

async function make(python, args) {
  const { error } = await runProgram({ command: python, args: args.map(String) }, 1);
  if (error) throw new Error(`${args[0]}: ${error}`);
}
