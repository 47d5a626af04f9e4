import { expect, test } from 'vitest';
import { CLEANERS } from '../../src/evaluation/cleaning.ts';

// Expected texts are Python 3.11's `text.encode('ascii', 'ignore').decode()`.
test.each([
  ['the café .', 'the caf .'],
  ['wait … what ?', 'wait  what ?'],
  ['a\u00a0b', 'ab'],
  ['\ud83d\ude00 smile \u2019s', ' smile s'],
  ['tab\tand\x7f and \x00', 'tab\tand\x7f and \x00'],
  ['e\u0301', 'e'],
  ['日本', ''],
  ['', ''],
])('ascii: %j is %j', (text, cleaned) => {
  expect(CLEANERS.ascii(text)).toBe(cleaned);
  expect(CLEANERS.none(text)).toBe(text);
});
