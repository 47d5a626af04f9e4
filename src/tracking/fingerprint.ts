import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { UserError } from '../core/errors.ts';
import { systemReason } from '../core/files.ts';

/** What tells whether a file still holds the same. */
export interface FileFingerprint {
  readonly bytes: number;
  /** SHA-256, hexadecimal: of the whole file or, where it is large, of blocks spread evenly over it. */
  readonly content: string;
}

/** Files up to this size are read whole: a tenth of a second. */
const WHOLE = 64 * 2 ** 20;
const BLOCK = 64 * 2 ** 10;
const BLOCKS = 256;

/** At most 64 MB are read, whatever the size of the file. @throws UserError when it cannot be read */
export async function fingerprintFile(path: string, limits: { whole?: number } = {}): Promise<FileFingerprint> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const { size } = await file.stat();
    const whole = size <= (limits.whole ?? WHOLE);
    const hash = createHash('sha256');
    const buffer = Buffer.alloc(whole ? 2 ** 22 : BLOCK);
    for (const place of whole ? steps(size, buffer.length) : samples(size)) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, place);
      hash.update(buffer.subarray(0, bytesRead));
    }
    return { bytes: size, content: hash.digest('hex') };
  } catch (error) {
    throw new UserError(`${path}: cannot read it: ${systemReason(error)}`);
  } finally {
    await file?.close();
  }
}

function steps(size: number, width: number): number[] {
  return Array.from({ length: Math.ceil(size / width) }, (_, i) => i * width);
}

function samples(size: number): number[] {
  return Array.from({ length: BLOCKS }, (_, i) => Math.max(0, Math.floor(((size - BLOCK) * i) / (BLOCKS - 1))));
}
