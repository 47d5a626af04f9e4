import { mkdir, open, readFile, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../core/errors.ts';
import { exists } from '../core/files.ts';

/** Read at once when the rows are copied out. */
const BLOCK_BYTES = 4 * 2 ** 20;

/** Rows that are copied out at once. @param rowSize numbers in a row */
export function rowsPerBlock(rowSize: number): number {
  return Math.max(1, Math.floor(BLOCK_BYTES / (rowSize * 4)));
}

/**
 * Rows finished so far, kept so that a killed extraction goes on where it was: `rows.f32` holds them as little-endian
 * float32, `ids.jsonl` a first line with the fingerprint and then `{"id": ...}` a row. Rows are written before their
 * ids; whatever was cut off at the end of either is dropped on opening.
 */
export class PartialRows {
  /** Ids of the rows, in their order. */
  readonly ids: string[];
  readonly #folder: string;
  readonly #rowSize: number;
  readonly #rows: FileHandle;
  readonly #lines: FileHandle;
  #linesEnd: number;
  #closed = false;

  private constructor(folder: string, rowSize: number, ids: string[], rows: FileHandle, lines: FileHandle, linesEnd: number) {
    this.#folder = folder;
    this.#rowSize = rowSize;
    this.ids = ids;
    this.#rows = rows;
    this.#lines = lines;
    this.#linesEnd = linesEnd;
  }

  /**
   * @param rowSize numbers in a row
   * @param fresh throw away what another CNN left instead of refusing
   * @throws UserError when the folder holds rows of another CNN
   */
  static async open(folder: string, fingerprint: string, rowSize: number, fresh = false): Promise<PartialRows> {
    const header = `${JSON.stringify({ fingerprint, size: rowSize })}\n`;
    const kept = await keptLines(folder);
    if (kept.length > 0 && `${kept[0]}\n` !== header) {
      if (!fresh) throw new UserError(`${folder}: holds unfinished rows of another CNN, layer or preprocessing: delete it, or use --force`);
      await rm(folder, { recursive: true, force: true });
      kept.length = 0;
    }
    await mkdir(folder, { recursive: true });
    const rows = await open(join(folder, 'rows.f32'), kept.length > 0 ? 'r+' : 'w+');
    const lines = await open(join(folder, 'ids.jsonl'), kept.length > 0 ? 'r+' : 'w+');
    const whole = Math.floor((await rows.stat()).size / (rowSize * 4));
    const idLines = kept.slice(1, whole + 1);
    const text = header + idLines.map((line) => `${line}\n`).join('');
    await rows.truncate(idLines.length * rowSize * 4);
    await lines.truncate(Buffer.byteLength(text));
    if (kept.length === 0) await lines.write(header, 0);
    const ids = idLines.map((line) => (JSON.parse(line) as { id: string }).id);
    return new PartialRows(folder, rowSize, ids, rows, lines, Buffer.byteLength(text));
  }

  /** @param rows float32 [ids.length, row size] */
  async append(ids: readonly string[], rows: Float32Array): Promise<void> {
    const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
    await this.#rows.write(bytes, 0, bytes.length, this.ids.length * this.#rowSize * 4);
    const text = ids.map((id) => `${JSON.stringify({ id })}\n`).join('');
    this.#linesEnd += (await this.#lines.write(text, this.#linesEnd)).bytesWritten;
    this.ids.push(...ids);
  }

  /**
   * The rows of these photos, some at a time, in the order of `ids`. The array is used again for the next block.
   * @throws Error when a photo has no row
   */
  async *blocks(ids: readonly string[]): AsyncGenerator<Float32Array> {
    const place = new Map(this.ids.map((id, i) => [id, i]));
    const width = this.#rowSize * 4;
    const count = rowsPerBlock(this.#rowSize);
    const block = new Float32Array(Math.min(count, ids.length) * this.#rowSize);
    const bytes = new Uint8Array(block.buffer);
    for (let from = 0; from < ids.length; from += count) {
      const places = ids.slice(from, from + count).map((id) => place.get(id) ?? NaN);
      for (const { at, start, length } of runsOf(places)) await this.#read(bytes.subarray(at * width, (at + length) * width), start * width);
      yield block.subarray(0, places.length * this.#rowSize);
    }
  }

  async #read(into: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < into.length;) {
      const { bytesRead } = await this.#rows.read(into, done, into.length - done, position + done);
      if (bytesRead === 0) throw new Error(`${this.#folder}: rows.f32 ends at ${position + done}`);
      done += bytesRead;
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#rows.close();
    await this.#lines.close();
  }

  /** Deletes the folder, once the rows are safe elsewhere. */
  async remove(): Promise<void> {
    await this.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Rows that stand together in both orders: nearly always all of them. */
function runsOf(places: readonly number[]): { at: number; start: number; length: number }[] {
  const runs: { at: number; start: number; length: number }[] = [];
  for (const [at, place] of places.entries()) {
    const last = runs.at(-1);
    if (last !== undefined && place === last.start + last.length) last.length++;
    else if (Number.isNaN(place)) throw new Error('a photo without a row');
    else runs.push({ at, start: place, length: 1 });
  }
  return runs;
}

/** The whole lines of the list of ids; none when there is no such list. */
async function keptLines(folder: string): Promise<string[]> {
  const path = join(folder, 'ids.jsonl');
  if (!(await exists(path)) || !(await exists(join(folder, 'rows.f32')))) return [];
  return (await readFile(path, 'utf8')).split('\n').slice(0, -1);
}
