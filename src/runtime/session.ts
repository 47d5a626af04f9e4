import { availableParallelism } from 'node:os';
import type * as Ort from 'onnxruntime-node';
import { messageOf, UserError } from '../core/errors.ts';
import type { HostTensor } from '../core/hosttensor.ts';
import type { Device } from './choices.ts';
import type { NodeTime } from './profile.ts';
import { readProfile, temporaryProfile } from './profile.ts';

export interface SessionOptions {
  readonly device: Device;
  /** Threads for one operator; 0 = all cores. */
  readonly threads: number;
  /** False when shapes change from run to run: no memory plan is then made and kept for each. Default true. */
  readonly fixedSizes?: boolean;
  /** Take the time of every node: see `Session.nodeTimes`. */
  readonly profile?: boolean;
}

export interface TensorInfo {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}

/** A model that ONNX Runtime has loaded. */
export interface Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Type of the numbers of an input or output, such as `int64`; undefined where there is no such tensor. */
  typeOf(name: string): string | undefined;
  /**
   * Runs the model. Tensors are used in place, without a copy; `into` names outputs to be written into memory of the
   * caller. Blocks the thread while it runs.
   *
   * ONNX Runtime's binding copies every output into a new array, those too that it has just written into memory of the
   * caller (onnxruntime pull request 32346): all gradients, at every step. Where `into` has all outputs and the model was
   * given an `UNREADABLE` one before them, that one is asked for too: the binding gives up on it before it copies.
   */
  run(feeds: Readonly<Record<string, HostTensor>>, into?: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>>;
  /** Times of the nodes in all runs so far, where asked for with `profile`. Ends the taking of times. */
  nodeTimes(): Promise<NodeTime[]>;
  dispose(): Promise<void>;
}

/** An output that the binding cannot turn into an array. */
export const UNREADABLE = 'unreadable';
const GIVEN_UP = /Non tensor type is temporarily not supported/;

/** Loads ONNX Runtime on first use: it takes 50 ms that `--help` need not spend. */
async function loadOrt(): Promise<typeof Ort> {
  const module = await import('onnxruntime-node');
  const ort = 'default' in module ? (module.default as typeof Ort) : module;
  // What goes wrong is thrown as well; its log would come before our one line.
  ort.env.logLevel = 'fatal';
  return ort;
}

/**
 * @param model bytes of an ONNX model, or the path of one
 * @throws UserError when the file is no model or the device is not there
 */
export async function openSession(model: Uint8Array | string, options: SessionOptions): Promise<Session> {
  const ort = await loadOrt();
  const profile = options.profile ? temporaryProfile() : undefined;
  const create = (source: Uint8Array | string): Promise<Ort.InferenceSession> => {
    const settings = { ...sessionSettings(options), ...(profile !== undefined && { enableProfiling: true, profileFilePrefix: profile }) };
    return typeof source === 'string' ? ort.InferenceSession.create(source, settings) : ort.InferenceSession.create(source, settings);
  };
  try {
    return wrap(ort, await create(model), profile);
  } catch (error) {
    throw new UserError(describeFailure(error, model, options.device));
  }
}

function sessionSettings({ device, threads, fixedSizes = true }: SessionOptions): Ort.InferenceSession.SessionOptions {
  return {
    executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
    intraOpNumThreads: threads > 0 ? threads : availableParallelism(),
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    enableMemPattern: fixedSizes,
    logSeverityLevel: 4,
    extra: {
      session: {
        // Subnormal numbers slow products tenfold and carry nothing.
        set_denormal_as_zero: '1',
        // Each session has its own threads. Those of one that has just run would spin for the next piece of work and
        // take the cores from the session of another shape that runs now: a third of a small model's step.
        intra_op: { allow_spinning: '0' },
      },
    },
  };
}

function describeFailure(error: unknown, model: Uint8Array | string, device: Device): string {
  const reason = messageOf(error).split('\n')[0]!;
  if (device !== 'cpu') return `--device ${device} cannot be used here: ${deviceReason(reason, device)}, or use --device cpu`;
  return typeof model === 'string' ? `${model}: not an ONNX model that can be loaded: ${reason}` : `the compiled model was refused: ${reason}`;
}

/** What is missing and how to get it, where ONNX Runtime's reason is one of the usual two. */
function deviceReason(reason: string, device: Device): string {
  if (device === 'cuda' && /load (shared )?library|not (available|supported|enabled)|no available backend/i.test(reason)) {
    return `ONNX Runtime's CUDA libraries do not load; with an NVIDIA GPU, CUDA 12 and cuDNN 9 on Linux, run
      ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node --ignore-scripts=false`.replace(/\s+/g, ' ');
  }
  if (/adapter/i.test(reason)) return 'no GPU adapter was found; install a Vulkan driver for the GPU (Linux) or update its driver';
  // Behind the place in ONNX Runtime's source, up to 300 characters, and the condition that failed.
  return `${reason.replace(/^.* was false\. /, '')}; check the GPU's driver`;
}

function wrap(ort: typeof Ort, session: Ort.InferenceSession, profile: string | undefined): Session {
  const made = new WeakMap<HostTensor, Ort.Tensor>();
  const toOrt = (tensor: HostTensor): Ort.Tensor => {
    let ready = made.get(tensor);
    if (!ready) made.set(tensor, (ready = new ort.Tensor(tensor.dtype as 'float32', tensor.data as Float32Array, tensor.shape)));
    return ready;
  };
  const convert = (tensors: Readonly<Record<string, HostTensor>>): Record<string, Ort.Tensor> =>
    Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toOrt(tensor)]));
  const guarded = session.outputNames[0] === UNREADABLE;
  const names = session.outputNames.filter((name) => name !== UNREADABLE);
  return {
    inputs: session.inputMetadata.map(describe),
    outputs: session.outputMetadata.filter(({ name }) => name !== UNREADABLE).map(describe),
    typeOf(name) {
      const info = [...session.inputMetadata, ...session.outputMetadata].find((known) => known.name === name);
      return info?.isTensor ? info.type : undefined;
    },
    async run(feeds, into = {}) {
      const fetches: Record<string, Ort.Tensor | null> = Object.fromEntries(names.map((name) => [name, into[name] ? toOrt(into[name]) : null]));
      const given = names.every((name) => name in into);
      if (guarded && given) {
        await session.run(convert(feeds), { ...fetches, [UNREADABLE]: null } as never).catch((error: unknown) => {
          if (!GIVEN_UP.test(messageOf(error))) throw error;
        });
        return { ...into };
      }
      const results = await session.run(convert(feeds), fetches as never);
      return Object.fromEntries(names.map((name) => [name, into[name] ?? fromOrt(results[name]!)]));
    },
    async nodeTimes() {
      if (profile === undefined) return [];
      session.endProfiling();
      return readProfile(profile);
    },
    dispose: () => session.release(),
  };
}

function describe(info: Ort.InferenceSession.ValueMetadata): TensorInfo {
  return { name: info.name, shape: info.isTensor ? info.shape : [] };
}

function fromOrt(tensor: Ort.Tensor): HostTensor {
  return { dtype: tensor.type, shape: tensor.dims, data: tensor.data } as HostTensor;
}
