/** What counts as a name. */
export interface ProperNameOptions {
  /** Share of its appearances inside sentences that have a capital. Default 0.7. */
  readonly share?: number;
  /** Fewest of them with a capital. Default 2. */
  readonly minimum?: number;
}

/** A word, or what ends a sentence or begins a quotation: after those a capital says nothing. */
const PIECE = /\p{L}[\p{L}\p{M}]*|[.!?:;"\u201c\u201d\u2018()\n_*]+|--|\u2014/gu;

/**
 * Words that texts write mostly with a capital where no sentence begins: names of people, places and peoples, in lower
 * case as tokenised texts have them. Words all in capitals (headings) do not count; `I` is none.
 * @param texts as printed, capitals and all
 */
export function properNames(texts: Iterable<string>, { share = 0.7, minimum = 2 }: ProperNameOptions = {}): Set<string> {
  const counts = new Map<string, { capital: number; total: number }>();
  for (const text of texts) {
    let inside = false;
    for (const [piece] of text.replace(/\r\n?/g, '\n').matchAll(PIECE)) {
      const isWord = /^\p{L}/u.test(piece);
      // A line break between two words is none of a sentence.
      if (isWord ? inside && !isHeading(piece) : false) count(counts, piece);
      if (isWord || piece !== '\n') inside = isWord;
    }
  }
  return new Set([...counts].filter(([, { capital, total }]) => capital >= minimum && capital / total >= share).map(([word]) => word));
}

function isHeading(word: string): boolean {
  return word === word.toUpperCase();
}

function count(counts: Map<string, { capital: number; total: number }>, word: string): void {
  const key = word.toLowerCase();
  const entry = counts.get(key) ?? { capital: 0, total: 0 };
  entry.total++;
  if (/^\p{Lu}/u.test(word)) entry.capital++;
  counts.set(key, entry);
}
