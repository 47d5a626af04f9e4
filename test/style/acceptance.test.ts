import { expect, test } from 'vitest';
import type { PassageCandidate } from '../../src/style/acceptance.ts';
import { chooseAccepted } from '../../src/style/acceptance.ts';
import type { Moderator } from '../../src/style/moderation.ts';

const passage = (text: string, words = 20): PassageCandidate => ({ text, words });
const asked: string[] = [];
const moderator: Moderator = { name: 'test', review: async (text) => { asked.push(text); return { flagged: text.includes('rude'), reasons: text.includes('rude') ? ['rude'] : [] }; } };
const never = async (): Promise<never> => { throw new Error('asked'); };

test('the best that is long enough and not flagged', async () => {
  const candidates = [passage('a', 15), passage('b', 40)];
  expect(await chooseAccepted(candidates, moderator, { retry: never })).toEqual({ accepted: { candidate: candidates[0], round: 0, rank: 0 }, rejected: [] });
});

test('others of the beam, with what was against those before', async () => {
  asked.length = 0;
  const { accepted, rejected } = await chooseAccepted([passage('short', 14), passage('rude one'), passage('', 0), passage('c'), passage('rude two')], moderator, { retry: never });
  expect(accepted).toEqual({ candidate: passage('c'), round: 0, rank: 3 });
  expect(rejected.map(({ round, rank, reasons }) => [round, rank, ...reasons])).toEqual([[0, 0, '14 words, 15 are needed'], [0, 1, 'rude'], [0, 2, 'empty']]);
  // One that is too short anyway costs no question.
  expect(asked).toEqual(['rude one', 'c']);
});

test('Pix2Story\'s code wants one word more of the others', async () => {
  const candidates = [passage('short', 3), passage('b', 15), passage('c', 16)];
  expect((await chooseAccepted(candidates, null)).accepted!.rank).toBe(1);
  expect((await chooseAccepted(candidates, null, { minWordsOthers: 16 })).accepted!.rank).toBe(2);
  expect((await chooseAccepted([passage('a', 15)], null, { minWordsOthers: 16 })).accepted!.rank).toBe(0);
});

test('a wider search once, then none', async () => {
  asked.length = 0;
  let searches = 0;
  const retry = (...found: PassageCandidate[]) => async (): Promise<PassageCandidate[]> => { searches++; return found; };
  const found = await chooseAccepted([passage('rude')], moderator, { retry: retry(passage('rude'), passage('kind')) });
  expect(found.accepted).toEqual({ candidate: passage('kind'), round: 1, rank: 1 });
  expect(found.rejected.map(({ round, rank }) => [round, rank])).toEqual([[0, 0], [1, 0]]);
  // The wider search finds the same text again: asked about once.
  expect(asked).toEqual(['rude', 'kind']);
  expect((await chooseAccepted([passage('rude')], moderator, { retry: retry() })).accepted).toBeNull();
  expect((await chooseAccepted([passage('rude')], moderator)).accepted).toBeNull();
  expect(await chooseAccepted([], moderator)).toEqual({ accepted: null, rejected: [] });
  expect(searches).toBe(2);
});

test('a moderator that gives no reason, one that fails, and no minimum', async () => {
  const silent: Moderator = { name: 'silent', review: async () => ({ flagged: true, reasons: [] }) };
  expect((await chooseAccepted([passage('a')], silent)).rejected[0]!.reasons).toEqual(['flagged by silent']);
  await expect(chooseAccepted([passage('a')], { name: 'broken', review: never })).rejects.toThrow('asked');
  expect((await chooseAccepted([passage('a', 1)], null, { minWords: 0 })).accepted!.rank).toBe(0);
  expect((await chooseAccepted([passage('', 0)], null, { minWords: 0 })).accepted).toBeNull();
});
