import type { Neighbour } from './scoring.ts';

/** The k best of many rows by score, equal scores by lower row: a heap whose first is the worst of them. */
export class Best {
  readonly #k: number;
  readonly #scores: number[] = [];
  readonly #rows: number[] = [];

  constructor(k: number) {
    this.#k = k;
  }

  /** The k-th best score, or minus infinity while there are fewer. */
  get bar(): number {
    return this.#scores.length < this.#k ? -Infinity : this.#scores[0]!;
  }

  /** Whether such a row would be kept. */
  takes(row: number, score: number): boolean {
    return this.#scores.length < this.#k || worse(this.#scores[0]!, this.#rows[0]!, score, row);
  }

  offer(row: number, score: number): void {
    if (!this.takes(row, score)) return;
    if (this.#scores.length < this.#k) this.#rise(row, score);
    else this.#sink(row, score);
  }

  /** Best first. */
  sorted(): Neighbour[] {
    const all = this.#rows.map((row, i) => ({ row, score: this.#scores[i]! }));
    return all.sort((a, b) => b.score - a.score || a.row - b.row);
  }

  #rise(row: number, score: number): void {
    let at = this.#scores.length;
    for (let up = (at - 1) >> 1; at > 0 && worse(score, row, this.#scores[up]!, this.#rows[up]!); up = (at - 1) >> 1) {
      this.#put(at, this.#rows[up]!, this.#scores[up]!);
      at = up;
    }
    this.#put(at, row, score);
  }

  #sink(row: number, score: number): void {
    const rows = this.#rows, scores = this.#scores;
    let at = 0;
    for (let down = 1; down < rows.length; down = 2 * at + 1) {
      if (down + 1 < rows.length && worse(scores[down + 1]!, rows[down + 1]!, scores[down]!, rows[down]!)) down++;
      if (!worse(scores[down]!, rows[down]!, score, row)) break;
      this.#put(at, rows[down]!, scores[down]!);
      at = down;
    }
    this.#put(at, row, score);
  }

  #put(at: number, row: number, score: number): void {
    this.#rows[at] = row;
    this.#scores[at] = score;
  }
}

function worse(score: number, row: number, otherScore: number, otherRow: number): boolean {
  return score < otherScore || (score === otherScore && row > otherRow);
}
