/** Lines that are looked at for the end of a header; a text without one is kept whole. */
const HEADER_LINES = 1500;
/** Lines in which a Gutenberg file names itself. */
const NAMING_LINES = 60;

const START = /^\s*\*{3} ?START OF (?:TH(?:E|IS) )?PROJECT GUTENBERG/i;
/** The header of files before 2000 ends with the small print. */
const SMALL_PRINT_END = /^\s*\*+ ?END ?\*? ?(?:OF )?THE SMALL PRINT/i;
const END = /^\s*\*{2,3} ?END OF (?:TH(?:E|IS) )?PROJECT GUTENBERG|^\s*(?:\*+ ?)?End of (?:the |this )?Project Gutenberg(?:'s|’s| |$)|^\s*\*{3} ?START: FULL LICENSE/i;
/** Who made the file: the first paragraphs after the header. */
const CREDITS = /^\s*(?:\[?e-?text |this e-?(?:text|book) was |produced by |transcribed (?:by|from) |prepared by |scanned (?:and|by) |html version |proofread|\(?this file was produced)/i;

/**
 * Cuts the header and the licence off Gutenberg files, line by line: give it each line, take what it returns. Text
 * that does not call itself a Gutenberg file passes unchanged, as do notes of transcribers. Several files one after the
 * other are each cut; an empty line and the mark `BOUNDARY` stand between them.
 */
export class GutenbergFilter {
  /** Lines that were cut off so far. */
  cut = 0;
  /** Books found so far. */
  books = 0;
  #state: 'header' | 'marker' | 'credits' | 'body' | 'licence' = 'header';
  #held: string[] = [];
  #named = false;
  #inCredits = false;

  /** Lines that are sure to belong to the text. */
  push(line: string): readonly string[] {
    if (this.#state === 'header') return this.#header(line);
    if (this.#state === 'licence') {
      if (START.test(line) || SMALL_PRINT_END.test(line)) return this.#begin(line, [BOUNDARY]);
      return this.#drop();
    }
    if (this.#state === 'marker') {
      // A long title runs over several lines up to its asterisks.
      if (line.trim() === '' || /\*{3}\s*$/.test(line)) this.#state = 'credits';
      return this.#drop();
    }
    if (END.test(line)) {
      this.#state = 'licence';
      return this.#drop();
    }
    return this.#state === 'credits' ? this.#credits(line) : [line];
  }

  /** What was held back, at the end of the text. */
  end(): readonly string[] {
    return this.#state === 'header' ? this.#release() : [];
  }

  #header(line: string): readonly string[] {
    if (START.test(line) || SMALL_PRINT_END.test(line)) {
      this.cut += this.#held.length;
      this.#held = [];
      return this.#begin(line, []);
    }
    this.#held.push(line);
    this.#named ||= this.#held.length <= NAMING_LINES && /Project Gutenberg/i.test(line);
    return this.#held.length >= (this.#named ? HEADER_LINES : NAMING_LINES) ? this.#release() : [];
  }

  #release(): readonly string[] {
    this.#state = 'body';
    const held = this.#held;
    this.#held = [];
    // A licence without a header, as in files that were cut by hand.
    const end = held.findIndex((line) => END.test(line));
    if (end < 0) return held;
    this.#state = 'licence';
    this.cut += held.length - end;
    return held.slice(0, end);
  }

  #begin(line: string, before: readonly string[]): readonly string[] {
    this.books++;
    this.cut++;
    this.#state = START.test(line) && !/\*{3}\s*$/.test(line) ? 'marker' : 'credits';
    this.#inCredits = false;
    return before;
  }

  /** Credits are whole paragraphs; the first that is none begins the text. A small print ends a header that has both marks. */
  #credits(line: string): readonly string[] {
    if (SMALL_PRINT_END.test(line) || START.test(line)) return this.#drop();
    if (line.trim() === '') {
      this.#inCredits = false;
      return [line];
    }
    this.#inCredits ||= CREDITS.test(line);
    if (this.#inCredits) return this.#drop();
    this.#state = 'body';
    return [line];
  }

  #drop(): readonly string[] {
    this.cut++;
    return [];
  }
}

/** Stands between two books of one file: a line that no book has. */
export const BOUNDARY = '\f\f';
