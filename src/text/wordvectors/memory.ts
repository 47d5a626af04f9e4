import { freemem } from 'node:os';
import { UserError } from '../../core/errors.ts';

/** Bytes a word takes in a list and a map besides its vector; 72 were measured for a million words of ten letters. */
const WORD_BYTES = 96;

/** Bytes of words with float32 vectors in memory. */
export function tableBytes(words: number, dimension: number): number {
  return words * (4 * dimension + WORD_BYTES);
}

/** Bytes that a program may still take, a container's limit counted. */
export function freeMemory(): number {
  // Node before 20.13 has only freemem(), which knows no containers.
  return typeof process.availableMemory === 'function' ? process.availableMemory() : freemem();
}

/** `1.2 GB`: decimal units, three figures at most. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let power = 0;
  let value = bytes;
  // What would be rounded to 1000 of a unit is 1.0 of the next.
  for (; value >= 999.5 && power < units.length - 1; power++) value /= 1000;
  return `${power === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[power]}`;
}

/**
 * States the memory of something before it is taken: `needs 1.2 GB, 20.1 GB free`.
 * @param what named in the error, such as a path
 * @param advice how to need less
 * @throws UserError when it does not fit
 */
export function requireMemory(what: string, bytes: number, advice: string, free: number = freeMemory()): string {
  const statement = `needs ${formatBytes(bytes)}, ${formatBytes(free)} free`;
  if (bytes > free) throw new UserError(`${what}: ${statement}; ${advice}`);
  return statement;
}
