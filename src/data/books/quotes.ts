/** Words that begin with an apostrophe. */
const ELISION = /^(?:tis|twas|twere|twill|twould|twixt|twon|tisn|twasn|em|er|im|ere|ave|ad|as|ud|un|cause|cos|til|till|bout|round|neath|gainst|mong|n|nough|cept|way|pon|stead|low|spect|fore|ware|bus|phone|nother|appen|owt|nowt|d|ll|s|t|re|ve|m)(?![\p{L}])|^\d/iu;

/**
 * Speech in single quotes, as British books print it, with double ones: `'Mr. Heathcliff?' I said.` gives
 * `“Mr. Heathcliff?” I said.` Apostrophes stay. Treebank tokens tell double quotes from words, but not single ones, and
 * two books of one style should not differ in their quotes.
 * @param paragraph one paragraph without line breaks
 */
export function doubleQuotes(paragraph: string): string {
  if (!/['‘]/.test(paragraph)) return paragraph;
  const marks = [...paragraph.matchAll(/['‘’]/gu)].map(({ index }) => index);
  // Only the marks of the outer level become double; where those are double, single ones inside them stay.
  const first = marks.find((at) => role(paragraph, at, false) === 'open');
  const double = paragraph.search(/["“]/);
  if (first === undefined || (double >= 0 && double < first)) return paragraph;
  const out = paragraph.split('');
  let open: number | undefined;
  for (const at of marks) {
    const kind = role(paragraph, at, open !== undefined);
    if (kind === 'open') {
      open ??= at;
    } else if (kind === 'close' && open !== undefined) {
      out[open] = '“';
      out[at] = '”';
      open = undefined;
    }
  }
  // Speech that goes on in the next paragraph has no closing mark.
  if (open !== undefined && paragraph.slice(0, open).trim() === '') out[open] = '“';
  return out.join('');
}

function role(text: string, at: number, isOpen: boolean): 'open' | 'close' | 'apostrophe' {
  const before = text[at - 1] ?? ' ';
  const after = text[at + 1] ?? ' ';
  if (text[at] === '‘') return 'open';
  const begins = /[\s(["“—–-]/.test(before) && /[^\s)\].,;:!?]/.test(after);
  if (begins && text[at] === "'" && (!/\p{L}|\d/u.test(after) || !ELISION.test(text.slice(at + 1, at + 12)))) {
    if (!isOpen) return 'open';
  }
  if (!isOpen || /[\p{L}\p{N}]/u.test(after)) return 'apostrophe';
  if (/[.,;:!?…—–-]/.test(before)) return 'close';
  if (/\s/.test(before)) return 'apostrophe';
  // After a letter it closes a quoted word or title, but `the boys' house` has an apostrophe.
  return /s/i.test(before) && /\s/.test(after) && text.indexOf(text[at]!, at + 1) > 0 ? 'apostrophe' : 'close';
}

