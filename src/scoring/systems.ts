import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { UserError } from '../core/errors.ts';

/**
 * Short names for files, all different: the file's name without its ending, with as many folders before it as it takes.
 * Endings stay where files differ in nothing else.
 * @param given names to use instead, one a file, or none
 * @throws UserError when their number differs, or two are the same
 */
export function systemNames(files: readonly string[], given: readonly string[] = []): string[] {
  if (given.length > 0 && given.length !== files.length) {
    throw new UserError(`--names: ${given.length} names for ${files.length} files of hypotheses; give one each, in their order`);
  }
  const paths = files.map((file) => resolve(file));
  requireDifferent(files, paths, 'file');
  requireDifferent(given, given, 'name');
  if (given.length > 0) return [...given];
  const plain = paths.map((path) => join(dirname(path), basename(path, extname(path))));
  const parts = (new Set(plain).size < plain.length ? paths : plain).map((path) => path.split(sep).filter((part) => part !== ''));
  return parts.map((own) => {
    const tails = own.map((_, folders) => tail(own, folders));
    return tails.find((name, folders) => parts.every((other) => other === own || tail(other, folders) !== name)) ?? tails.at(-1)!;
  });
}

function requireDifferent(values: readonly string[], keys: readonly string[], what: string): void {
  const twice = values.find((_, i) => keys.indexOf(keys[i]!) < i);
  if (twice !== undefined) throw new UserError(`${twice} is there twice; each system needs a ${what} of its own`);
}

/** The last folders of a path, and its name. */
function tail(parts: readonly string[], folders: number): string {
  return parts.slice(-1 - folders).join('/');
}
