import type { ConvNet, Layer } from './convnet.ts';

/** Filters of the five blocks and how many convolutions each has. */
const BLOCKS = [[64, 2], [128, 2], [256, 4], [512, 4], [512, 4]] as const;

/**
 * VGG-19 (Simonyan and Zisserman 2015, arXiv:1409.1556, configuration E), with weights from `vgg19.npy`
 * {conv1_1: [weights, biases], ...}: input blue first, minus means, 224 x 224. A layer's output is taken after its ReLU.
 */
export function vgg19(): ConvNet {
  const layers: Layer[] = BLOCKS.flatMap(([filters, count], block): Layer[] => [
    ...Array.from({ length: count }, (_, i): Layer => (
      { kind: 'conv', name: `conv${block + 1}_${i + 1}`, kernel: 3, stride: 1, pad: 1, filters, groups: 1 })),
    { kind: 'pool', name: `pool${block + 1}`, kernel: 2, stride: 2 },
  ]);
  layers.push(
    { kind: 'dense', name: 'fc6', units: 4096, relu: true },
    { kind: 'dense', name: 'fc7', units: 4096, relu: true },
    { kind: 'dense', name: 'fc8', units: 1000, relu: false },
  );
  return { name: 'vgg19', side: 224, layers };
}
