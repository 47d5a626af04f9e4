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

  /** Leaves a word of the reference unmatched in all alignments that are there yet. */
  skipAll(current: number): void {
    for (let rank = 0; rank < this.size; rank++) {
      const row = this.#rows[rank]!;
      if (current < this.#resumes[row]!) continue;
      if (this.#ends[row] !== NONE) this.#chunks[row]!++;
      this.#ends[row] = NONE;
      this.#resumes[row]!++;
    }
    this.#sort();
  }

  /** Goes on with a match that every alignment has, in all that are there yet. */
  followAll(current: number, match: Match): void {
    for (let rank = 0; rank < this.size; rank++) {
      const row = this.#rows[rank]!;
      if (current < this.#resumes[row]!) continue;
      const end = this.#ends[row]!;
      if (end !== NONE && end !== match.testStart) this.#chunks[row]!++;
      this.#matched[row]! += match.counted;
      this.#distances[row]! += match.distance;
      this.#resumes[row] = match.referenceStart + match.referenceLength;
      this.#ends[row] = match.testStart + match.testLength;
      this.#chosen[row] = { match, before: this.#chosen[row] };
    }
    this.#sort();
  }

  /** Takes over an alignment of the beam before, unchanged. */
  keep(from: Beam, rank: number): void {
    const row = from.#rows[rank]!;
    if (this.#isFullOfBetter(from.#matched[row]!, from.#chunks[row]!, from.#distances[row]!)) return;
    this.#insert(from, row, from.#matched[row]!, from.#chunks[row]!, from.#distances[row]!, from.#resumes[row]!, from.#ends[row]!, from.#chosen[row]);
  }

  /**
   * Goes on with one of several matches. As in METEOR, the distance of the match is not added to the alignment that
   * has it, but to those its predecessor goes on to afterwards.
   */
  choose(from: Beam, rank: number, match: Match): void {
    const row = from.#rows[rank]!;
    const end = from.#ends[row]!;
    const matched = from.#matched[row]! + match.counted;
    const chunks = from.#chunks[row]! + (end !== NONE && end !== match.testStart ? 1 : 0);
    const distance = from.#distances[row]!;
    from.#distances[row] = distance + match.distance;
    if (this.#isFullOfBetter(matched, chunks, distance)) return;
    const { testStart, testLength, referenceStart, referenceLength } = match;
    const place = this.#insert(from, row, matched, chunks, distance, referenceStart + referenceLength, testStart + testLength, { match, before: from.#chosen[row] });
    for (let word = testStart; word < testStart + testLength; word++) this.#used[place * this.#bitWords + (word >>> 5)]! |= 1 << (word & 31);
  }

  /** Leaves the word of the reference unmatched, which closes a chunk. */
  skip(from: Beam, rank: number): void {
    const row = from.#rows[rank]!;
    const chunks = from.#chunks[row]! + (from.#ends[row] === NONE ? 0 : 1);
    if (this.#isFullOfBetter(from.#matched[row]!, chunks, from.#distances[row]!)) return;
    this.#insert(from, row, from.#matched[row]!, chunks, from.#distances[row]!, from.#resumes[row]! + 1, NONE, from.#chosen[row]);
  }

  /** The matches of the best alignment once its last chunk is closed. @param length words of the reference */
  best(length: number): Match[] {
    this.skipAll(length);
    const matches: Match[] = [];
    for (let chosen = this.#chosen[this.#rows[0]!]; chosen !== undefined; chosen = chosen.before) matches.push(chosen.match);
    return matches.reverse();
  }

  /** Puts rows in order again, most of which are: equal ones stay as they are. */
  #sort(): void {
    const rows = this.#rows;
    for (let i = 1; i < this.size; i++) {
      const row = rows[i]!;
      let at = i;
      while (at > 0 && this.#isBetter(this.#matched[row]!, this.#chunks[row]!, this.#distances[row]!, rows[at - 1]!)) {
        rows[at] = rows[at - 1]!;
        at--;
      }
      rows[at] = row;
    }
  }

  /** Whether such a candidate has no place: the beam is full, and no alignment in it is worse. */
  #isFullOfBetter(matched: number, chunks: number, distance: number): boolean {
    return this.size === this.#width && !this.#isBetter(matched, chunks, distance, this.#rows[this.#width - 1]!);
  }

  /** Puts a candidate behind all that are as good or better, in place of the last where the beam is full. Returns its row. */
  #insert(from: Beam, row: number, matched: number, chunks: number, distance: number, resumes: number, end: number, chosen: Chosen | undefined): number {
    const rank = this.#rankOf(matched, chunks, distance);
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
    this.#chosen[place] = chosen;
    const words = this.#bitWords;
    for (let i = 0; i < words; i++) this.#used[place * words + i] = from.#used[row * words + i]!;
    return place;
  }

  /** How many are as good or better. Most candidates belong at the end: there it looks first. */
  #rankOf(matched: number, chunks: number, distance: number): number {
    let low = 0;
    let high = this.size;
    for (let middle = high - 1; low < high; middle = (low + high) >>> 1) {
      if (this.#isBetter(matched, chunks, distance, this.#rows[middle]!)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #isBetter(matched: number, chunks: number, distance: number, than: number): boolean {
    if (matched !== this.#matched[than]) return matched > this.#matched[than]!;
    if (chunks !== this.#chunks[than]) return chunks < this.#chunks[than]!;
    return distance < this.#distances[than]!;
  }
}
