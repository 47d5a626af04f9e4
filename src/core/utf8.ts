import { UserError } from './errors.ts';

const LINE_FEED = 10;

/**
 * Bytes of a file as text. A byte-order mark stays unless `skipMark` is set.
 * @throws UserError naming the first line that is not UTF-8: replaced characters would change scores in silence
 */
export function decodeUtf8(bytes: Uint8Array, path: string, { skipMark = false } = {}): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: !skipMark });
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
