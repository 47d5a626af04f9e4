/**
 * How a token is written: `word` without soft hyphens; `quotes` with ASCII quotation marks; `kept` as it stands;
 * `bracketed` with its round brackets spelled out; `period` with a full stop, which also is a token of its own.
 * A `text` stands for whatever was matched.
 */
export type Writing = 'word' | 'quotes' | 'kept' | 'bracketed' | 'period' | { readonly text: string };

/** One kind of token. */
export interface Rule {
  /** Sticky. Group 1 is the token; what is matched behind it is only looked at, but counts when the longest match wins. */
  readonly pattern: RegExp;
  readonly writing: Writing;
  /** Which ASCII characters the token begins with: letters, digits, others. On other characters every rule is tried. */
  readonly starts: string;
}

/** Unicode's marks and modifiers that are letters to the jar: those of the blocks up to Lao. */
const MARKS = [
  String.raw`\u02c2-\u02c5\u02d2-\u02df\u02e5-\u02eb\u02ed\u02ef-\u036f\u0375\u0384\u0385\u03f6\u0483-\u0487\u055a-\u055f`,
  String.raw`\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0615-\u061a\u064b-\u065e\u0670\u06d6-\u06e4\u06e7-\u06ed\u06fd`,
  String.raw`\u06fe\u070f\u0711\u0730-\u074c\u07a6-\u07b0\u07eb-\u07f3\u0900-\u0903\u093c\u093e-\u094e\u0951-\u0955\u0962\u0963`,
  String.raw`\u0981-\u0983\u09bc\u09be-\u09c4\u09c7\u09c8\u09cb-\u09cd\u09d7\u09e2\u09e3\u0a01-\u0a03\u0a3c\u0a3e-\u0a4f`,
  String.raw`\u0a81-\u0a83\u0abc\u0abe-\u0acf\u0b82\u0bbe-\u0bc2\u0bc6-\u0bc8\u0bca-\u0bcd\u0c01-\u0c03\u0c3e-\u0c56\u0d3e-\u0d44`,
  String.raw`\u0d46-\u0d48\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd`,
].join('');
/** What makes a token of its own. Characters that no rule has are left out, as the jar does. */
const SYMBOLS = [
  String.raw`$%*+,\-./:;<=>@\\^_|~\u00a1\u00a5-\u00a9\u00ac\u00ae-\u00b4\u00b6-\u00b9\u00bf\u00d7\u00f7\u037e\u0387\u0589\u05be`,
  String.raw`\u05c0\u05c3\u05c6\u05f3\u05f4\u0600-\u0603\u0606-\u060c\u0614\u061b\u061e\u061f\u066a\u066d\u06d4\u0700-\u070d`,
  String.raw`\u07f6-\u07f8\u0964\u0965\u0e3f\u0e4f\u1fbd\u2016\u2017\u201a\u201e-\u2023\u2030-\u2038\u203b\u203e-\u2042\u2044\u2070`,
  String.raw`\u2074-\u207e\u2080-\u208e\u20a4\u2100\u2101\u2103-\u2106\u2108\u2109\u2114\u2116-\u2118\u211e-\u2123\u2125\u2127`,
  String.raw`\u2129\u212e\u213a\u213b\u2140-\u2144\u214a-\u214d\u214f\u2155-\u215e\u2190-\u2bff\u3001\u3002\u3012\u30fb`,
  String.raw`\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0\uffe1\uffe5\uffe6`,
].join('');

const BASIC = String.raw`(?![\u{10000}-\u{10ffff}])`;
const ENTITY = '&[aeiouAEIOU](?:acute|grave|uml);';
const LETTER = String.raw`(?:${BASIC}[\p{L}\u00ad${MARKS}]|${ENTITY})`;
const LETTER_OR_DIGIT = String.raw`(?:${BASIC}[\p{L}\p{Nd}\u00ad${MARKS}]|${ENTITY})`;
const PLAIN = String.raw`(?:${BASIC}[\p{L}\p{Nd}])`;
const DIGIT = String.raw`(?:${BASIC}\p{Nd})`;
const SPACE = String.raw`[\t \u00a0\u2000-\u200a\u3000\n\v\f\r\u2028\u2029]`;
const APOSTROPHE = String.raw`(?:['\u2019\u0092]|&${anyCase('apos')};)`;
/** What people type for an apostrophe inside a word. */
const TICK = String.raw`(?:['\u2018\u2019\u201b\u0091\u0092\x60]|&${anyCase('apos')};)`;
/** Marks that two of, of any kind, are one token. */
const QUOTE = String.raw`[\u2018\u2019\u201b-\u201d\u00ab\u00bb\u2039\u203a\u0091-\u0094\x60]`;

