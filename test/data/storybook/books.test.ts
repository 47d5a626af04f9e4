import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import { readCaptions } from '../../../src/data/captions/captionset.ts';
import { bookText, writeStorybookBooks } from '../../../src/data/storybook/books.ts';
import { manyCaptions, MAX_CAPTIONS } from '../../../src/data/storybook/captionfile.ts';
import type { CocoCaptions } from '../../../src/data/storybook/captionfile.ts';
import { readFacts } from '../../../src/data/storybook/facts.ts';
import { judgeKind, judgeSentence } from '../../../src/data/storybook/judge.ts';
import { drawPlot } from '../../../src/data/storybook/plot.ts';
import { writeStorybook } from '../../../src/data/storybook/storybook.ts';
import { STYLES } from '../../../src/data/storybook/styles.ts';
import { STORYBOOK_NAMES } from '../../../src/data/storybook/telling.ts';
import { ACTIONS, SUBJECTS } from '../../../src/data/storybook/world.ts';

const scratch = await mkdtemp(join(tmpdir(), 'storybook-books-'));
afterAll(() => rm(scratch, { recursive: true, force: true }));

const read = (...names: string[]): Promise<string> => readFile(join(scratch, ...names), 'utf8');

test('a book: chapters of paragraphs, each a passage of 2 to 5 sentences about one character', async () => {
  const progress: number[] = [];
  await writeStorybookBooks(join(scratch, 'a'), { seed: 4, passages: 40 }, (done, total) => progress.push(done, total));
  expect((await readdir(join(scratch, 'a', 'books'))).sort()).toEqual(['fairytale.txt', 'logbook.txt', 'plain.txt']);
  expect(progress.slice(-2)).toEqual([120, 120]);
  for (const style of ['plain', 'fairytale', 'logbook']) {
    const text = await read('a', 'books', `${style}.txt`);
    expect(text).toMatch(/^CHAPTER 1\n\n[A-Z]/);
    expect(text).toMatch(/[.!?]\n$/);
    expect(text).not.toMatch(/\n\n\n| \n|  |[{}]| [.,;:!?]/);
    const blocks = text.trimEnd().split('\n\n');
    expect(blocks.filter((block) => block.startsWith('CHAPTER'))).toEqual(['CHAPTER 1', 'CHAPTER 2', 'CHAPTER 3', 'CHAPTER 4']);
    const passages = blocks.filter((block) => !block.startsWith('CHAPTER'));
    expect(passages).toHaveLength(40);
    const lengths = passages.map((passage) => passage.split(/(?<=[.!?]) /).length);
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([2, 5]);
    for (const passage of passages) {
      const named = STORYBOOK_NAMES.filter((name) => new RegExp(`\\b${name}\\b`, 'i').test(passage));
      expect(named, passage).toHaveLength(1);
    }
  }
});

test('equal options give equal books, another seed others; a longer book begins as a shorter one', () => {
  const text = (seed: number, passages: number): string => [...bookText(STYLES.fairytale, { seed, passages })].join('');
  expect(text(1, 30)).toBe(text(1, 30));
  expect(text(2, 30)).not.toBe(text(1, 30));
  expect(text(1, 100).startsWith(text(1, 30).trimEnd())).toBe(true);
  expect(text(1, 12)).not.toContain('CHAPTER 2');
});

test('books are replaced alone; styles and sizes that make no sense are one line', async () => {
  const folder = join(scratch, 'b');
  await writeStorybookBooks(folder, { seed: 1, passages: 3 });
  await writeFile(join(folder, 'notes.txt'), 'mine');
  await writeStorybookBooks(folder, { seed: 1, passages: 3, styles: ['logbook'] });
  expect((await readdir(folder)).sort()).toEqual(['books', 'notes.txt']);
  expect(await readdir(join(folder, 'books'))).toEqual(['logbook.txt']);
  await expect(writeStorybookBooks(folder, { seed: 1, passages: 0 })).rejects.toThrow('Storybook: books of 0 passages; give a whole number, 1 or more');
  await expect(writeStorybookBooks(folder, { seed: 1, passages: 1, styles: ['fairytail' as 'plain'] })).rejects.toThrow('Storybook: style "fairytail": did you mean fairytale? there are plain, fairytale, logbook');
  await expect(writeStorybookBooks(join(folder, 'notes.txt'), { seed: 1, passages: 1 })).rejects.toThrow(/books: cannot be written: [^\n]+$/);
});

test('captions of a photo are different, and name nothing that it does not show', () => {
  const random = new Random(9);
  for (let i = 0; i < 150; i++) {
    for (const photo of drawPlot(random)) {
      const captions = manyCaptions(random, photo, 5);
      expect(new Set(captions).size).toBe(5);
      for (const caption of captions) {
        const naming = judgeSentence(caption, photo);
        expect(naming.right, caption).toBe(naming.named);
        for (const kind of ['thing', 'weather'] as const) expect(judgeKind(caption, photo, kind).right, caption).toBe(judgeKind(caption, photo, kind).named);
        expect(caption).toMatch(/^[a-z ,]+ \.$/);
      }
    }
  }
  for (const subject of SUBJECTS) {
    for (const action of ACTIONS) {
      const plainest = { subject, action, place: 'kitchen', thing: 'umbrella', weather: 'indoors', companion: action === 'meet' ? 'cat' : 'none' } as const;
      expect(new Set(manyCaptions(random, plainest, MAX_CAPTIONS)).size).toBe(MAX_CAPTIONS);
    }
  }
});

test('a Storybook with books and captions: other files as before, and captions that are read back', async () => {
  const options = { seed: 7, stories: { train: 3, val: 1, test: 1 }, width: 64, height: 48 };
  const [bare, full] = [join(scratch, 'bare'), join(scratch, 'full')];
  await writeStorybook(bare, options);
  const phases = new Set<string>();
  await writeStorybook(full, { ...options, books: 20, captions: 5 }, (_, __, what) => phases.add(what));
  expect([...phases]).toEqual(['passages', 'photos']);
  const names = (await readdir(bare, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(bare.length + 1));
  expect(names).not.toContain('captions.json');
  for (const name of names.filter((one) => one !== 'storybook.json')) {
    expect((await readFile(join(full, name))).equals(await readFile(join(bare, name))), name).toBe(true);
  }
  expect(JSON.parse(await read('bare', 'storybook.json')).options).toEqual(options);
  expect(JSON.parse(await read('full', 'storybook.json')).options).toEqual({ ...options, books: 20, captions: 5 });

  const facts = await readFacts(join(full, 'facts.json'));
  const { format, photos } = await readCaptions(join(full, 'captions.json'));
  expect(format).toBe('coco');
  expect(photos.map(({ id }) => id).sort()).toEqual([...facts.keys()].sort());
  for (const { id, file, captions } of photos) {
    expect((await readFile(join(full, 'photos', file!))).length).toBeGreaterThan(100);
    expect(captions).toHaveLength(5);
    for (const caption of captions) expect(judgeSentence(caption, facts.get(id)!).right).toBe(judgeSentence(caption, facts.get(id)!).named);
  }
  expect((await readCaptions(join(full, 'captions.json'), { split: 'val' })).photos).toHaveLength(5);
  const coco = JSON.parse(await read('full', 'captions.json')) as CocoCaptions;
  expect(coco.annotations[0]).toEqual({ id: 1, image_id: coco.images[0]!.id, caption: expect.stringMatching(/^An? [A-Za-z ,]+\.$|^[A-Z][a-z ,]+\.$/) });
});
