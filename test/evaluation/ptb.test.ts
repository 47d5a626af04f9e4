import fc from 'fast-check';
import { expect, test } from 'vitest';
import { captionTokens, ptbLines, ptbTokens, withoutPunctuation } from '../../src/evaluation/ptb.ts';

// What `java -cp stanford-corenlp-3.4.1.jar edu.stanford.nlp.process.PTBTokenizer -preserveLines -lowerCase`, the jar of
// pycocoevalcap 1.2, prints for each text, before a line in lower case. `.ci/python/check_ptb.py` compares many more.
const JAR: Readonly<Record<string, readonly (readonly [text: string, tokens: string])[]>> = {
  contractions: [
    ["it's don't I'll we've he'd I'm they're can't won't CAN'T isn’t he’s", "it 's do n't i 'll we 've he 'd i 'm they 're ca n't wo n't ca n't is n't he 's"],
    ['cannot gonna wanna gotta gimme lemme cannots wannabe', 'can not gon na wan na got ta gim me lem me cannots wannabe'],
    ["'tis 'Twas o'clock O'Brien D'Arcy ma'am y'all rock'n'roll 'em 'cause", "'t is 't was o'clock o'brien d'arcy ma'am y' all rock 'n' roll 'em 'cause"],
    ["the dogs' bowl, James's hat, A's, 1990's, the '90s in '12 ", "the dogs ' bowl , james 's hat , a 's , 1990 's , the '90s in '12"],
    ["shouldn'ta don`t he`s e'er cont'd. Ass'n", "should n'ta do n`t he ` s e'er cont'd. ass 'n"],
  ],
  'quotation marks': [
    ['"Hello," he said, "my \'friend\'."', "`` hello , '' he said , `` my ` friend ' . ''"],
    ["``a'' ''b'' `c' 'I' 'I'll '5 'é", "`` a '' '' b '' ` c ' ` i ' ` i 'll ' 5 ' é"],
    ['“a” ‘b’ «c» ‹d› said ‘it.’”', "`` a '' ` b ' `` c '' ` d ' said ` it . '''"],
    ['"é "5 "$5 "(a" Toys"R"Us &quot;a&quot;', "'' é `` 5 `` $ 5 '' -lrb- a '' toys `` r `` us `` a ''"],
  ],
  'dashes, dots, brackets': [
    ['a--b a---b a ---- b ----- well-known - x-ray -5 a—b 5–6', 'a -- b a -- b a -- b ----- well-known - x-ray -5 a -- b 5 -- 6'],
    ['hello... so...so . . . .... ...... I... etc...', 'hello ... so ... so ... ... ... . i. . . etc. . .'],
    ['(a) [b] {c} <unk>\'s <UNK>. <b>bold</b> <a href="x y"> <3 -LRB-', '-lrb- a -rrb- -lsb- b -rsb- -lcb- c -rcb- <unk> \'s <unk> . <b> bold </b> <a\u00a0href="x\u00a0y"> < 3 -lrb-'],
    ['what?! no!! a!b end.The ,5 a,b ;x', 'what ?! no !! a!b end.the ,5 a , b ; x'],
  ],
  abbreviations: [
    ['Mr. Smith met Dr. Who in St. Louis vs. Lt. Col. X etc. etc.', 'mr. smith met dr. who in st. louis vs. lt. col. x etc. etc.'],
    ['He left the U.S. He went. the U.S. Army at 5 p.m. It p.m. Bob e.g. this', 'he left the u.s. . he went . the u.s. army at 5 p.m. . it p.m. bob e.g. this'],
    ['Smith Jr. Then Inc. 5 Inc.  5 Co. Ltd. x etc. <b> Ph.D. The', 'smith jr. . then inc. 5 inc. . 5 co. ltd. x etc. . <b> ph.d. . the'],
    ['No. 5 no. no. x fig. 1.5 pp. 3 No.5 Fig. a', 'no. 5 no . no . x fig. 1.5 pp. 3 no. 5 fig . a'],
    ['J. K. Rowling A. The a.b.c. x. M.D.s U.S.-led Jr.-x Mr.Smith mass. Mass. x', 'j. k. rowling a . the a.b.c. x. m.d.s u.s.-led jr. - x mr.smith mass . mass. x'],
    ['Lieut. Bob Thurs. Bob COMDR. Bob Depts. Bob', 'lieut. bob thurs. . bob comdr. bob depts . bob'],
    ['the church., x 5., 1.5., a-b.; x', 'the church. , x 5. , 1.5 . , a-b. ; x'],
  ],
  numbers: [
    ['$5.00 US$5 A$5 £5 €3 5¢ 5% $1,000,000.50 .5 +5 1,000. 3.', '$ 5.00 us$ 5 a$ 5 # 5 $ 3 5 cents 5 % $ 1,000,000.50 .5 +5 1,000 . 3 .'],
    ['1/2 1 1/2 10/100 ½ 1½ ⅓ 12/25/2010 9-11-01 1:30 12:30pm 5-6', '1/2 1\u00a01/2 10/100 1/2 1 1/2 1/3 12/25/2010 9-11-01 1:30 12:30 pm 5-6'],
    ['555-1234 (555) 555-1234 1 800 555 1234 +44 20 7946 0958', '555-1234 -lrb-555-rrb-\u00a0555-1234 1 800\u00a0555\u00a01234 +44\u00a020\u00a07946\u00a00958'],
    ['21st 3D 10x10 5\'10" 1,000-mile 1.5-x a5.5 1990s 1.C. 5.jpg', "21st 3d 10x10 5 ' 10 '' 1,000-mile 1.5-x a5 .5 1990s 1.c . 5.jpg"],
  ],
  addresses: [
    ['see http://a.com/b?c=d. www.example.com, example.org/foo. foo.bar x@y.co.uk, @user #tag_x #1', 'see http://a.com/b?c=d . www.example.com , example.org/foo . foo.bar x@y.co.uk, @user #tag _ x # 1'],
    ['a/b and/or w/o a/b/c/d AT&T R&amp;B a&b C# c++ A+B &lt;b&gt; &mdash; &nbsp; &#39; &copy;', 'a/b and/or w/o a/b/c / d at&t r&b a & b c# c++ a+b < b > -- &#39; & copy ;'],
  ],
  emoticons: [
    [':) :-( ;D =P :Dog (^_^) -_- 8) :/ ^^', ':-rrb- :--lrb- ;d =p : dog -lrb-^_^-rrb- -_- 8 -rrb- : / ^ ^'],
  ],
  'other characters': [
    ["café Müller São Москва 日本語 naïve's soft\u00adhyphen non\u2011breaking", "café müller são москва 日本語 naïve 's softhyphen non\u2011breaking"],
    ['hello😀there 👍🏽 a\u200bb a\u00a0b c\u3000d • ° © ™ £ ¢ … − ×', 'hello there a b a b c d • ° © ™ # cents ... − ×'],
  ],
};

