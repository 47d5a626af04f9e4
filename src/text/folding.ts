/** Letters and signs that decomposition does not turn into ASCII, as the Python package unidecode writes them. */
const LETTERS: Readonly<Record<string, string>> = {
  Æ: 'AE', æ: 'ae', Œ: 'OE', œ: 'oe', Ø: 'O', ø: 'o', Å: 'A', å: 'a', Ð: 'D', ð: 'd', Þ: 'Th', þ: 'th', ß: 'ss',
  Ł: 'L', ł: 'l', Đ: 'D', đ: 'd', Ħ: 'H', ħ: 'h', ı: 'i', ƒ: 'f',
  '‘': "'", '’': "'", '‚': ',', '‛': "'", '“': '"', '”': '"', '„': '"', '′': "'", '″': '"', '«': '<<', '»': '>>',
  '‐': '-', '‑': '-', '‒': '-', '–': '-', '—': '--', '―': '--', '−': '-', '…': '...', '•': '*', '·': '*', '×': 'x', '÷': '/',
  '€': 'EUR', '£': 'PS', '¥': 'Y=', '©': '(c)', '®': '(r)', '™': '(tm)', '°': 'deg', '¡': '!', '¿': '?', '\u00a0': ' ',
};

/**
 * Text in ASCII as far as it goes: accents off, typographic signs plain. Characters of other scripts stay as they
 * are; unidecode, which this follows for Latin text, would transcribe them.
 */
export function foldToAscii(text: string): string {
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  const replaced = Array.from(text.normalize('NFC'), (letter) => LETTERS[letter] ?? letter).join('');
  return replaced.normalize('NFKD').replace(/\p{M}/gu, '');
}

/** Whether a word holds an upper-case letter once folded. Han characters count: unidecode gives them capitals (`Bei `). */
export function hasUpperCase(word: string): boolean {
  return /[\p{Lu}\p{Lt}\p{Script=Han}]/u.test(foldToAscii(word));
}