const WORD = `${LETTER}${LETTER_OR_DIGIT}*(?:[.!?]${LETTER}${LETTER_OR_DIGIT}*)*`;
const PART = `(?:[dDoOlL]${TICK}${PLAIN})?${PLAIN}+`;
const HYPHENED = String.raw`${PART}(?:[-_\u058a\u2010\u2011]${PART})*`;
/** `1,000-mile`, `U.S.-led`. */
const MIXED = String.raw`[A-Za-z0-9][A-Za-z0-9.,\u00ad]*(?:-(?:[A-Za-z](?:\.[A-Za-z])+\.|[A-Za-z0-9\u00ad]+))+`;
const CAPITALS = `[A-Z]+(?:(?:&${anyCase('amp')};|[+&])[A-Z]+)+`;
const SLASHED = '[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}';
const CLITIC = `${APOSTROPHE}(?:${anyCase('s d m ll re ve')})`;

const NAME = String.raw`[A-Za-z][A-Za-z0-9_:.\-]*`;
const TAG = String.raw`<(?:\/${NAME} *|${NAME}(?: +${NAME}(?: *= *(?:'[^']*'|"[^"]*"))?)* *\/? *|[!?][A-Za-z\-][^>\n]*)>`;

const NOT_IN_URL = String.raw`\t-\r \u00a0"<>|()`;
const URL_END = String.raw`[^${NOT_IN_URL}{}.!?,\-]`;
const HOST = String.raw`(?:[^${NOT_IN_URL}{}'\x60.!?,\-/0-9:;=@A-Z[\\\]^_$]+\.)+(?:${anyCase('com net org edu')})`;
const SITE = String.raw`(?:[wW]{3}\.(?:[^${NOT_IN_URL}{}.!?,]+\.)+[A-Za-z]{2,4}|${HOST})`;
const IN_MAIL = `[^${NOT_IN_URL}{}]`;
const IN_DOMAIN = `[^${NOT_IN_URL}{}.]`;

/** What a telephone number begins with. */
const PREFIX = String.raw`(?:\([0-9]{2,3}\)[ \u00a0]?|(?:\+\+?)?(?:[0-9]{2,4}[- \u00a0])?[0-9]{2,4}[- \u00a0])`;

/** Abbreviations that never end a sentence. */
const TITLES = `${anyCase(
  'adj adm adv alex assoc asst atty attys ave brig capt cf cie cmdr col comdr cpl dept det dr drs elec ens ft gen gov '
  + 'govs hon insp invt jos lieut lt maj messrs mlle mme mr mrs ms msgr mt natl pfc ph pres prof profs pvt rep reps rev '
  + 'sen sens sfc sgt spc st ste supt supts treas vs wm',
)}|[mM]f[gG]|[mM]t[gG]`;
/** Abbreviations that end a sentence where a capital, a tag or a second space follows. */
const ENDINGS = `${anyCase(
  'al ala apr ariz assn aug bancorp bhd bldg blvd bros calif co colo conn corp cos ct dak dec esq est etc ext feb fla '
  + 'fri ga inc ind intl jan jr jul jun kan kans ky ltd mar mich minn mo mon mont neb nev nov oct okla penn plc rd rt '
  + 'seq sep sept sq sr sys tel tenn thu thurs tue tues univ va vt wed wis wisc wyo md ed\\.d ph\\.d',
)}|${capitalised('az ark del ill la mass miss ore pa tex wash')}|[pP]?[pP]t[eEyY][sS]?`;
/** Abbreviations before a number only. */
const NUMBERED = anyCase('art ca fig figs no nos op pp prop');
/** These begin a sentence behind initials. */
const STARTERS = capitalised(
  'a about according additionally after an as at but earlier he her here however if in it last many more now once one '
  + 'other our she since so some such that the their then there these they this we what when while yet you mr\\. ms\\.',
);
const STARTS_SENTENCE = String.raw`\.${SPACE}+(?:${STARTERS}|${TAG})${SPACE}`;
const EXTENSIONS = anyCase(
  'bat bmp c class cgi cpp dll doc docx exe gif gz h htm html jar java jpeg jpg mov mp3 pdf php pl png ppt ps py sql tar '
  + 'txt wav x xml zip',
);

