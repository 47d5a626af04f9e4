import { expect, test } from 'vitest';
import { scheduleFactor, scheduleSchema } from '../../src/optim/schedule.ts';
import type { Schedule } from '../../src/optim/schedule.ts';

function factors(options: Partial<Schedule>, steps: readonly number[]): number[] {
  const schedule = scheduleSchema.parse(options);
  return steps.map((step) => scheduleFactor(schedule, step));
}

test('constant by default, from the first step', () => {
  expect(factors({}, [1, 2, 1_000_000])).toEqual([1, 1, 1]);
});

test('warm-up rises linearly and reaches the full rate at its last step', () => {
  expect(factors({ warmup: 4 }, [1, 2, 3, 4, 5])).toEqual([0.25, 0.5, 0.75, 1, 1]);
});

test('linear decay ends at its share and stays there', () => {
  expect(factors({ kind: 'linear', steps: 10, final: 0.2 }, [5, 10, 11, 1000])).toEqual([0.6, 0.2, 0.2, 0.2].map((x) => expect.closeTo(x, 12)));
});

test('cosine decay is half way in the middle', () => {
  expect(factors({ kind: 'cosine', steps: 100, final: 0.1 }, [25, 50, 100, 500]))
    .toEqual([0.1 + 0.9 * (0.5 + Math.SQRT1_2 / 2), 0.55, 0.1, 0.1].map((x) => expect.closeTo(x, 12)));
});

test('exponential decay goes down stairs', () => {
  expect(factors({ kind: 'exponential', steps: 3, decay: 0.5 }, [1, 2, 3, 5, 6, 9])).toEqual([1, 1, 0.5, 0.5, 0.25, 0.125]);
});

test('decay is counted from the end of the warm-up', () => {
  expect(factors({ kind: 'linear', warmup: 10, steps: 10 }, [5, 10, 15, 20])).toEqual([0.5, 1, 0.5, 0]);
});

test('what makes no sense is refused', () => {
  for (const options of [{ kind: 'step' }, { steps: 0 }, { warmup: -1 }, { warmup: 1.5 }, { rate: 1 }]) {
    expect(scheduleSchema.safeParse(options).success, JSON.stringify(options)).toBe(false);
  }
});
