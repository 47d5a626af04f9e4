import { isAscii, isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UserError } from '../../core/errors.ts';
import { systemReason } from '../../core/files.ts';

/** What one pass over a text file tells; the second pass reads it. */
export interface TextFileFacts {
  readonly path: string;
  /** Bytes of text: unpacked where the file is gzip. */
  readonly bytes: number;
  /** SHA-256 of the file as it lies there, hexadecimal. */
  readonly sha256: string;
  /** A label of the WHATWG Encoding standard. */
  readonly encoding: string;
  /** Bytes that the encoding has no character for: they become U+FFFD. */
  readonly damaged: number;
}

/** Bytes that are looked at for zeros and for a Gutenberg header. */
const HEAD = 2 ** 14;
/** A line without an end is cut there: memory stays constant. */
const LONGEST_LINE = 2 ** 20;

/**
 * Recognises the encoding of a text file, which is read once as a stream: a byte-order mark; valid UTF-8; UTF-8 with a
 * few damaged bytes; the `Character set encoding:` of a Gutenberg header; else Windows-1252, which holds Latin-1.
 * @throws UserError when it cannot be read, is empty or is not text
 */
export async function inspectTextFile(path: string): Promise<TextFileFacts> {
  const hash = createHash('sha256');
  const scan = new Utf8Scan();
  let head = Buffer.alloc(0);
  for await (const bytes of openBytes(path, (raw) => hash.update(raw))) {
    if (head.length < HEAD) head = Buffer.concat([head, bytes.subarray(0, HEAD - head.length)]);
    scan.push(bytes);
  }
  scan.end();
  if (scan.bytes === 0) throw new UserError(`${path}: the file is empty`);
  const facts = { path, bytes: scan.bytes, sha256: hash.digest('hex') };
  const wide = markedWide(head) ?? unmarkedWide(head);
  if (wide !== undefined) return { ...facts, encoding: wide, damaged: 0 };
  if (scan.zeros > 0) throw new UserError(`${path}: it is not a text file (it has zero bytes); save it as plain text`);
  if (scan.damaged === 0 || scan.characters > 20 * scan.damaged) return { ...facts, encoding: 'utf-8', damaged: scan.damaged };
  return { ...facts, encoding: declaredEncoding(head) ?? 'windows-1252', damaged: 0 };
}

/** The lines of a text file, without their ends (LF, CR LF or CR), read as a stream. @throws UserError when it cannot be read */
export async function* readTextLines({ path, encoding }: Pick<TextFileFacts, 'path' | 'encoding'>, onBytes?: (bytes: number) => void): AsyncGenerator<string> {
  const decode = decoder(encoding);
  let rest = '';
  const split = function* (text: string, last: boolean): Generator<string> {
    // A CR at the end of a piece may have its LF in the next.
    const held = !last && text.endsWith('\r') ? '\r' : '';
    const lines = (held === '' ? text : text.slice(0, -1)).split(/\r\n|\n|\r/);
    rest = lines.pop()! + held;
    yield* lines;
  };
  for await (const bytes of openBytes(path)) {
    onBytes?.(bytes.length);
    yield* split(rest + decode(bytes, false), false);
    while (rest.length > LONGEST_LINE) {
      const space = rest.lastIndexOf(' ', LONGEST_LINE);
      const cut = space > 0 ? space : LONGEST_LINE;
      yield rest.slice(0, cut);
      rest = rest.slice(cut);
    }
  }
  yield* split(rest + decode(undefined, true), true);
  if (rest !== '') yield rest;
}

/** Bytes of a file, unpacked where its name ends in .gz. */
async function* openBytes(path: string, onRaw?: (bytes: Buffer) => void): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 2 ** 18 });
  let stream: Readable = file;
  if (onRaw !== undefined) file.on('data', onRaw as (chunk: string | Buffer) => void);
  if (/\.gz$/i.test(path)) {
    const unpacked = createGunzip();
    file.on('error', (error) => unpacked.destroy(error));
    stream = file.pipe(unpacked);
  }
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    const reason = /^Z_|^ERR_.*ZLIB/.test((error as NodeJS.ErrnoException).code ?? '') ? 'the gzip file is damaged or cut short' : systemReason(error);
    throw new UserError(`${path}: cannot read the text: ${reason}`);
  } finally {
    file.destroy();
  }
}

