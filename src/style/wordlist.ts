import { basename } from 'node:path';
import { UserError } from '../core/errors.ts';
import { sha256 } from '../core/files.ts';
import { readLines } from '../data/textlines.ts';
import { foldToAscii } from '../text/folding.ts';
import { tokenize } from '../text/tokenizer.ts';
import type { Moderator } from './moderation.ts';

/** A word or phrase that a list bars. */
interface Entry {
  /** As written. */
  readonly text: string;
  /** Line of the file, from 1. */
  readonly line: number;
  readonly words: readonly EntryWord[];
}

interface EntryWord {
  readonly word: string;
  /** Whether longer words that begin with it count. */
  readonly prefix: boolean;
}

/**
 * A moderator from a text file: a word or phrase a line, `#` begins a comment, `*` at the end of a word stands for any
 * more letters. Case and accents do not count (`Café` is `cafe`), and only whole words match: `ass` is not in `class`.
 * Tokenized and readable texts match alike, hyphens are spaces; other marks inside a phrase must be there.
 * @throws UserError naming file and line of an entry that could not match anything, or everything
 */
export async function openWordList(path: string): Promise<Moderator> {
  const entries = (await readLines(path, 'words and phrases')).flatMap((line, i) => parseEntry(line, i + 1, path));
  if (entries.length === 0) throw new UserError(`${path}: holds no word or phrase, only comments: write one a line`);
  return wordListModerator(basename(path), entries);
}

function parseEntry(line: string, number: number, path: string): Entry[] {
  // A `#` inside a word is part of it.
  const text = line.replace(/(?:^|\s)#.*$/, '').trim();
  if (text === '') return [];
  const words = text.split(/\s+/).flatMap((part) => {
    const prefix = part.endsWith('*');
    const found = foldedWords(prefix ? part.slice(0, -1) : part);
    if (found.length === 0 || part.slice(0, -1).includes('*')) throw new UserError(`${path}: line ${number}: ${JSON.stringify(text)}: a * stands at the end of a word, after at least one letter`);
    return found.map((word, i) => ({ word, prefix: prefix && i === found.length - 1 }));
  });
  return [{ text, line: number, words }];
}

function wordListModerator(name: string, entries: readonly Entry[]): Moderator {
  const [whole, prefixes] = [byFirstWord(entries, false), byFirstWord(entries, true)];
  const longest = Math.max(0, ...[...prefixes.keys()].map((word) => word.length));
  return {
    name,
    fingerprint: sha256(JSON.stringify(entries)),
    review: async (text) => {
      const words = foldedWords(text);
      const reasons = new Set<string>();
      for (const [i, word] of words.entries()) {
        const candidates = [...(whole.get(word) ?? [])];
        for (let length = 1; length <= Math.min(longest, word.length); length++) candidates.push(...(prefixes.get(word.slice(0, length)) ?? []));
        for (const entry of candidates) {
          if (matchesAt(entry, words, i)) reasons.add(`${name}, line ${entry.line}: ${entry.text}`);
        }
      }
      return { flagged: reasons.size > 0, reasons: [...reasons] };
    },
  };
}

function byFirstWord(entries: readonly Entry[], prefix: boolean): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const [first] = entry.words;
    if (first!.prefix === prefix) groups.set(first!.word, [...(groups.get(first!.word) ?? []), entry]);
  }
  return groups;
}

function matchesAt({ words: wanted }: Entry, words: readonly string[], start: number): boolean {
  return wanted.every(({ word, prefix }, i) => {
    const found = words[start + i];
    return found !== undefined && (prefix ? found.startsWith(word) : found === word);
  });
}

/** Words and marks of a text without case, accents, apostrophes and hyphens: `Don't!` gives `do nt !`, as its tokens `do n't !` do. */
function foldedWords(text: string): string[] {
  return tokenize(text.replace(/\p{Cf}/gu, '')).flatMap((token) => fold(token).match(/[\p{L}\p{M}\p{N}']+|[^\s\p{L}\p{M}\p{N}'-]/gu) ?? [])
    .map((word) => word.replaceAll("'", '')).filter((word) => word !== '');
}

/** Marks above letters are not accents in every script: those of Indic ones are vowels. */
function fold(word: string): string {
  const plain = /^[\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]*$/u.test(word) ? foldToAscii(word) : word.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').normalize('NFC');
  return plain.toLowerCase();
}
