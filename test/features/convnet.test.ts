import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { alexNet } from '../../src/features/alexnet.ts';
import { layersUpTo, parametersFrom, randomParameters, randomWeightsHash, weightShapes } from '../../src/features/convnet.ts';
import { convNetGraph } from '../../src/features/convnetgraph.ts';
import type { ConvNet } from '../../src/features/convnet.ts';
import { openConvNet } from '../../src/features/network.ts';
import { NumpyArray, readLayerWeights } from '../../src/features/npy.ts';
import { vgg19 } from '../../src/features/vgg19.ts';

const CPU = { device: 'cpu', threads: 1 } as const;

const TINY: ConvNet = {
  name: 'tiny',
  side: 11,
  layers: [
    { kind: 'conv', name: 'conv1', kernel: 3, stride: 2, pad: 1, filters: 6, groups: 1 },
    { kind: 'norm', name: 'norm1' },
    { kind: 'conv', name: 'conv2', kernel: 3, stride: 1, pad: 0, filters: 4, groups: 2 },
    { kind: 'pool', name: 'pool2', kernel: 2, stride: 2 },
    { kind: 'dense', name: 'fc', units: 5, relu: false },
  ],
};

/** The tiny network by its definition, in loops over [channels][y][x]. */
function tinyByHand(photo: Float32Array, parameters: ReturnType<typeof randomParameters>): number[] {
  const at = (map: number[][][], c: number, y: number, x: number): number => map[c]?.[y]?.[x] ?? 0;
  const grid = (channels: number, side: number, f: (c: number, y: number, x: number) => number): number[][][] =>
    Array.from({ length: channels }, (_, c) => Array.from({ length: side }, (_, y) => Array.from({ length: side }, (_, x) => f(c, y, x))));
  const conv = (map: number[][][], name: string, filters: number, side: number, stride: number, pad: number, groups: number): number[][][] => {
    const { weights, biases } = parameters.get(name)!;
    const depth = map.length / groups;
    return grid(filters, side, (f, y, x) => {
      const group = Math.floor(f / (filters / groups));
      let sum = biases[f]!;
      for (let ky = 0; ky < 3; ky++) for (let kx = 0; kx < 3; kx++) for (let d = 0; d < depth; d++) {
        sum += weights[((ky * 3 + kx) * depth + d) * filters + f]! * at(map, group * depth + d, y * stride + ky - pad, x * stride + kx - pad);
      }
      return Math.max(0, sum);
    });
  };
  const input = grid(3, 11, (c, y, x) => photo[(c * 11 + y) * 11 + x]!);
  const one = conv(input, 'conv1', 6, 6, 2, 1, 1);
  const norm = grid(6, 6, (c, y, x) => {
    let squares = 0;
    for (let k = c - 2; k <= c + 2; k++) squares += at(one, k, y, x) ** 2;
    return one[c]![y]![x]! / (1 + 2e-5 * squares) ** 0.75;
  });
  const two = conv(norm, 'conv2', 4, 4, 1, 0, 2);
  const pool = grid(4, 2, (c, y, x) => Math.max(...[0, 1].flatMap((i) => [0, 1].map((j) => two[c]![2 * y + i]![2 * x + j]!))));
  const { weights, biases } = parameters.get('fc')!;
  const flat = [0, 1].flatMap((y) => [0, 1].flatMap((x) => [0, 1, 2, 3].map((c) => pool[c]![y]![x]!)));
  return Array.from({ length: 5 }, (_, u) => flat.reduce((sum, v, i) => sum + v * weights[i * 5 + u]!, biases[u]!));
}

test('every kind of layer equals its definition; a batch is filled up and cut', async () => {
  const parameters = randomParameters(TINY, 'fc', 4);
  const random = new Random(5);
  for (const { biases } of parameters.values()) for (let i = 0; i < biases.length; i++) biases[i] = random.between(-9, 9);
  const photos = Float32Array.from({ length: 3 * 3 * 121 }, () => random.between(-120, 120));
  const network = await openConvNet(TINY, 'fc', parameters, 2, CPU);
  expect(network.layerShape).toEqual([5]);
  const got = await network.run(photos, 3);
  expect(got).toHaveLength(15);
  for (let n = 0; n < 3; n++) {
    const expected = tinyByHand(photos.subarray(n * 363, (n + 1) * 363), parameters);
    for (const [u, value] of expected.entries()) expect(Math.abs(got[n * 5 + u]! - value)).toBeLessThan(1e-4 * Math.max(...expected.map(Math.abs)));
  }
  await network.dispose();
});

