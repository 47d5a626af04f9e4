import type { Tensor } from '@tensorflow/tfjs-core';
import { Random } from '../core/random.ts';
import { sizeOf } from '../core/hosttensor.ts';

/** Named tensors of a model. */
export type Parameters = Readonly<Record<string, Tensor>>;

export type Initialiser = (shape: readonly number[], random: Random) => Float32Array;

export interface ParameterDefinition {
  readonly shape: readonly number[];
  readonly initialiser: Initialiser;
  readonly trainable: boolean;
}
export type ParameterDefinitions = Readonly<Record<string, ParameterDefinition>>;

export function parameter(shape: readonly number[], initialiser: Initialiser, trainable = true): ParameterDefinition {
  return { shape, initialiser, trainable };
}

/** The parameter of that name. @throws Error when the model's definition and its code disagree. */
export function get<T extends Tensor = Tensor>(p: Parameters, name: string): T {
  const tensor = p[name];
  if (!tensor) throw new Error(`the model has no parameter ${name}`);
  return tensor as T;
}

/**
 * Initial values, one parameter after the other; each name draws from its own stream, so that adding a parameter changes
 * no other.
 */
export function* initialValues(definitions: ParameterDefinitions, seed: number): Generator<[name: string, values: Float32Array]> {
  for (const [name, { shape, initialiser }] of Object.entries(definitions)) yield [name, initialiser(shape, new Random(`${seed}/${name}`))];
}

export const zeros: Initialiser = (shape) => new Float32Array(sizeOf(shape));

export const ones: Initialiser = (shape) => new Float32Array(sizeOf(shape)).fill(1);

/** U(-limit, limit) with limit = sqrt(6 / (fan in + fan out)) (Glorot and Bengio 2010); filters count their area. */
export const glorotUniform: Initialiser = (shape, random) => {
  const area = sizeOf(shape.slice(0, -2));
  const limit = Math.sqrt(6 / (area * ((shape.at(-2) ?? 1) + shape.at(-1)!)));
  return fill(shape, () => random.between(-limit, limit));
};

/** N(0, 2 / fan in) (He et al. 2015), for layers followed by ReLU. */
export const heNormal: Initialiser = (shape, random) => {
  const deviation = Math.sqrt(2 / sizeOf(shape.slice(0, -1)));
  return fill(shape, () => deviation * random.normal());
};

export function normal(deviation: number): Initialiser {
  return (shape, random) => fill(shape, () => deviation * random.normal());
}

export function uniform(limit: number): Initialiser {
  return (shape, random) => fill(shape, () => random.between(-limit, limit));
}

/** Square blocks side by side, each a random orthogonal matrix: [n, blocks * n]. For recurrent weights of several gates. */
export const orthogonalBlocks: Initialiser = ([n, width], random) => {
  const out = new Float32Array(n! * width!);
  for (let block = 0; block < width! / n!; block++) {
    orthonormalRows(n!, random).forEach((row, i) => out.set(row, i * width! + block * n!));
  }
  return out;
};

/**
 * Modified Gram-Schmidt over Gaussian rows, in double precision. Four rows go through it together: that halves the time
 * and changes no number.
 */
function orthonormalRows(n: number, random: Random): Float64Array[] {
  const rows = Array.from({ length: n }, () => Float64Array.from({ length: n }, () => random.normal()));
  for (let first = 0; first < n; first += 4) {
    const group = rows.slice(first, first + 4);
    const [a, b, c, d] = group;
    if (d !== undefined) subtractFour([a!, b!, c!, d], rows.slice(0, first));
    else for (const row of group) for (let j = 0; j < first; j++) subtractProjection(row, rows[j]!);
    for (const [i, row] of group.entries()) {
      for (let j = 0; j < i; j++) subtractProjection(row, group[j]!);
      normalise(row);
    }
  }
  return rows;
}

/** The projections of four rows onto one unit vector after the other; each pass also takes the dot products for the next. */
function subtractFour([a, b, c, d]: readonly [Float64Array, Float64Array, Float64Array, Float64Array], units: readonly Float64Array[]): void {
  let unit: Float64Array = new Float64Array(a.length);
  let [p, q, r, s] = [0, 0, 0, 0];
  for (let j = 0; j <= units.length; j++) {
    const next = units[j] ?? unit;
    let [nextP, nextQ, nextR, nextS] = [0, 0, 0, 0];
    for (let k = 0; k < a.length; k++) {
      const x = unit[k]!;
      const y = next[k]!;
      nextP += (a[k]! -= p * x) * y;
      nextQ += (b[k]! -= q * x) * y;
      nextR += (c[k]! -= r * x) * y;
      nextS += (d[k]! -= s * x) * y;
    }
    [unit, p, q, r, s] = [next, nextP, nextQ, nextR, nextS];
  }
}

function subtractProjection(row: Float64Array, unit: Float64Array): void {
  let dot = 0;
  for (let k = 0; k < row.length; k++) dot += row[k]! * unit[k]!;
  for (let k = 0; k < row.length; k++) row[k]! -= dot * unit[k]!;
}

function normalise(row: Float64Array): void {
  let norm = 0;
  for (const x of row) norm += x * x;
  norm = Math.sqrt(norm);
  for (let k = 0; k < row.length; k++) row[k]! /= norm;
}

/** Bias of an LSTM in gate order i, f, g, o: forget gate 1, the rest 0 (Jozefowicz et al. 2015). */
export const forgetOne: Initialiser = ([width]) => {
  const out = new Float32Array(width!);
  return out.fill(1, width! / 4, width! / 2);
};

function fill(shape: readonly number[], draw: () => number): Float32Array {
  const out = new Float32Array(sizeOf(shape));
  for (let i = 0; i < out.length; i++) out[i] = draw();
  return out;
}
