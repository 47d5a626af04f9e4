// The official data: annotations, photos and AlexNet weights, as README.md says where to put them.
// @ts-check
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { extractFeatures, listPhotos, openExtractor, prepare, UserError } from 'fabula';

/** @param {string} path @param {string} what */
async function need(path, what) {
  await access(path).catch(() => {
    throw new UserError(`${path}: ${what} is missing; experiments/vist/README.md says where it comes from`);
  });
  return path;
}

/** @param {string} path */
const present = (path) => access(path).then(() => true, () => false);

/** Features of every photo, then stories whose photos all have them. @param {string} data @param {string} work */
export async function prepareOfficial(data, work) {
  const train = await need(join(data, 'train.story-in-sequence.json'), 'the training stories');
  const val = await need(join(data, 'val.story-in-sequence.json'), 'the validation stories');
  const weights = await need(join(data, 'bvlc_alexnet.npy'), 'the AlexNet weights');
  const features = join(work, 'alexnet-fc7.h5');
  if (!(await present(features))) {
    const photos = await listPhotos([await need(join(data, 'photos'), 'the folder of photos')]);
    const extractor = await openExtractor({ kind: 'alexnet', weights }, { device: 'cpu', threads: 0, batch: 64 });
    // VIST has photos that no longer exist or are cut: they are named and their stories dropped.
    const report = await extractFeatures(photos, extractor, { output: features, bad: 'skip' });
    await extractor.dispose();
    console.error(JSON.stringify(report));
  }
  const report = await prepare({ stories: { train, val }, features: [features], output: work });
  console.error(JSON.stringify(report.splits));
  const glove = join(data, 'glove.6B.300d.txt');
  const vectors = (await present(glove)) ? glove : null;
  console.error(vectors ? `word vectors: ${glove}, frozen` : `word vectors: trained from random ones, since ${glove} is not there`);
  return { vectors, train: join(work, 'train.h5'), validation: join(work, 'val.h5'), features, cnn: weights };
}

/** VIST-seq2seq's settings from vist.yaml. @param {any} files @param {string} name @param {string[]} sets */
export function officialConfig({ vectors, ...files }, name, sets) {
  const base = config();
  if (vectors) Object.assign(base.model.embedding, { vectors, trainable: false });
  const configured = { ...base, name, data: { ...files, shuffle_photos: false }, model: { ...base.model, name } };
  for (const set of sets) apply(configured, set);
  return configured;
}

/** @type {any} */
let loaded;
function config() {
  return structuredClone(loaded);
}
loaded = parse(await readFile(new URL('./vist.yaml', import.meta.url), 'utf8'));

/** @param {any} target @param {string} set */
function apply(target, set) {
  const [path, value] = [set.slice(0, set.indexOf('=')).split('.'), set.slice(set.indexOf('=') + 1)];
  const key = /** @type {string} */ (path.pop());
  let place = target;
  for (const part of path) place = place[part] ??= {};
  place[key] = parse(value);
}
