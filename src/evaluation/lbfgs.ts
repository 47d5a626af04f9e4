/** A smooth function: its value at `point`, its gradient written into `gradient`. */
export type Objective = (point: Float64Array, gradient: Float64Array) => number;

export interface LbfgsOptions {
  /** Stop when no partial derivative is larger. */
  readonly tolerance: number;
  readonly maxIterations: number;
}

export interface LbfgsResult {
  readonly point: Float64Array;
  readonly value: number;
  readonly iterations: number;
  /** Whether the gradient is within the tolerance, or the value can fall no further in double precision. */
  readonly converged: boolean;
}

/** Steps remembered. Published choice is 3 to 20 (Nocedal 1980); scikit-learn has 10. */
const MEMORY = 10;
/** Of the Wolfe conditions: sufficient decrease, curvature. */
const DECREASE = 1e-4;
const CURVATURE = 0.9;
const TRIALS = 40;
/** What rounding may hide of a value, relative to it. */
const NOISE = 1e-13;

/** Minimises a function by limited-memory BFGS (Nocedal 1980), with a bisecting line search for the weak Wolfe conditions. Deterministic. */
export function minimise(objective: Objective, start: Float64Array, options: LbfgsOptions): LbfgsResult {
  let point = start.slice();
  let gradient = new Float64Array(point.length);
  let value = objective(point, gradient);
  const history: Step[] = [];
  for (let iteration = 0; iteration < options.maxIterations; iteration++) {
    if (largest(gradient) <= options.tolerance) return { point, value, iterations: iteration, converged: true };
    const direction = descent(gradient, history);
    const first = history.length === 0 ? 1 / Math.sqrt(dot(gradient, gradient)) : 1;
    const next = search(objective, { point, gradient, value }, direction, first);
    // Rounding hides every further decrease.
    if (next === undefined) return { point, value, iterations: iteration, converged: true };
    remember(history, difference(next.point, point), difference(next.gradient, gradient));
    ({ point, gradient, value } = next);
  }
  return { point, value, iterations: options.maxIterations, converged: largest(gradient) <= options.tolerance };
}

interface State {
  readonly point: Float64Array<ArrayBuffer>;
  readonly gradient: Float64Array<ArrayBuffer>;
  readonly value: number;
}

/** A step taken, how the gradient changed with it, and 1 over their product. */
interface Step {
  readonly moved: Float64Array;
  readonly changed: Float64Array;
  readonly rho: number;
}

function remember(history: Step[], moved: Float64Array, changed: Float64Array): void {
  const product = dot(moved, changed);
  if (!(product > 0)) return;
  if (history.length === MEMORY) history.shift();
  history.push({ moved, changed, rho: 1 / product });
}

/** The two-loop recursion: minus the gradient, times the inverse Hessian as far as the steps tell it. */
function descent(gradient: Float64Array, history: readonly Step[]): Float64Array {
  const direction = gradient.map((value) => -value);
  const alphas: number[] = [];
  for (const { moved, changed, rho } of history.toReversed()) {
    const alpha = rho * dot(moved, direction);
    alphas.push(alpha);
    addScaled(direction, changed, -alpha);
  }
  const last = history.at(-1);
  if (last !== undefined) {
    const scale = 1 / (last.rho * dot(last.changed, last.changed));
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale;
  }
  for (const { moved, changed, rho } of history) addScaled(direction, moved, alphas.pop()! - rho * dot(changed, direction));
  return direction;
}

/** The next state along `direction`, or undefined when no step lowers the value. */
function search(objective: Objective, from: State, direction: Float64Array, first: number): State | undefined {
  const slope = dot(from.gradient, direction);
  if (!(slope < 0)) return undefined;
  let [low, high, step] = [0, Infinity, first];
  let best: State | undefined;
  for (let trial = 0; trial < TRIALS; trial++) {
    const point = from.point.slice();
    addScaled(point, direction, step);
    const gradient = new Float64Array(point.length);
    const value = objective(point, gradient);
    const there = dot(gradient, direction);
    // Where rounding hides the decrease, the slope tells it (the approximate condition of Hager and Zhang 2005).
    const level = value <= from.value + NOISE * Math.abs(from.value) && there <= (2 * DECREASE - 1) * slope;
    if (!level && !(value <= from.value + DECREASE * step * slope)) high = step;
    else {
      best = { point, gradient, value };
      if (there >= CURVATURE * slope) return best;
      low = step;
    }
    step = high === Infinity ? 2 * low : (low + high) / 2;
  }
  return best;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addScaled(into: Float64Array, from: Float64Array, scale: number): void {
  for (let i = 0; i < into.length; i++) into[i]! += scale * from[i]!;
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < out.length; i++) out[i] = a[i]! - b[i]!;
  return out;
}

function largest(values: Float64Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!));
  return most;
}
