import type { TextFileFacts } from './encoding.ts';
import { readTextLines } from './encoding.ts';
import { BOUNDARY, GutenbergFilter } from './gutenberg.ts';
import type { Layout, ParagraphKind, Run } from './layout.ts';
import { isBreak, LayoutReader } from './layout.ts';
import { doubleQuotes } from './quotes.ts';

/** A paragraph of prose, a stanza, a heading... */
export interface Paragraph {
  readonly kind: ParagraphKind;
  /** Without line breaks and marks of italics. */
  readonly text: string;
  /** The lines of verse; of anything else, its text. */
  readonly lines: readonly string[];
  /** Rises by one or more with every chapter, break or wide gap: paragraphs of one block stand together. */
  readonly block: number;
}

export interface ReadingOptions {
  /** Default `auto`. */
  readonly layout?: Layout;
  /** Lines of the file with so many characters or fewer are left out before anything else, as in Pix2Story (50). Default 0: none. */
  readonly dropLines?: number;
  /** Speech in single quotes gets double ones. Default true. */
  readonly doubleQuotes?: boolean;
  /** Told the bytes of each piece as it is read. */
  readonly onBytes?: (bytes: number) => void;
}

/** What reading left out. */
export interface ReadingCounts {
  /** Lines of Gutenberg's headers, licences and credits. */
  gutenbergLines: number;
  /** Lines of `dropLines`. */
  shortLines: number;
  /** Books with a Gutenberg header. */
  gutenbergBooks: number;
}

/** Empty lines that part two blocks. */
const WIDE_GAP = 4;
/** A run is cut there, so that a file without empty lines is read in constant memory. */
const LONGEST_RUN = 400;

/** The paragraphs of a text file, read as a stream. @param counts filled while reading; @throws UserError when it cannot be read */
export async function* readParagraphs(file: Pick<TextFileFacts, 'path' | 'encoding'>, options: ReadingOptions = {}, counts: Partial<ReadingCounts> = {}): AsyncGenerator<Paragraph> {
  const layout = new LayoutReader(options.layout ?? 'auto');
  const quotes = options.doubleQuotes ?? true;
  let block = 0;
  let afterHeading = false;
  for await (const run of readRuns(file, options, counts)) {
    if (run === BOUNDARY || isBreak(run)) {
      block++;
      continue;
    }
    if (run.gap >= WIDE_GAP) block++;
    for (const { kind, lines } of layout.read(run)) {
      const heading = kind === 'heading' || kind === 'contents';
      // The headings of a chapter are one border.
      if (heading && !afterHeading) block++;
      afterHeading = heading;
      yield paragraph(kind, lines, block, quotes);
    }
  }
}

function paragraph(kind: ParagraphKind, lines: readonly string[], block: number, quotes: boolean): Paragraph {
  const whole = kind === 'verse' ? lines : [joinLines(lines)];
  const plain = whole.map(withoutMarks).filter((line) => line !== '').join('\n');
  const taken = (quotes ? doubleQuotes(plain) : plain).split('\n');
  return { kind, text: taken.join(' '), lines: taken, block };
}

/** Underscores around words in italics and needless space go; a row of underscores, which stands for a name, stays. */
function withoutMarks(text: string): string {
  return text.replace(/(?<![\p{L}\p{N}_])_(?!_)|(?<!_)_(?![\p{L}\p{N}_])/gu, '').replace(/\s+/gu, ' ').trim();
}

/** A word that ends a line with its hyphen or dash goes on in the next without a space. */
function joinLines(lines: readonly string[]): string {
  return lines.map((line) => line.trim()).join('\n').replace(/(?<=[\p{L}\p{N}]-|--|—)\n(?=[\p{L}"'“‘])/gu, '').replaceAll('\n', ' ');
}

async function* readRuns(file: Pick<TextFileFacts, 'path' | 'encoding'>, options: ReadingOptions, counts: Partial<ReadingCounts>): AsyncGenerator<Run | typeof BOUNDARY> {
  const filter = new GutenbergFilter();
  const least = options.dropLines ?? 0;
  let lines: string[] = [];
  let gap = 0;
  const taken: (Run | typeof BOUNDARY)[] = [];
  const flush = (): void => {
    if (lines.length === 0) return;
    taken.push({ lines, gap });
    [lines, gap] = [[], 0];
  };
  const take = (line: string): void => {
    if (line === BOUNDARY || line.trim() === '') {
      flush();
      gap++;
      if (line === BOUNDARY) taken.push(BOUNDARY);
    } else if (line.trim().length <= least) {
      counts.shortLines = (counts.shortLines ?? 0) + 1;
    } else {
      lines.push(line.trimEnd());
      if (lines.length >= LONGEST_RUN) flush();
    }
  };
  for await (const line of readTextLines(file, options.onBytes)) {
    filter.push(line).forEach(take);
    if (taken.length > 0) yield* taken.splice(0);
  }
  filter.end().forEach(take);
  flush();
  yield* taken;
  counts.gutenbergLines = filter.cut;
  counts.gutenbergBooks = filter.books;
}

