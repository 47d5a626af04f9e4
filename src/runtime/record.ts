import * as tf from '@tensorflow/tfjs-core';
import type { HostTensor } from '../core/hosttensor.ts';
import type { FreeSizes, FreeTrace } from './freesizes.ts';
import { freeSizes, standInSizes } from './freesizes.ts';
import { foldBias } from './foldbias.ts';
import { joinProducts } from './passes.ts';
import type { Trace } from './trace.ts';
import { trace } from './trace.ts';
import type { Host } from './tree.ts';
import { mapTree } from './tree.ts';

export interface Recorded extends FreeTrace {
  /** The results with a mark in place of every tensor; see `fillResults`. */
  readonly results: unknown;
}

/** Marks, in the shape of the results, which output belongs where. */
class OutputName {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** The graph of a function for these arguments, with the sizes in `free` left open. */
export function record<A extends unknown[], R>(fn: (...args: A) => R, args: Host<A>, free?: FreeSizes<A>): Recorded {
  if (!free) {
    const { graph, masks, results } = traceOnce(fn, args);
    return { graph, dims: new Map(), masks: masks.map((mask) => ({ ...mask, freeShape: mask.shape })), results };
  }
  const standIns = ([0, 1] as const).map((i) => free.standIn(args, standInSizes(i, free.of(args).length)));
  const [first, second] = standIns.map((standIn) => traceOnce(fn, standIn));
  if (JSON.stringify(first!.results) !== JSON.stringify(second!.results)) throw new Error('a free size is among the results: return tensors');
  const [a, b] = standIns.map((standIn) => free.of(standIn));
  return { ...freeSizes(first!, second!, [a!, b!], free.axes), results: first!.results };
}

function traceOnce<A extends unknown[], R>(fn: (...args: A) => R, args: Host<A>): Trace & { results: unknown } {
  let results: unknown;
  const { graph, masks } = trace((tracer) => {
    const tensors = mapTree(args, (tensor, path) => tracer.argument(path, tensor)) as A;
    results = nameResults(fn(...tensors), 'out', (tensor, name) => tracer.result(name, tensor));
  });
  return { graph: joinProducts(foldBias(graph)), masks, results };
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

/** The results with the outputs of a run in their places. */
export function fillResults(tree: unknown, outputs: Readonly<Record<string, HostTensor>>): unknown {
  if (tree instanceof OutputName) return outputs[tree.name];
  if (tree === null || typeof tree !== 'object') return tree;
  if (Array.isArray(tree)) return tree.map((value) => fillResults(value, outputs));
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, fillResults(value, outputs)]));
}
