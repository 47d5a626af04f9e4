/** Han, kana, Hangul and full-width forms, and pictures: two columns of a terminal each. */
const WIDE = /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
/** Drawn over the character before. */
const COMBINING = /^[\p{M}\u200b-\u200f\ufe0e\ufe0f]+$/u;

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** What a reader sees as characters. */
function characters(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Columns that a text takes in a terminal. */
export function displayWidth(text: string): number {
  return characters(text).reduce((width, character) => width + (WIDE.test(character) ? 2 : COMBINING.test(character) ? 0 : 1), 0);
}

export function padLeft(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}

export function padRight(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** In one line and without what a terminal would take for a command: names come from files of others. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
}

/** Lines of at most `width` columns, broken between words; a longer word is broken where the line ends. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of plain(text).split(/ +/).flatMap((long) => pieces(long, width))) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** `wrap`, with a head before the first line and the others below its text. */
export function wrapAfter(head: string, text: string, width: number): string[] {
  const indent = displayWidth(head);
  return wrap(text, width - indent).map((line, i) => (i === 0 ? head : ' '.repeat(indent)) + line);
}

function pieces(word: string, width: number): string[] {
  if (displayWidth(word) <= width) return [word];
  const parts: string[] = [];
  let part = '';
  for (const character of characters(word)) {
    if (displayWidth(part + character) > width) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  return [...parts, part];
}
