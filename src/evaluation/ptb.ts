import { RULES } from './ptbrules.ts';
import type { Rule, Writing } from './ptbrules.ts';

/** What the coco-caption tools leave out. Its brackets are in capitals, tokens are not: so brackets stay, there and here. */
const PUNCTUATION: ReadonlySet<string> = new Set([
  "''", "'", '``', '`', '-LRB-', '-RRB-', '-LCB-', '-RCB-', '.', '?', '!', ',', ':', '-', '--', '...', ';',
]);

/** A word of ASCII letters before a space or the end. No other rule gets further, but for the few that are cut in two. */
const ORDINARY = /(?!(?:cannot|gonna|wanna|gotta|gimme|lemme)(?![a-z]))[a-z]+(?= |\n|$)/iy;
/** These end the jar's output line, and shift all texts behind them by one. */
const LINE_BREAKS = /[\n\v\f\r\u2028\u2029]/g;

const QUOTES: ReadonlyMap<string, string> = new Map([
  ...Array.from('\u0091\u2018\u201b\u2039', (mark) => [mark, '`'] as const),
  ...Array.from('\u0093\u201c\u00ab', (mark) => [mark, '``'] as const),
  ...Array.from('\u0092\u2019\u203a', (mark) => [mark, "'"] as const),
  ...Array.from('\u0094\u201d\u00bb', (mark) => [mark, "''"] as const),
]);

const LETTERS = rulesOf('letter');
const DIGITS = rulesOf('digit');
const OTHERS = rulesOf('other');

/**
 * Tokens as `PTBTokenizer -preserveLines -lowerCase` of Stanford CoreNLP 3.4.1 cuts them, the jar in pycocoevalcap: `n't`
 * and `'s` apart, quotation marks as `` and '', brackets as -lrb-, the space inside a token (`1 1/2`) as U+00A0. A line
 * break is a space.
 *
 * Equal on every line of VIST's validation split, COCO val2017, Flickr8k, Multi30k and six old books, and on 99.99 % of lines
 * made of odd pieces. What differs, as far as is known: letters that came to Unicode after version 6.1 are letters here, and left
 * out there; a path of an address that is one emoji; white space that breaks the jar's output line is a space here.
 * A text is taken for the last one. The jar looks on into the next line, where a capital, tag or number can make `etc.`
 * the end of a sentence or `no.` an abbreviation: `ptbLines` does that too.
 */
export function ptbTokens(text: string): string[] {
  return tokensBefore(text, '');
}

/** Tokens of each line of a file, equal to the jar's. Of what is behind a line, the next two are looked at. */
export function ptbLines(lines: readonly string[]): string[][] {
  return lines.map((line, i) => tokensBefore(line, lines.slice(i + 1, i + 3).join('\n')));
}

/** Tokens as the scores of the coco-caption tools count them: `ptbTokens` without punctuation. */
export function captionTokens(text: string): string[] {
  return withoutPunctuation(ptbTokens(text));
}

/** Leaves out the tokens that `ptbtokenizer.py` of the coco-caption tools leaves out. */
export function withoutPunctuation(tokens: readonly string[]): string[] {
  return tokens.filter((token) => !PUNCTUATION.has(token));
}

/** The rules do not cross the end of the text, but look behind it. */
function tokensBefore(text: string, next: string): string[] {
  const source = `${text.replace(LINE_BREAKS, ' ')}\n${next}`;
  const tokens: string[] = [];
  let at = 0;
  while (at < text.length) {
    ORDINARY.lastIndex = at;
    if (source[at] === ' ') {
      at++;
    } else if (ORDINARY.test(source)) {
      tokens.push(source.slice(at, ORDINARY.lastIndex).toLowerCase());
      at = ORDINARY.lastIndex;
    } else {
      const found = longestAt(source, at);
      const token = found === undefined ? '' : written(found.text, found.writing).toLowerCase();
      if (token !== '') tokens.push(token);
      at += found === undefined ? 1 : found.text.length;
    }
  }
  return tokens;
}

function longestAt(source: string, at: number): { text: string; writing: Writing } | undefined {
  let best: { text: string; writing: Writing } | undefined;
  let length = 0;
  for (const { pattern, writing } of rulesAt(source.charCodeAt(at))) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match === null || match[0].length <= length) continue;
    length = match[0].length;
    best = { text: match[1]!, writing };
  }
  return best;
}

function rulesAt(code: number): readonly Rule[] {
  if (code > 127) return RULES;
  if (code >= 48 && code <= 57) return DIGITS;
  return (code | 32) >= 97 && (code | 32) <= 122 ? LETTERS : OTHERS;
}

function rulesOf(start: string): readonly Rule[] {
  return RULES.filter((rule) => rule.starts.includes(start));
}

function written(text: string, writing: Writing): string {
  if (typeof writing === 'object') return writing.text;
  switch (writing) {
    case 'word': return text.replaceAll('\u00ad', '').replace(/&amp;/gi, '&') || '-';
    case 'quotes': return text.replace(/&apos;|[\u0091-\u0094\u00ab\u00bb\u2018-\u201d\u2039\u203a]/gi, (mark) => QUOTES.get(mark) ?? "'");
    case 'kept': return text.replaceAll(' ', '\u00a0');
    case 'bracketed': return text.replaceAll(' ', '\u00a0').replaceAll('(', '-lrb-').replaceAll(')', '-rrb-');
    case 'period': return `${text}.`;
  }
}
