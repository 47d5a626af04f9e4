import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { sha256File } from '../../../src/core/files.ts';
import { inspectTextFile, readTextLines } from '../../../src/data/books/encoding.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-encoding-'));
let count = 0;

async function file(bytes: Uint8Array | string, suffix = 'txt'): Promise<string> {
  const path = join(folder, `${count++}.${suffix}`);
  await writeFile(path, bytes);
  return path;
}

async function read(path: string): Promise<{ encoding: string; damaged: number; lines: string[] }> {
  const facts = await inspectTextFile(path);
  const lines: string[] = [];
  for await (const line of readTextLines(facts)) lines.push(line);
  return { encoding: facts.encoding, damaged: facts.damaged, lines };
}

const utf16 = (text: string, big: boolean): Buffer => (big ? Buffer.from(text, 'utf16le').swap16() : Buffer.from(text, 'utf16le'));

test.each([
  ['ASCII', Buffer.from('one\r\ntwo\n'), 'utf-8', ['one', 'two']],
  ['UTF-8', Buffer.from('naïve “quotes”\nß'), 'utf-8', ['naïve “quotes”', 'ß']],
  ['UTF-8 with a mark', Buffer.from('\uFEFFé\n'), 'utf-8', ['é']],
  ['Latin-1', Buffer.from('caf\u00e9\nna\u00efve\n', 'latin1'), 'windows-1252', ['café', 'naïve']],
  ['Windows-1252', Buffer.from([0x93, 0x48, 0x69, 0x94, 0x20, 0x97, 0x85, 0x80]), 'windows-1252', ['“Hi” —…€']],
  ['UTF-16 LE with a mark', utf16('\uFEFFé\nb', false), 'utf-16le', ['é', 'b']],
  ['UTF-16 BE with a mark', utf16('\uFEFFé\nb', true), 'utf-16be', ['é', 'b']],
  ['UTF-16 LE without a mark', utf16('hello there\nyou', false), 'utf-16le', ['hello there', 'you']],
  ['UTF-16 BE without a mark', utf16('hello there\nyou', true), 'utf-16be', ['hello there', 'you']],
  ['the ends of old Macs', Buffer.from('a\rb\r\n\rc'), 'utf-8', ['a', 'b', '', 'c']],
  ['Cyrillic, declared', Buffer.concat([Buffer.from('Project Gutenberg\nCharacter set encoding: KOI8-R\n'), Buffer.from([0xf0, 0xd2, 0xc9])]), 'koi8-r', ['Project Gutenberg', 'Character set encoding: KOI8-R', 'При']],
  ['declared UTF-8, but it is not', Buffer.from('Character set encoding: UTF-8\ncaf\u00e9', 'latin1'), 'windows-1252', ['Character set encoding: UTF-8', 'café']],
])('%s', async (_, bytes, encoding, lines) => {
  expect(await read(await file(bytes))).toEqual({ encoding, damaged: 0, lines });
});

test('characters and line ends across the pieces of a stream stay whole', async () => {
  // The stream gives pieces of 2^18 bytes: characters of 2, 3 and 4 bytes and CR LF lie on every border.
  for (const shift of [0, 1, 2, 3]) {
    const line = `${'x'.repeat(7)}é€😀`;
    const text = 'y'.repeat(shift) + `${line}\r\n`.repeat(60_000);
    const { encoding, damaged, lines } = await read(await file(text));
    expect([encoding, damaged, lines.length]).toEqual(['utf-8', 0, 60_000]);
    expect(new Set(lines.slice(1))).toEqual(new Set([line]));
  }
});

test('a few damaged bytes do not make a UTF-8 book Latin-1', async () => {
  const good = Buffer.from('Das Mädchen hörte Töne. '.repeat(20));
  const { encoding, damaged, lines } = await read(await file(Buffer.concat([good, Buffer.from([0xff, 0x20, 0xc3]), Buffer.from(' x')])));
  expect([encoding, damaged]).toEqual(['utf-8', 2]);
  expect(lines[0]).toContain('\uFFFD');
  // Overlong forms and surrogates are no UTF-8.
  expect((await read(await file(Uint8Array.of(0xc0, 0xaf)))).encoding).toBe('windows-1252');
  expect((await read(await file(Uint8Array.of(0xed, 0xa0, 0x80)))).encoding).toBe('windows-1252');
});

test('gzip is unpacked; its SHA-256 is of the file', async () => {
  const path = await file(gzipSync('café\nb\n'), 'txt.gz');
  expect(await read(path)).toMatchObject({ encoding: 'utf-8', lines: ['café', 'b'] });
  expect(await inspectTextFile(path)).toMatchObject({ bytes: 8, sha256: await sha256File(path) });
});

test('what is no text is refused in one line', async () => {
  const packed = gzipSync('a long text '.repeat(1000));
  const cases = [
    [await file(''), /the file is empty/],
    [await file(gzipSync(''), 'txt.gz'), /the file is empty/],
    [await file(Uint8Array.of(80, 75, 3, 4, 0, 0, 1, 2)), /not a text file/],
    [await file(packed.subarray(0, packed.length - 20), 'txt.gz'), /damaged or cut short|unexpected end/],
    [await file('plain', 'txt.gz'), /damaged or cut short/],
    [join(folder, 'missing.txt'), /no such file/],
    [folder, /it is a folder/],
  ] as const;
  for (const [path, says] of cases) {
    const error: unknown = await inspectTextFile(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toMatch(says);
    expect((error as Error).message).toMatch(/^[^\n]+$/);
    expect((error as Error).message.startsWith(path)).toBe(true);
  }
});

test('a line without an end is cut at spaces', async () => {
  const { lines } = await read(await file('word '.repeat(500_000)));
  expect(lines.length).toBeGreaterThan(1);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(2 ** 20);
  expect(lines.join('')).toBe('word '.repeat(500_000));
});
