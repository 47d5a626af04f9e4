import { z } from 'zod';
import { splitWords, tokenize } from '../text/tokenizer.ts';
import { detokenize } from './detokenizer.ts';

/** How a decoder's tokens become text that people read. No step changes a word; only `drop_repeated` leaves some out. */
export const postprocessSchema = z.strictObject({
  drop_repeated: z.boolean().default(true).describe('Drop a word that repeats the one before it, as Pix2Story does; marks and numbers may repeat.'),
  capitals: z.enum(['none', 'sentences', 'pix2story']).default('sentences').describe('Capitals: at the start of sentences, or as Pix2Story sets them: after every full stop, never after ! and ?.'),
  pronoun: z.boolean().default(true).describe('Write the pronoun i as I.'),
  final_stop: z.enum(['none', 'sentence', 'pix2story']).default('sentence').describe('A full stop at the end: in the place of a comma or dash and before a closing quote, or as Pix2Story adds it: behind everything.'),
  join: z.boolean().default(true).describe('Put tokens back together: "did n\'t ." becomes "didn\'t."'),
  lines: z.enum(['passage', 'lyric']).default('passage').describe('One text, or lines: a new one after each comma, as neural-storyteller prints lyrics.'),
  line_words: z.number().int().min(0).default(0).describe('Words that a line of a lyric has at most; a longer one is cut into even parts; 0 = any number.'),
});

/** How decoded words become text, defaults filled in. */
export type PostprocessOptions = z.output<typeof postprocessSchema>;

/** Named settings: ours, Pix2Story's `check_text` to the letter, neural-storyteller's `lyric=True`, and the tokens as they are. */
export const POSTPROCESSING = {
  readable: postprocessSchema.parse({}),
  pix2story: postprocessSchema.parse({ capitals: 'pix2story', pronoun: false, final_stop: 'pix2story', join: false }),
  lyric: postprocessSchema.parse({ drop_repeated: false, final_stop: 'none', lines: 'lyric' }),
  none: postprocessSchema.parse({ drop_repeated: false, capitals: 'none', pronoun: false, final_stop: 'none', join: false }),
} as const satisfies Record<string, PostprocessOptions>;

/**
 * Readable text of what a decoder wrote.
 * @param passage tokens, or a text with its tokens apart
 * @returns lines of a lyric are apart by line feeds
 */
export function postprocess(passage: string | readonly string[], options: Partial<PostprocessOptions> = {}): string {
  const { drop_repeated, capitals, pronoun, final_stop, join, lines, line_words } = { ...POSTPROCESSING.readable, ...options };
  let tokens = typeof passage === 'string' ? splitWords(passage) : passage.filter((token) => token !== '');
  if (drop_repeated) tokens = dropRepeated(tokens);
  if (final_stop === 'sentence') tokens = endSentence(tokens);
  if (capitals === 'sentences') tokens = capitalizeSentences(tokens);
  if (pronoun) tokens = tokens.map((token) => token.replace(/^i(?=$|['’])/, 'I'));
  if (capitals === 'pix2story') tokens = capitalizeAfterStops(tokens.join(' ')).split(' ');
  if (final_stop === 'pix2story') tokens = addStop(tokens.join(' ')).split(' ');
  const text = join ? detokenize(tokens) : tokens.join(' ');
  return lines === 'lyric' ? lyricLines(text, line_words).join('\n') : text;
}

/** Pix2Story: words of letters only; `that , that` stays. */
function dropRepeated(tokens: readonly string[]): string[] {
  return tokens.filter((token, i) => token !== tokens[i - 1] || !/^\p{L}+$/u.test(token));
}

/** Pix2Story's capitals: the first letter, and the first after each full stop, in `mr.` and `...` too. */
function capitalizeAfterStops(text: string): string {
  return text.replace(/(^|\.)([^\p{L}.]*)(\p{L})/gu, (_, stop: string, between: string, letter: string) => stop + between + letter.toUpperCase());
}

/** Pix2Story's final stop: none where, from the end, a sentence's mark comes before any letter or quotation mark. */
function addStop(text: string): string {
  const [last] = /[\p{L}.!?'"](?=[^\p{L}.!?'"]*$)/u.exec(text) ?? [];
  return last === undefined || '.!?'.includes(last) ? text : `${text}.`;
}

const QUOTE = /^(?:''|["”])$/;
const OPENER = /^(?:``|[“([{])$/;
const CLOSER = /^(?:''|[”")\]}'])$/;
/** Said of speech: `'' what ? '' he asked` goes on in small letters. */
const SPEECH = new Set('said asked cried replied answered called whispered murmured shouted exclaimed says asks cries replies answers'.split(' '));

/** Whether a token ends a sentence, also one with its stop attached; not `mr.`, `a.m.` or `...`. */
function isEnd(token: string): boolean {
  if (/^[.!?]+$/.test(token)) return !/^\.{2,}$/.test(token);
  if (/[!?]["')\]]*$/.test(token)) return true;
  // The tokenizer knows which full stops belong to their words.
  return token.endsWith('.') && /^\p{L}/u.test(token) && tokenize(`${token} x`)[1] === '.';
}

function capitalizeSentences(tokens: readonly string[]): string[] {
  let start = true;
  let end = '';
  return tokens.map((token, i) => {
    const word = /[\p{L}\p{N}]/u.test(token);
    const told = QUOTE.test(tokens[i - 1] ?? '') && /[!?]/.test(end) && [token, tokens[i + 1] ?? ''].some((next) => SPEECH.has(next));
    const capital = start && word && !told && !/^(?:'(?:s|m|d|ll|re|ve)|n't)$/i.test(token);
    if (word) start = false;
    if (isEnd(token)) {
      // `. . .` is an ellipsis.
      start = !(token === '.' && (tokens[i - 1] === '.' || tokens[i + 1] === '.'));
      end = token;
    }
    return capital ? token.replace(/\p{L}/u, (letter) => letter.toUpperCase()) : token;
  });
}

/** Ends a text with a full stop where no sentence ends: in the place of a comma, dash or opening mark, before a closing quotation mark. */
function endSentence(tokens: readonly string[]): string[] {
  const kept = [...tokens];
  while (kept.length > 0 && (/^(?:[,;:]|-+|[–—])$/.test(kept.at(-1)!) || OPENER.test(kept.at(-1)!))) kept.pop();
  let last = kept.length - 1;
  while (last >= 0 && CLOSER.test(kept[last]!)) last--;
  if (last < 0 || /[.!?…]["')\]]*$/.test(kept[last]!)) return kept;
  // Behind a bracket, but inside quotation marks.
  const place = QUOTE.test(kept.at(-1)!) ? kept.length - 1 : kept.length;
  return [...kept.slice(0, place), '.', ...kept.slice(place)];
}

/** Lines end at commas, which go (those in numbers stay), and after `most` words. */
function lyricLines(text: string, most: number): string[] {
  const lines = text.replace(/,(?!\d)( ?["'”)\]]+(?= |$))?/g, '$1\n').split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return most === 0 ? lines : lines.flatMap((line) => evenParts(line.split(' '), most).map((words) => words.join(' ')));
}

function evenParts(words: readonly string[], most: number): string[][] {
  const parts = Math.ceil(words.length / most);
  return Array.from({ length: parts }, (_, i) => words.slice(Math.round((i * words.length) / parts), Math.round(((i + 1) * words.length) / parts)));
}
