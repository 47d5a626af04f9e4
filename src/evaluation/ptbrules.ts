/**
 * How a token is written: `word` without soft hyphens; `quotes` with ASCII quotation marks; `kept` as it stands;
 * `bracketed` with its round brackets spelled out; `period` with a full stop, which is a token of its own as well. A `text` stands for any match.
 */
export type Writing = 'word' | 'quotes' | 'kept' | 'bracketed' | 'period' | { readonly text: string };

/** One kind of token. */
export interface Rule {
  /** Sticky. Group 1 is the token; what is matched behind it is only looked at, but counts when the longest match wins. */
  readonly pattern: RegExp;
  readonly writing: Writing;
  /** Which ASCII characters the token can begin with: letters, digits, others. It is tried on all that is not ASCII. */
  readonly starts: string;
}

const ASTRAL = String.raw`[\u{10000}-\u{10ffff}]`;
const ENTITY = '&[aeiouAEIOU](?:acute|grave|uml);';
/** Marks that count as letters there: those of Unicode's first blocks up to Lao. */
const MARKS = String.raw`\u02c2-\u02c5\u02d2-\u02df\u02e5-\u02eb\u02ed\u02ef-\u036f\u0375\u0384\u0385\u03f6\u0483-\u0487\u055a-\u055f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0615-\u061a\u064b-\u065e\u0670\u06d6-\u06e4\u06e7-\u06ed\u06fd\u06fe\u070f\u0711\u0730-\u074c\u07a6-\u07b0\u07eb-\u07f3\u0900-\u0903\u093c\u093e-\u094e\u0951-\u0955\u0962\u0963\u0981-\u0983\u09bc\u09be-\u09c4\u09c7\u09c8\u09cb-\u09cd\u09d7\u09e2\u09e3\u0a01-\u0a03\u0a3c\u0a3e-\u0a4f\u0a81-\u0a83\u0abc\u0abe-\u0acf\u0b82\u0bbe-\u0bc2\u0bc6-\u0bc8\u0bca-\u0bcd\u0c01-\u0c03\u0c3e-\u0c56\u0d3e-\u0d44\u0d46-\u0d48\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd`;
/** A letter, a letter or digit, a digit; of the basic plane, as everything there. */
const L = String.raw`(?:(?!${ASTRAL})[\p{L}\u00ad${MARKS}]|${ENTITY})`;
const W = String.raw`(?:(?!${ASTRAL})[\p{L}\p{Nd}\u00ad${MARKS}]|${ENTITY})`;
const PLAIN = String.raw`(?:(?!${ASTRAL})[\p{L}\p{Nd}])`;
const D = String.raw`(?:(?!${ASTRAL})\p{Nd})`;
/** An apostrophe, and whatever people type for one inside a word. */
const A = String.raw`(?:['\u2019\u0092]|&[aA][pP][oO][sS];)`;
const A_LOOSE = String.raw`(?:['\u2018\u2019\u201b\u0091\u0092\x60]|&[aA][pP][oO][sS];)`;
const SPACE = String.raw`[\t \u00a0\u2000-\u200a\u3000\n\v\f\r\u2028\u2029]`;
const NAME = '[A-Za-z][A-Za-z0-9_:.\\-]*';
const TAG = String.raw`<(?:\/${NAME} *|${NAME}(?: +${NAME}(?: *= *(?:'[^']*'|"[^"]*"))?)* *\/? *|[!?][A-Za-z\-][^>\n]*)>`;

/** What one or two of are written as quotation marks, a token together. */
const QUOTE = '[\\u2018\\u2019\\u201b-\\u201d\\u00ab\\u00bb\\u2039\\u203a\\u0091-\\u0094\\x60]';

const WORD = `${L}${W}*(?:[.!?]${L}${W}*)*`;
const PART = `(?:[dDoOlL]${A_LOOSE}${PLAIN})?${PLAIN}+`;
const HYPHENED = `${PART}(?:[-_\\u058a\\u2010\\u2011]${PART})*`;
const MIXED = '[A-Za-z0-9][A-Za-z0-9.,\\u00ad]*(?:-(?:[A-Za-z](?:\\.[A-Za-z])+\\.|[A-Za-z0-9\\u00ad]+))+';
const CAPITALS = '[A-Z]+(?:(?:&[aA][mM][pP];|[+&])[A-Z]+)+';
const SHORT = '[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}';
const TAIL = `${A}(?:[sSdDmM]|[lL][lL]|[rR][eE]|[vV][eE])`;

