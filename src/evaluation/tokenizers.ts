/** White space to Perl on bytes: ASCII only, so a no-break space stays in its word. */
const ASCII_SPACE = /[\t-\r ]+/;

/** White space to Python's `str.split()` (Unicode's, and the four ASCII separators). */
const PYTHON_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
const TRAILING_PYTHON_SPACE = new RegExp(`${PYTHON_SPACE.source}$`);

/** mteval-v13a's rules in the order of sacreBLEU 2.6 (`tokenizer_re.py`). */
const RULES_13A: readonly (readonly [RegExp, string])[] = [
  [/([{-~[-` -&(-+:-@/])/gu, ' $1 '],
  [/([^0-9])([.,])/gu, '$1 $2 '],
  [/([.,])([^0-9])/gu, ' $1 $2'],
  [/([0-9])(-)/gu, '$1 $2 '],
];

/** For text that is tokenized already, as VIST's is: the tokens of multi-bleu.perl. */
function whitespace(text: string): string[] {
  return text.split(ASCII_SPACE).filter((word) => word !== '');
}

/** sacreBLEU's default, `tokenize='13a'`, equal to mteval-v13a.pl's: for raw text. */
function mteval13a(text: string): string[] {
  let line = text.replace(TRAILING_PYTHON_SPACE, '').replaceAll('<skipped>', '').replaceAll('-\n', '').replaceAll('\n', ' ');
  line = line.replaceAll('&quot;', '"').replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>');
  line = ` ${line} `;
  for (const [pattern, replacement] of RULES_13A) line = line.replace(pattern, replacement);
  return line.split(PYTHON_SPACE).filter((word) => word !== '');
}

/** What a score takes for a word, by name. No token holds a space. */
export const TOKENIZERS = { whitespace, '13a': mteval13a } as const satisfies Record<string, (text: string) => string[]>;

export type TokenizerName = keyof typeof TOKENIZERS;
