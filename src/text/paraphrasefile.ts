import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { messageOf, UserError } from '../core/errors.ts';
import { ParaphraseBuilder } from './paraphrases.ts';
import type { Paraphrases } from './paraphrases.ts';

const [LINE_FEED, SPACE] = [10, 32];
/** Longest phrase that is read, in words; METEOR's English table has none above 7. */
const LONGEST = 64;

export interface ParaphraseOptions {
  /** Keep only entries made of these words: no others can match texts of these words. Default: all, in about 0.3 GB. */
  readonly vocabulary?: Iterable<string>;
  /** Called with the bytes of the file read so far and all of them. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Reads a METEOR 1.5 paraphrase table: gzip, entries of three lines: a number (unused there too), phrase, paraphrase.
 * @throws UserError when the file is missing, damaged or cut
 */
export async function readParaphrases(path: string, options: ParaphraseOptions = {}): Promise<Paraphrases> {
  const { onProgress } = options;
  const info = await stat(path).catch(() => {
    throw new UserError(`${path}: METEOR's paraphrase table is not there; give a METEOR 1.5 distribution that holds data/paraphrase-en.gz`);
  });
  const words = new WordNumbers(options.vocabulary);
  const reader = new EntryReader(words);
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  try {
    const bytes: AsyncIterable<Buffer> = file.pipe(createGunzip({ chunkSize: 1 << 20 }));
    file.on('error', (error) => (bytes as unknown as { destroy(error: Error): void }).destroy(error));
    for await (const chunk of bytes) {
      reader.push(chunk);
      onProgress?.(file.bytesRead, info.size);
    }
  } catch (error) {
    throw new UserError(`${path}: cannot read the paraphrase table: ${messageOf(error)}; fetch it anew`);
  } finally {
    file.destroy();
  }
  if (!reader.complete) throw new UserError(`${path}: the paraphrase table ends within an entry; fetch it anew`);
  return reader.finish();
}

/** Lines of an entry. */
const [NUMBER, PHRASE, PARAPHRASE] = [0, 1, 2];

/** Cuts a stream of bytes into entries and keeps those whose words have numbers. */
class EntryReader {
  readonly #words: WordNumbers;
  readonly #builder = new ParaphraseBuilder();
  readonly #phrase = new Int32Array(LONGEST);
  readonly #paraphrase = new Int32Array(LONGEST);
  /** Words of the entry's phrase; 0 when they do not all have numbers. */
  #phraseLength = 0;
  /** The line that comes next. */
  #kind = NUMBER;
  #rest: Buffer = Buffer.alloc(0);

  constructor(words: WordNumbers) {
    this.#words = words;
  }

  get complete(): boolean {
    return this.#rest.length === 0 && this.#kind === NUMBER;
  }

