/** Penn Treebank's names of brackets, which word lists of some decoders hold. */
const BRACKETS: Readonly<Record<string, string>> = { '-lrb-': '(', '-rrb-': ')', '-lsb-': '[', '-rsb-': ']', '-lcb-': '{', '-rcb-': '}' };

/** What a token that begins with an apostrophe must be to belong to the word before it. `'em`, `'til` and `'t` stand alone. */
const ENDING = /^(?:'(?:s|m|d|ll|re|ve)|n't|')$/i;
const CLOSING = /^(?:[.,;:!?%)\]}]|\.{2,}|…)$/;
const OPENING = /^[([{$#]$/;

/** Pairs that the tokenizer cuts out of one word; `can not` is not among them, since people write both. */
const CUT = new Set(['gim me', 'lem me', 'gon na', 'wan na', 'got ta', "'t is", "'t was"]);

/**
 * Puts tokens back together as people write them: no space before punctuation, contractions whole (`did n't` is
 * `didn't`), quotation marks and brackets close to what they hold. No word changes; `` and '' become ".
 * The inverse of `tokenize` (src/text/tokenizer.ts), as far as tokens tell.
 */
export function detokenize(tokens: readonly string[]): string {
  let text = '';
  let quoted = false;
  // Whether the next token follows without a space.
  let close = true;
  for (const [i, token] of tokens.entries()) {
    const word = BRACKETS[token.toLowerCase()] ?? token;
    const quote = quoteOf(word, quoted, i === tokens.length - 1);
    // An ellipsis does not swallow the stop of `mr.`.
    const dots = /^\.{2,}$/.test(word) && text.endsWith('.');
    const left = quote === 'close' || (CLOSING.test(word) && !dots) || ENDING.test(word) || CUT.has(`${tokens[i - 1] ?? ''} ${word}`.toLowerCase());
    text += `${close || left ? '' : ' '}${quote === null ? word : '"'}`;
    if (quote !== null) quoted = quote === 'open';
    close = quote === 'open' || OPENING.test(word);
  }
  return text;
}

/** A plain " opens and closes in turn; one that ends the text has nothing to open. */
function quoteOf(token: string, quoted: boolean, last: boolean): 'open' | 'close' | null {
  if (token === '``' || token === '“') return 'open';
  if (token === "''" || token === '”') return 'close';
  if (token !== '"') return null;
  return quoted || last ? 'close' : 'open';
}
