import type * as tf from '@tensorflow/tfjs-core';
import type { HostTensor } from '../core/hosttensor.ts';
import { isHostTensor } from '../core/hosttensor.ts';

/** The arguments or results of a function as seen outside: tensors replaced by numbers in memory. */
export type Host<T> = T extends tf.Tensor ? HostTensor
  : T extends string | number | boolean | null | undefined ? T
  : T extends object ? { readonly [K in keyof T]: Host<T[K]> } : T;

/**
 * Walks nested arrays and objects. Leaves that are host tensors go through `leaf` with their path (`0.photos`);
 * everything else is kept as it is.
 */
export function mapTree(tree: unknown, leaf: (tensor: HostTensor, path: string) => unknown, path = ''): unknown {
  if (isHostTensor(tree)) return leaf(tree, path);
  if (tree === null || typeof tree !== 'object') return tree;
  const inner = (key: string | number): string => (path === '' ? String(key) : `${path}.${key}`);
  if (Array.isArray(tree)) return tree.map((value, i) => mapTree(value, leaf, inner(i)));
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, mapTree(value, leaf, inner(key))]));
}

/** What decides whether a compiled function can be used again: shapes and types of tensors, values of the rest. */
export function signature(tree: unknown): string {
  return JSON.stringify(mapTree(tree, (tensor) => `${tensor.dtype}[${tensor.shape.join()}]`), exact);
}

/** JSON writes undefined, NaN and infinities like null, and -0 like 0: different programs. */
function exact(_: string, value: unknown): unknown {
  if (Object.is(value, -0)) return { value: '-0' };
  const lost = value === undefined || (typeof value === 'number' && !Number.isFinite(value));
  return lost ? { value: String(value) } : value;
}
