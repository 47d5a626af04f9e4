import { readFile } from 'node:fs/promises';
import { UserError } from '../core/errors.ts';
import { systemReason } from '../core/files.ts';

const LINE_FEED = 10;

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
  const lines = decode(bytes, path).split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}

function decode(bytes: Uint8Array, path: string): string {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    return decoder.decode(bytes);
  } catch {
    throw new UserError(`${path}: line ${firstBadLine(bytes)} is not valid UTF-8; save the file as UTF-8`);
  }
}

/** No UTF-8 character holds the byte of a line feed, so that lines can be tried one by one. */
function firstBadLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let start = 0, line = 1; ; line++) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found < 0 ? bytes.length : found;
    try {
      decoder.decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    if (found < 0) return line;
    start = end + 1;
  }
}
