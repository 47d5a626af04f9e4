import { UserError } from '../../core/errors.ts';
import { byteChunks } from './bytes.ts';
import type { VectorLayout } from './layout.ts';
import { VectorRows } from './rows.ts';
import type { Selection } from './selection.ts';
import type { WordVectors } from './table.ts';

const SPACE = 32;
const LINE_FEED = 10;
/** The longest word of the original program is 50 bytes, of later ones 2,000. */
const LONGEST_WORD = 4096;

/**
 * Reads word2vec's binary format (https://code.google.com/archive/p/word2vec): a line `words numbers`, then for each word
 * its bytes, a space, little-endian float32 numbers and, from some programs, a line feed. In memory are the rows kept and
 * a few megabytes.
 * @throws UserError when it ends early, goes on after its last word, or is not this format after all
 */
export async function readWord2vec(layout: VectorLayout, selection: Selection): Promise<WordVectors> {
  const { file, words, dimension, header } = layout;
  const wanted = Math.min(words, selection.limit);
  const rows = new VectorRows(file.path, dimension, selection.most(words));
  let pending: Buffer = Buffer.alloc(0);
  let skipped = 0;
  let read = 0;
  for await (const chunk of byteChunks(file, (done) => selection.onProgress?.(done, file.size))) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    let at = Math.min(header - skipped, pending.length);
    skipped += at;
    for (let end; read < wanted && (end = readEntry(pending, at, read, layout, selection, rows)) !== undefined; at = end) read++;
    pending = pending.subarray(at);
    if (read < wanted) continue;
    if (wanted < words) return rows.finish();
    if (pending.some((byte) => byte !== LINE_FEED)) {
      throw new UserError(`${file.path}: more follows the ${words} words of ${dimension} numbers that line 1 promises; copy or download it again`);
    }
  }
  if (read < wanted) throw new UserError(`${file.path}: cut short: ${read} of ${words} words are whole; copy or download it again`);
  return rows.finish();
}

/** Reads the entry that begins at `at`. @returns where it ends; undefined when more bytes are needed */
function readEntry(bytes: Buffer, at: number, entry: number, { file, dimension }: VectorLayout, selection: Selection, rows: VectorRows): number | undefined {
  let start = at;
  while (bytes[start] === LINE_FEED) start++;
  const space = bytes.indexOf(SPACE, start);
  const end = space < 0 ? Math.min(bytes.length, start + LONGEST_WORD + 1) : space;
  if (end - start > LONGEST_WORD || hasControls(bytes, start, end)) {
    throw new UserError(`${file.path}: entry ${entry + 1} begins with no word: line 1 promises ${dimension} numbers a word, which does not fit, or the file is damaged`);
  }
  const next = space + 1 + 4 * dimension;
  if (space < 0 || next > bytes.length) return undefined;
  const word = bytes.toString('utf8', start, space);
  if (selection.keeps(word)) rows.addBytes(word, bytes.subarray(space + 1, next));
  return next;
}

function hasControls(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! < SPACE) return true;
  return false;
}
