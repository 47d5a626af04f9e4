import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { customOp } from './customop.ts';
import type { ParameterDefinitions, Parameters } from './parameters.ts';
import { forgetOne, get, glorotUniform, orthogonalBlocks, parameter, zeros } from './parameters.ts';

/**
 * Recurrent cells. H = units, n = rows, I = inputs.
 *
 * GRU (Cho et al. 2014), gates in order r, z, n:
 *   r = s(x W_r + b_r + h U_r + c_r)    z = s(x W_z + b_z + h U_z + c_z)
 *   reset after:  n = tanh(x W_n + b_n + r * (h U_n + c_n))    (cuDNN, PyTorch)
 *   reset before: n = tanh(x W_n + b_n + (r * h) U_n)          (Keras 2.1.6; no c)
 *   h' = (1 - z) * n + z * h
 * LSTM (Hochreiter and Schmidhuber 1997, with forget gate), gates in order i, f, g, o:
 *   c' = s(f) * c + s(i) * tanh(g)      h' = s(o) * tanh(c')
 * s is the logistic function, or Keras' hard form clip(0.2 a + 0.5, 0, 1).
 *
 * A state is one tensor: h [n, H] for the GRU, h and c side by side [n, 2H] for the LSTM.
 */
export const cellSchema = z.strictObject({
  type: z.enum(['gru', 'lstm']).default('gru').describe('recurrent cell'),
  gates: z.enum(['sigmoid', 'hard']).default('sigmoid').describe('gate function; hard = clip(0.2 a + 0.5, 0, 1) as Keras 2.1.6'),
  reset: z.enum(['after', 'before']).default('after').describe('GRU: reset gate after or before the recurrent product'),
});
export type Cell = z.infer<typeof cellSchema>;

type T2 = tf.Tensor2D;

export function gateCount(cell: Cell): number {
  return cell.type === 'gru' ? 3 : 4;
}

/** Width of a state of `units`. */
export function stateWidth(cell: Cell, units: number): number {
  return cell.type === 'gru' ? units : 2 * units;
}

export function cellParameters(cell: Cell, name: string, inputs: number, units: number): ParameterDefinitions {
  const width = gateCount(cell) * units;
  return {
    [`${name}.input`]: parameter([inputs, width], glorotUniform),
    [`${name}.recurrent`]: parameter([units, width], orthogonalBlocks),
    [`${name}.bias`]: parameter([width], cell.type === 'lstm' ? forgetOne : zeros),
    ...(cell.type === 'gru' && cell.reset === 'after' && { [`${name}.recurrent_bias`]: parameter([width], zeros) }),
  };
}

/** The part of all gates that comes from the input: x [n, I] -> [n, gates * H]. One product for all time steps. */
export function projectInput(p: Parameters, name: string, x: tf.Tensor): T2 {
  return tf.add(tf.matMul(x as T2, get<T2>(p, `${name}.input`)), get(p, `${name}.bias`));
}

/**
 * One step.
 * @param projected [n, gates * H] from `projectInput`
 * @param state [n, stateWidth]
 * @param mask [n, H] recurrent dropout, the same for every step of a sequence
 */
export function cellStep(cell: Cell, p: Parameters, name: string, projected: T2, state: T2, mask?: tf.Tensor): T2 {
  const recurrent = get<T2>(p, `${name}.recurrent`);
  const masked = (h: T2): T2 => (mask ? tf.mul(h, mask) : h);
  if (cell.type === 'lstm') {
    const [h, c] = tf.split(state, 2, 1) as [T2, T2];
    return lstmGates(cell, tf.add(projected, tf.matMul(masked(h), recurrent)), c);
  }
  if (cell.reset === 'before') return gruResetBefore(cell, recurrent, projected, state, masked(state));
  const fromState = tf.add(tf.matMul(masked(state), recurrent), get(p, `${name}.recurrent_bias`)) as T2;
  return gruGates(cell, projected, fromState, state);
}

/** The output h [n, H] of a state. */
export function outputOf(cell: Cell, state: T2): T2 {
  return cell.type === 'gru' ? state : (tf.split(state, 2, 1)[0] as T2);
}

/** A state with output h and, for the LSTM, an empty memory. */
export function stateFrom(cell: Cell, h: T2): T2 {
  return cell.type === 'gru' ? h : (tf.concat([h, tf.zerosLike(h)], 1) as T2);
}

