import { ShapeError } from './errors.ts';

/** Types of numbers that tensors hold. */
export type DType = 'float32' | 'int32' | 'int64' | 'uint8' | 'bool';

/** Numbers in ordinary memory with their shape, row-major: what goes into and comes out of a compiled function. */
export type HostTensor =
  | { readonly dtype: 'float32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'int32'; readonly shape: readonly number[]; readonly data: Int32Array }
  | { readonly dtype: 'int64'; readonly shape: readonly number[]; readonly data: BigInt64Array }
  | { readonly dtype: 'uint8'; readonly shape: readonly number[]; readonly data: Uint8Array }
  | { readonly dtype: 'bool'; readonly shape: readonly number[]; readonly data: Uint8Array };

export type HostData = HostTensor['data'];

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** A float32 tensor. @throws ShapeError when the data do not fill the shape. */
export function floats(data: Float32Array | readonly number[], shape: readonly number[]): HostTensor & { dtype: 'float32' } {
  const array = data instanceof Float32Array ? data : Float32Array.from(data);
  requireSize(array.length, shape);
  return { dtype: 'float32', shape, data: array };
}

/** An int32 tensor. @throws ShapeError when the data do not fill the shape. */
export function ints(data: Int32Array | readonly number[], shape: readonly number[]): HostTensor & { dtype: 'int32' } {
  const array = data instanceof Int32Array ? data : Int32Array.from(data);
  requireSize(array.length, shape);
  return { dtype: 'int32', shape, data: array };
}

export function isHostTensor(value: unknown): value is HostTensor {
  return typeof value === 'object' && value !== null && 'dtype' in value && 'shape' in value
    && 'data' in value && ArrayBuffer.isView(value.data);
}

function requireSize(length: number, shape: readonly number[]): void {
  if (length !== sizeOf(shape)) throw new ShapeError(`${length} values cannot fill shape [${shape.join(', ')}]`);
}