test.each(Object.keys(JAR))('%s', (kind) => {
  for (const [text, tokens] of JAR[kind]!) expect(ptbTokens(text).join(' ')).toBe(tokens);
});

// pycocoevalcap 1.2, PTBTokenizer().tokenize: its list has brackets in capitals, its tokens have not.
test('captions lose punctuation, but for brackets, runs of marks and lone signs', () => {
  expect(captionTokens('A man (smiling); he said: "Hi," - well -- \'yes\'... no!')).toEqual(
    ['a', 'man', '-lrb-', 'smiling', '-rrb-', 'he', 'said', 'hi', 'well', 'yes', 'no'],
  );
  expect(captionTokens('Wow!! [x] {y} A & B / C?!')).toEqual(['wow', '!!', '-lsb-', 'x', '-rsb-', '-lcb-', 'y', '-rcb-', 'a', '&', 'b', '/', 'c', '?!']);
  expect(captionTokens(' . ,\n')).toEqual([]);
  expect(captionTokens('')).toEqual([]);
});

// The jar, for a file of these lines.
test('the next line decides what the end of a line is', () => {
  const lines = ['I saw etc.', 'The dog', 'I saw etc.', 'the dog', 'plan A.', 'A dog', 'in No.', '5', 'at 5 p.m.', '', 'A dog etc.', '', ''];
  expect(ptbLines(lines).map((tokens) => tokens.join(' '))).toEqual(
    ['i saw etc. .', 'the dog', 'i saw etc.', 'the dog', 'plan a .', 'a dog', 'in no.', '5', 'at 5 p.m. .', '', 'a dog etc. .', '', ''],
  );
  expect(ptbTokens('I saw etc.')).toEqual(['i', 'saw', 'etc.']);
});

test('a line break in a text is a space', () => {
  expect(ptbTokens('one\ntwo\r\nthree\u2028four')).toEqual(['one', 'two', 'three', 'four']);
});

const PIECES = fc.array(fc.oneof(
  fc.constantFrom('a', 'The', "don't", 'U.S.', 'etc.', ' ', '  ', "'", '"', '(', '😀', '\ud83d', '&amp;', '\u0000', '\u00a0', '1/2', '1 1/2', '$', '--', '<b', '>'),
  fc.string({ unit: 'binary', maxLength: 3 }),
), { maxLength: 20 }).map((pieces) => pieces.join(''));

test('whatever the text, no token is empty, has a plain space or is in capitals', () => {
  fc.assert(fc.property(PIECES, (text) => {
    for (const token of ptbTokens(text)) expect(token).toMatch(/^[^ \n\r]+$/);
    expect(captionTokens(text)).toEqual(withoutPunctuation(ptbTokens(text)));
    expect(ptbTokens(text)).toEqual(ptbTokens(text).map((token) => token.toLowerCase()));
  }), { numRuns: 300, seed: 5 });
});

test('words of letters come through in order, in lower case', () => {
  const word = fc.stringMatching(/^[b-z]{2,8}$/).filter((w) => !['cannot', 'gonna', 'wanna', 'gotta', 'gimme', 'lemme'].includes(w));
  fc.assert(fc.property(fc.array(word), (words) => {
    expect(ptbTokens(words.join(' ').toUpperCase())).toEqual(words);
  }), { numRuns: 200, seed: 5 });
});

test('a thousand captions take well under a second', () => {
  const caption = "Two men aren't (yet) riding Mr. Smith's horses, near the U.S. border at 5 p.m. - \"wow\"!";
  const begun = performance.now();
  for (let i = 0; i < 1000; i++) captionTokens(caption);
  expect(performance.now() - begun).toBeLessThan(1000);
});
