import * as tf from '@tensorflow/tfjs-core';
import { CUSTOM_KERNELS } from '../../core/customkernels.ts';
import { sizeOf } from '../../core/hosttensor.ts';
import type { GraphBuilder, Value } from '../graph.ts';
import { eagerMasks, fillDropoutMask } from '../random.ts';
import type { KernelTable } from './table.ts';
import { filled, input, reshape } from './table.ts';

function column(graph: GraphBuilder, at: Value): Value {
  return reshape(graph, at, [at.shape[0]!, 1]);
}

/** The custom kernels as ONNX nodes. The dropout mask is an input of the graph, which `trace.ts` adds. */
export const custom: KernelTable = {
  [CUSTOM_KERNELS.takeAt]: (graph, inputs) => {
    const [x, at] = [input(inputs, 'x'), input(inputs, 'at')];
    const taken = graph.op('GatherElements', [x, column(graph, at)], { dtype: x.dtype, shape: [x.shape[0]!, 1] }, { axis: 1 });
    return reshape(graph, taken, [x.shape[0]!]);
  },
  [CUSTOM_KERNELS.subtractOneAt]: (graph, inputs) => {
    const [x, at] = [input(inputs, 'x'), input(inputs, 'at')];
    const ones = filled(graph, [x.shape[0]!, 1], -1, 'float32');
    return graph.op('ScatterElements', [x, column(graph, at), ones], x, { axis: 1, reduction: 'add' });
  },
  [CUSTOM_KERNELS.logSoftmax]: (graph, inputs) => {
    const x = input(inputs, 'x');
    return graph.op('LogSoftmax', [x], x, { axis: 1 });
  },
};

type EagerInputs = { x: tf.Tensor2D; at: tf.Tensor1D };

/** [row, at[row]] for gatherND and scatterND. */
function coordinates(at: tf.Tensor1D): tf.Tensor2D {
  return tf.stack([tf.range(0, at.shape[0], 1, 'int32'), at], 1) as tf.Tensor2D;
}

/** Registers the custom kernels for a backend that computes at once, in terms of its own kernels. */
export function registerEagerKernels(backendName: string): void {
  const register = (kernelName: string, kernel: (inputs: EagerInputs, attributes: Record<string, unknown>) => tf.Tensor): void => {
    if (tf.getKernel(kernelName, backendName)) return;
    tf.registerKernel({ kernelName, backendName, kernelFunc: ({ inputs, attrs }) => kernel(inputs as never, (attrs ?? {}) as never) });
  };
  register(CUSTOM_KERNELS.takeAt, ({ x, at }) => tf.gatherND(tensorOf(x), coordinates(tensorOf(at))));
  register(CUSTOM_KERNELS.subtractOneAt, ({ x, at }) => {
    const [input, rows] = [tensorOf(x), tensorOf(at)];
    return tf.sub(input, tf.scatterND(coordinates(rows), tf.ones([rows.shape[0]]), input.shape));
  });
  register(CUSTOM_KERNELS.logSoftmax, ({ x }) => tf.logSoftmax(tensorOf(x)));
  register(CUSTOM_KERNELS.dropoutMask, (_, attributes) => {
    const { shape, keep } = attributes as { shape: number[]; keep: number };
    const mask = new Float32Array(sizeOf(shape));
    fillDropoutMask(mask, keep, eagerMasks.seed, eagerMasks.next++);
    return tf.tensor(mask, shape);
  });
}

/** Kernels get bare tensor descriptions; tfjs ops want tensors over the same data. */
function tensorOf<T extends tf.Tensor>(info: T): T {
  return info instanceof tf.Tensor ? info : (tf.engine().makeTensorFromTensorInfo(info) as T);
}
