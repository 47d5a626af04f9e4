import { open } from 'node:fs/promises';
import { messageOf, UserError } from '../core/errors.ts';
import { systemReason } from '../core/files.ts';

const SIGNATURE = '\x89HDF\r\n\x1a\n';

/** Why HDF5 could not open a file, in one line instead of the library's stack. */
export async function openingProblem(path: string, cause: unknown): Promise<UserError> {
  const start = Buffer.alloc(SIGNATURE.length);
  let size = 0;
  try {
    const file = await open(path, 'r');
    try {
      await file.read(start, 0, start.length, 0);
      size = (await file.stat()).size;
    } finally {
      await file.close();
    }
  } catch (error) {
    return new UserError(`${path}: cannot read HDF5 file: ${systemReason(error)}`);
  }
  if (start.toString('latin1') !== SIGNATURE) return new UserError(`${path}: not an HDF5 file`);
  const stored = /stored_eof = (\d+)/.exec(messageOf(cause))?.[1];
  const place = stored === undefined ? `${size} bytes` : `${size} of ${stored} bytes`;
  return new UserError(`${path}: the HDF5 file is truncated or damaged (${place}); copy or make it again`);
}

/** Why a dataset of an open file could not be read: stored in a way this build of HDF5 does not know, or damaged. */
export function readingProblem(path: string, dataset: string, cause: unknown): UserError {
  const message = messageOf(cause);
  const filter = /required filter '([^']+)'/.exec(message)?.[1];
  if (filter !== undefined) return new UserError(`${path}: dataset ${dataset} is compressed with ${filter}; save it with gzip or without compression`);
  const type = /(Float\d+) not supported/.exec(message)?.[1]?.toLowerCase();
  if (type !== undefined) return new UserError(`${path}: dataset ${dataset} holds ${type} values; save them as float32`);
  return new UserError(`${path}: dataset ${dataset} cannot be read, the file is damaged; copy or make it again`);
}

/** Why a file could not be written: what the system says, or that HDF5 itself gave up. Other errors pass unchanged. */
export function writingProblem(path: string, cause: unknown): unknown {
  if (messageOf(cause).startsWith('HDF5-DIAG')) {
    const reason = /error message = '([^']+)'/.exec(messageOf(cause))?.[1] ?? 'the HDF5 library failed';
    return new UserError(`${path}: cannot write HDF5 file: ${reason}`);
  }
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' && /^E[A-Z]+$/.test(code)
    ? new UserError(`${path}: cannot write HDF5 file: ${systemReason(cause)}`)
    : cause;
}
