// Writes one file of each kind for check_hdf5.py. Use: node .ci/node/hdf5_case.mjs FOLDER [DIST]
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, dist = 'dist'] = process.argv.slice(2);
if (!folder) throw new Error('use: hdf5_case.mjs FOLDER [DIST]');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { drawStorybook } = await load('data/storybook/storybook.js');
const { storiesFile } = await load('data/storybook/official.js');
const { prepare } = await load('data/prepare.js');
const { writeFeatures } = await load('data/features.js');
const { writeFileAtomic } = await load('core/files.js');
const { Random } = await load('core/random.js');

mkdirSync(folder, { recursive: true });
const drawn = drawStorybook({ seed: 1, stories: { train: 60, val: 10, test: 10 } });
const paths = {};
for (const split of ['train', 'val', 'test']) {
  paths[split] = join(folder, `${split}.json`);
  await writeFileAtomic(paths[split], JSON.stringify(storiesFile(split, drawn[split])));
}
await prepare({ stories: paths, output: folder });
const random = new Random(1);
const info = { cnn: 'none', layer: 'none', weightsSha256: '0'.repeat(64), preprocessing: { crop: 1 } };
await writeFeatures(join(folder, 'features.h5'), { ids: ['1', '2', 'ü3'], embeddings: Float32Array.from({ length: 21 }, () => random.normal()), info });
await writeFeatures(join(folder, 'spatial.h5'), { ids: ['1', '2'], embeddings: Float32Array.from({ length: 24 }, () => random.normal()), rowShape: [4, 3], info });
