// Writes a case for check_alexnet.py: seeded weights, an input, and what our graphs give for it.
// Use: node .ci/node/alexnet_case.mjs FOLDER [DIST]   (DIST: folder of the compiled project, dist/ by default)
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, dist = 'dist'] = process.argv.slice(2);
if (!folder) throw new Error('use: alexnet_case.mjs FOLDER [DIST]');
const load = (file) => import(pathToFileURL(resolve(dist, file)).href);
const { alexNet } = await load('features/alexnet.js');
const { vgg19 } = await load('features/vgg19.js');
const { randomParameters } = await load('features/convnet.js');
const { openConvNet } = await load('features/network.js');
const { Random } = await load('core/random.js');

const PHOTOS = 3;
const CASES = [
  { name: 'alexnet-valid', net: alexNet('valid'), last: 'fc8', layers: ['conv1', 'norm1', 'pool2', 'conv5', 'pool5', 'fc6', 'fc7', 'fc8'] },
  { name: 'alexnet-same', net: alexNet('same'), last: 'fc7', layers: ['conv1', 'pool1', 'fc7'] },
  { name: 'vgg19', net: vgg19(), last: 'fc6', layers: ['conv1_2', 'pool5', 'fc6'] },
];

mkdirSync(folder, { recursive: true });
for (const { name, net, last, layers } of CASES) {
  const random = new Random(`${name} case`);
  const parameters = randomParameters(net, last, 1);
  // Seeded networks have no biases; the check needs them to matter.
  for (const { biases } of parameters.values()) for (let i = 0; i < biases.length; i++) biases[i] = random.between(-20, 20);
  const photos = Float32Array.from({ length: PHOTOS * 3 * net.side ** 2 }, () => random.between(-130, 130));
  const write = (file, data) => writeFileSync(join(folder, `${name}.${file}.f32`), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  write('photos', photos);
  for (const [layer, { weights, biases }] of parameters) {
    write(`${layer}.weights`, weights);
    write(`${layer}.biases`, biases);
  }
  for (const layer of layers) {
    // A batch of two for three photos: the last one is filled up.
    const network = await openConvNet(net, layer, parameters, 2, { device: 'cpu', threads: 0 });
    write(`out.${layer}`, await network.run(photos, PHOTOS));
    await network.dispose();
  }
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ photos: PHOTOS, side: net.side, layers: net.layers, outputs: layers }));
}
