import { expect, test } from 'vitest';
import { groupOf, isGroup, leaves } from '../../src/core/groups.ts';

test('leaves have dotted keys; lists and empty groups are leaves', () => {
  const content = { a: { b: 1, c: { d: null } }, list: [{ e: 1 }], none: {} };
  expect(leaves(content)).toEqual([['a.b', 1], ['a.c.d', null], ['list', [{ e: 1 }]], ['none', {}]]);
  expect(leaves(content, 'x.', 2).map(([key]) => key)).toEqual(['x.a.b', 'x.a.c', 'x.list', 'x.none']);
});

test('only keys with values are a group', () => {
  expect([{}, { a: 1 }, [], null, 'a', 1, undefined].map(isGroup)).toEqual([true, true, false, false, false, false, false]);
  expect(groupOf([1])).toEqual({});
  expect(groupOf({ a: 1 })).toEqual({ a: 1 });
});
