import { RULES } from './ptbrules.ts';
import type { Rule, Writing } from './ptbrules.ts';

/** An ordinary word before a space or the end: no other rule matches further, save those for the five words left out. */
const PLAIN = /(?!(?:cannot|gonna|wanna|gotta|gimme|lemme)(?![a-z]))[a-z]+(?= |\n|$)/iy;

const PUNCTUATION = new Set(["''", "'", '``', '`', '-LRB-', '-RRB-', '-LCB-', '-RCB-', '.', '?', '!', ',', ':', '-', '--', '...', ';']);

const QUOTES = new Map<string, string>([
  ...[...'\u0091\u2018\u201b\u2039'].map((mark) => [mark, '`'] as const),
  ...[...'\u0093\u201c\u00ab'].map((mark) => [mark, '``'] as const),
  ...[...'\u0094\u201d\u00bb'].map((mark) => [mark, "''"] as const),
]);

export function ptbTokens(text: string, next = ''): string[] {
  const source = `${text.replace(/[\n\v\f\r\u2028\u2029]/g, ' ')}\n${next}`;
  const end = text.length;
  const tokens: string[] = [];
  let at = 0;
  while (at < end) {
    if (source[at] === ' ') { at++; continue; }
    PLAIN.lastIndex = at;
    if (PLAIN.test(source)) {
      tokens.push(source.slice(at, PLAIN.lastIndex).toLowerCase());
      at = PLAIN.lastIndex;
      continue;
    }
    const found = longest(source, at);
    if (found === undefined) { at++; continue; }
    const token = written(found.token, found.rule.writing);
    if (token !== '') tokens.push(token.toLowerCase());
    at += found.token.length;
  }
  return tokens;
}

export function captionTokens(text: string, next = ''): string[] {
  return ptbTokens(text, next).filter((token) => !PUNCTUATION.has(token));
}

const starting = (kind: string): readonly Rule[] => RULES.filter((rule) => rule.starts.includes(kind));
const [LETTERS, DIGITS, OTHERS] = [starting('letter'), starting('digit'), starting('other')];

function rulesFor(code: number): readonly Rule[] {
  if (code > 127) return RULES;
  if (code >= 48 && code <= 57) return DIGITS;
  return (code | 32) >= 97 && (code | 32) <= 122 ? LETTERS : OTHERS;
}

function longest(source: string, at: number): { token: string; rule: Rule } | undefined {
  let best: { token: string; rule: Rule } | undefined;
  let length = 0;
  for (const rule of rulesFor(source.charCodeAt(at))) {
    rule.pattern.lastIndex = at;
    const match = rule.pattern.exec(source);
    if (match === null || match[0].length <= length) continue;
    length = match[0].length;
    best = { token: match[1]!, rule };
  }
  return best;
}

function written(token: string, writing: Writing): string {
  if (typeof writing === 'object') return writing.text;
  switch (writing) {
    case 'word': return token.replaceAll('\u00ad', '').replace(/&amp;/gi, '&') || '-';
    case 'quotes': return token.replace(/&apos;|[\u0091-\u0094\u00ab\u00bb\u2018-\u201d\u2039\u203a]/gi, (mark) => QUOTES.get(mark) ?? "'");
    case 'period': return `${token}.`;
    case 'kept': return token.replaceAll(' ', '\u00a0');
    case 'bracketed': return token.replaceAll(' ', '\u00a0').replaceAll('(', '-lrb-').replaceAll(')', '-rrb-');
  }
}
