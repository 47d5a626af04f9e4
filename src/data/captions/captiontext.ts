import { constants } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { messageOf, UserError } from '../../core/errors.ts';
import { systemReason } from '../../core/files.ts';
import { decodeUtf8 } from '../../core/utf8.ts';

/**
 * The whole text of a caption file in UTF-8, decompressed where it begins as gzip does, without a byte-order mark.
 * @throws UserError when it is missing, empty or cut short, or naming the first line that is not UTF-8
 */
export async function readCaptionText(path: string): Promise<string> {
  const stored = await readFile(path).catch((error: unknown) => {
    throw new UserError(`${path}: cannot read captions: ${systemReason(error)}`);
  });
  const compressed = stored[0] === 0x1f && stored[1] === 0x8b;
  const bytes = compressed ? await promisify<Uint8Array, Uint8Array>(gunzip)(stored).catch((error: unknown) => {
    throw new UserError(`${path}: the compressed file is cut short or damaged (${messageOf(error)}); make or fetch it again`);
  }) : stored;
  if (bytes.length === 0) throw new UserError(`${path}: the file is empty; captions are needed`);
  if (bytes.length > constants.MAX_STRING_LENGTH) throw new UserError(`${path}: ${bytes.length} bytes of text are more than can be read at once; divide the file and name its parts together`);
  return decodeUtf8(bytes, path, { skipMark: true });
}

/** Lines without their ends (LF or CR LF); what follows the last line end is a line only if something is in it. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
