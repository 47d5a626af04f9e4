// Shapes: D inputs, E outputs, both of one pair of vectors.

/** Pairs of vectors, input and output, to fit one to the other. */
export interface VectorPairs {
  readonly count: number;
  /** [D], a view that stands until the next call. */
  input(i: number): ArrayLike<number>;
  /** [E], a view that stands until the next call. */
  output(i: number): ArrayLike<number>;
}

/** outputs ≈ input · matrix + intercept. */
export interface LinearMap {
  /** [D, E], row by row. */
  readonly matrix: Float64Array;
  /** [E]. */
  readonly intercept: Float64Array;
}

/** A pivot of the correlation matrix below this: an input follows from others to a millionth, which float32 vectors hardly show. */
const DEPENDENT = 1e-12;
/** A pivot below this costs the normal equations more than four of their sixteen digits; the data is then orthogonalised first. */
const ILL_CONDITIONED = 1e-4;
/** Pairs summed at once: the sums, a megabyte or more, then travel through the cache a quarter as often. */
const BLOCK = 4;

/** Sums of products of pairs, taken about a point near their mean so that nothing cancels. */
export class Moments {
  readonly D: number;
  readonly E: number;
  count = 0;
  readonly inputs: Float64Array;
  readonly outputs: Float64Array;
  /** [D, D], upper triangle. */
  readonly gram: Float64Array;
  /** [D, E]. */
  readonly cross: Float64Array;

  constructor(D: number, E: number) {
    [this.D, this.E] = [D, E];
    [this.inputs, this.outputs] = [new Float64Array(D), new Float64Array(E)];
    [this.gram, this.cross] = [new Float64Array(D * D), new Float64Array(D * E)];
  }

  /** @param x [BLOCK, D], y [BLOCK, E], about the common point; unused rows are zero @param count pairs among them */
  add(x: Float64Array, y: Float64Array, count: number): void {
    const { D, E } = this;
    this.count += count;
    for (let row = 0; row < BLOCK; row++) {
      for (let j = 0; j < D; j++) this.inputs[j]! += x[row * D + j]!;
      for (let e = 0; e < E; e++) this.outputs[e]! += y[row * E + e]!;
    }
    for (let j = 0; j < D; j++) {
      addProducts(this.gram, j * D, x, D, j, x, D, j);
      addProducts(this.cross, j * E, x, D, j, y, E, 0);
    }
  }

  /** Both sets of pairs together. */
  plus(other: Moments): Moments {
    const sum = new Moments(this.D, this.E);
    sum.count = this.count + other.count;
    for (const name of ['inputs', 'outputs', 'gram', 'cross'] as const) {
      for (let i = 0; i < sum[name].length; i++) sum[name][i] = this[name][i]! + other[name][i]!;
    }
    return sum;
  }
}

/** into[at + e] += Σ over the block of x[row, j] y[row, e], for e from `from`. */
function addProducts(into: Float64Array, at: number, x: Float64Array, D: number, j: number, y: Float64Array, E: number, from: number): void {
  const [a, b, c, d] = [x[j]!, x[D + j]!, x[2 * D + j]!, x[3 * D + j]!];
  for (let e = from; e < E; e++) into[at + e]! += a * y[e]! + b * y[E + e]! + c * y[2 * E + e]! + d * y[3 * E + e]!;
}

/** Adds pairs, less `center`, in blocks. @param transform changes an input, less its centre, in place */
export function addPairs(moments: Moments, pairs: VectorPairs, indices: readonly number[], center: Center, transform?: (x: Float64Array) => void): void {
  const { D, E } = moments;
  const [x, y] = [new Float64Array(BLOCK * D), new Float64Array(BLOCK * E)];
  for (let start = 0; start < indices.length; start += BLOCK) {
    const count = Math.min(BLOCK, indices.length - start);
    if (count < BLOCK) [x, y].forEach((rows) => rows.fill(0));
    for (let row = 0; row < count; row++) {
      const [input, output] = [pairs.input(indices[start + row]!), pairs.output(indices[start + row]!)];
      for (let j = 0; j < D; j++) x[row * D + j] = input[j]! - center.input[j]!;
      for (let e = 0; e < E; e++) y[row * E + e] = output[e]! - center.output[e]!;
      transform?.(x.subarray(row * D, (row + 1) * D));
    }
    moments.add(x, y, count);
  }
}

