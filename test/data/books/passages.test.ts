import { expect, test } from 'vitest';
import type { PassageOptions } from '../../../src/data/books/passages.ts';
import { PASSAGE_DEFAULTS, PassageMaker, tokeniseParagraph } from '../../../src/data/books/passages.ts';
import type { Paragraph } from '../../../src/data/books/reader.ts';

const prose = (text: string, block = 0): Paragraph => ({ kind: 'prose', text, lines: [text], block });
const verse = (...lines: string[]): Paragraph => ({ kind: 'verse', text: lines.join(' '), lines, block: 0 });

function make(paragraphs: readonly Paragraph[], options: Partial<PassageOptions>): { passages: string[]; dropped: PassageMaker['dropped'] } {
  const maker = new PassageMaker({ ...PASSAGE_DEFAULTS, ...options });
  const passages = paragraphs.flatMap((paragraph) => maker.push(paragraph, tokeniseParagraph(paragraph)));
  return { passages: [...passages, ...maker.end()], dropped: maker.dropped };
}

test('paragraphs are tokenised by sentences, verse by lines', () => {
  expect(tokeniseParagraph(prose('“Oh!” said he. She didn’t go.'))).toEqual([
    { characters: 14, tokens: "`` oh ! '' said he .", words: 7 },
    { characters: 14, tokens: "she did n't go .", words: 5 },
  ]);
  expect(tokeniseParagraph(verse('Gone, gone.', 'Sold')).map(({ tokens }) => tokens)).toEqual(['gone , gone .', 'sold']);
});

test('a passage is longer than so many characters of its plain text', () => {
  const text = (characters: number): string => `${'a'.repeat(characters - 1)}.`;
  const { passages, dropped } = make([prose(text(100)), prose(text(101))], {});
  expect(passages).toEqual([`${'a'.repeat(100)} .`]);
  expect(dropped).toEqual({ tooShort: 1, tooFewWords: 0, tooLongSentence: 0 });
  // The space between two sentences counts.
  expect(make([prose('aaaa. Bbbb.')], { longerThan: 10 }).passages).toHaveLength(1);
  expect(make([prose('aaaa. Bbbb.')], { longerThan: 11 }).passages).toHaveLength(0);
});

test('long paragraphs are cut at ends of sentences into even pieces', () => {
  const { passages } = make([prose(Array.from({ length: 12 }, (_, i) => `One two three ${i}.`).join(' '))], { longerThan: 0, maxWords: 25 });
  expect(passages.map((passage) => passage.split(' ').length)).toEqual([20, 20, 20]);
  expect(passages.join(' ').split(' ').filter((word) => word === '.')).toHaveLength(12);
});

test('a sentence over the limit is left out and parts its neighbours', () => {
  const long = `Long ${'word '.repeat(30)}end.`;
  const { passages, dropped } = make([prose(`He came. ${long} She went. They slept.`)], { longerThan: 0, maxWords: 20 });
  expect(passages).toEqual(['he came .', 'she went . they slept .']);
  expect(dropped.tooLongSentence).toBe(1);
  expect(make([prose(long)], { longerThan: 0, maxWords: 0 }).passages).toHaveLength(1);
});

test('passages of few words are left out', () => {
  expect(make([prose('Yes.'), prose('He came home.')], { longerThan: 0, minWords: 3 })).toMatchObject({ passages: ['he came home .'], dropped: { tooFewWords: 1 } });
});

test('neighbours of one block are put together until they are long enough', () => {
  const paragraphs = [prose('Who is he?'), prose('A friend of mine.'), prose('I see.'), prose('Another chapter begins.', 1)];
  expect(make(paragraphs, { join: true, longerThan: 20 }).passages).toEqual(['who is he ? a friend of mine .', 'another chapter begins .']);
  expect(make(paragraphs, { join: true, longerThan: 20 }).dropped.tooShort).toBe(1);
  // A neighbour that would be too much is not taken.
  expect(make(paragraphs.slice(0, 2), { join: true, longerThan: 20, maxWords: 6 })).toMatchObject({ passages: [], dropped: { tooShort: 2 } });
});

test('verse gives stanzas or lines, whatever their characters', () => {
  const stanza = verse('Gone, gone,', 'Sold and gone.');
  expect(make([stanza], {}).passages).toEqual(['gone , gone , sold and gone .']);
  expect(make([stanza], { verse: 'line' }).passages).toEqual(['gone , gone ,', 'sold and gone .']);
  expect(make([stanza], { maxWords: 5 }).passages).toEqual(['gone , gone ,', 'sold and gone .']);
  expect(make([stanza], { verse: 'line', maxWords: 2 })).toMatchObject({ passages: [], dropped: { tooLongSentence: 2 } });
});
