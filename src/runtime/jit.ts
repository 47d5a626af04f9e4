import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor } from '../core/hosttensor.ts';
import { isHostTensor, sizeOf } from '../core/hosttensor.ts';
import { useEagerBackend } from './backend.ts';
import type { Backend, Device } from './choices.ts';
import { BACKENDS, DEVICES } from './choices.ts';
import { registerGradients } from './gradients.ts';
import type { Graph } from './graph.ts';
import { modelBytes } from './onnx.ts';
import { joinProducts } from './passes.ts';
import { eagerMasks, fillDropoutMask } from './random.ts';
import type { Session } from './session.ts';
import { openSession } from './session.ts';
import type { MaskInput } from './trace.ts';
import { trace } from './trace.ts';
import type { Host } from './tree.ts';
import { mapTree, signature } from './tree.ts';

export interface RuntimeOptions {
  /** `onnx` compiles; `cpu` and `tensorflow` run the same functions at once on tfjs backends. */
  readonly backend: Backend;
  /** Where compiled graphs run. */
  readonly device: Device;
  /** Threads for one operator; 0 = all cores. */
  readonly threads: number;
  /** Compiled shapes kept per function; the least recently used goes first. */
  readonly cacheSize: number;
}

export const DEFAULT_RUNTIME: RuntimeOptions = { backend: 'onnx', device: 'cpu', threads: 0, cacheSize: 24 };
export { BACKENDS, DEVICES };
export type { Backend, Device, Host };

export interface CallOptions<R> {
  /** Seed of the dropout masks of this call. */
  readonly seed?: number;
  /** Memory that results are written into, at the same places as in the result. */
  readonly into?: unknown extends R ? unknown : DeepPartial<Host<R>>;
}

type DeepPartial<T> = T extends HostTensor ? T : { readonly [K in keyof T]?: DeepPartial<T[K]> };

/** A function with the arguments and results of the one given to `jit`, over numbers in memory. */
export interface Compiled<A extends unknown[], R> {
  (...args: Host<A> & unknown[]): Promise<Host<R>>;
  /** The same with a seed, or with results written into given memory. */
  call(args: Host<A> & unknown[], options: CallOptions<R>): Promise<Host<R>>;
  /** The graph for arguments of these shapes, with the argument and result names `0.photos`, `loss`, ... */
  graph(...args: Host<A> & unknown[]): Graph;
  dispose(): Promise<void>;
}

export interface Runtime {
  readonly options: RuntimeOptions;
  /** @param fn a pure function over nested arrays and objects of tensors; plain numbers, texts and booleans in its arguments are fixed at compile time. */
  jit<A extends unknown[], R>(fn: (...args: A) => R): Compiled<A, R>;
  dispose(): Promise<void>;
}

/** @throws UserError when the backend is not installed. */
export async function openRuntime(options: Partial<RuntimeOptions> = {}): Promise<Runtime> {
  const settings = { ...DEFAULT_RUNTIME, ...options };
  if (settings.backend !== 'onnx') await useEagerBackend(settings.backend);
  // After the backend: the TensorFlow package registers gradients of its own, in terms of kernels that we do not trace.
  registerGradients();
  const open = new Set<{ dispose(): Promise<void> }>();
  return {
    options: settings,
    jit(fn) {
      const compiled = settings.backend === 'onnx' ? compile(fn, settings) : eager(fn, settings.backend);
      open.add(compiled);
      return compiled;
    },
    async dispose() {
      for (const compiled of open) await compiled.dispose();
      open.clear();
    },
  };
}

interface Program {
  readonly session: Session;
  readonly masks: readonly (MaskInput & { readonly memory: HostTensor & { dtype: 'float32' } })[];
  readonly results: unknown;
}

