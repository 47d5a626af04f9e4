import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { UserError } from '../../core/errors.ts';
import { systemReason } from '../../core/files.ts';
import { decodeUtf8 } from '../../core/utf8.ts';

const LINE_FEED = 10;

/** The lines of a text file, kept as bytes: 600,000 captions take as much memory as the file and 4 bytes a line. */
export class TextRows {
  readonly #bytes: Buffer;
  /** Where each line begins, and one place more: after the last line's end. */
  readonly #starts: Uint32Array;

  private constructor(bytes: Buffer, starts: Uint32Array) {
    this.#bytes = bytes;
    this.#starts = starts;
  }

  /** @throws UserError when the file is missing, is not UTF-8 or has not as many lines as there are rows */
  static async open(path: string, rows: number): Promise<TextRows> {
    const bytes = await readFile(path).catch((error: unknown) => {
      throw new UserError(`${path}: cannot read it: ${systemReason(error)}`);
    });
    // Decoding it all names the line, but takes the memory that is to be saved.
    if (!isUtf8(bytes)) decodeUtf8(bytes, path);
    const starts = new Uint32Array(rows + 1);
    let lines = 0;
    for (let at = 0; at < bytes.length; lines++) {
      const end = bytes.indexOf(LINE_FEED, at);
      at = end < 0 ? bytes.length + 1 : end + 1;
      if (lines < rows) starts[lines + 1] = at;
    }
    if (lines !== rows) throw new UserError(`${path}: ${lines} lines for ${rows} vectors; it was cut or changed: make the index again`);
    return new TextRows(bytes, starts);
  }

  at(row: number): string {
    return this.#bytes.toString('utf8', this.#starts[row]!, this.#starts[row + 1]! - 1);
  }
}

/** Bytes of the file for which the memory of `TextRows` is reckoned. */
export function textRowsBytes(rows: number, fileBytes: number): number {
  return fileBytes + (rows + 1) * 4;
}