/** The point about which moments are taken. */
export interface Center {
  /** [D]. */
  readonly input: Float64Array;
  /** [E]. */
  readonly output: Float64Array;
}

export function meanOf(pairs: VectorPairs, D: number, E: number): Center {
  const [input, output] = [new Float64Array(D), new Float64Array(E)];
  for (let i = 0; i < pairs.count; i++) {
    const [x, y] = [pairs.input(i), pairs.output(i)];
    for (let j = 0; j < D; j++) input[j]! += x[j]! / pairs.count;
    for (let e = 0; e < E; e++) output[e]! += y[e]! / pairs.count;
  }
  return { input, output };
}

/**
 * Least squares with intercept, in double precision: normal equations by Cholesky of the inputs' correlation matrix; where
 * that is ill-conditioned, the inputs are first made orthogonal with its factor and fitted again (Cholesky QR twice,
 * Yamamoto et al. 2015), which is as exact as a QR decomposition and needs no copy of the data.
 * @param moments of all pairs about `center`
 * @param ridge added to each input's sum of squares, as in ridge regression; the intercept is free
 * @returns undefined when the inputs are linearly dependent
 */
export function solveLeastSquares(moments: Moments, pairs: VectorPairs, center: Center, ridge: number): (LinearMap & { method: 'cholesky' | 'qr' }) | undefined {
  const first = factorise(moments, ridge);
  if (first === undefined) return undefined;
  if (first.pivot >= ILL_CONDITIONED) return { ...withIntercept(first.solve(centredCross(moments)), moments, center), method: 'cholesky' };
  const all = Array.from({ length: pairs.count }, (_, i) => i);
  const orthogonal = new Moments(moments.D, moments.E);
  addPairs(orthogonal, pairs, all, center, (x) => first.forward(x, 1));
  const second = factorise(orthogonal, 0, ridge > 0 ? first.penalty(ridge) : undefined);
  if (second === undefined) return undefined;
  const matrix = second.solve(centredCross(orthogonal));
  first.backward(matrix, moments.E);
  return { ...withIntercept(matrix, moments, center), method: 'qr' };
}

/** The fit by normal equations alone, good to some ten digits; for judging with some pairs held out. */
export function solveNormalEquations(moments: Moments, center: Center, ridge: number): LinearMap | undefined {
  const factor = factorise(moments, ridge);
  return factor === undefined ? undefined : withIntercept(factor.solve(centredCross(moments)), moments, center);
}

function centredCross({ D, E, count, inputs, outputs, cross }: Moments): Float64Array {
  const centred = Float64Array.from(cross);
  for (let j = 0; j < D; j++) for (let e = 0; e < E; e++) centred[j * E + e]! -= (inputs[j]! * outputs[e]!) / count;
  return centred;
}

/** The intercept that takes the mean input to the mean output. */
function withIntercept(matrix: Float64Array, { D, E, count, inputs, outputs }: Moments, center: Center): LinearMap {
  const intercept = new Float64Array(E);
  for (let e = 0; e < E; e++) intercept[e] = center.output[e]! + outputs[e]! / count;
  for (let j = 0; j < D; j++) {
    const mean = center.input[j]! + inputs[j]! / count;
    for (let e = 0; e < E; e++) intercept[e]! -= mean * matrix[j * E + e]!;
  }
  return { matrix, intercept };
}

