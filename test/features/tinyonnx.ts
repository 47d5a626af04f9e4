import { Random } from '../../src/core/random.ts';
import { GraphBuilder } from '../../src/runtime/graph.ts';
import { modelBytes } from '../../src/runtime/onnx.ts';

/** A CNN for photos of 16 x 16: outputs `map` [1, 4, 8, 8] and `vector` [1, 4], the map's means. Its batch is one. */
export function tinyCnn(): Uint8Array {
  const random = new Random(1);
  const builder = new GraphBuilder();
  const photos = builder.input('photos', 'float32', [1, 3, 16, 16]);
  const kernel = builder.constant(Float32Array.from({ length: 4 * 3 * 4 }, () => random.normal()), [4, 3, 2, 2]);
  const map = builder.op('Conv', [photos, kernel], { dtype: 'float32', shape: [1, 4, 8, 8] }, { kernel_shape: [2, 2], strides: [2, 2] });
  const relu = builder.op('Relu', [map], { dtype: 'float32', shape: [1, 4, 8, 8] });
  const mean = builder.op('GlobalAveragePool', [relu], { dtype: 'float32', shape: [1, 4, 1, 1] });
  builder.output(relu, 'map');
  builder.output(builder.op('Flatten', [mean], { dtype: 'float32', shape: [1, 4] }), 'vector');
  return modelBytes(builder.finish());
}

/** The preprocessing it wants. */
export const TINY_PREPROCESSING = {
  short_side: 18, crop: 16, kernel: 'linear', order: 'rgb', layout: 'nchw', mean: [127, 127, 127], std: [64, 64, 64], scale: 1,
} as const;
