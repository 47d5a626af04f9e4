import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../core/errors.ts';
import type { Cell } from './cells.ts';
import { cellStep, projectInput } from './cells.ts';
import { dropoutMask } from './dropout.ts';
import type { Parameters } from './parameters.ts';

type T2 = tf.Tensor2D;

/**
 * Sequences of different lengths are packed: sorted by falling length, step t holds only the first `ladder[t]` rows,
 * and all steps stand under each other. Nothing is computed for padding.
 */
export type Ladder = readonly number[];

/** Rows of a packed tensor. */
export function packedRows(ladder: Ladder): number {
  return ladder.reduce((sum, rows) => sum + rows, 0);
}

export interface LayerOptions {
  readonly recurrentDropout?: number;
  readonly context?: T2 | undefined;
}

/**
 * Runs one layer over packed sequences.
 * @param x [packedRows, inputs]
 * @param state [ladder[0], stateWidth] before the first step
 * @param options.context [ladder[0], gates * units]: added to all gates of a sequence at every step
 * @returns states after every step, packed [packedRows, stateWidth], and the states of the rows in the last step
 */
export function runLayer(cell: Cell, p: Parameters, name: string, x: tf.Tensor, state: T2, ladder: Ladder, { recurrentDropout = 0, context }: LayerOptions = {}): { states: T2; last: T2 } {
  if (x.shape[0] !== packedRows(ladder)) throw new ShapeError(`${name}: ${x.shape[0]} packed rows, but the ladder has ${packedRows(ladder)}`);
  const projected = splitSteps(projectInput(p, name, x), ladder);
  const units = p[`${name}.recurrent`]!.shape[0]!;
  const mask = recurrentDropout > 0 ? dropoutMask([ladder[0]!, units], recurrentDropout) : undefined;
  const states: T2[] = [];
  let current = state;
  ladder.forEach((rows, t) => {
    const gates = context ? tf.add(projected[t]!, firstRows(context, rows)) as T2 : projected[t]!;
    current = cellStep(cell, p, name, gates, firstRows(current, rows), mask && firstRows(mask as T2, rows));
    states.push(current);
  });
  return { states: tf.concat(states, 0), last: current };
}

/** The steps of a packed tensor. One split, whose gradient is one concatenation. */
export function splitSteps(packed: T2, ladder: Ladder): T2[] {
  return ladder.length === 1 ? [packed] : (tf.split(packed, [...ladder], 0) as T2[]);
}

export function firstRows<T extends tf.Tensor>(x: T, rows: number): T {
  if (x.shape[0] === rows) return x;
  return tf.slice(x, x.shape.map(() => 0), [rows, ...x.shape.slice(1)]);
}