function decoder(encoding: string): (bytes: Buffer | undefined, last: boolean) => string {
  // Node's own decoder of Windows-1252 reads 0x80 to 0x9F as control characters in some versions.
  if (encoding === 'windows-1252') return (bytes) => (bytes === undefined ? '' : bytes.toString('latin1').replace(/[\x80-\x9f]/g, (c) => WINDOWS_1252[c.charCodeAt(0) - 0x80]!));
  const text = new TextDecoder(encoding);
  return (bytes, last) => text.decode(bytes, { stream: !last });
}

/** Characters of 0x80 to 0x9F; the five without one stay what they are. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

function markedWide(head: Buffer): string | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  return head[0] === 0xfe && head[1] === 0xff ? 'utf-16be' : undefined;
}

/** UTF-16 without a mark: in western text, every second byte is zero. */
function unmarkedWide(head: Buffer): string | undefined {
  const pairs = head.length >> 1;
  const zeros = [0, 0];
  for (let i = 0; i < 2 * pairs; i++) if (head[i] === 0) zeros[i & 1]!++;
  if (pairs === 0 || Math.min(...zeros) > 0.05 * pairs) return undefined;
  if (zeros[1]! > 0.7 * pairs) return 'utf-16le';
  return zeros[0]! > 0.7 * pairs ? 'utf-16be' : undefined;
}

/** What a Gutenberg header says, where this is an encoding of one byte a character other than Latin-1 and ASCII. */
function declaredEncoding(head: Buffer): string | undefined {
  const label = /^Character set encoding:\s*([\w-]+)/im.exec(head.toString('latin1'))?.[1];
  if (label === undefined || /^(?:us-?)?ascii|^utf|^iso-646/i.test(label)) return undefined;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

/** Counts characters of several bytes and bytes that are none, across the borders of pieces. */
class Utf8Scan {
  bytes = 0;
  zeros = 0;
  characters = 0;
  damaged = 0;
  /** Continuation bytes still due, and what the next must lie between. */
  #due = 0;
  #low = 0x80;
  #high = 0xbf;

  push(bytes: Buffer): void {
    this.bytes += bytes.length;
    if (bytes.includes(0)) this.zeros++;
    // The quick way holds for a piece that is valid by itself; that it speaks for UTF-8 at all is enough.
    if (this.#due === 0 && isUtf8(bytes)) {
      if (!isAscii(bytes)) this.characters++;
      return;
    }
    for (const byte of bytes) this.#step(byte);
  }

  end(): void {
    if (this.#due > 0) this.damaged++;
  }

  #step(byte: number): void {
    if (this.#due > 0) {
      if (byte >= this.#low && byte <= this.#high) {
        [this.#low, this.#high] = [0x80, 0xbf];
        if (--this.#due === 0) this.characters++;
        return;
      }
      this.damaged++;
      this.#due = 0;
    }
    if (byte < 0x80) return;
    this.#begin(byte);
  }

  #begin(byte: number): void {
    [this.#low, this.#high] = [0x80, 0xbf];
    if (byte >= 0xc2 && byte <= 0xdf) this.#due = 1;
    else if (byte >= 0xe0 && byte <= 0xef) this.#due = 2;
    else if (byte >= 0xf0 && byte <= 0xf4) this.#due = 3;
    else this.damaged++;
    // No overlong forms, no surrogates, nothing above U+10FFFF.
    if (byte === 0xe0) this.#low = 0xa0;
    if (byte === 0xed) this.#high = 0x9f;
    if (byte === 0xf0) this.#low = 0x90;
    if (byte === 0xf4) this.#high = 0x8f;
  }
}
