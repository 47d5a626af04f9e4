import { expect, test } from 'vitest';
import { formatSeconds } from '../../src/core/progress.ts';

test.each([
  [0, '0 s'], [8.24, '8.2 s'], [9.96, '10 s'], [59.4, '59 s'], [59.5, '1 min 0 s'], [119.7, '2 min 0 s'], [200, '3 min 20 s'], [3599.6, '1 h 0 min'], [7500, '2 h 5 min'],
])('%f seconds', (seconds, text) => expect(formatSeconds(seconds)).toBe(text));