/** Never the end of a sentence. */
const TITLES = anyCase('adj adm adv alex asst atty ave brig capt cf cie cmdr col cpl dept det dr drs elec ens ft gen gov govs hon insp invt jos lt maj messrs mlle mme mr mrs ms msgr mt natl pfc ph pres prof pvt rep reps rev sen sens sfc sgt spc st ste supt vs wm') + '|[mM]f[gG]|[mM]t[gG]';
/** The end of a sentence where a capital follows. */
const ENDINGS = anyCase('al ala apr ariz assn aug bancorp bhd bldg blvd bros calif co colo conn corp cos ct dak dec esq est etc ext feb fla fri ga inc ind intl jan jr jul jun kan kans ky ltd mar mich minn mo mon mont neb nev nov oct okla penn plc rd rt seq sep sept sq sr sys tel tenn thu tue tues univ va vt wed wis wisc wyo md')
  + '|[aA]ssn|[pP]?[pP]t[eEyY][sS]?|[eE]d\\.[dD]|[pP]h\\.[dD]|A[zZ]|A[rR][kK]|D[eE][lL]|I[lL][lL]|L[aA]|M[aA][sS][sS]|M[iI][sS][sS]|O[rR][eE]|P[aA]|T[eE][xX]|W[aA][sS][hH]';
/** An abbreviation before a number only. */
const NUMBERED = anyCase('art ca fig figs no nos op pp prop');
/** After initials and a space these begin a sentence. */
const STARTERS = capital('a about according additionally after an as at but earlier he her here however if in it last many more now once one other our she since so some such that the their then there these they this we what when while yet you');
const STARTS_SENTENCE = `\\.${SPACE}+(?:${STARTERS}|M[rRsS]\\.|${TAG})${SPACE}`;

const EXTENSIONS = anyCase('bat bmp c class cgi cpp dll doc docx exe gif gz h htm html jar java jpeg jpg mov mp3 pdf php pl png ppt ps py sql tar txt wav x xml zip');

const NOT_IN_URL = String.raw`\t-\r \u00a0"<>|(){}`;
const URL_TAIL = String.raw`[^${NOT_IN_URL}]+[^${NOT_IN_URL}.!?,\-]`;
const HOST = String.raw`(?:[^${NOT_IN_URL}'\x60.!?,\-/0-9:;=@A-Z[\\\]^_$]+\.)+(?:[cC][oO][mM]|[nN][eE][tT]|[oO][rR][gG]|[eE][dD][uU])`;

