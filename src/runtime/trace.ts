import * as tf from '@tensorflow/tfjs-core';
import { CUSTOM_KERNELS } from '../core/customkernels.ts';
import type { DType, HostData, HostTensor } from '../core/hosttensor.ts';
import type { Graph, Value } from './graph.ts';
import { GraphBuilder } from './graph.ts';
import { KERNELS } from './kernels/index.ts';
import type { Lowering } from './kernels/table.ts';
import { filled } from './kernels/table.ts';

const BACKEND = 'fabula-trace';

/** A dropout mask that must be fed at each run. */
export interface MaskInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly keep: number;
}

export interface Trace {
  readonly graph: Graph;
  readonly masks: readonly MaskInput[];
}

type Pending = { readonly data: tf.BackendValues; readonly shape: number[]; readonly dtype: tf.DataType };

/** A tfjs backend whose kernels append ONNX nodes instead of computing. */
class TraceBackend extends tf.KernelBackend {
  graph = new GraphBuilder();
  masks: MaskInput[] = [];
  #values = new WeakMap<object, Value | Pending>();

  begin(): void {
    this.graph = new GraphBuilder();
    this.masks = [];
    this.#values = new WeakMap();
  }

  /** A tensor that stands for `value`. */
  info(value: Value): tf.TensorInfo {
    if (value.dtype === 'int64' || value.dtype === 'uint8') throw new Error(`${value.dtype} values stay inside a kernel`);
    const dataId = {};
    this.#values.set(dataId, value);
    return { dataId, shape: [...value.shape], dtype: value.dtype };
  }

  lookup(info: tf.TensorInfo): Value {
    const known = this.#values.get(info.dataId);
    if (!known) throw new Error('a traced function used a tensor made outside it: pass it as an argument');
    if (!('data' in known)) return shaped(this.graph, known, info.shape);
    const data = typedValues(known.data, known.dtype);
    // tf.zeros and its like make their numbers in memory: stored as one number, and free to have another size.
    if (data.length > 1 && isUniform(data)) return filled(this.graph, info.shape, Number(data[0]), known.dtype as DType);
    return this.graph.constant(data, info.shape, undefined, known.dtype as DType);
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    const dataId = {};
    this.move(dataId, values, shape, dtype);
    return dataId;
  }

  override move(dataId: object, values: tf.BackendValues, shape: number[], dtype: tf.DataType): void {
    this.#values.set(dataId, { data: values, shape, dtype });
  }

  override readSync(): never {
    throw new Error('a traced function read the value of a tensor (dataSync, data, array, print): values exist only when it runs');
  }

  override async read(): Promise<never> {
    return this.readSync();
  }

  override numDataIds(): number {
    return 0;
  }

  override disposeData(): boolean {
    return true;
  }

  override refCount(): number {
    return 1;
  }

  override incRef(): void {}

  override timerAvailable(): boolean {
    return false;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }
}

/** tfjs reshapes a tensor by making a new one over the same data. */
function shaped(graph: GraphBuilder, value: Value, shape: readonly number[]): Value {
  if (shape.length === value.shape.length && shape.every((n, i) => n === value.shape[i])) return value;
  return graph.op('Reshape', [value, graph.sizes(shape)], { dtype: value.dtype, shape });
}

function typedValues(values: tf.BackendValues, dtype: tf.DataType): HostData {
  if (values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array) return values;
  const numbers = values as unknown as number[];
  if (dtype === 'int32') return Int32Array.from(numbers);
  return dtype === 'bool' ? Uint8Array.from(numbers) : Float32Array.from(numbers);
}

function isUniform(data: HostData): boolean {
  const first = data[0]!;
  return (data as Float32Array).every((x) => Object.is(x, first));
}

let backend: TraceBackend | undefined;

function traceBackend(): TraceBackend {
  if (backend) return backend;
  const made = (backend = new TraceBackend());
  tf.registerBackend(BACKEND, () => made, 0);
  for (const [kernelName, lower] of Object.entries(KERNELS)) registerLowering(made, kernelName, lower);
  tf.registerKernel({
    kernelName: CUSTOM_KERNELS.dropoutMask,
    backendName: BACKEND,
    kernelFunc: ({ attrs }) => {
      const { shape, keep } = attrs as unknown as { shape: number[]; keep: number };
      const name = `mask.${made.masks.length}`;
      made.masks.push({ name, shape, keep });
      return made.info(made.graph.input(name, 'float32', shape));
    },
  });
  return made;
}

/** tfjs goes through its tape in a scope of this name. */
function inGradient(): boolean {
  return tf.engine().state.scopeStack.some(({ name }) => name === 'backward');
}

function registerLowering(target: TraceBackend, kernelName: string, lower: Lowering): void {
  tf.registerKernel({
    kernelName,
    backendName: BACKEND,
    kernelFunc: ({ inputs, attrs }) => {
      const values = Object.fromEntries(Object.entries(inputs).map(([name, info]) => [name, target.lookup(info as tf.TensorInfo)]));
      target.graph.phase = inGradient() ? 'backward' : 'forward';
      const result = lower(target.graph, values, (attrs ?? {}) as Record<string, unknown>);
      return Array.isArray(result) ? result.map((value) => target.info(value)) : target.info(result);
    },
  });
}

/** What a traced function is given to make its arguments and hand over its results. */
export interface Tracer {
  /** The argument called `name`, as a tensor to compute with. */
  argument(name: string, like: HostTensor): tf.Tensor;
  result(name: string, tensor: tf.Tensor): void;
}

/** Runs `body` once with stand-in tensors and records the graph of what it computes. */
export function trace(body: (tracer: Tracer) => void): Trace {
  const target = traceBackend();
  const before = tf.engine().backendName;
  target.begin();
  try {
    void tf.engine().setBackend(BACKEND);
    tf.engine().startScope('trace');
    body({
      argument: (name, like) => tf.engine().makeTensorFromTensorInfo(target.info(target.graph.input(name, like.dtype, like.shape))),
      result: (name, tensor) => target.graph.output(target.lookup(tensor), name),
    });
    return { graph: target.graph.finish(), masks: target.masks };
  } finally {
    tf.engine().endScope();
    if (before) void tf.engine().setBackend(before);
  }
}
