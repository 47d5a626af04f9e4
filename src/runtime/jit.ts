import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor } from '../core/hosttensor.ts';
import { isHostTensor } from '../core/hosttensor.ts';
import { useEagerBackend } from './backend.ts';
import type { Backend, Device } from './choices.ts';
import { BACKENDS, DEVICES } from './choices.ts';
import type { FreeSizes, FreeTrace, RecordedGraph } from './freesizes.ts';
import { shapeFor, SIZES_INPUT, standInSizes } from './freesizes.ts';
import { registerGradients } from './gradients.ts';
import { withConstants } from './graph.ts';
import { modelBytes } from './onnx.ts';
import type { NodeTime } from './profile.ts';
import { eagerMasks, fillDropoutMask, MaskMemory } from './random.ts';
import { fillResults, record } from './record.ts';
import type { Session } from './session.ts';
import { openSession, UNREADABLE } from './session.ts';
import type { Host } from './tree.ts';
import { mapTree, signature } from './tree.ts';

/** Where and how functions run. */
export interface RuntimeOptions {
  /** `onnx` compiles; `cpu` and `tensorflow` run the same functions at once on tfjs backends. */
  readonly backend: Backend;
  /** Where compiled graphs run. */
  readonly device: Device;
  /** Threads for one operator; 0 = all cores. */
  readonly threads: number;
  /** Compiled shapes kept per function; the least recently used goes first. */
  readonly cacheSize: number;
  /** Take the time of every node, for `Runtime.profile`. */
  readonly profile: boolean;
}

export const DEFAULT_RUNTIME: RuntimeOptions = { backend: 'onnx', device: 'cpu', threads: 0, cacheSize: 24, profile: false };
export { BACKENDS, DEVICES };
export type { Backend, Device, FreeSizes, Host, RecordedGraph };

/** Options of one call of a compiled function. */
export interface CallOptions<R> {
  /** Seed of the dropout masks of this call. */
  readonly seed?: number;
  /** Memory that results are written into, at the same places as in the result. */
  readonly into?: unknown extends R ? unknown : DeepPartial<Host<R>>;
}

type DeepPartial<T> = T extends HostTensor ? T : { readonly [K in keyof T]?: DeepPartial<T[K]> };

/** What is known of a function's arguments beforehand. */
export interface JitOptions<A extends unknown[]> {
  /** Sizes that may differ from call to call: one program then serves them all. */
  readonly free?: FreeSizes<A>;
  /**
   * Places of arguments whose numbers never change. They become part of the program, where the matrices of products
   * are laid out once and not at every call; later calls do not look at them.
   */
  readonly constants?: readonly number[];
}

/** A function with the arguments and results of the one given to `jit`, over numbers in memory. */
export interface Compiled<A extends unknown[], R> {
  (...args: Host<A> & unknown[]): Promise<Host<R>>;
  /** The same with a seed, or with results written into given memory. */
  call(args: Host<A> & unknown[], options: CallOptions<R>): Promise<Host<R>>;
  /** The graph for arguments of these shapes, with the argument and result names `0.photos`, `out.loss`, ... */
  graph(...args: Host<A> & unknown[]): RecordedGraph;
  /** Times of its nodes; empty unless the runtime was opened with `profile`. */
  nodeTimes(): Promise<NodeTime[]>;
  /** Ends its programs; the next call compiles anew. */
  dispose(): Promise<void>;
}

/** What runs models: it compiles functions over tensors, or runs them at once, as its backend does. */
export interface Runtime {
  readonly options: RuntimeOptions;
  /**
   * A function as a program; it is compiled when it is first called, once for each shape of arguments.
   * @param fn a pure function over nested arrays and objects of tensors; plain numbers, texts and booleans in its arguments are fixed at compile time
   */
  jit<A extends unknown[], R>(fn: (...args: A) => R, options?: JitOptions<A>): Compiled<A, R>;
  /** Times of the nodes of all programs, the costliest first; empty unless opened with `profile`. Ends the taking of times. */
  profile(): Promise<NodeTime[]>;
  /** Ends all programs; what was compiled cannot be called any more. */
  dispose(): Promise<void>;
}

