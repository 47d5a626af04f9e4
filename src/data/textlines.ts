import { readFile } from 'node:fs/promises';
import { UserError } from '../core/errors.ts';
import { systemReason } from '../core/files.ts';
import { decodeUtf8 } from '../core/utf8.ts';

/**
 * The lines of a text file in UTF-8, without their line ends (LF or CR LF); a byte-order mark is skipped.
 * @param what the file is, for errors
 * @throws UserError when the file is missing or empty, or naming the first line that is not UTF-8
 */
export async function readLines(path: string, what: string): Promise<string[]> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new UserError(`${path}: cannot read ${what}: ${systemReason(error)}`);
  });
  if (bytes.length === 0) throw new UserError(`${path}: the file is empty; ${what} are needed, one a line`);
  const lines = decodeUtf8(bytes, path, { skipMark: true }).split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}
