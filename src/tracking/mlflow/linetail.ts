import { open } from 'node:fs/promises';

/** Bytes read at once. */
const PIECE = 2 ** 20;

/** Reads a file of JSON lines that is still growing: each call gives the whole lines that have come since the last. */
export class LineTail {
  readonly #path: string;
  #offset = 0;

  constructor(path: string) {
    this.#path = path;
  }

  /** Objects of new whole lines; a line that is no JSON object is left out. None while there is no file. */
  async *read(): AsyncGenerator<Record<string, unknown>, void, undefined> {
    const file = await open(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (file === undefined) return;
    try {
      // A resumed run has shortened it: what is left is read again.
      if ((await file.stat()).size < this.#offset) this.#offset = 0;
      let piece = Buffer.alloc(PIECE);
      for (;;) {
        const { bytesRead } = await file.read(piece, 0, piece.length, this.#offset);
        const end = piece.subarray(0, bytesRead).lastIndexOf(10) + 1;
        if (end === 0) {
          if (bytesRead < piece.length) return;
          // A line longer than the piece.
          piece = Buffer.alloc(piece.length * 2);
          continue;
        }
        this.#offset += end;
        yield* objects(piece.toString('utf8', 0, end));
      }
    } finally {
      await file.close();
    }
  }
}

function objects(text: string): Record<string, unknown>[] {
  return text.split('\n').flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? [value as Record<string, unknown>] : [];
    } catch {
      return [];
    }
  });
}