/** @throws UserError when the backend is not installed. */
export async function openRuntime(options: Partial<RuntimeOptions> = {}): Promise<Runtime> {
  const settings = { ...DEFAULT_RUNTIME, ...options };
  if (settings.backend !== 'onnx') await useEagerBackend(settings.backend);
  // After the backend: the TensorFlow package registers gradients of its own, in terms of kernels that we do not trace.
  registerGradients();
  const open = new Set<Compiled<never, never>>();
  return {
    options: settings,
    jit(fn, jitOptions = {}) {
      const compiled = settings.backend === 'onnx' ? compile(fn, settings, jitOptions) : eager(fn, settings.backend, jitOptions);
      open.add(compiled as never);
      return compiled;
    },
    async profile() {
      const times = await Promise.all([...open].map((compiled) => compiled.nodeTimes()));
      return times.flat().sort((a, b) => b.microseconds - a.microseconds);
    },
    async dispose() {
      for (const compiled of open) await compiled.dispose();
      open.clear();
    },
  };
}

interface Program {
  readonly session: Session;
  readonly masks: FreeTrace['masks'];
  readonly memory: MaskMemory;
  readonly results: unknown;
}

function compile<A extends unknown[], R>(fn: (...args: A) => R, options: RuntimeOptions, jitOptions: JitOptions<A>): Compiled<A, R> {
  const { free, constants = [] } = jitOptions;
  const programs = new Map<string, Promise<Program>>();

  const programFor = async (args: Host<A> & unknown[], sizeCount: number): Promise<Program> => {
    const key = signature(free ? free.standIn(args, standInSizes(0, sizeCount)) : args);
    const known = programs.get(key);
    if (known) {
      programs.delete(key);
      programs.set(key, known);
      return known;
    }
    const made = build(fn, args, options, jitOptions);
    programs.set(key, made);
    made.catch(() => programs.delete(key));
    if (programs.size > options.cacheSize) await evictOldest(programs);
    return made;
  };

  const run = async (args: Host<A> & unknown[], { seed = 0, into }: CallOptions<R> = {}): Promise<Host<R>> => {
    const sizes = free?.of(args) ?? [];
    const program = await programFor(args, sizes.length);
    const feeds: Record<string, HostTensor> = {};
    args.forEach((arg, i) => constants.includes(i) || mapTree(arg, (tensor, path) => (feeds[path] = tensor), String(i)));
    if (free && !free.axes) feeds[SIZES_INPUT] = { dtype: 'int64', shape: [sizes.length], data: BigInt64Array.from(sizes, BigInt) };
    program.masks.forEach(({ name, freeShape, keep }, i) => {
      const mask = program.memory.floats(i, shapeFor(freeShape, sizes));
      fillDropoutMask(mask.data, keep, seed, i);
      feeds[name] = mask;
    });
    const outputs = await program.session.run(feeds, into === undefined ? {} : flatten(into));
    return fillResults(program.results, outputs) as Host<R>;
  };

  // Calls share mask memory, and one's new shape may dispose of the session that another waits for.
  const inTurn = oneAfterTheOther();
  const call = (args: Host<A> & unknown[], options?: CallOptions<R>): Promise<Host<R>> => inTurn(() => run(args, options));

  return Object.assign((...args: Host<A> & unknown[]) => call(args), {
    call,
    graph: (...args: Host<A> & unknown[]) => record(fn, args, free),
    nodeTimes: () => inTurn(async () => {
      const times: NodeTime[] = [];
      for (const program of programs.values()) times.push(...(await (await program).session.nodeTimes()));
      return times;
    }),
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

async function build<A extends unknown[], R>(fn: (...args: A) => R, args: Host<A>, options: RuntimeOptions, { free, constants = [] }: JitOptions<A>): Promise<Program> {
  const { graph, dims, masks, results } = record(fn, args, free);
  const known = new Map<string, HostTensor>();
  for (const place of constants) mapTree((args as unknown[])[place], (tensor, path) => known.set(path, tensor), String(place));
  const session = await openSession(modelBytes(withConstants(graph, known), { dims, ...(options.device === 'cpu' && { unreadable: UNREADABLE }) }), { ...options, fixedSizes: free === undefined });
  return { session, results, masks, memory: new MaskMemory() };
}

function flatten(into: unknown): Record<string, HostTensor> {
  const outputs: Record<string, HostTensor> = {};
  mapTree(into, (tensor, path) => (outputs[`out${path === '' ? '' : `.${path}`}`] = tensor));
  return outputs;
}

function eager<A extends unknown[], R>(fn: (...args: A) => R, backend: 'cpu' | 'tensorflow', { free }: JitOptions<A>): Compiled<A, R> {
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
    graph: (...args: Host<A> & unknown[]) => record(fn, args, free),
    nodeTimes: async () => [],
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
