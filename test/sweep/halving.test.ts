import fc from 'fast-check';
import { expect, test } from 'vitest';
import { promote, rungsOf } from '../../src/sweep/halving.ts';
import { lossesAfter } from '../../src/sweep/metric.ts';

test('rungs: of 9 trials 3 and then 1 go on, with three times the epochs each time', () => {
  expect(rungsOf(9, 3, 1, 9)).toEqual([{ trials: 9, epochs: 1 }, { trials: 3, epochs: 3 }, { trials: 1, epochs: 9 }]);
  expect(rungsOf(4, 2, 1, 50)).toEqual([{ trials: 4, epochs: 1 }, { trials: 2, epochs: 2 }, { trials: 1, epochs: 50 }]);
  expect(rungsOf(16, 4, 5, 12)).toEqual([{ trials: 16, epochs: 5 }, { trials: 4, epochs: 12 }]);
  expect(rungsOf(5, 3, 8, 8)).toEqual([{ trials: 5, epochs: 8 }]);
  expect(rungsOf(1, 3, 1, 8)).toEqual([{ trials: 1, epochs: 8 }]);
  expect(rungsOf(2, 3, 1, 8)).toEqual([{ trials: 2, epochs: 1 }, { trials: 1, epochs: 8 }]);
});

test('epochs rise and trials fall from rung to rung, and the last has all epochs', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 300 }), (trials, eta, least, more) => {
    const rungs = rungsOf(trials, eta, least, least + more);
    expect(rungs[0]!.trials).toBe(trials);
    expect(rungs.at(-1)!.epochs).toBe(least + more);
    for (const [i, rung] of rungs.slice(1).entries()) {
      expect(rung.epochs).toBeGreaterThan(rungs[i]!.epochs);
      expect(rung.trials).toBeLessThan(rungs[i]!.trials);
    }
  }));
});

test('the lowest go on; failed ones never, and of equal ones the earlier', () => {
  const scores = new Map([['001', 2], ['002', undefined], ['003', 1], ['004', 2], ['005', 3]]);
  expect(promote(scores, 2)).toEqual(['003', '001']);
  expect(promote(scores, 9)).toEqual(['003', '001', '004', '005']);
});

test('losses after some epochs do not know of later ones', () => {
  const history = [{ epoch: 0, loss: 4, val_loss: 3 }, { epoch: 1, loss: 3, val_loss: 3.5 }, { epoch: 2, loss: 2, val_loss: 2.5 }];
  expect(lossesAfter(history, 2)).toEqual({ val_loss: 3, last_val_loss: 3.5, train_loss: 4, perplexity: Math.exp(3), best_epoch: 1, epochs: 2 });
  expect(lossesAfter(history, Infinity)).toMatchObject({ val_loss: 2.5, train_loss: 2, best_epoch: 3, epochs: 3 });
  expect(lossesAfter(history, 2, false)).toMatchObject({ val_loss: 3, perplexity: null });
  expect(lossesAfter([], 3)).toBeUndefined();
});
