import { ABBREVIATIONS } from './abbreviations.ts';

/** Splits at white space: what VIST-seq2seq does with VIST's `text`, which is tokenized already. */
export function splitWords(text: string): string[] {
  return text.split(/\s+/u).filter((word) => word !== '');
}

/** Typographic characters and what VIST, written on keyboards, has in their place. */
const PLAIN: readonly (readonly [RegExp, string])[] = [
  [/[\u2018\u2019\u201b\u02bc]/g, "'"],
  [/[\u201c\u201e\u201f]/g, ' `` '],
  [/\u201d/g, " '' "],
  [/\u2026/g, '...'],
  [/[\u2014\u2015]/g, ' -- '],
  [/[\u2010\u2011\u2013\u2212]/g, '-'],
];

/**
 * The Penn Treebank rules (Marcus et al. 1993, in the order of NLTK's tokenizer) that VIST's `text` follows.
 * Bracket tags such as `[male]` stay whole.
 */
const TREEBANK: readonly (readonly [RegExp, string])[] = [
  [/^"/, '`` '],
  [/([ ([{<])"/g, '$1`` '],
  [/([:,])(?=\D|$)/g, ' $1 '],
  [/\.{2,}/g, ' ... '],
  [/[;@#$%&]/g, ' $& '],
  [/[?!]/g, ' $& '],
  [/([^' ])' /g, "$1 ' "],
  [/\[(?![\p{L}_]+\])|(?<!\[[\p{L}_]+)\]|[(){}<>]/gu, ' $& '],
  [/--+/g, ' -- '],
  [/"/g, " '' "],
  [/([^' ])('s|'m|'d|'ll|'re|'ve|n't)(?![\p{L}\p{N}])/gu, '$1 $2 '],
  [/(?<![\p{L}\p{N}])(can)(not)(?![\p{L}\p{N}])/gu, '$1 $2'],
  [/(?<![\p{L}\p{N}])(gim|lem)(me)(?![\p{L}\p{N}])/gu, '$1 $2'],
  [/(?<![\p{L}\p{N}])(gon|wan)(na)(?![\p{L}\p{N}])/gu, '$1 $2'],
  [/(?<![\p{L}\p{N}])(got)(ta)(?![\p{L}\p{N}])/gu, '$1 $2'],
  [/(?<![\p{L}\p{N}])('t)(is|was)(?![\p{L}\p{N}])/gu, '$1 $2'],
];

/**
 * Tokens of raw text in the manner of VIST: NFC, lower case, punctuation and contractions apart
 * (`We didn't see [male]'s dog.` gives `we did n't see [male] 's dog .`).
 */
export function tokenize(text: string): string[] {
  let spaced = text.normalize('NFC').toLowerCase();
  for (const [pattern, replacement] of [...PLAIN, ...TREEBANK]) spaced = spaced.replace(pattern, replacement);
  const words = splitWords(spaced);
  return words.flatMap((word, i) => splitFullStop(word, words[i + 1]));
}

/** Takes the full stop off a word that ends a sentence; abbreviations, initials and `a.m.` keep theirs unless they end the text. */
function splitFullStop(word: string, next: string | undefined): string[] {
  const match = /^(.*[^.])(\.)(['")\]]*)$/u.exec(word);
  if (match === null) return [word];
  const [, stem = '', stop = '', closing = ''] = match;
  const abbreviation = ABBREVIATIONS.has(`${stem}.`) || /^\p{L}$/u.test(stem) || /^\p{L}(\.\p{L})+$/u.test(stem);
  if (abbreviation && next !== undefined) return [word];
  return closing === '' ? [stem, stop] : [stem, stop, closing];
}
