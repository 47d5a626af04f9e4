import { basename, dirname, extname, join, sep } from 'node:path';
import { UserError } from '../core/errors.ts';

/**
 * Short names for files, all different: the file's name without its ending, with as many folders before it as it takes.
 * @param given names to use instead, one a file, or none
 * @throws UserError when their number differs, or two are the same
 */
export function systemNames(files: readonly string[], given: readonly string[] = []): string[] {
  if (given.length > 0 && given.length !== files.length) {
    throw new UserError(`--names: ${given.length} names for ${files.length} files of hypotheses; give one each, in their order`);
  }
  requireDifferent(files, 'file');
  requireDifferent(given, 'name');
  if (given.length > 0) return [...given];
  const names = files.map((file) => basename(file, extname(file)));
  for (let depth = 1; new Set(names).size < names.length && depth < 64; depth++) {
    for (const [i, file] of files.entries()) {
      if (names.filter((name) => name === names[i]).length > 1) names[i] = tail(file, depth);
    }
  }
  return new Set(names).size < names.length ? [...files] : names;
}

function requireDifferent(values: readonly string[], what: string): void {
  const twice = values.find((value, i) => values.indexOf(value) < i);
  if (twice !== undefined) throw new UserError(`${twice} is there twice; each system needs a ${what} of its own`);
}

/** The last folders of a path, and its name without its ending. */
function tail(file: string, depth: number): string {
  const folders = dirname(file).split(sep).filter((part) => part !== '' && part !== '.');
  return join(...folders.slice(-depth), basename(file, extname(file)));
}