/** The kinds of tokens; of two equally long matches the first stands. */
export const RULES: readonly Rule[] = [
  rule('other', TAG, 'kept'),
  rule('letter other', WORD, 'word', CLITIC),
  rule('letter digit other', String.raw`(?:&lt;|<)?[A-Za-z0-9]${IN_MAIL}*@(?:${IN_DOMAIN}+\.)*${IN_DOMAIN}+(?:&gt;|>)?`, 'kept'),

  rule('letter', anyCase('can'), 'word', anyCase('not')),
  rule('letter', anyCase('gon wan'), 'word', anyCase('na')),
  rule('letter', anyCase('got'), 'word', anyCase('ta')),
  rule('letter', anyCase('gim lem'), 'word', anyCase('me')),
  rule('other', "'[tT]", 'quotes', `(?:${anyCase('is was')})`),
  rule('letter', `[A-HJ-XZn]${TICK}${LETTER}{2}${LETTER}*|${LETTER}+[aeiouyAEIOUY]${TICK}[aeiouA-Z]${LETTER}*`, 'word'),
  rule('letter', '[A-Za-z]*[A-MO-Za-mo-z]', 'word', `[nN]${TICK}[tT]`),
  rule('letter other', WORD, 'word'),
  rule('letter', `[lLdDjJ]${APOSTROPHE}|(?:[oO][lL]|[dD]unkin|[sS]omethin)${APOSTROPHE}|[oO]${TICK}[oO]`, 'word'),
  rule('letter', `(?:[cC]${APOSTROPHE}(?:mon|est)|[cC]ont${APOSTROPHE}d\\.|[eE]${APOSTROPHE}er|[sS]${APOSTROPHE}mores)`, 'word'),
  rule('letter', `(?:[eE]v${APOSTROPHE}ry|[lL]i${APOSTROPHE}l|[nN]at${APOSTROPHE}l|[nN]or${APOSTROPHE}easter)`, 'word'),
  rule('letter', `[yY]${APOSTROPHE}`, 'word', LETTER),
  rule('other', `${APOSTROPHE}(?:[nN]${APOSTROPHE}?|[2-9]0[sS]|${anyCase('em til till cause')})`, 'word'),
  rule('other', `${APOSTROPHE}[0-9]{2}`, 'word', SPACE),
  rule('other', CLITIC, 'quotes', '[^A-Za-z]'),
  rule('other', "'", { text: '`' }, String.raw`[A-Za-z][^\t-\r \u00a0]`),
  rule('other', CLITIC, 'quotes'),
  rule('letter', `[nN]${TICK}[tT]`, 'quotes'),
  rule('letter digit other', HYPHENED, 'word'),

  rule('letter', String.raw`(?:${anyCase('co')}|[pP]t[eEyY])\.`, 'word', ` ${anyCase('ltd')}`),
  rule('letter', ENDINGS, 'period', String.raw`\.${SPACE}(?:${SPACE}|\p{Lu}|${TAG})`),
  rule('letter', String.raw`(?:${ENDINGS})\.`, 'word', '[^][^]'),
  rule('letter digit', MIXED, 'word'),
  rule('letter', CAPITALS, 'word'),
  rule('letter digit', String.raw`${SLASHED}(?:\\?/${SLASHED}){1,2}`, 'word'),
  rule('letter other', String.raw`${WORD}\.`, 'word', '[,;:]'),
  rule('letter digit other', String.raw`${HYPHENED}\.`, 'word', '[,;:]'),
  rule('letter digit', String.raw`${MIXED}\.`, 'word', '[,;:]'),
  rule('letter', String.raw`${CAPITALS}\.`, 'word', '[,;:]'),
  rule('letter', String.raw`(?:${ENDINGS}|${TITLES})\.`, 'word'),
  rule('letter', String.raw`(?:${NUMBERED})\.`, 'word', `${SPACE}?${DIGIT}`),
  rule('letter', String.raw`[A-Za-z](?:\.[A-Za-z])+`, 'period', STARTS_SENTENCE),
  rule('letter', '[A-Za-z]', 'word', STARTS_SENTENCE),
  rule('letter', String.raw`[A-Za-z](?:\.[A-Za-z])*\.`, 'word'),
  rule('letter digit', String.raw`${PLAIN}+(?:\.${PLAIN}+)*\.(?:${EXTENSIONS})`, 'word', `(?:${SPACE}|[.?!,])`),

  rule('letter', `https?://[^${NOT_IN_URL}{}]+${URL_END}`, 'kept'),
  rule('letter other', SITE, 'kept'),
  rule('letter other', `${SITE}/[^${NOT_IN_URL}]+${URL_END}`, 'kept'),
  rule('other', `@[A-Za-z_][A-Za-z0-9_]*|#${LETTER}+`, 'kept'),

  rule('digit other', String.raw`[-+]?(?:${DIGIT}*(?:[.:,\u066b\u066c\u00ad]${DIGIT}+)+|${DIGIT}+)`, 'word'),
  rule('digit', String.raw`(?:${DIGIT}{1,4}[- \u00a0])?${DIGIT}{1,4}(?:\\?/|\u2044)${DIGIT}{1,4}`, 'kept'),
  rule('digit', `${DIGIT}{1,2}[-/]${DIGIT}{1,2}[-/]${DIGIT}{2,4}`, 'kept'),
  rule('digit other', String.raw`${PREFIX}[0-9]{3,4}[- \u00a0]?[0-9]{3,5}`, 'bracketed'),
  rule('letter', String.raw`[A-Z]+\$|[cCfF]#|[cC]\+\+|[sS]&[lL][sS]`, 'kept'),

  rule('other', String.raw`[<>]?[:;=][-'o*]?[()DPdpO\\{@|[\]]`, 'bracketed', '[^A-Za-z0-9]'),
  rule('letter other', String.raw`[-^x=~<>']_[-^x=~<>']|\([-^x=~<>'][_.]?[-^x=~<>']\)|\([\^x=~<>']-[\^x=~<>'\x60]\)`, 'bracketed'),
  rule('other', String.raw`\.{3,5}|(?:\.[ \u00a0]){2,4}\.|[\u2026\u0085]`, { text: '...' }),
  rule('other', String.raw`-{2,4}|[\u0096\u0097\u2013-\u2015]|&(?:${anyCase('md')}|mdash|ndash);`, { text: '--' }),
  rule('other', String.raw`-{5,}|-[LR][RCS]B-|-[lr][rcs]b-|[!?]+|_+|\*+|(?:\\\*)+|#+|@+|<<|>>`, 'kept'),
  rule('other', `&(?:${anyCase('ht tl ur lr qc ql qr odq cdq')}|#[0-9]+);`, 'kept'),
  rule('other', `&${anyCase('nbsp')};`, { text: '' }),
  rule('other', `&${anyCase('amp')};|&`, { text: '&' }),
  rule('other', `&${anyCase('lt')};|<`, { text: '<' }),
  rule('other', `&${anyCase('gt')};|>`, { text: '>' }),
  rule('other', `&${anyCase('quot')};|"`, { text: '``' }, '[A-Za-z0-9$]'),
  rule('other', `&${anyCase('quot')};|"`, { text: "''" }),
  rule('other', String.raw`''|\x60\x60|${QUOTE}{1,2}|${APOSTROPHE}`, 'quotes'),
  rule('other', String.raw`\(`, { text: '-lrb-' }),
  rule('other', String.raw`\)`, { text: '-rrb-' }),
  rule('other', String.raw`\[`, { text: '-lsb-' }),
  rule('other', String.raw`\]`, { text: '-rsb-' }),
  rule('other', String.raw`\{`, { text: '-lcb-' }),
  rule('other', String.raw`\}`, { text: '-rcb-' }),
  rule('other', String.raw`[\u0080\u00a4\u20a0\u20ac]`, { text: '$' }),
  rule('other', '\u00a3', { text: '#' }),
  rule('other', '\u00a2', { text: 'cents' }),
  rule('other', '\u00bc', { text: '1/4' }),
  rule('other', '\u00bd', { text: '1/2' }),
  rule('other', '\u00be', { text: '3/4' }),
  rule('other', '\u2153', { text: '1/3' }),
  rule('other', '\u2154', { text: '2/3' }),
  rule('other', `[${SYMBOLS}]`, 'kept'),
];

function rule(starts: string, token: string, writing: Writing, behind = ''): Rule {
  return { pattern: new RegExp(`(${token})(?:${behind})`, 'uy'), writing, starts };
}

/** Words as alternatives, the longer first, in letters of either case. */
function anyCase(words: string): string {
  const either = (word: string): string => word.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
  return words.split(' ').sort((a, b) => b.length - a.length).map(either).join('|');
}

/** The same, but for a first letter that is upper case. */
function capitalised(words: string): string {
  const capital = (word: string): string => word[0]!.toUpperCase() + (word.length === 1 ? '' : anyCase(word.slice(1)));
  return words.split(' ').sort((a, b) => b.length - a.length).map(capital).join('|');
}
