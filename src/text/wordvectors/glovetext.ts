import { UserError } from '../../core/errors.ts';
import { byteChunks } from './bytes.ts';
import type { VectorLayout } from './layout.ts';
import { VectorRows } from './rows.ts';
import type { Selection } from './selection.ts';
import type { WordVectors } from './table.ts';

/**
 * Reads GloVe's text line by line. Words may hold spaces (the 840B file has some), so the numbers are counted from the
 * end; word2vec's first line of two counts must fit where there is one.
 * @throws UserError naming the line that is not a word and its numbers
 */
export async function readGloveText(layout: VectorLayout, selection: Selection): Promise<WordVectors> {
  const { file: { path }, dimension } = layout;
  // An estimate is a little raised, so that a table seldom has to grow.
  const rows = new VectorRows(path, dimension, selection.most(layout.exact ? layout.words : Math.ceil(layout.words * 1.05)));
  let [number, entries] = [0, 0];
  for await (const line of textLines(layout, selection)) {
    number++;
    if ((number === 1 && layout.header > 0) || line.trim() === '') continue;
    if (entries === selection.limit) return rows.finish();
    entries++;
    const text = line.trimEnd();
    const end = wordEnd(text, dimension);
    if (end <= 0) throw new UserError(`${path}: line ${number}: expected a word and ${dimension} numbers; is it a GloVe text file, whole?`);
    const word = text.slice(0, end);
    if (!selection.keeps(word)) continue;
    const fields = text.slice(end + 1).split(' ');
    const vector = fields.map(Number);
    if (!vector.every(Number.isFinite) || fields.includes('')) {
      throw new UserError(`${path}: line ${number}: the vector of ${JSON.stringify(word)} has a field that is not a number`);
    }
    rows.add(word, vector);
  }
  if (layout.header > 0 && entries !== layout.words) {
    throw new UserError(`${path}: line 1 promises ${layout.words} words, but there are ${entries}; copy or download it again`);
  }
  return rows.finish();
}

/** Lines without their line feeds, in UTF-8; bytes that are not become a character that no word looked up has. */
async function* textLines({ file }: VectorLayout, { onProgress }: Selection): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of byteChunks(file, (done) => onProgress?.(done, file.size))) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}

/** Where the word ends before so many fields; -1 when there are fewer. */
function wordEnd(line: string, fields: number): number {
  let end = line.length;
  for (let i = 0; i < fields && end >= 0; i++) end = end === 0 ? -1 : line.lastIndexOf(' ', end - 1);
  return end;
}

/** How many fields at the end of a line are numbers; the first field is the word, whatever it looks like. */
export function countNumbers(fields: readonly string[]): number {
  const first = fields.findLastIndex((field, i) => i === 0 || field === '' || !Number.isFinite(Number(field)));
  return fields.length - 1 - first;
}
