import { expect, test } from 'vitest';
import { foldToAscii, hasUpperCase } from '../../src/text/folding.ts';
import { splitWords, tokenize } from '../../src/text/tokenizer.ts';

test('VIST text is split at spaces only', () => {
  expect(splitWords("  we did n't see [male] 's dog .\n")).toEqual(['we', 'did', "n't", 'see', '[male]', "'s", 'dog', '.']);
  expect(splitWords('')).toEqual([]);
});

test.each([
  ["We didn't see [male]'s dog.", "we did n't see [male] 's dog ."],
  ['As you can see, it was very good BBQ food.', 'as you can see , it was very good bbq food .'],
  ['Autumn is here. Soon the ducks will fly!', 'autumn is here . soon the ducks will fly !'],
  ["I'm sure they'll say we've won; you'd agree they're right.", "i 'm sure they 'll say we 've won ; you 'd agree they 're right ."],
  ["I can't, I won't, I cannot. It's gonna be fun.", "i ca n't , i wo n't , i can not . it 's gon na be fun ."],
  ['"Oh no!" She said, "let\'s go."', "`` oh no ! '' she said , `` let 's go . ''"],
  ['“Quoted” — it’s typographic…', "`` quoted '' -- it 's typographic ..."],
  ['Mr. Smith left at 10:00 a.m. on Oct. 5 (for $8.50).', 'mr. smith left at 10:00 a.m. on oct. 5 ( for $ 8.50 ) .'],
  ['We waited and waited....', 'we waited and waited ...'],
  ['The well-known band-aid. Mt. Hood', 'the well-known band-aid . mt. hood'],
  ['Cafe\u0301 [location] and [not a tag]', 'café [location] and [ not a tag ]'],
  ['', ''],
])('%s', (raw, tokens) => expect(tokenize(raw).join(' ')).toBe(tokens));

test('folding follows unidecode: accents go, signs with capitals count as upper case', () => {
  expect(foldToAscii('Ænima café ßtraße “x” …')).toBe('AEnima cafe sstrasse "x" ...');
  expect(['straße', 'naïve', "n't", '10', 'ƒã'].map(hasUpperCase)).toEqual([false, false, false, false, false]);
  expect(['BBQ', 'École', '5€', '北京', 'Ω'].map(hasUpperCase)).toEqual([true, true, true, true, true]);
});
