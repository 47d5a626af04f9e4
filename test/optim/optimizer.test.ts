import { describe, expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { Optimizer, OPTIMIZER_SLOTS, optimizerSchema } from '../../src/optim/optimizer.ts';
import type { OptimizerName, OptimizerOptions } from '../../src/optim/optimizer.ts';
import { ParameterArena } from '../../src/runtime/arena.ts';

const NAMES = Object.keys(OPTIMIZER_SLOTS) as OptimizerName[];

/** Sizes below, at and above the arena's block of 16, with a frozen one in between. */
const SPECS = {
  small: { shape: [3], trainable: true },
  frozen: { shape: [7], trainable: false },
  odd: { shape: [5, 7], trainable: true },
  block: { shape: [4, 4], trainable: true },
};
const MOVING = ['small', 'odd', 'block'] as const;

/** Fills the parameters from a seed. */
async function open(options: OptimizerOptions): Promise<{ arena: ParameterArena; optimizer: Optimizer }> {
  const arena = new ParameterArena(SPECS, OPTIMIZER_SLOTS[options.name].length);
  const random = new Random('parameters');
  for (const { data } of Object.values(arena.values)) for (let i = 0; i < data.length; i++) data[i] = random.between(-1, 1);
  return { arena, optimizer: await Optimizer.open(arena, options) };
}

function drawGradients(arena: ParameterArena, step: number): void {
  const random = new Random(`gradients ${step}`);
  for (const { data } of Object.values(arena.gradients.tensors)) for (let i = 0; i < data.length; i++) data[i] = random.between(-8, 8);
}

function flat(tensors: ParameterArena['values']): number[] {
  return MOVING.flatMap((name) => Array.from(tensors[name]!.data));
}

/** What an optimiser keeps of one weight. */
interface Weight { x: number; s: number; t: number }

/** One update of one weight in double precision, as the papers (Adam: as Keras) write it. */
const RULES: Record<OptimizerName, (w: Weight, g: number, rate: number, o: OptimizerOptions, step: number) => void> = {
  sgd: (w, g, rate, o) => {
    w.s = o.momentum * w.s + g;
    w.x -= rate * w.s;
  },
  adagrad: (w, g, rate, o) => {
    w.s += g * g;
    w.x -= (rate * g) / (Math.sqrt(w.s) + o.epsilon);
  },
  rmsprop: (w, g, rate, o) => {
    w.s = o.decay * w.s + (1 - o.decay) * g * g;
    w.x -= (rate * g) / (Math.sqrt(w.s) + o.epsilon);
  },
  adadelta: (w, g, rate, o) => {
    w.s = o.decay * w.s + (1 - o.decay) * g * g;
    const delta = (g * Math.sqrt(w.t + o.epsilon)) / Math.sqrt(w.s + o.epsilon);
    w.t = o.decay * w.t + (1 - o.decay) * delta * delta;
    w.x -= rate * delta;
  },
  adam: (w, g, rate, o, step) => {
    w.s = o.beta1 * w.s + (1 - o.beta1) * g;
    w.t = o.beta2 * w.t + (1 - o.beta2) * g * g;
    const corrected = (rate * Math.sqrt(1 - o.beta2 ** step)) / (1 - o.beta1 ** step);
    w.x -= (corrected * w.s) / (Math.sqrt(w.t) + o.epsilon);
  },
};

function norm(gradients: readonly number[]): number {
  return Math.sqrt(gradients.reduce((sum, g) => sum + g * g, 0));
}

/** Runs six steps beside the reference, which scales to the norm first and cuts element by element then. */
async function compare(given: Record<string, unknown>, rateAt: (step: number) => number = () => 0.1): Promise<void> {
  const options = optimizerSchema.parse({ learning_rate: 0.1, ...given });
  const { arena, optimizer } = await open(options);
  const frozen = [...arena.values['frozen']!.data];
  const weights: Weight[] = flat(arena.values).map((x) => ({ x, s: 0, t: 0 }));
  for (let step = 1; step <= 6; step++) {
    drawGradients(arena, step);
    const raw = flat(arena.gradients.tensors);
    const scale = options.clip_norm === null ? 1 : Math.min(1, options.clip_norm / norm(raw));
    const clip = options.clip_value ?? Infinity;
    const report = optimizer.update();
    expect(report.gradientNorm).toBeCloseTo(norm(raw), 4);
    expect(report.learningRate).toBeCloseTo(rateAt(step), 12);
    raw.forEach((g, i) => RULES[options.name](weights[i]!, Math.max(-clip, Math.min(clip, g * scale)), rateAt(step), options, step));
    flat(arena.values).forEach((x, i) => expect(Math.abs(x - weights[i]!.x), `weight ${i} after step ${step}`).toBeLessThan(2e-5 * Math.max(1, Math.abs(x))));
    expect(optimizer.step).toBe(step);
  }
  expect([...arena.values['frozen']!.data]).toEqual(frozen);
}

describe('every rule equals its equations in double precision', () => {
  for (const name of NAMES) {
    test(name, () => compare({ name, clip_value: null }));
    test(`${name}, cut element by element`, () => compare({ name, clip_value: 2.5 }));
    test(`${name}, scaled to a norm`, () => compare({ name, clip_value: null, clip_norm: 7 }));
    test(`${name}, scaled and cut, other settings`, () =>
      compare({ name, clip_value: 0.5, clip_norm: 9, beta1: 0.8, beta2: 0.99, epsilon: 1e-3, decay: 0.7, momentum: 0.9 }));
  }
});

test('a norm below the limit is left alone', () => compare({ name: 'sgd', clip_value: null, clip_norm: 1e6 }));

test('the schedule moves the rate', () =>
  compare({ schedule: { kind: 'linear', warmup: 2, steps: 4, final: 0.5 } }, (step) => 0.1 * [0.5, 1, 0.875, 0.75, 0.625, 0.5][step - 1]!));

test('with the first step of Adam every weight moves by the rate, whatever its gradient', async () => {
  const { arena, optimizer } = await open(optimizerSchema.parse({ learning_rate: 0.01 }));
  const before = flat(arena.values);
  drawGradients(arena, 1);
  arena.gradients.tensors['small']!.data[1] = 0;
  const signs = flat(arena.gradients.tensors).map(Math.sign);
  optimizer.update();
  flat(arena.values).forEach((x, i) => expect(before[i]! - x).toBeCloseTo(0.01 * signs[i]!, 5));
});

describe('gradients that are not finite change nothing', () => {
  for (const name of NAMES) {
    test(name, async () => {
      const { arena, optimizer } = await open(optimizerSchema.parse({ name, clip_norm: 3 }));
      drawGradients(arena, 1);
      optimizer.update();
      const everything = (): Buffer => Buffer.from(new Uint8Array(arena.memory.buffer, arena.trainable.byteOffset));
      for (const bad of [NaN, Infinity, -Infinity]) {
        drawGradients(arena, 2);
        arena.gradients.tensors['odd']!.data[34] = bad;
        const before = Buffer.from(everything());
        const { gradientNorm } = optimizer.update();
        expect(Number.isFinite(gradientNorm)).toBe(false);
        expect(Buffer.compare(before, everything())).toBe(0);
        expect(optimizer.step).toBe(1);
      }
      const before = flat(arena.values);
      drawGradients(arena, 2);
      optimizer.update();
      expect(optimizer.step).toBe(2);
      expect(flat(arena.values)).not.toEqual(before);
    });
  }
});

test('room between tensors stays zero, so it never counts in the norm', async () => {
  const { arena, optimizer } = await open(optimizerSchema.parse({}));
  for (let step = 1; step <= 3; step++) {
    drawGradients(arena, step);
    optimizer.update();
  }
  for (const region of [arena.gradients, ...arena.slots]) {
    const whole = new Float32Array(arena.memory.buffer, region.byteOffset, region.length);
    expect([...whole.subarray(3, 16)]).toEqual(new Array(13).fill(0));
    expect([...whole.subarray(16 + 35, 64)]).toEqual(new Array(13).fill(0));
  }
});

test('continues from restored slots and step as if never stopped', async () => {
  const options = optimizerSchema.parse({ name: 'adam' });
  const [whole, first, second] = [await open(options), await open(options), await open(options)];
  const run = ({ arena, optimizer }: typeof whole, from: number, to: number): void => {
    for (let step = from; step <= to; step++) {
      drawGradients(arena, step);
      optimizer.update();
    }
  };
  run(whole, 1, 5);
  run(first, 1, 2);
  for (const [to, from] of [[second.arena.trainable, first.arena.trainable], ...second.arena.slots.map((slot, i) => [slot, first.arena.slots[i]!])] as const) {
    for (const name of MOVING) to.tensors[name]!.data.set(from.tensors[name]!.data);
  }
  second.optimizer.step = first.optimizer.step;
  run(second, 3, 5);
  expect(flat(second.arena.values)).toEqual(flat(whole.arena.values));
});

test('settings out of range are refused', () => {
  for (const options of [{ name: 'lion' }, { learning_rate: 0 }, { beta1: 1.1 }, { clip_value: 0 }, { clip_norm: -1 }, { rate: 1 }]) {
    expect(optimizerSchema.safeParse(options).success, JSON.stringify(options)).toBe(false);
  }
});
