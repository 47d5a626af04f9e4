/** Words after which a full stop does not end a sentence: always, or before a number. */
export type Prefixes = ReadonlyMap<string, 'any' | 'number'>;

// METEOR's letters: Latin with Windows-1252's additions, Cyrillic, phonetic extensions. Its ranges are kept as they are,
// gaps and all (U+A66F to U+A67D are missing).
const ALPHA = 'A-Za-z\u0160\u017d\u0161\u017e\u0178\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e\u0400-\u04ff\u0500-\u0527\ua640-\ua66e\ua67e-\ua697\u1d00-\u1d7f';
const ALNUM = `0-9${ALPHA}`;
/** White space to Java's `\s` and to its StringTokenizer, which lacks the vertical tab. */
const JAVA_SPACE = ' \\t\\n\\v\\f\\r';
export const TOKEN_SPACE = /[ \t\n\r\f]+/;

/** Rules before words are looked at one by one, in order. Java matches whole characters, hence `u`. */
const SEPARATE = new RegExp(`([^${ALNUM}${JAVA_SPACE}.'\`,\\-\u2018\u2019])`, 'gu');
const DOTS = /\.(\.+)/g;
const DOTS_THEN = /DOTMULTI\.([^.])/gu;
/** Each after a text without which it changes nothing: most stories have few quotes and dashes. */
const AFTER_DOTS: readonly (readonly [needs: string, pattern: RegExp, replacement: string])[] = [
  [',', /([^0-9]),([^0-9])/gu, '$1 , $2'],
  [',', /([0-9]),([^0-9])/gu, '$1 , $2'],
  [',', /([^0-9]),([0-9])/gu, '$1 , $2'],
  ['', /[`\u2018\u2019]/g, "'"],
  ['', /[\u201c\u201d]|''/g, ' " '],
  ['\u2013', /\u2013/g, '-'],
  ['--', /--/g, '-'],
  // Dashes within words go, so that half a compound is worth something.
  ['-', new RegExp(`([${ALNUM}.])-([${ALNUM}])`, 'gu'), '$1 $2'],
  // English contractions are split to the left of their apostrophe.
  ["'", new RegExp(`([^${ALPHA}])'([^${ALPHA}])`, 'gu'), "$1 ' $2"],
  ["'", new RegExp(`([^${ALPHA}0-9])'([${ALPHA}])`, 'gu'), "$1 ' $2"],
  ["'", new RegExp(`([${ALPHA}])'([^${ALPHA}])`, 'gu'), "$1 ' $2"],
  ["'", new RegExp(`([${ALPHA}])'([${ALPHA}])`, 'gu'), "$1 '$2"],
  ["'", /([0-9])'(s)/g, "$1 '$2"],
];
const LETTER = new RegExp(`[${ALPHA}]`);
const PUNCTUATION = new RegExp(`[^${ALNUM}]`, 'gu');
const SPACES = /[ \u2000-\u200a\u202f\u205f\u3000\u00a0]+/g;

/**
 * METEOR 1.5's `-norm` for English: punctuation apart, quotes and dashes made alike, contractions split. Letters keep
 * their case, which METEOR lowers afterwards.
 * @param prefixes the distribution's nonbreaking/english.prefixes
 * @param keepPunctuation false with METEOR's `-noPunct`
 */
export function normaliseEnglish(text: string, prefixes: Prefixes, keepPunctuation = true): string {
  let line = escapeDots(` ${text} `.replace(SEPARATE, ' $1 '));
  for (const [needs, pattern, replacement] of AFTER_DOTS) if (line.includes(needs)) line = line.replace(pattern, replacement);
  const words = line.split(TOKEN_SPACE).filter((word) => word !== '');
  line = words.map((word, i) => `${withoutFullStop(word, words[i + 1], prefixes)} `).join('');
  while (line.includes('DOTDOTMULTI')) line = line.replaceAll('DOTDOTMULTI', 'DOTMULTI.');
  line = line.replaceAll('DOTMULTI', '.');
  if (!keepPunctuation) line = line.replace(PUNCTUATION, ' ');
  // Java's trim takes every character up to the space.
  return line.replace(SPACES, ' ').replace(/^[\0- ]+|[\0- ]+$/g, '');
}

/** Hides runs of dots from the rules about full stops. */
function escapeDots(line: string): string {
  let escaped = line.replace(DOTS, ' DOTMULTI$1');
  while (escaped.includes('DOTMULTI.')) escaped = escaped.replace(DOTS_THEN, 'DOTDOTMULTI $1').replaceAll('DOTMULTI.', 'DOTDOTMULTI');
  return escaped;
}

/** A word with its final full stop set apart, or taken for part of an abbreviation. */
function withoutFullStop(word: string, next: string | undefined, prefixes: Prefixes): string {
  if (word.length <= 1 || !word.endsWith('.')) return word;
  const stem = word.slice(0, -1);
  if (stem.includes('.') && LETTER.test(stem)) return word.replaceAll('.', '');
  const kind = prefixes.get(stem);
  if (kind === 'any' || (next !== undefined && /^[a-z]/.test(next))) return word;
  if (kind === 'number' && next !== undefined && /^[0-9]/.test(next)) return word;
  return `${stem} .`;
}
