import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Paragraph, ReadingCounts, ReadingOptions } from '../../../src/data/books/reader.ts';
import { readParagraphs } from '../../../src/data/books/reader.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-reader-'));
let count = 0;

async function read(text: string, options: ReadingOptions = {}, counts: Partial<ReadingCounts> = {}): Promise<Paragraph[]> {
  const path = join(folder, `${count++}.txt`);
  await writeFile(path, text);
  const paragraphs: Paragraph[] = [];
  for await (const paragraph of readParagraphs({ path, encoding: 'utf-8' }, options, counts)) paragraphs.push(paragraph);
  return paragraphs;
}

const kinds = async (text: string, options: ReadingOptions = {}): Promise<string[]> => (await read(text, options)).map(({ kind, text: words }) => `${kind}: ${words}`);

const LONG = `It is possible that the infusoria under the microscope do the same. No
one gave a thought to the older worlds of space as sources of human
danger, or thought of them only to dismiss the idea of life upon them.`;
const FLAT = LONG.replaceAll('\n', ' ');

test('hard-wrapped lines become paragraphs; marks of italics go', async () => {
  expect(await kinds(`${LONG}\n\n"_You_ want to tell _me_, and I have no objection to hearing well-\nknown things of Mr. ____ and a_b--\nquite."\n\nHe left.\n`)).toEqual([
    `prose: ${FLAT}`,
    'prose: "You want to tell me, and I have no objection to hearing well-known things of Mr. ____ and a_b--quite."',
    'prose: He left.',
  ]);
});

test('a novel: title page, contents, chapters and breaks', async () => {
  const book = `A PRINCESS OF MARS\n\n\nby\n\nEdgar Rice Burroughs\n\n\n\n\nCONTENTS\n\n      I  On the Arizona Hills\n     II  The Escape of the Dead\n\n   XX  Last\n\n\n\n\nCHAPTER I\n\nON THE ARIZONA HILLS\n\n\n${LONG}\n\nHe slept.\n\n       *       *       *       *       *\n\n${LONG}\n\n[Illustration: He slept\nfor long.]\n\nChapter 2\n\nThe End of All Things was near.\n\n\n\n\nThe Slave Boy's Wish.\n\nHe woke.\n`;
  const paragraphs = await read(book);
  expect(paragraphs.map(({ kind }) => kind)).toEqual(['heading', 'fragment', 'fragment', 'contents', 'contents', 'contents', 'heading', 'heading', 'prose', 'prose', 'prose', 'note', 'heading', 'prose', 'heading', 'prose']);
  const blocks = paragraphs.filter(({ kind }) => kind === 'prose').map(({ block }) => block);
  // One chapter with a break in it, and two more.
  expect(new Set(blocks).size).toBe(4);
  expect(blocks[0]).toBe(blocks[1]);
  expect(blocks).toEqual([...blocks].sort((a, b) => a - b));
});

test.each([
  ['I.'], ['XIV.\nIN LONDON.'], ['Chapter 61'], ['BOOK ONE.—THE COMING OF THE MARTIANS'], ['PREFACE.'], ['Epilogue'], ['THE END'],
])('%s is a heading', async (text) => {
  expect((await read(`He came.\n\n${text}\n\nHe went.\n`)).map(({ kind }) => kind)).toEqual(['prose', 'heading', 'prose']);
});

test.each([
  ['“Bingley.”'], ['"NO!"'], ['He slept.'], ['I am.'], ['Part of it was mine.'], ['The end was near, and they knew.'],
])('%s is none', async (text) => {
  expect((await read(`He came.\n\n${text}\n\nHe went.\n`)).map(({ kind }) => kind)).toEqual(['prose', 'prose', 'prose']);
});

test('entries with page numbers are contents, wherever they stand', async () => {
  expect(await kinds('SAM BASS                149\n\nThe Cylinder Opens . . . . 12\n\nHe paid 12\n\nHe paid 149.\n')).toEqual(['contents: SAM BASS 149', 'contents: The Cylinder Opens . . . . 12', 'fragment: He paid 12', 'prose: He paid 149.']);
});

const STANZA = `What means that sad and dismal look,
  And why those falling tears?
No voice is heard, no _word_ is spoke,
  Yet 'nought but grief' appears.`;

test('verse keeps its lines', async () => {
  const [prose, verse] = await read(`${LONG}\n\n${STANZA}\n`);
  expect(prose!.kind).toBe('prose');
  expect(verse).toMatchObject({ kind: 'verse', lines: ['What means that sad and dismal look,', 'And why those falling tears?', 'No voice is heard, no word is spoke,', 'Yet “nought but grief” appears.'] });
  const wide = '\'Twas in the glorious days when Brigham was our only Lord and King,\nAnd his wild cry of defiance from the Wasatch tops did ring,\nOh when that bold Bill Hickman and that Porter Rockwell led.';
  expect((await read(wide))[0]!.kind).toBe('verse');
});

test('the layout can be given', async () => {
  expect((await read(STANZA, { layout: 'prose' })).map(({ kind }) => kind)).toEqual(['prose']);
  const lines = await read(LONG, { layout: 'verse' });
  expect([lines[0]!.kind, lines[0]!.lines.length]).toEqual(['verse', 3]);
});

test('files that are not wrapped: each long line is a paragraph; indented first lines begin one', async () => {
  expect(await kinds(`${FLAT}\n${FLAT}\nHe slept.\n`)).toEqual([`prose: ${FLAT}`, `prose: ${FLAT}`, 'prose: He slept.']);
  expect(await kinds(`    ${LONG}\n    ${LONG}\n`)).toEqual([`prose: ${FLAT}`, `prose: ${FLAT}`]);
});

test('short lines can be left out before anything else, as Pix2Story does', async () => {
  const counts: Partial<ReadingCounts> = {};
  const read50 = await read(`He slept.\n\n${LONG}\n${'x'.repeat(50)}\n${'y'.repeat(51)}\n`, { dropLines: 50 }, counts);
  expect(read50.map(({ text }) => text)).toEqual([`${FLAT} ${'y'.repeat(51)}`]);
  expect(counts.shortLines).toBe(2);
});

test('speech in single quotes gets double ones, if wanted', async () => {
  expect(await kinds("'Yes,' said he.\n")).toEqual(['prose: “Yes,” said he.']);
  expect(await kinds("'Yes,' said he.\n", { doubleQuotes: false })).toEqual(["prose: 'Yes,' said he."]);
});

test('Gutenberg headers are cut and counted', async () => {
  const counts: Partial<ReadingCounts> = {};
  const text = `The Project Gutenberg EBook of X\n\n*** START OF THIS PROJECT GUTENBERG EBOOK X ***\n\nHe slept.\n\n*** END OF THIS PROJECT GUTENBERG EBOOK X ***\nlicence\n`;
  expect((await read(text, {}, counts)).map((paragraph) => paragraph.text)).toEqual(['He slept.']);
  expect(counts).toMatchObject({ gutenbergBooks: 1, gutenbergLines: 5 });
});