/** S L Lᵀ S = the centred sums of squares: S their roots, L lower triangular. */
class Factor {
  readonly #D: number;
  readonly #scale: Float64Array;
  readonly #lower: Float64Array;
  /** The smallest square left of an input of unit length when those before it are taken out. */
  readonly pivot: number;

  constructor(D: number, scale: Float64Array, lower: Float64Array, pivot: number) {
    [this.#D, this.#scale, this.#lower, this.pivot] = [D, scale, lower, pivot];
  }

  /** rows := L⁻¹ S⁻¹ rows, in place. @param rows [D, E] */
  forward(rows: Float64Array, E: number): void {
    const [D, L] = [this.#D, this.#lower];
    for (let i = 0; i < D; i++) {
      for (let e = 0; e < E; e++) rows[i * E + e]! /= this.#scale[i]!;
      for (let k = 0; k < i; k++) subtractRow(rows, i * E, k * E, L[i * D + k]!, E);
      for (let e = 0; e < E; e++) rows[i * E + e]! /= L[i * D + i]!;
    }
  }

  /** rows := S⁻¹ L⁻ᵀ rows, in place. @param rows [D, E] */
  backward(rows: Float64Array, E: number): void {
    const [D, L] = [this.#D, this.#lower];
    for (let i = D - 1; i >= 0; i--) {
      for (let k = i + 1; k < D; k++) subtractRow(rows, i * E, k * E, L[k * D + i]!, E);
      for (let e = 0; e < E; e++) rows[i * E + e]! /= L[i * D + i]!;
    }
    for (let i = 0; i < D; i++) for (let e = 0; e < E; e++) rows[i * E + e]! /= this.#scale[i]!;
  }

  /** The matrix for a right side [D, E], which it takes the place of. */
  solve(right: Float64Array): Float64Array {
    const E = right.length / this.#D;
    this.forward(right, E);
    this.backward(right, E);
    return right;
  }

  /** A ridge as it stands in the orthogonal inputs: ridge · (L⁻¹ S⁻¹)(L⁻¹ S⁻¹)ᵀ, [D, D]. */
  penalty(ridge: number): Float64Array {
    const D = this.#D;
    const inverse = new Float64Array(D * D);
    for (let i = 0; i < D; i++) inverse[i * D + i] = 1;
    this.forward(inverse, D);
    const penalty = new Float64Array(D * D);
    for (let i = 0; i < D; i++) {
      for (let j = i; j < D; j++) for (let k = 0; k <= i; k++) penalty[i * D + j]! += ridge * inverse[i * D + k]! * inverse[j * D + k]!;
    }
    return penalty;
  }
}

function subtractRow(rows: Float64Array, to: number, from: number, factor: number, E: number): void {
  if (factor === 0) return;
  for (let e = 0; e < E; e++) rows[to + e]! -= factor * rows[from + e]!;
}

function factorise({ D, count, inputs, gram }: Moments, ridge: number, penalty?: Float64Array): Factor | undefined {
  const G = new Float64Array(D * D);
  const scale = new Float64Array(D);
  for (let i = 0; i < D; i++) {
    for (let j = i; j < D; j++) G[j * D + i] = gram[i * D + j]! - (inputs[i]! * inputs[j]!) / count + (i === j ? ridge : 0) + (penalty?.[i * D + j] ?? 0);
    scale[i] = Math.sqrt(G[i * D + i]!);
    if (!(scale[i]! > 0)) return undefined;
  }
  let pivot = 1;
  for (let i = 0; i < D; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = G[i * D + j]! / (scale[i]! * scale[j]!);
      for (let k = 0; k < j; k++) rest -= G[i * D + k]! * G[j * D + k]!;
      if (j < i) G[i * D + j] = rest / G[j * D + j]!;
      else if (rest > DEPENDENT) [G[i * D + i], pivot] = [Math.sqrt(rest), Math.min(pivot, rest)];
      else return undefined;
    }
  }
  return new Factor(D, scale, G, pivot);
}
