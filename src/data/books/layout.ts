/** What a paragraph is. */
export type ParagraphKind = 'prose' | 'verse' | 'heading' | 'contents' | 'note' | 'fragment';

/** How lines are taken: each run of lines as it looks, all as hard-wrapped prose, or all as verse. */
export const LAYOUTS = ['auto', 'prose', 'verse'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Lines without an empty one between them. */
export interface Run {
  readonly lines: readonly string[];
  /** Empty lines before it. */
  readonly gap: number;
}

/** Lines are wrapped at about this width where a book does not show another. */
const USUAL_WIDTH = 60;
/** A longer line is a paragraph by itself: such a file is not wrapped. */
const UNWRAPPED = 120;

const HEADING_WORDS = /^(?:the )?(?:chapter|book|volume|vol\.|part|canto|section|act|scene|letter|preface|prologue|epilogue|introduction|foreword|afterword|appendix|contents|table of contents|illustrations|list of illustrations|index|dedication|notes?|footnotes|conclusion|interlude|finis|the end)\b/i;
const CONTENTS_HEADING = /^(?:table of )?contents[.:]?$|^(?:list of )?illustrations[.:]?$|^index(?: of .*)?[.:]?$/i;
const NUMBER = /^(?:[IVXLCDM]+|\d{1,3})[.:)]?$/;
/** `SAM BASS       149`, `The Cylinder . . . . 12`. */
const PAGE = /(?:\s{3,}|(?:\s?\.){3,}\s*)(?:\d{1,4}|[ivxlc]+)\s*$/;
const BREAK = /^[\s*•·~=_#—–-]+$/;
const NOTE = /^\s*\[(?:illustration|music|frontispiece|transcriber|footnote|editor|note|sidenote|picture|map|image)\b[^]*\]\s*$/i;
const LAST_MARK = /[.!?…:;,—-][)\]"'”’»_*]*$/;

/** A line of asterisks, dashes and the like between two parts. */
export function isBreak(run: Run): boolean {
  return run.lines.length === 1 && BREAK.test(run.lines[0]!);
}

/** Tells what runs of lines are; it remembers the width of the book's lines and whether a table of contents goes on. */
export class LayoutReader {
  readonly #layout: Layout;
  #width = USUAL_WIDTH;
  #inContents = false;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** The paragraphs of a run: one, or more where its lines are paragraphs or begin indented. */
  read(run: Run): { kind: ParagraphKind; lines: readonly string[] }[] {
    const text = run.lines.join('\n');
    if (NOTE.test(text)) return [{ kind: 'note', lines: run.lines }];
    if (this.#isContents(run)) return [{ kind: 'contents', lines: run.lines }];
    if (isHeading(run)) return [{ kind: 'heading', lines: run.lines }];
    if (this.#layout === 'verse') return [{ kind: 'verse', lines: run.lines }];
    if (run.lines.some((line) => line.length > UNWRAPPED)) return run.lines.map((line) => ({ kind: 'prose', lines: [line] }));
    if (run.lines.length === 1 && isFragment(run.lines[0]!)) return [{ kind: 'fragment', lines: run.lines }];
    if (this.#layout === 'auto' && this.#isVerse(run.lines)) return [{ kind: 'verse', lines: run.lines }];
    this.#learnWidth(run.lines);
    return splitIndented(run.lines).map((lines) => ({ kind: 'prose', lines }));
  }

  #isContents(run: Run): boolean {
    const first = run.lines[0]!.trim();
    if (CONTENTS_HEADING.test(first.replaceAll('_', ''))) return this.#inContents = true;
    if (run.lines.filter((line) => PAGE.test(line)).length * 2 >= run.lines.length && run.lines.every((line) => line.length < UNWRAPPED)) return true;
    if (!this.#inContents) return false;
    const wrapped = run.lines.length >= 3 && run.lines.join(' ').length > 200 && !this.#isVerse(run.lines) && !run.lines.every((line) => NUMBER.test(line.trim().split(/\s/)[0]!));
    // A table ends where a part begins after a wide gap, or at the first paragraph.
    if (wrapped || run.gap >= 3) this.#inContents = false;
    return this.#inContents;
  }

  /** Verse breaks its lines before they are full: the first word of the next line would have had room. */
  #isVerse(lines: readonly string[]): boolean {
    if (lines.length < 2) return false;
    // Lines as long as those of prose: each begins with a capital.
    if (lines.length >= 3 && lines.every((line) => /^["'“‘([—-]*\p{Lu}/u.test(line.trim()))) return true;
    const width = Math.max(this.#width, ...lines.map((line) => line.length));
    const early = lines.slice(0, -1).filter((line, i) => line.trimEnd().length + 1 + firstWord(lines[i + 1]!).length <= width - 3);
    return early.length * 2 > lines.length - 1;
  }

  #learnWidth(lines: readonly string[]): void {
    if (lines.length < 3) return;
    const longest = Math.max(...lines.map((line) => line.trimEnd().length));
    // A slow average: one wide table does not change a book.
    if (longest > USUAL_WIDTH) this.#width += (longest - this.#width) / 4;
  }
}

function firstWord(line: string): string {
  return /\S+/.exec(line)?.[0] ?? '';
}

function isHeading({ lines, gap }: Run): boolean {
  const text = lines.map((line) => line.trim()).join(' ').replaceAll('_', '');
  // Capitals only, with a word among them: `THE EVE OF THE WAR.`, the publisher of a title page.
  if (!/\p{Ll}/u.test(text.replace(/\(.*?\)|'s\b/g, '')) && /\p{Lu}{3}/u.test(text)) return !/[!?]["'”’]*$|^["“].*|(?:--|—)$/.test(text);
  if (lines.length > 3 || text.length > 120 || /["“”]$/.test(text)) return false;
  if (NUMBER.test(text)) return true;
  if (HEADING_WORDS.test(text) && text.length <= 80 && !/[,;]$|\.["'”’]?$/.test(text.replace(/(?:\b[IVXLC]+|\d)\.$/, '')) && /^\P{Ll}/u.test(text)) return true;
  return gap >= 3 && lines.length <= 2 && text.length <= 60 && /^\p{Lu}/u.test(text) && !/[!?,;:]$/.test(text) && /^[^.]*\.?$/.test(text.replace(/\(.*?\)$/, ''));
}

/** A few words without a mark at their end: of a title page, a signature. */
function isFragment(line: string): boolean {
  const text = line.trim();
  return text.split(/\s+/).length <= 5 && !LAST_MARK.test(text);
}

/** Paragraphs of a run whose first lines are indented, without empty lines between them. */
function splitIndented(lines: readonly string[]): (readonly string[])[] {
  const indented = lines.map((line) => /^(?: {2,}|\t)/.test(line));
  if (indented.slice(1).filter(Boolean).length * 2 >= lines.length) return [lines];
  const paragraphs: string[][] = [];
  lines.forEach((line, i) => {
    if (i === 0 || (indented[i]! && !indented[i - 1]!)) paragraphs.push([]);
    paragraphs.at(-1)!.push(line);
  });
  return paragraphs;
}
