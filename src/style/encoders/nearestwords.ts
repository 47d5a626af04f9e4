import { nearestName, UserError } from '../../core/errors.ts';
import type { WordTable } from './wordtable.ts';
import { widthOf } from './wordtable.ts';

export interface NearWord {
  readonly word: string;
  /** Cosine of the angle between the two vectors. */
  readonly similarity: number;
}

/**
 * The k words nearest to a word by cosine, itself left out; equal ones in the table's order. Words whose vector is zero have no
 * direction and are left out. One pass over the table, nothing is stored.
 * @throws UserError when the table has no such word, or its vector is zero
 */
export function nearestWords(table: WordTable, word: string, k: number): NearWord[] {
  if (!Number.isSafeInteger(k) || k < 1) throw new UserError(`nearest words: ${k} of them; ask for 1 or more`);
  const row = table.words.indexOf(word);
  if (row < 0) throw unknownWord(table.words, word);
  const E = widthOf(table);
  const query = Float64Array.from(table.data.subarray(row * E, (row + 1) * E));
  const length = Math.hypot(...query);
  if (length === 0) throw new UserError(`nearest words: the vector of ${JSON.stringify(word)} is zero; it is near to nothing`);
  const best: { row: number; similarity: number }[] = [];
  for (let other = 0; other < table.words.length; other++) {
    if (table.words[other] === word) continue;
    const similarity = cosine(table.data, other * E, query) / length;
    if (Number.isNaN(similarity) || (best.length === k && similarity <= best[k - 1]!.similarity)) continue;
    const place = best.findIndex((entry) => similarity > entry.similarity);
    best.splice(place < 0 ? best.length : place, 0, { row: other, similarity });
    if (best.length > k) best.pop();
  }
  return best.map((entry) => ({ word: table.words[entry.row]!, similarity: entry.similarity }));
}

/** Product of the row at `start` and the query, over the row's length; not a number for a row of zeros. */
function cosine(data: Float32Array, start: number, query: Float64Array): number {
  let [product, square] = [0, 0];
  for (let e = 0; e < query.length; e++) {
    const value = data[start + e]!;
    product += value * query[e]!;
    square += value * value;
  }
  return product / Math.sqrt(square);
}

function unknownWord(words: readonly string[], word: string): UserError {
  // Edit distances to a million words take seconds: only words that begin alike are tried.
  const start = word.slice(0, 1).toLowerCase();
  const near = nearestName(word, words.filter((other) => other.slice(0, 1).toLowerCase() === start && Math.abs(other.length - word.length) <= 2));
  return new UserError(`nearest words: ${JSON.stringify(word)} is not among the ${words.length} words${near === undefined ? '' : `; did you mean ${near}?`}`);
}
