import { expect, test } from 'vitest';
import { BOUNDARY, GutenbergFilter } from '../../../src/data/books/gutenberg.ts';

function filter(text: string): { kept: string[]; cut: number; books: number } {
  const gutenberg = new GutenbergFilter();
  const kept = text.split('\n').flatMap((line) => [...gutenberg.push(line)]);
  kept.push(...gutenberg.end());
  return { kept: kept.filter((line) => line !== ''), cut: gutenberg.cut, books: gutenberg.books };
}

const HEADER = 'The Project Gutenberg EBook of X\n\nTitle: X\nLanguage: English\n';

test.each([
  ['of today', `${HEADER}*** START OF THIS PROJECT GUTENBERG EBOOK X ***\n\nProduced by A and\nB\n\n\nText.\n\nMore.\n\n\nEnd of the Project Gutenberg EBook of X\n\n*** END OF THIS PROJECT GUTENBERG EBOOK X ***\n\nlicence`],
  ['without spaces', `${HEADER}***START OF THE PROJECT GUTENBERG EBOOK X***\n\nTranscribed from the 1910 edition, email\na@b.c\n\nText.\n\nMore.\n***END OF THE PROJECT GUTENBERG EBOOK X***\nlicence`],
  ['with a title of two lines', `${HEADER}*** START OF THE PROJECT GUTENBERG EBOOK A VERY\nLONG TITLE ***\n\nText.\n\nMore.\n\nEnd of Project Gutenberg's X, by Y\n\nlicence`],
  ['with the small print', `${HEADER}**START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START**\nwhy is this here\n*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\n\nText.\n\nMore.\n\nEnd of Project Gutenberg Etext of X`],
  ['with both', `${HEADER}*** START OF THE PROJECT GUTENBERG EBOOK X ***\n*END THE SMALL PRINT! FOR PUBLIC DOMAIN EBOOKS*Ver.02/11/02*END*\nText.\n\nMore.\n\n*** END OF THE PROJECT GUTENBERG EBOOK X ***\n*** START: FULL LICENSE ***\nlicence`],
])('a file %s is cut', (_, text) => {
  const { kept, cut, books } = filter(text);
  expect(kept).toEqual(['Text.', 'More.']);
  expect([cut > 3, books]).toEqual([true, 1]);
});

test('notes of transcribers and text that only speaks of Gutenberg stay', () => {
  const note = `${HEADER}*** START OF THIS PROJECT GUTENBERG EBOOK X ***\n\n[Transcriber's note: as printed.]\n\nProduced by hand, the letter came.\n`;
  expect(filter(note).kept).toEqual(["[Transcriber's note: as printed.]", 'Produced by hand, the letter came.']);
  const speaks = 'He liked Project Gutenberg.\n\nThe end of the project was near.\n';
  expect(filter(speaks)).toEqual({ kept: ['He liked Project Gutenberg.', 'The end of the project was near.'], cut: 0, books: 0 });
});

test('a header without its mark loses nothing; a licence alone is cut', () => {
  expect(filter('Project Gutenberg\n'.repeat(2000)).kept).toHaveLength(2000);
  expect(filter('plain\n'.repeat(100)).kept).toHaveLength(100);
  expect(filter('Text.\n\nEnd of the Project Gutenberg EBook of X\nlicence').kept).toEqual(['Text.']);
});

test('books one after the other are each cut', () => {
  const book = (text: string): string => `${HEADER}*** START OF THIS PROJECT GUTENBERG EBOOK X ***\n${text}\n*** END OF THIS PROJECT GUTENBERG EBOOK X ***\nlicence\n`;
  expect(filter(book('One.') + book('Two.'))).toMatchObject({ kept: ['One.', BOUNDARY, 'Two.'], books: 2 });
});
