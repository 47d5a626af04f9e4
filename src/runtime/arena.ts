import { ShapeError } from '../core/errors.ts';
import type { HostTensor } from '../core/hosttensor.ts';
import { sizeOf } from '../core/hosttensor.ts';

export interface ParameterSpec {
  readonly shape: readonly number[];
  /** Frozen parameters get no gradient and no optimiser slots. */
  readonly trainable: boolean;
}

/** Numbers with their shape. */
export type FloatTensor = HostTensor & { readonly dtype: 'float32' };
/** Tensors by name. */
export type FloatTensors = Readonly<Record<string, FloatTensor>>;

/** A stretch of arena memory holding one value per trainable parameter element. */
export interface Region {
  readonly byteOffset: number;
  readonly length: number;
  readonly tensors: FloatTensors;
}

const ALIGNMENT = 16;
const PAGE = 65536;
const MAX_BYTES = 2 ** 32 - PAGE;

/**
 * Parameters, gradients and optimiser slots in one WebAssembly memory. ONNX Runtime reads parameters from it and writes
 * gradients into it without a copy; the optimiser walks it in one pass. Trainable parameters come first and each
 * region lays them out alike, so that element i of every region belongs to the same weight.
 */
export class ParameterArena {
  readonly memory: WebAssembly.Memory;
  /** All parameters by name, trainable and frozen. */
  readonly values: FloatTensors;
  /** The trainable ones. */
  readonly trainable: Region;
  readonly gradients: Region;
  readonly slots: readonly Region[];

  /** @throws ShapeError when the whole does not fit into 4 GiB. */
  constructor(specs: Readonly<Record<string, ParameterSpec>>, slotCount: number) {
    const names = Object.keys(specs);
    const moving = names.filter((name) => specs[name]!.trainable);
    const frozen = names.filter((name) => !specs[name]!.trainable);
    const trainableLength = layoutLength(specs, moving);
    const floats = trainableLength * (2 + slotCount) + layoutLength(specs, frozen);
    // The first page is left to the WebAssembly module, whose address 0 must stay unused.
    const bytes = PAGE + floats * 4;
    if (bytes > MAX_BYTES) throw new ShapeError(`${Math.round(bytes / 2 ** 20)} MiB of parameters and optimiser state do not fit into 4 GiB`);
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
    let offset = PAGE;
    const region = (list: readonly string[]): Region => {
      const made = layOut(this.memory, specs, list, offset);
      offset += made.length * 4;
      return made;
    };
    this.trainable = region(moving);
    this.gradients = region(moving);
    this.slots = Array.from({ length: slotCount }, () => region(moving));
    const still = region(frozen);
    // In the order of the specs, which is the order the model names them in.
    this.values = Object.fromEntries(names.map((name) => [name, (this.trainable.tensors[name] ?? still.tensors[name])!]));
  }

  /** Number of trainable values, without padding. */
  get trainableCount(): number {
    return Object.values(this.trainable.tensors).reduce((sum, tensor) => sum + tensor.data.length, 0);
  }
}

function padded(shape: readonly number[]): number {
  return Math.ceil(sizeOf(shape) / ALIGNMENT) * ALIGNMENT;
}

function layoutLength(specs: Readonly<Record<string, ParameterSpec>>, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + padded(specs[name]!.shape), 0);
}

function layOut(memory: WebAssembly.Memory, specs: Readonly<Record<string, ParameterSpec>>, names: readonly string[], start: number): Region {
  const tensors: Record<string, FloatTensor> = {};
  let offset = start;
  for (const name of names) {
    const { shape } = specs[name]!;
    tensors[name] = { dtype: 'float32', shape, data: new Float32Array(memory.buffer, offset, sizeOf(shape)) };
    offset += padded(shape) * 4;
  }
  return { byteOffset: start, length: (offset - start) / 4, tensors };
}