/** Marks, in the shape of the results, which output belongs where. */
class OutputName {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

function compile<A extends unknown[], R>(fn: (...args: A) => R, options: RuntimeOptions): Compiled<A, R> {
  const programs = new Map<string, Promise<Program>>();

  const programFor = async (args: unknown[]): Promise<Program> => {
    const key = signature(args);
    const known = programs.get(key);
    if (known) {
      programs.delete(key);
      programs.set(key, known);
      return known;
    }
    const made = build(fn, args, options);
    programs.set(key, made);
    made.catch(() => programs.delete(key));
    if (programs.size > options.cacheSize) await evictOldest(programs);
    return made;
  };

  const run = async (args: Host<A> & unknown[], { seed = 0, into }: CallOptions<R> = {}): Promise<Host<R>> => {
    const program = await programFor(args);
    const feeds: Record<string, HostTensor> = {};
    mapTree(args, (tensor, path) => (feeds[path] = tensor));
    program.masks.forEach((mask, i) => {
      fillDropoutMask(mask.memory.data, mask.keep, seed, i);
      feeds[mask.name] = mask.memory;
    });
    const outputs = await program.session.run(feeds, into === undefined ? {} : flatten(into));
    return fillResults(program.results, outputs) as Host<R>;
  };

  // Calls share mask memory, and one's new shape may dispose of the session that another waits for.
  const inTurn = oneAfterTheOther();
  const call = (args: Host<A> & unknown[], options?: CallOptions<R>): Promise<Host<R>> => inTurn(() => run(args, options));

  return Object.assign((...args: Host<A> & unknown[]) => call(args), {
    call,
    graph: (...args: Host<A> & unknown[]) => record(fn, args).graph,
    dispose: () => inTurn(async () => {
      for (const program of programs.values()) await (await program).session.dispose();
      programs.clear();
    }),
  });
}

/** Starts each piece of work when the one before it has ended, well or badly. */
function oneAfterTheOther(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
}

async function evictOldest(programs: Map<string, Promise<Program>>): Promise<void> {
  const [oldest, program] = programs.entries().next().value!;
  programs.delete(oldest);
  await (await program).session.dispose();
}

async function build(fn: (...args: never[]) => unknown, args: unknown[], options: RuntimeOptions): Promise<Program> {
  const { graph, masks, results } = record(fn, args);
  const session = await openSession(modelBytes(graph), options);
  return {
    session,
    results,
    masks: masks.map((mask) => ({ ...mask, memory: { dtype: 'float32', shape: mask.shape, data: new Float32Array(sizeOf(mask.shape)) } })),
  };
}

function record(fn: (...args: never[]) => unknown, args: unknown[]): { graph: Graph; masks: readonly MaskInput[]; results: unknown } {
  let results: unknown;
  const { graph, masks } = trace((tracer) => {
    const tensors = mapTree(args, (tensor, path) => tracer.argument(path, tensor)) as never[];
    results = nameResults(fn(...tensors), 'out', (tensor, name) => tracer.result(name, tensor));
  });
  return { graph: joinProducts(graph), masks, results };
}

function nameResults(tree: unknown, path: string, found: (tensor: tf.Tensor, name: string) => void): unknown {
  if (tree instanceof tf.Tensor) {
    found(tree, path);
    return new OutputName(path);
  }
  if (tree === null || typeof tree !== 'object') return tree;
  if (Array.isArray(tree)) return tree.map((value, i) => nameResults(value, `${path}.${i}`, found));
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, nameResults(value, `${path}.${key}`, found)]));
}

function fillResults(tree: unknown, outputs: Readonly<Record<string, HostTensor>>): unknown {
  if (tree instanceof OutputName) return outputs[tree.name];
  if (tree === null || typeof tree !== 'object') return tree;
  if (Array.isArray(tree)) return tree.map((value) => fillResults(value, outputs));
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, fillResults(value, outputs)]));
}

function flatten(into: unknown): Record<string, HostTensor> {
  const outputs: Record<string, HostTensor> = {};
  mapTree(into, (tensor, path) => (outputs[`out${path === '' ? '' : `.${path}`}`] = tensor));
  return outputs;
}

function eager<A extends unknown[], R>(fn: (...args: A) => R, backend: 'cpu' | 'tensorflow'): Compiled<A, R> {
  const call = async (args: Host<A> & unknown[], { seed = 0, into }: CallOptions<R> = {}): Promise<Host<R>> => {
    await tf.setBackend(backend);
    Object.assign(eagerMasks, { seed, next: 0 });
    tf.engine().startScope('eager');
    try {
      const tensors = mapTree(args, (tensor) => tf.tensor(tensor.data as Float32Array, [...tensor.shape], tensor.dtype as 'float32')) as A;
      return readResults(fn(...tensors), into) as Host<R>;
    } finally {
      tf.engine().endScope();
    }
  };
  return Object.assign((...args: Host<A> & unknown[]) => call(args), {
    call,
    graph: (...args: Host<A> & unknown[]) => record(fn, args).graph,
    dispose: async () => {},
  });
}

function readResults(tree: unknown, into: unknown): unknown {
  if (tree instanceof tf.Tensor) {
    const data = tree.dataSync();
    if (isHostTensor(into)) {
      (into.data as Float32Array).set(data as Float32Array);
      return into;
    }
    // A copy: on the CPU backend dataSync gives the tensor's own memory.
    return { dtype: tree.dtype, shape: tree.shape, data: data.slice() };
  }
  if (tree === null || typeof tree !== 'object') return tree;
  const inner = (key: string | number): unknown => (into as Record<string, unknown> | undefined)?.[key];
  if (Array.isArray(tree)) return tree.map((value, i) => readResults(value, inner(i)));
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, readResults(value, inner(key))]));
}
