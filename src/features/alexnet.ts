import type { ConvNet } from './convnet.ts';

/**
 * AlexNet in Caffe's version (Krizhevsky et al. 2012; BVLC `bvlc_alexnet`), with weights from `bvlc_alexnet.npy`:
 * input blue first, minus means, 227 x 227; ReLU comes before normalisation and pooling, two-group convolutions as
 * in the paper. A layer's output is taken after its ReLU, as Caffe's in-place ReLU leaves it.
 *
 * `padding` is that of conv1: Caffe has none (`valid`: 55 x 55 outputs); VIST-seq2seq's code says SAME (`same`:
 * 4 pixels a side, 57 x 57) although its comment says VALID. From pool2 on both have the same size.
 */
export function alexNet(padding: 'valid' | 'same' = 'valid'): ConvNet {
  return {
    name: 'alexnet',
    side: 227,
    layers: [
      { kind: 'conv', name: 'conv1', kernel: 11, stride: 4, pad: padding === 'same' ? 4 : 0, filters: 96, groups: 1 },
      { kind: 'norm', name: 'norm1' },
      { kind: 'pool', name: 'pool1', kernel: 3, stride: 2 },
      { kind: 'conv', name: 'conv2', kernel: 5, stride: 1, pad: 2, filters: 256, groups: 2 },
      { kind: 'norm', name: 'norm2' },
      { kind: 'pool', name: 'pool2', kernel: 3, stride: 2 },
      { kind: 'conv', name: 'conv3', kernel: 3, stride: 1, pad: 1, filters: 384, groups: 1 },
      { kind: 'conv', name: 'conv4', kernel: 3, stride: 1, pad: 1, filters: 384, groups: 2 },
      { kind: 'conv', name: 'conv5', kernel: 3, stride: 1, pad: 1, filters: 256, groups: 2 },
      { kind: 'pool', name: 'pool5', kernel: 3, stride: 2 },
      { kind: 'dense', name: 'fc6', units: 4096, relu: true },
      { kind: 'dense', name: 'fc7', units: 4096, relu: true },
      { kind: 'dense', name: 'fc8', units: 1000, relu: false },
    ],
  };
}