test('AlexNet and VGG-19 have the published shapes', () => {
  expect(Object.fromEntries(weightShapes(alexNet(), 'fc8'))).toEqual({
    conv1: [11, 11, 3, 96], conv2: [5, 5, 48, 256], conv3: [3, 3, 256, 384], conv4: [3, 3, 192, 384], conv5: [3, 3, 192, 256],
    fc6: [9216, 4096], fc7: [4096, 4096], fc8: [4096, 1000],
  });
  expect(weightShapes(alexNet('same'), 'fc8')).toEqual(weightShapes(alexNet(), 'fc8'));
  const vgg = weightShapes(vgg19(), 'fc8');
  expect([...vgg.keys()].filter((name) => name.startsWith('conv'))).toHaveLength(16);
  expect(vgg.get('conv5_4')).toEqual([3, 3, 512, 512]);
  expect(vgg.get('fc6')).toEqual([25088, 4096]);
  expect(() => layersUpTo(alexNet(), 'fc9')).toThrow('alexnet has no layer "fc9": choose one of conv1, norm1,');
});

test('conv1 gives 55 places a side as published and 57 as coded; both meet at pool2', () => {
  for (const [padding, conv1] of [['valid', 55], ['same', 57]] as const) {
    const net = alexNet(padding);
    const shapeOf = (layer: string): readonly number[] => convNetGraph(net, layer, randomParameters(net, layer, 1), 2).outputs[0]!.value.shape;
    expect(shapeOf('conv1')).toEqual([2, 96, conv1, conv1]);
    expect(shapeOf('pool2')).toEqual([2, 256, 13, 13]);
  }
});

test('seeded weights are the same each time, differ by seed and keep the size of what goes through', async () => {
  const net = alexNet();
  const photos = Float32Array.from({ length: 3 * 227 * 227 }, (_, i) => ((i * 7919) % 255) - 127);
  const run = async (seed: number): Promise<Float32Array> => {
    const network = await openConvNet(net, 'pool1', randomParameters(net, 'pool1', seed), 1, CPU);
    const out = await network.run(photos, 1);
    await network.dispose();
    return out;
  };
  const [a, b, c] = [await run(1), await run(1), await run(2)];
  expect(a).toHaveLength(96 * 27 * 27);
  expect(b).toEqual(a);
  expect(c).not.toEqual(a);
  const { weights } = randomParameters(net, 'conv2', 1).get('conv2')!;
  const variance = weights.reduce((sum, w) => sum + w * w, 0) / weights.length;
  expect(variance * 25 * 48).toBeCloseTo(2, 1);
  expect(randomWeightsHash(net, 1)).not.toBe(randomWeightsHash(net, 2));
});

test('weights of another network are refused with the layer', async () => {
  const array = (...shape: number[]): NumpyArray => NumpyArray.fromBytes(new Uint8Array(shape.reduce((a, b) => a * b, 4)), '<f4', shape, false);
  const layers = new Map([['conv1', [array(3, 3, 3, 6), array(6)]], ['conv2', [array(3, 3, 3, 5), array(5)]]]);
  expect(() => parametersFrom(TINY, 'norm1', layers, 'w.npy')).not.toThrow();
  expect(() => parametersFrom(TINY, 'pool2', layers, 'w.npy')).toThrow('w.npy: layer conv2: expected weights [3, 3, 3, 4] as in tiny, found [3, 3, 3, 5]');
  layers.delete('conv2');
  expect(() => parametersFrom(TINY, 'pool2', layers, 'w.npy')).toThrow('w.npy: layer conv2 of tiny is missing');
  const path = join(await mkdtemp(join(tmpdir(), 'fabula-weights-')), 'w.npy');
  await writeFile(path, 'no numpy');
  await expect(readLayerWeights(path)).rejects.toThrow(`${path}: not a NumPy file`);
});