/** The kinds of tokens; of two equally long matches the first stands. */
export const RULES: readonly Rule[] = [
  rule('other', TAG, 'kept'),
  rule('letter other', WORD, 'word', TAIL),
  rule('letter digit other', `(?:&lt;|<)?[A-Za-z0-9][^${NOT_IN_URL}]*@(?:[^${NOT_IN_URL}.]+\\.)*[^${NOT_IN_URL}.]+(?:&gt;|>)?`, 'kept'),
  rule('letter', '[cC][aA][nN]', 'word', '[nN][oO][tT]'),
  rule('letter', '[gG][oO][nN]|[wW][aA][nN]', 'word', '[nN][aA]'),
  rule('letter', '[gG][oO][tT]', 'word', '[tT][aA]'),
  rule('letter', '[gG][iI][mM]|[lL][eE][mM]', 'word', '[mM][eE]'),
  rule('other', "'[tT]", 'quotes', '(?:[iI][sS]|[wW][aA][sS])'),
  rule('letter', `[A-HJ-XZn]${A_LOOSE}${L}{2}${L}*|${L}+[aeiouyAEIOUY]${A_LOOSE}[aeiouA-Z]${L}*`, 'word'),
  rule('letter', '[A-Za-z]*[A-MO-Za-mo-z]', 'word', `[nN]${A_LOOSE}[tT]`),
  rule('letter other', WORD, 'word'),
  rule('letter', `[lLdDjJ]${A}|[oO][lL]${A}|(?:[dD]unkin|[sS]omethin)${A}|[cC]${A}mon|[cC]ont${A}d\\.|[eE]${A}er|[oO]${A_LOOSE}[oO]|[sS]${A}mores|[eE]v${A}ry|[lL]i${A}l|[nN]at${A}l|[nN]or${A}easter|[cC]${A}est`, 'word'),
  rule('letter', `[yY]${A}`, 'word', L),
  rule('other', `${A}[nN]${A}?|${A}[eE][mM]|${A}[2-9]0[sS]|${A}[tT][iI][lL][lL]?|${A}[cC][aA][uU][sS][eE]`, 'word'),
  rule('other', `${A}[0-9]{2}`, 'word', SPACE),
  rule('other', TAIL, 'quotes', '[^A-Za-z]'),
  rule('other', "'", { text: '`' }, '[A-Za-z][^\\t-\\r \\u00a0]'),
  rule('other', TAIL, 'quotes'),
  rule('letter', `[nN]${A_LOOSE}[tT]`, 'quotes'),
  rule('letter digit other', HYPHENED, 'word'),
  rule('letter', '(?:[cC][oO]|[pP]t[eEyY])\\.', 'word', ' [lL][tT][dD]'),
  rule('letter', ENDINGS, 'period', `\\.${SPACE}(?:${SPACE}|\\p{Lu}|${TAG})`),
  rule('letter', `(?:${ENDINGS})\\.`, 'word', '[^][^]'),
  rule('letter digit', MIXED, 'word'),
  rule('letter', CAPITALS, 'word'),
  rule('letter digit', `${SHORT}(?:\\\\?/${SHORT}){1,2}`, 'word'),

  rule('letter digit other', `(?:${WORD}|${HYPHENED}|${MIXED}|${CAPITALS})\\.`, 'word', '[,;:]'),
  rule('letter', `(?:${ENDINGS}|${TITLES})\\.`, 'word'),
  rule('letter', `(?:${NUMBERED})\\.`, 'word', `${SPACE}?${D}`),
  rule('letter', '[A-Za-z](?:\\.[A-Za-z])+', 'period', STARTS_SENTENCE),
  rule('letter', '[A-Za-z]', 'word', STARTS_SENTENCE),
  rule('letter', '[A-Za-z](?:\\.[A-Za-z])*\\.', 'word'),
  rule('letter digit', `${PLAIN}+(?:\\.${PLAIN}+)*\\.(?:${EXTENSIONS})`, 'word', `(?:${SPACE}|[.?!,])`),

  rule('letter', `https?://${URL_TAIL}`, 'kept'),
  rule('letter other', `(?:[wW]{3}\\.(?:[^${NOT_IN_URL}.!?,]+\\.)+[A-Za-z]{2,4}|${HOST})`, 'kept'),
  rule('letter other', `(?:[wW]{3}\\.(?:[^${NOT_IN_URL}.!?,]+\\.)+[A-Za-z]{2,4}|${HOST})/${URL_TAIL}`, 'kept'),
  rule('other', `@[A-Za-z_][A-Za-z0-9_]*|#${L}+`, 'kept'),

  rule('digit other', `[-+]?(?:${D}*(?:[.:,\\u066b\\u066c\\u00ad]${D}+)+|${D}+)`, 'word'),
  rule('digit', `(?:${D}{1,4}[- \\u00a0])?${D}{1,4}(?:\\\\?/|\\u2044)${D}{1,4}`, 'kept'),
  rule('digit', `${D}{1,2}[-/]${D}{1,2}[-/]${D}{2,4}`, 'kept'),
  rule('digit other', `(?:\\([0-9]{2,3}\\)[ \\u00a0]?|(?:\\+\\+?)?(?:[0-9]{2,4}[- \\u00a0])?[0-9]{2,4}[- \\u00a0])[0-9]{3,4}[- \\u00a0]?[0-9]{3,5}`, 'bracketed'),
  rule('letter', '[A-Z]+\\$|[cCfF]#|[cC]\\+\\+|[sS]&[lL][sS]', 'kept'),

  rule('other', "[<>]?[:;=][-'o*]?[()DPdpO\\\\{@|[\\]]", 'bracketed', '[^A-Za-z0-9]'),
  rule('letter other', "[-^x=~<>']_[-^x=~<>']|\\([-^x=~<>'][_.]?[-^x=~<>']\\)|\\([\\^x=~<>']-[\\^x=~<>'\\x60]\\)", 'bracketed'),
  rule('other', '\\.{3,5}|(?:\\.[ \\u00a0]){2,4}\\.|[\\u2026\\u0085]', { text: '...' }),
  rule('other', '-{2,4}|[\\u0096\\u0097\\u2013-\\u2015]|&(?:[mM][dD]|mdash|ndash);', { text: '--' }),
  rule('other', '-{5,}|-[LR][RCS]B-|-[lr][rcs]b-|[!?]+|_+|(?:\\\\?\\*)+|#+|@+|<<|>>', 'kept'),
  rule('other', '&(?:[hH][tT]|[tTuUlL][lLrR]|[qQ][cClLrR]|[oOcC][dD][qQ]|#[0-9]+);', 'kept'),
  rule('other', '&[nN][bB][sS][pP];', { text: '' }),
  rule('other', '&[aA][mM][pP];|&', { text: '&' }),
  rule('other', '&[lL][tT];|<', { text: '<' }),
  rule('other', '&[gG][tT];|>', { text: '>' }),
  rule('other', `&[qQ][uU][oO][tT];|"`, { text: '``' }, '[A-Za-z0-9$]'),
  rule('other', '&[qQ][uU][oO][tT];|"', { text: "''" }),
  rule('other', `''|\\x60\\x60|${QUOTE}{1,2}|${A}`, 'quotes'),
  rule('other', '\\(', { text: '-lrb-' }),
  rule('other', '\\)', { text: '-rrb-' }),
  rule('other', '\\[', { text: '-lsb-' }),
  rule('other', '\\]', { text: '-rsb-' }),
  rule('other', '\\{', { text: '-lcb-' }),
  rule('other', '\\}', { text: '-rcb-' }),
  rule('other', '[\\u0080\\u00a4\\u20a0\\u20ac]', { text: '$' }),
  rule('other', '\\u00a3', { text: '#' }),
  rule('other', '\\u00a2', { text: 'cents' }),
  rule('other', '\\u00bc', { text: '1/4' }),
  rule('other', '\\u00bd', { text: '1/2' }),
  rule('other', '\\u00be', { text: '3/4' }),
  rule('other', '\\u2153', { text: '1/3' }),
  rule('other', '\\u2154', { text: '2/3' }),
  rule('other', String.raw`[$%*+,\-./:;<=>@\\^_|~\u00a1\u00a5-\u00a9\u00ac\u00ae-\u00b4\u00b6-\u00b9\u00bf\u00d7\u00f7\u037e\u0387\u0589\u05be\u05c0\u05c3\u05c6\u05f3\u05f4\u0600-\u0603\u0606-\u060c\u0614\u061b\u061e\u061f\u066a\u066d\u06d4\u0700-\u070d\u07f6-\u07f8\u0964\u0965\u0e3f\u0e4f\u1fbd\u2016\u2017\u201a\u201e-\u2023\u2030-\u2038\u203b\u203e-\u2042\u2044\u2070\u2074-\u207e\u2080-\u208e\u20a4\u2100\u2101\u2103-\u2106\u2108\u2109\u2114\u2116-\u2118\u211e-\u2123\u2125\u2127\u2129\u212e\u213a\u213b\u2140-\u2144\u214a-\u214d\u214f\u2155-\u215e\u2190-\u2bff\u3001\u3002\u3012\u30fb\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0\uffe1\uffe5\uffe6]`, 'kept'),
];

function rule(starts: string, token: string, writing: Writing, behind = ''): Rule {
  return { pattern: new RegExp(`(${token})(?:${behind})`, 'uy'), writing, starts };
}

/** `mr no` as alternatives in letters of either case. */
function anyCase(words: string): string {
  const either = (word: string): string => [...word].map((letter) => `[${letter}${letter.toUpperCase()}]`).join('');
  return words.split(' ').sort((a, b) => b.length - a.length).map(either).join('|');
}

/** The same with a first letter in upper case. */
function capital(words: string): string {
  return words.split(' ').map((word) => word[0]!.toUpperCase() + (word.length > 1 ? anyCase(word.slice(1)) : '')).join('|');
}
