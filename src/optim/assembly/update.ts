// Optimiser updates over the parameter arena (AssemblyScript, SIMD, imported memory). Every function takes byte
// addresses and a length in floats that is a multiple of 4: the arena pads each tensor. Gradients are clipped
// element-wise to [-clip, clip] on the way; clip = Infinity leaves them alone, and NaN stays NaN.

// @ts-ignore: decorator
@inline
function load(address: usize): v128 {
  return v128.load(address);
}

// @ts-ignore: decorator
@inline
function clipped(address: usize, clip: v128): v128 {
  return f32x4.max(f32x4.min(v128.load(address), clip), f32x4.neg(clip));
}

/** Sum of squares, in double precision per lane pair: also tells NaN and overflow. */
export function sumOfSquares(x: usize, n: i32): f64 {
  let sum = f64x2.splat(0);
  const end = x + (<usize>n << 2);
  for (let i = x; i < end; i += 16) {
    const v = load(i);
    const low = f64x2.promote_low_f32x4(v);
    const high = f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3));
    sum = f64x2.add(sum, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
  }
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

export function scale(x: usize, n: i32, factor: f32): void {
  const by = f32x4.splat(factor);
  const end = x + (<usize>n << 2);
  for (let i = x; i < end; i += 16) v128.store(i, f32x4.mul(load(i), by));
}

/** m = b1 m + (1-b1) g; v = b2 v + (1-b2) g g; p -= rate m / (sqrt v + eps). `rate` holds the bias correction. */
export function adam(p: usize, g: usize, m: usize, v: usize, n: i32, rate: f32, beta1: f32, beta2: f32, epsilon: f32, clip: f32): void {
  const b1 = f32x4.splat(beta1), c1 = f32x4.splat(1 - beta1);
  const b2 = f32x4.splat(beta2), c2 = f32x4.splat(1 - beta2);
  const lr = f32x4.splat(rate), eps = f32x4.splat(epsilon), bound = f32x4.splat(clip);
  const bytes = <usize>n << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    const gradient = clipped(g + i, bound);
    const first = f32x4.add(f32x4.mul(b1, load(m + i)), f32x4.mul(c1, gradient));
    const second = f32x4.add(f32x4.mul(b2, load(v + i)), f32x4.mul(c2, f32x4.mul(gradient, gradient)));
    v128.store(m + i, first);
    v128.store(v + i, second);
    v128.store(p + i, f32x4.sub(load(p + i), f32x4.div(f32x4.mul(lr, first), f32x4.add(f32x4.sqrt(second), eps))));
  }
}

/** s = decay s + (1-decay) g g; p -= rate g / (sqrt s + eps). */
export function rmsprop(p: usize, g: usize, s: usize, n: i32, rate: f32, decay: f32, epsilon: f32, clip: f32): void {
  const d = f32x4.splat(decay), e = f32x4.splat(1 - decay);
  const lr = f32x4.splat(rate), eps = f32x4.splat(epsilon), bound = f32x4.splat(clip);
  const bytes = <usize>n << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    const gradient = clipped(g + i, bound);
    const mean = f32x4.add(f32x4.mul(d, load(s + i)), f32x4.mul(e, f32x4.mul(gradient, gradient)));
    v128.store(s + i, mean);
    v128.store(p + i, f32x4.sub(load(p + i), f32x4.div(f32x4.mul(lr, gradient), f32x4.add(f32x4.sqrt(mean), eps))));
  }
}

/** s += g g; p -= rate g / (sqrt s + eps). */
export function adagrad(p: usize, g: usize, s: usize, n: i32, rate: f32, epsilon: f32, clip: f32): void {
  const lr = f32x4.splat(rate), eps = f32x4.splat(epsilon), bound = f32x4.splat(clip);
  const bytes = <usize>n << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    const gradient = clipped(g + i, bound);
    const sum = f32x4.add(load(s + i), f32x4.mul(gradient, gradient));
    v128.store(s + i, sum);
    v128.store(p + i, f32x4.sub(load(p + i), f32x4.div(f32x4.mul(lr, gradient), f32x4.add(f32x4.sqrt(sum), eps))));
  }
}

/** s = decay s + (1-decay) g g; d = g sqrt(u + eps) / sqrt(s + eps); u = decay u + (1-decay) d d; p -= rate d. */
export function adadelta(p: usize, g: usize, s: usize, u: usize, n: i32, rate: f32, decay: f32, epsilon: f32, clip: f32): void {
  const d = f32x4.splat(decay), e = f32x4.splat(1 - decay);
  const lr = f32x4.splat(rate), eps = f32x4.splat(epsilon), bound = f32x4.splat(clip);
  const bytes = <usize>n << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    const gradient = clipped(g + i, bound);
    const mean = f32x4.add(f32x4.mul(d, load(s + i)), f32x4.mul(e, f32x4.mul(gradient, gradient)));
    const past = load(u + i);
    const delta = f32x4.mul(gradient, f32x4.sqrt(f32x4.div(f32x4.add(past, eps), f32x4.add(mean, eps))));
    v128.store(s + i, mean);
    v128.store(u + i, f32x4.add(f32x4.mul(d, past), f32x4.mul(e, f32x4.mul(delta, delta))));
    v128.store(p + i, f32x4.sub(load(p + i), f32x4.mul(lr, delta)));
  }
}

/** m = momentum m + g; p -= rate m. */
export function sgd(p: usize, g: usize, m: usize, n: i32, rate: f32, momentum: f32, clip: f32): void {
  const mu = f32x4.splat(momentum), lr = f32x4.splat(rate), bound = f32x4.splat(clip);
  const bytes = <usize>n << 2;
  for (let i: usize = 0; i < bytes; i += 16) {
    const velocity = f32x4.add(f32x4.mul(mu, load(m + i)), clipped(g + i, bound));
    v128.store(m + i, velocity);
    v128.store(p + i, f32x4.sub(load(p + i), f32x4.mul(lr, velocity)));
  }
}
