import type { Match } from './matches.ts';

const NONE = -1;

/** A choice and the choices before it. */
interface Chosen {
  readonly match: Match;
  readonly before: Chosen | undefined;
}

/**
 * The best partial alignments at one word of the reference, best first, equal ones in the order they came: what a
 * stable sort followed by a cut leaves. Numbers are in columns so that a candidate that does not get in costs nothing.
 * One serves all texts, one after the other.
 */
export class Beam {
  size = 0;
  readonly #width: number;
  /** Rank to row, every row once. Rows beyond `size` are free. */
  readonly #rows: Int32Array;
  /** Weighted words matched in both texts; more is better. */
  readonly #matched: Int32Array;
  /** Chunks closed so far; fewer is better. */
  readonly #chunks: Int32Array;
  /** Sum of the distances of places; less is better. */
  readonly #distances: Int32Array;
  /** The word of the reference at which the alignment goes on. */
  readonly #resumes: Int32Array;
  /** Where in the test the open chunk ends, -1 without one. */
  readonly #ends: Int32Array;
  readonly #chosen: (Chosen | undefined)[];
  /** A bit for each word of the test that is taken: [rows, bitWords]. */
  #used = new Int32Array(0);
  #bitWords = 0;

  constructor(width: number) {
    this.#width = width;
    // One row more than the beam is wide: a candidate is written before the worst is let go.
    const rows = width + 1;
    [this.#rows, this.#matched, this.#chunks, this.#distances, this.#resumes, this.#ends] = [0, 1, 2, 3, 4, 5].map(() => new Int32Array(rows)) as [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];
    this.#chosen = new Array<Chosen | undefined>(rows).fill(undefined);
    for (let row = 0; row < rows; row++) this.#rows[row] = row;
  }

  /** Makes room for a test of so many words, and forgets all alignments. */
  clear(testLength: number): void {
    this.size = 0;
    this.#bitWords = (testLength + 31) >>> 5;
    const room = this.#rows.length * this.#bitWords;
    if (this.#used.length < room) this.#used = new Int32Array(room);
  }

  /** Begins with one empty alignment. @param taken 1 for each word of the test that fixed matches take */
  start(taken: Uint8Array): void {
    this.clear(taken.length);
    this.size = 1;
    const row = this.#rows[0]!;
    for (const column of [this.#matched, this.#chunks, this.#distances, this.#resumes]) column[row] = 0;
    this.#ends[row] = NONE;
    this.#chosen[row] = undefined;
    const base = row * this.#bitWords;
    this.#used.fill(0, base, base + this.#bitWords);
    for (let word = 0; word < taken.length; word++) if (taken[word] === 1) this.#used[base + (word >>> 5)]! |= 1 << (word & 31);
  }

  resumes(rank: number): number {
    return this.#resumes[this.#rows[rank]!]!;
  }

  /** Whether words of the test that the match needs are taken. */
  uses(rank: number, { testStart, testLength }: Match): boolean {
    const base = this.#rows[rank]! * this.#bitWords;
    for (let word = testStart; word < testStart + testLength; word++) {
      if ((this.#used[base + (word >>> 5)]! & (1 << (word & 31))) !== 0) return true;
    }
    return false;
  }

  /** Takes over an alignment of the beam before, unchanged. */
  keep(from: Beam, rank: number): void {
    const row = from.#rows[rank]!;
    this.#insert(from, row, from.#matched[row]!, from.#chunks[row]!, from.#distances[row]!, from.#resumes[row]!, from.#ends[row]!, from.#chosen[row]);
  }

  /** Goes on with a match that every alignment has. */
  follow(from: Beam, rank: number, match: Match): void {
    const row = from.#rows[rank]!;
    this.#take(from, row, match, from.#distances[row]! + match.distance);
  }

  /**
   * Goes on with one of several matches. As in METEOR, the distance of the match is not added to the alignment that
   * has it, but to those its predecessor goes on to afterwards.
   */
  choose(from: Beam, rank: number, match: Match): void {
    const row = from.#rows[rank]!;
    const place = this.#take(from, row, match, from.#distances[row]!);
    if (place !== NONE) {
      for (let word = match.testStart; word < match.testStart + match.testLength; word++) this.#used[place * this.#bitWords + (word >>> 5)]! |= 1 << (word & 31);
    }
    from.#distances[row]! += match.distance;
  }

  /** Leaves the word of the reference unmatched, which closes a chunk. */
  skip(from: Beam, rank: number): void {
    const row = from.#rows[rank]!;
    const closed = from.#ends[row] === NONE ? 0 : 1;
    this.#insert(from, row, from.#matched[row]!, from.#chunks[row]! + closed, from.#distances[row]!, from.#resumes[row]! + 1, NONE, from.#chosen[row]);
  }

  /** The matches of the best alignment once its last chunk is closed; of equally good ones the first. */
  best(): Match[] {
    let [best, fewest] = [this.#rows[0]!, Infinity];
    for (let rank = 0; rank < this.size; rank++) {
      const row = this.#rows[rank]!;
      const chunks = this.#chunks[row]! + (this.#ends[row] === NONE ? 0 : 1);
      if (rank > 0 && !this.#isBetter(this.#matched[row]!, chunks, this.#distances[row]!, best, fewest)) continue;
      [best, fewest] = [row, chunks];
    }
    const matches: Match[] = [];
    for (let chosen = this.#chosen[best]; chosen !== undefined; chosen = chosen.before) matches.push(chosen.match);
    return matches.reverse();
  }

  #take(from: Beam, row: number, match: Match, distance: number): number {
    const end = from.#ends[row]!;
    const chunks = from.#chunks[row]! + (end !== NONE && end !== match.testStart ? 1 : 0);
    return this.#insert(from, row, from.#matched[row]! + match.counted, chunks, distance, match.referenceStart + match.referenceLength, match.testStart + match.testLength, from.#chosen[row], match);
  }

  /** Puts a candidate behind all that are as good or better. Returns its row, or -1 when it does not get in. */
  #insert(from: Beam, row: number, matched: number, chunks: number, distance: number, resumes: number, end: number, before: Chosen | undefined, match?: Match): number {
    const rank = this.#rankOf(matched, chunks, distance);
    if (rank >= this.#width) return NONE;
    const rows = this.#rows;
    const place = rows[this.size]!;
    for (let i = this.size; i > rank; i--) rows[i] = rows[i - 1]!;
    rows[rank] = place;
    if (this.size < this.#width) this.size++;
    this.#matched[place] = matched;
    this.#chunks[place] = chunks;
    this.#distances[place] = distance;
    this.#resumes[place] = resumes;
    this.#ends[place] = end;
    this.#chosen[place] = match === undefined ? before : { match, before };
    const words = this.#bitWords;
    for (let i = 0; i < words; i++) this.#used[place * words + i] = from.#used[row * words + i]!;
    return place;
  }

  /** How many are as good or better. Most candidates belong at the end: there it looks first. */
  #rankOf(matched: number, chunks: number, distance: number): number {
    let [low, high] = [0, this.size];
    for (let middle = high - 1; low < high; middle = (low + high) >>> 1) {
      const row = this.#rows[middle]!;
      if (this.#isBetter(matched, chunks, distance, row, this.#chunks[row]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #isBetter(matched: number, chunks: number, distance: number, than: number, itsChunks: number): boolean {
    if (matched !== this.#matched[than]) return matched > this.#matched[than]!;
    if (chunks !== itsChunks) return chunks < itsChunks;
    return distance < this.#distances[than]!;
  }
}
