import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { unknownName, UserError } from '../../core/errors.ts';
import { systemReason, writeFolderAtomic } from '../../core/files.ts';
import { Random } from '../../core/random.ts';
import { drawPlot, PHOTOS } from './plot.ts';
import type { TellingStyle } from './style.ts';
import { STYLE_NAMES, STYLES } from './styles.ts';
import type { StyleName } from './styles.ts';
import { STORYBOOK_NAMES, tellStory, untokenise } from './telling.ts';

/** Passages in a chapter. */
const CHAPTER = 12;

/** Sentences in the shortest passage; the longest has as many as a story. */
const SHORTEST = 2;

/** Size and seed of Storybook's books. */
export interface BookOptions {
  seed: number;
  /** A book each; all unless given. */
  styles?: readonly StyleName[];
  /** In each book. */
  passages: number;
}

/**
 * Writes `books/STYLE.txt` below `folder`, as `bookText` gives it; earlier books there are replaced. Equal options give
 * equal files, and a longer book begins as a shorter one of the same seed.
 * @param onProgress told now and then how many passages of all are written.
 * @throws UserError for options that make no sense, or a folder that cannot be written.
 */
export async function writeStorybookBooks(folder: string, options: BookOptions, onProgress?: (done: number, total: number) => void): Promise<void> {
  const { styles = STYLE_NAMES, passages } = options;
  checkBookOptions(options);
  let done = 0;
  const count = function* (text: Iterable<string>): Generator<string> {
    for (const chapter of text) {
      yield chapter;
      done += CHAPTER;
      onProgress?.(Math.min(done, styles.length * passages), styles.length * passages);
    }
  };
  const place = join(folder, 'books');
  await writeFolderAtomic(place, async (fresh) => {
    for (const style of styles) {
      await pipeline(Readable.from(count(bookText(STYLES[style], options))), createWriteStream(join(fresh, `${style}.txt`)));
    }
  }).catch((error: unknown) => {
    throw error instanceof UserError ? error : new UserError(`${place}: cannot be written: ${systemReason(error)}`);
  });
}

/**
 * The text of a book: chapters under a line `CHAPTER 1`, with a passage a paragraph, and an empty line between
 * paragraphs. Each passage tells of a plot of its own in 2 to 5 sentences, written as by hand. Plots are
 * drawn as those of photos are, alike for every style, so that nothing but the wording tells styles apart.
 * @yields a chapter
 */
export function* bookText(style: TellingStyle, { seed, passages }: Pick<BookOptions, 'seed' | 'passages'>): Generator<string> {
  const random = new Random(`storybook:${seed}:book:${style.name}`);
  for (let written = 0, chapter = 1; written < passages; written += CHAPTER, chapter++) {
    const paragraphs = Array.from({ length: Math.min(CHAPTER, passages - written) }, () => tellPassage(random, style));
    yield `${chapter === 1 ? '' : '\n'}${[`CHAPTER ${chapter}`, ...paragraphs].join('\n\n')}\n`;
  }
}

/** A passage: what happens in the first photos of a plot, told from its opening to a closing. */
function tellPassage(random: Random, style: TellingStyle): string {
  const photos = drawPlot(random).slice(0, SHORTEST + random.int(PHOTOS - SHORTEST + 1));
  return tellStory(random, photos, [], style).sentences.map((sentence) => untokenise(sentence, STORYBOOK_NAMES)).join(' ');
}

/** @throws UserError naming the option */
export function checkBookOptions({ seed, styles = STYLE_NAMES, passages }: BookOptions): void {
  if (!Number.isSafeInteger(seed)) throw new UserError(`Storybook: seed is ${seed}; give a whole number`);
  if (!Number.isSafeInteger(passages) || passages < 1) throw new UserError(`Storybook: books of ${passages} passages; give a whole number, 1 or more`);
  if (styles.length === 0) throw new UserError(`Storybook: no style is given for books; there are ${STYLE_NAMES.join(', ')}`);
  for (const style of styles) if (!STYLE_NAMES.includes(style)) throw unknownName('Storybook: style', style, STYLE_NAMES);
}