/** States of two encoders side by side, h with h and c with c: widths a and b -> a + b. */
export function joinStates(cell: Cell, a: T2, b: T2): T2 {
  if (cell.type === 'gru') return tf.concat([a, b], 1);
  const [ha, ca] = tf.split(a, 2, 1) as [T2, T2];
  const [hb, cb] = tf.split(b, 2, 1) as [T2, T2];
  return tf.concat([ha, hb, ca, cb], 1);
}

function gate(cell: Cell, x: T2): T2 {
  return cell.gates === 'sigmoid' ? tf.sigmoid(x) : tf.clipByValue(tf.add(tf.mul(x, 0.2), 0.5), 0, 1);
}

/** dy through a gate whose output is y. */
function throughGate(cell: Cell, dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  if (cell.gates === 'sigmoid') return tf.mul(dy, tf.mul(y, tf.sub(1, y)));
  const open = tf.logicalAnd(tf.greater(y, 0), tf.less(y, 1));
  return tf.mul(dy, tf.mul(tf.cast(open, 'float32'), 0.2));
}

function throughTanh(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  return tf.mul(dy, tf.sub(1, tf.square(y)));
}

/** The element-wise half of a reset-after GRU, with its gradient written out: autodiff would pad and add every slice. */
function gruGates(cell: Cell, projected: T2, fromState: T2, state: T2): T2 {
  const units = state.shape[1];
  const forward = (gx: T2, gh: T2, h: T2) => {
    const [xGates, xNew] = tf.split(gx, [2 * units, units], 1) as [T2, T2];
    const [hGates, hNew] = tf.split(gh, [2 * units, units], 1) as [T2, T2];
    const gates = gate(cell, tf.add(xGates, hGates));
    const [r, keep] = tf.split(gates, 2, 1) as [T2, T2];
    const n = tf.tanh(tf.add(xNew, tf.mul(r, hNew))) as T2;
    return { value: tf.add(n, tf.mul(keep, tf.sub(h, n))), saved: [gates, n, hNew, h] as const };
  };
  return customOp([projected, fromState, state], forward, (dy, gates, n, hNew, h) => {
    const [r, keep] = tf.split(gates, 2, 1) as [T2, T2];
    const dNew = throughTanh(tf.mul(dy, tf.sub(1, keep)), n);
    const dGates = throughGate(cell, tf.concat([tf.mul(dNew, hNew), tf.mul(dy, tf.sub(h, n))], 1), gates);
    return [tf.concat([dGates, dNew], 1), tf.concat([dGates, tf.mul(dNew, r)], 1), tf.mul(dy, keep)];
  }) as T2;
}

function gruResetBefore(cell: Cell, recurrent: T2, projected: T2, state: T2, masked: T2): T2 {
  const units = state.shape[1];
  const [uGates, uNew] = tf.split(recurrent, [2 * units, units], 1) as [T2, T2];
  const [xGates, xNew] = tf.split(projected, [2 * units, units], 1) as [T2, T2];
  const [r, zGate] = tf.split(gate(cell, tf.add(xGates, tf.matMul(masked, uGates))), 2, 1) as [T2, T2];
  const n = tf.tanh(tf.add(xNew, tf.matMul(tf.mul(r, masked) as T2, uNew)));
  return tf.add(n, tf.mul(zGate, tf.sub(state, n)));
}

/** The element-wise half of an LSTM: pre-activations [n, 4H] and c [n, H] -> h' and c' side by side. */
function lstmGates(cell: Cell, activations: T2, memory: T2): T2 {
  const forward = (a: T2, c: T2) => {
    const [ai, af, ag, ao] = tf.split(a, 4, 1) as [T2, T2, T2, T2];
    const [i, f, o] = [gate(cell, ai), gate(cell, af), gate(cell, ao)];
    const g = tf.tanh(ag) as T2;
    const next = tf.add(tf.mul(f, c), tf.mul(i, g)) as T2;
    const tanhNext = tf.tanh(next) as T2;
    return { value: tf.concat([tf.mul(o, tanhNext), next], 1), saved: [i, f, g, o, c, tanhNext] as const };
  };
  return customOp([activations, memory], forward, (dy, i, f, g, o, c, tanhNext) => {
    const [dh, dc] = tf.split(dy as T2, 2, 1) as [T2, T2];
    const dNext = tf.add(dc, throughTanh(tf.mul(dh, o), tanhNext));
    const dActivations = tf.concat([
      throughGate(cell, tf.mul(dNext, g), i),
      throughGate(cell, tf.mul(dNext, c), f),
      throughTanh(tf.mul(dNext, i), g),
      throughGate(cell, tf.mul(dh, tanhNext), o),
    ], 1);
    return [dActivations, tf.mul(dNext, f)];
  }) as T2;
}
