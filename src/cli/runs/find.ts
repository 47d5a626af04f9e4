import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { nearestName, UserError } from '../../core/errors.ts';
import { exists } from '../../core/files.ts';

/** Where `fabula train` makes run folders. */
export const RUNS_FOLDER = 'runs';

/** The folder that a run's name on the command line means: a path, or a name in runs/. @throws UserError with the nearest name */
export async function findRun(name: string): Promise<string> {
  if (await exists(name)) return name;
  const inside = join(RUNS_FOLDER, name);
  if (await exists(inside)) return inside;
  const near = nearestName(name.replace(/^.*\//, ''), await readdir(RUNS_FOLDER).catch(() => []));
  throw new UserError(`${name}: there is no such run${near === undefined ? '; fabula runs lists them' : `: did you mean ${join(RUNS_FOLDER, near)}?`}`);
}
