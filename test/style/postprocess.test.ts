import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detokenize } from '../../src/style/detokenizer.ts';
import { POSTPROCESSING, postprocess, postprocessSchema } from '../../src/style/postprocess.ts';
import { tokenize } from '../../src/text/tokenizer.ts';

describe('tokens joined back', () => {
  test.each([
    ["i did n't know . he 'd said so , had n't he ?", "i didn't know. he'd said so, hadn't he?"],
    ["`` come in , '' she said . `` please ! ''", '"come in," she said. "please!"'],
    ['" come in , " she said . " please ! "', '"come in," she said. "please!"'],
    ["the dogs ' house ( the old one ) was [male] 's .", "the dogs' house (the old one) was [male]'s."],
    ["it cost $ 5 , or 50 % of 1,000 ; 'em all -- gon na , lem me , 't was", "it cost $5, or 50% of 1,000; 'em all -- gonna, lemme, 'twas"],
    ['well ... you can not . . .', 'well... you can not...'],
    ['-LRB- so -RRB- , r & b', '(so), r & b'],
    ["'' he began", '" he began'],
    ['', ''],
    ['.', '.'],
  ])('%s', (tokens, text) => expect(detokenize(tokens.split(' '))).toBe(text));

  test('what the tokenizer takes apart comes together again', () => {
    for (const text of ['"i don\'t," he said, "and you?"', 'we\'ll go (she\'s gone); it\'s 5:30 at mr. smith\'s!', 'o\'neill sang \'tis of thee...', '$5 is 10% of $50: cheap.']) {
      expect(detokenize(tokenize(text))).toBe(text);
    }
  });

  test('words stay what they are: tokenizing the joined text gives the tokens', () => {
    const token = fc.constantFrom('she', 'mr.', 'is', "n't", "'s", "'ll", ',', '!', '?', ';', '(', ')', '--', '...', '1,000', 'well-known', 'café', '%', 'can', 'not', '&');
    // A contraction belongs to a word; alone it would be another token.
    const passage = fc.array(token, { minLength: 1, maxLength: 12 }).filter((tokens) => tokens.every((one, i) => !/^(?:n't|'s|'ll)$/.test(one) || /^(?:she|is|can|café)$/.test(tokens[i - 1] ?? '')));
    fc.assert(fc.property(passage, (tokens) => {
      const end = [...tokens, 'end', '.'];
      expect(tokenize(detokenize(end)).join(' ')).toBe(end.join(' '));
    }), { numRuns: 300, seed: 7 });
  });
});

describe('readable text', () => {
  test.each([
    ['the the man man walked . he was was , was tired ! and i', 'The man walked. He was, was tired! And I.'],
    ["`` what ? '' he asked . `` i 'm here , '' she said . then", '"What?" he asked. "I\'m here," she said. Then.'],
    ["`` what ? '' the door closed", '"What?" The door closed.'],
    ['mr. smith met dr. no . it was 5 . 6 men came', 'Mr. smith met dr. no. It was 5. 6 men came.'],
    ['he looked ... and . . . left', 'He looked... and... left.'],
    ['he wept , and , --', 'He wept, and.'],
    ["she said , `` i know ''", 'She said, "I know."'],
    ["she said , `` i know . ''", 'She said, "I know."'],
    ['( she left )', '(She left).'],
    ['was it so ?', 'Was it so?'],
    ['éa ran', 'Éa ran.'],
    ['it ended. and then. no', 'It ended. And then. No.'],
    ["'s mine", "'s mine."],
    ['', ''],
    [' , ', ''],
  ])('%s', (tokens, text) => expect(postprocess(tokens)).toBe(text));

  test('each step can be switched off', () => {
    const tokens = "so so i did n't ,";
    expect(postprocess(tokens)).toBe("So I didn't.");
    expect(postprocess(tokens, { drop_repeated: false })).toBe("So so I didn't.");
    expect(postprocess(tokens, { capitals: 'none' })).toBe("so I didn't.");
    expect(postprocess(tokens, { pronoun: false })).toBe("So i didn't.");
    expect(postprocess(tokens, { final_stop: 'none' })).toBe("So I didn't,");
    expect(postprocess(tokens, { join: false })).toBe("So I did n't .");
    expect(postprocess(tokens.split(' '), POSTPROCESSING.none)).toBe(tokens);
    expect(POSTPROCESSING.readable).toEqual(postprocessSchema.parse({}));
  });

  test('nothing but case, spaces, marks and repeats changes', () => {
    const word = fc.constantFrom('i', 'he', 'said', 'what', ',', '.', '!', '?', "''", '``', '...', '(', ')', '--', 'mr.', 'x');
    const words = (text: string): string[] => text.toLowerCase().match(/[a-z]+/g) ?? [];
    fc.assert(fc.property(fc.array(word, { maxLength: 20 }), (tokens) => {
      expect(words(postprocess(tokens, { drop_repeated: false }))).toEqual(words(tokens.join(' ')));
      expect(postprocess(tokens)).not.toMatch(/ {2}|^ | $/);
    }), { numRuns: 300, seed: 3 });
  });
});

// Expected values are those of Pix2Story's check_text, run in Python.
test.each([
  ['the the man walked . he was was , was tired ! and i', 'The man walked . He was , was tired ! and i.'],
  ['mr. smith said , `` hello . \'\'', "Mr. Smith said , `` hello . ''."],
  ['he wept ,', 'He wept ,.'],
  ['was it so ?', 'Was it so ?'],
  ['5 5 men ... and 7', '5 5 Men ... And 7.'],
  ['', ''],
])('Pix2Story, to the letter: %s', (tokens, text) => expect(postprocess(tokens, POSTPROCESSING.pix2story)).toBe(text));

describe('lyrics', () => {
  test('a line a comma, as neural-storyteller prints them', () => {
    expect(postprocess('you and i , 1,000 nights , we dance dance , , oh', { ...POSTPROCESSING.none, lines: 'lyric' })).toBe('you and i\n1,000 nights\nwe dance dance\noh');
    expect(postprocess("`` stay , '' he said , `` tonight '' , please", POSTPROCESSING.lyric)).toBe('"Stay"\nhe said\n"tonight"\nplease');
  });

  test('long lines are cut into even parts', () => {
    expect(postprocess('a b c d e f g , h i', { ...POSTPROCESSING.lyric, line_words: 3 }).split('\n')).toEqual(['A b', 'c d e', 'f g', 'h I']);
    expect(postprocess('a b c d , e', { ...POSTPROCESSING.lyric, line_words: 4 }).split('\n')).toEqual(['A b c d', 'e']);
  });
});
