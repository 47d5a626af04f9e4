import { UserError } from '../../core/errors.ts';
import { formatBytes } from './memory.ts';
import { WordVectors } from './table.ts';

/** Rows that become word vectors, one after the other. */
export class VectorRows {
  readonly words: string[] = [];
  readonly #path: string;
  readonly #dimension: number;
  #data: Float32Array;
  #bytes: Uint8Array;

  /**
   * @param path named in errors
   * @param capacity rows to expect, better too many: memory is zeroed by the system when first touched, so rows never
   * filled cost none, and a table that need not grow is never there twice
   */
  constructor(path: string, dimension: number, capacity: number) {
    this.#path = path;
    this.#dimension = dimension;
    this.#data = this.#allocate(capacity);
    this.#bytes = new Uint8Array(this.#data.buffer);
  }

  /** Adds a row of numbers. */
  add(word: string, vector: ArrayLike<number>): void {
    this.#data.set(vector, this.#next(word) * this.#dimension);
  }

  /** Adds a row of little-endian float32, as files hold them and every machine that Node runs on. */
  addBytes(word: string, bytes: Uint8Array): void {
    const row = this.#next(word);
    this.#bytes.set(bytes, row * this.#dimension * 4);
    const end = (row + 1) * this.#dimension;
    for (let i = end - this.#dimension; i < end; i++) {
      const value = this.#data[i]!;
      // x - x is zero for finite numbers alone.
      if (value - value !== 0) throw new UserError(`${this.#path}: the vector of ${JSON.stringify(word)} holds ${value}; copy or make the file again`);
    }
  }

  finish(): WordVectors {
    return new WordVectors(this.words, this.#dimension, this.#data.subarray(0, this.words.length * this.#dimension));
  }

  #next(word: string): number {
    const row = this.words.push(word) - 1;
    if ((row + 1) * this.#dimension > this.#data.length) {
      const larger = this.#allocate(Math.ceil(row * 1.25) + 64);
      larger.set(this.#data);
      this.#data = larger;
      this.#bytes = new Uint8Array(larger.buffer);
    }
    return row;
  }

  #allocate(rows: number): Float32Array {
    try {
      return new Float32Array(rows * this.#dimension);
    } catch {
      const bytes = formatBytes(rows * this.#dimension * 4);
      throw new UserError(`${this.#path}: no memory for ${rows} vectors of ${this.#dimension} numbers, ${bytes}; read fewer words`);
    }
  }
}