  push(chunk: Buffer): void {
    const start = chunk.indexOf(LINE_FEED) + 1;
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    if (start === 0) {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      return;
    }
    const cut = Buffer.concat([this.#rest, chunk.subarray(0, start)]);
    this.#lines(cut, 0, cut.length);
    this.#lines(chunk, start, end);
    this.#rest = chunk.subarray(end);
  }

  /** Takes whole lines. */
  #lines(bytes: Buffer, start: number, end: number): void {
    // Where the phrase before stands: the table has all paraphrases of a phrase together.
    let before = end;
    for (let at = start; at < end;) {
      const from = at;
      if (this.#kind === PHRASE) {
        at = skipEqual(bytes, from, before, end);
        if (at === from) this.#phraseLength = this.#read(bytes, from, this.#phrase);
        before = from;
      } else if (this.#kind === PARAPHRASE && this.#phraseLength > 0) {
        const length = this.#read(bytes, from, this.#paraphrase);
        if (length > 0) this.#builder.add(this.#phrase, this.#phraseLength, this.#paraphrase, length);
      }
      if (at === from) while (bytes[at++] !== LINE_FEED);
      this.#kind = this.#kind === PARAPHRASE ? NUMBER : this.#kind + 1;
    }
  }

  finish(): Paraphrases {
    return this.#builder.finish(this.#words.ids());
  }

  /** Numbers of the words of a line; 0 when there is none or one has no number. */
  #read(bytes: Buffer, start: number, into: Int32Array): number {
    let count = 0;
    for (let at = start; ; at++) {
      const from = at;
      let hash = 0;
      let byte = bytes[at]!;
      // Anything up to the space is white space to Java's tokenizer, or does not occur.
      while (byte > SPACE) {
        hash = (Math.imul(hash, 31) + byte) | 0;
        byte = bytes[++at]!;
      }
      if (at > from) {
        const id = this.#words.id(bytes, from, at, hash);
        if (id < 0 || count === LONGEST) return 0;
        into[count++] = id;
      }
      if (byte === LINE_FEED) return count;
    }
  }
}

/** Where the line that begins at `start` ends when it is the same as the one at `other`; `start` when it is not. */
function skipEqual(bytes: Uint8Array, start: number, other: number, end: number): number {
  for (let at = start, same = other; same < end; at++, same++) {
    const byte = bytes[at];
    if (byte !== bytes[same]) return start;
    if (byte === LINE_FEED) return at + 1;
  }
  return start;
}

/** Numbers of words by their UTF-8 bytes: of a given vocabulary, or of every word as it comes. */
class WordNumbers {
  readonly #open: boolean;
  readonly #names: string[] = [];
  readonly #bytes: Uint8Array[] = [];
  #slots = new Int32Array(1 << 14).fill(-1);
  #hashes = new Int32Array(1 << 14);

  constructor(vocabulary: Iterable<string> | undefined) {
    this.#open = vocabulary === undefined;
    for (const word of new Set(vocabulary ?? [])) {
      const bytes = Buffer.from(word);
      let hash = 0;
      for (const byte of bytes) hash = (Math.imul(hash, 31) + byte) | 0;
      this.#add(this.#find(bytes, 0, bytes.length, hash), bytes, word, hash);
    }
  }

  ids(): ReadonlyMap<string, number> {
    return new Map(this.#names.map((word, id) => [word, id]));
  }

  /** The number of the word in bytes[start] up to end, -1 when it has none. */
  id(bytes: Buffer, start: number, end: number, hash: number): number {
    const slot = this.#find(bytes, start, end, hash);
    const found = this.#slots[slot]!;
    if (found >= 0 || !this.#open) return found;
    return this.#add(slot, Uint8Array.prototype.slice.call(bytes, start, end), bytes.toString('utf8', start, end), hash);
  }

  #find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = spread(hash) & mask;
    while (this.#slots[slot]! >= 0 && (this.#hashes[slot] !== hash || !sameBytes(this.#bytes[this.#slots[slot]!]!, bytes, start, end))) slot = (slot + 1) & mask;
    return slot;
  }

  #add(slot: number, bytes: Uint8Array, word: string, hash: number): number {
    const id = this.#names.push(word) - 1;
    this.#bytes.push(bytes);
    this.#slots[slot] = id;
    this.#hashes[slot] = hash;
    if (2 * this.#names.length > this.#slots.length) this.#grow();
    return id;
  }

  #grow(): void {
    const [slots, hashes] = [this.#slots, this.#hashes];
    this.#slots = new Int32Array(2 * slots.length).fill(-1);
    this.#hashes = new Int32Array(2 * slots.length);
    const mask = this.#slots.length - 1;
    for (const [old, id] of slots.entries()) {
      if (id < 0) continue;
      let slot = spread(hashes[old]!) & mask;
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & mask;
      this.#slots[slot] = id;
      this.#hashes[slot] = hashes[old]!;
    }
  }
}

/** The low bits of a hash that multiplies by 31 say little about the first letters. */
function spread(hash: number): number {
  return hash ^ (hash >>> 16) ^ (hash >>> 8);
}

function sameBytes(word: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (word.length !== end - start) return false;
  for (let i = 0; i < word.length; i++) if (word[i] !== bytes[start + i]) return false;
  return true;
}
