/** The whole state of a `Random`: four unsigned 32-bit words. */
export type RandomState = readonly [number, number, number, number];

/**
 * Seeded random numbers (xoshiro128**, Blackman and Vigna 2018), the same on every machine.
 * Its state can be saved and restored, which is what makes an interrupted run continue exactly.
 */
export class Random {
  #s: Uint32Array;

  /** @param seed any integer, or a text such as `split:train`; equal seeds give equal sequences. */
  constructor(seed: number | string) {
    this.#s = Uint32Array.from(seedWords(typeof seed === 'string' ? hashText(seed) : seed));
  }

  /** A generator that goes on where another one stood. */
  static fromState(state: RandomState): Random {
    const random = new Random(0);
    random.#s = Uint32Array.from(state);
    return random;
  }

  get state(): RandomState {
    return [...this.#s] as unknown as RandomState;
  }

  /** An independent stream for a named purpose: drawing from one never moves another. */
  fork(purpose: string): Random {
    return new Random((this.#s[0]! ^ hashText(purpose)) >>> 0);
  }

  /** An unsigned 32-bit integer. */
  uint32(): number {
    const s = this.#s;
    const x = Math.imul(s[1]!, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.uint32() / 4294967296;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** An integer in [0, n). */
  int(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Standard normal (Box-Muller). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** One of the items; equal chances. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('pick: nothing to pick from');
    return items[this.int(items.length)]!;
  }

  /** A shuffled copy (Fisher-Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [copy[i], copy[j]] = [copy[j]!, copy[i]!];
    }
    return copy;
  }
}

/** FNV-1a, 32 bits. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** SplitMix32 spreads a small seed over the four words, none of which may all be zero. */
function seedWords(seed: number): number[] {
  let z = seed >>> 0;
  return Array.from({ length: 4 }, () => {
    z = (z + 0x9e3779b9) >>> 0;
    let x = z;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return (x ^ (x >>> 15)) >>> 0;
  });
}
