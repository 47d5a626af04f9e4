import { readFile } from 'node:fs/promises';
import { BOUNDS, strideOf } from './codes.ts';

/** Rows multiplied with every query before the next rows: they stay in the processor's cache meanwhile. */
const STEP = 256;
/** Queries that go through the rows together. */
export const GROUP = 16;
/** WebAssembly addresses 4 GiB; a table is kept in parts of at most this many bytes. */
const PART_BYTES = 2 ** 30;
const PAGE = 65536;

interface Part {
  readonly first: number;
  readonly rows: number;
  /** [rows, stride] */
  readonly codes: Int8Array;
  /** [GROUP, stride] */
  readonly queries: Int16Array;
  /** [STEP] */
  readonly products: Int32Array;
  readonly dots: (rows: number, n: number, stride: number, query: number, out: number) => void;
}

/** The rows of a part from `first` on: their products with a query, [count]. Holds until the next call. */
export type Visit = (query: number, first: number, products: Int32Array, count: number) => void;

let bytes: Promise<Uint8Array> | undefined;

/** Bytes that a table takes. */
export function tableBytes(rows: number, size: number): number {
  return rows * (strideOf(size) + BOUNDS * 8);
}

/** Rows as codes of 8 bits, [rows, stride], in WebAssembly memory, and the bounds of what they leave out. */
export class CodeTable {
  readonly rows: number;
  readonly stride: number;
  /** [rows, 3] */
  readonly bounds: Float64Array;
  readonly #parts: readonly Part[];

  private constructor(rows: number, stride: number, parts: readonly Part[]) {
    this.rows = rows;
    this.stride = stride;
    this.bounds = new Float64Array(rows * BOUNDS);
    this.#parts = parts;
  }

  /** An empty table. @throws RangeError when the memory cannot be had */
  static async allocate(rows: number, size: number, partBytes = PART_BYTES): Promise<CodeTable> {
    const stride = strideOf(size);
    const most = Math.max(1, Math.floor(partBytes / stride));
    const parts: Part[] = [];
    for (let first = 0; first < rows; first += most) parts.push(await part(first, Math.min(most, rows - first), stride));
    return new CodeTable(rows, stride, parts);
  }

  /** The codes in consecutive pieces, in order of rows, to be filled. */
  *pieces(mostRows = Infinity): Generator<{ readonly first: number; readonly rows: number; readonly codes: Int8Array }> {
    for (const { first, rows, codes } of this.#parts) {
      for (let from = 0; from < rows; from += mostRows) {
        const to = Math.min(rows, from + mostRows);
        yield { first: first + from, rows: to - from, codes: codes.subarray(from * this.stride, to * this.stride) };
      }
    }
  }

  /** Multiplies all rows with up to `GROUP` queries, [stride] each. */
  scan(queries: readonly Int16Array[], visit: Visit): void {
    const { stride } = this;
    for (const { first, rows, codes, queries: held, products, dots } of this.#parts) {
      for (const [i, query] of queries.entries()) held.set(query, i * stride);
      for (let from = 0; from < rows; from += STEP) {
        const count = Math.min(STEP, rows - from);
        for (let i = 0; i < queries.length; i++) {
          dots(codes.byteOffset + from * stride, count, stride, held.byteOffset + i * stride * 2, products.byteOffset);
          visit(i, first + from, products, count);
        }
      }
    }
  }
}

/** Memory laid out as products, queries, codes. */
async function part(first: number, rows: number, stride: number): Promise<Part> {
  bytes ??= readFile(new URL('./dots.wasm', import.meta.url));
  const queriesAt = STEP * 4;
  const codesAt = queriesAt + GROUP * stride * 2;
  const pages = Math.ceil((codesAt + rows * stride) / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { instance } = (await WebAssembly.instantiate((await bytes) as never, { env: { memory } })) as unknown as WebAssembly.WebAssemblyInstantiatedSource;
  return {
    first, rows,
    codes: new Int8Array(memory.buffer, codesAt, rows * stride),
    queries: new Int16Array(memory.buffer, queriesAt, GROUP * stride),
    products: new Int32Array(memory.buffer, 0, STEP),
    dots: instance.exports['dots'] as Part['dots'],
  };
}
