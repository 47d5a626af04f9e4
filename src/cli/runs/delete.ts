import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { UserError } from '../../core/errors.ts';
import { exists } from '../../core/files.ts';
import { lockRun } from '../../tracking/lock.ts';
import { readRun } from '../../tracking/runrecord.ts';
import { findRun } from './find.ts';

export interface DeleteArguments {
  runs: string[];
  yes: boolean;
}

/** What a run folder holds; anything else in it somebody else has put there. */
const OURS = /^(config|environment|run|result|mlflow)\.json(\.damaged)?$|^(metrics|timeline|samples)\.jsonl$|^stories.*\.(jsonl|json|txt)$|^history\.csv$|^(checkpoints|scores|charts|samples)$|^cnn-|^run\.lock|\.tmp$/;

/** Deletes runs after a question. Nothing goes unless all can go. */
export async function deleteCommand({ runs, yes }: DeleteArguments): Promise<void> {
  const folders = [...new Set(await Promise.all(runs.map(findRun)))];
  for (const folder of folders) await checkRun(folder);
  const locks = [];
  try {
    for (const folder of folders) locks.push(await lockRun(folder));
    const size = (await Promise.all(folders.map(bytesIn))).reduce((a, b) => a + b, 0);
    const what = `${folders.length === 1 ? folders[0]! : `${folders.length} runs`} (${size < 2 ** 20 ? `${Math.ceil(size / 2 ** 10)} kB` : `${(size / 2 ** 20).toFixed(1)} MB`})`;
    if (!yes && !(await confirm(folders, what))) return console.log('nothing was deleted');
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
    console.log(`deleted ${what}`);
  } finally {
    for (const lock of locks) await lock.release();
  }
}

/** @throws UserError when it is no run, or holds files of somebody else */
async function checkRun(folder: string): Promise<void> {
  const { config } = await readRun(folder);
  const marked = await Promise.all(['run.json', 'environment.json', 'checkpoints'].map((name) => exists(join(folder, name))));
  // Other programs have a config.json too.
  if (config !== null && !marked.includes(true)) throw new UserError(`${folder}: not a run folder: it has a config.json and nothing else of a run`);
  const others = (await readdir(folder)).filter((name) => !OURS.test(name));
  if (others.length > 0) throw new UserError(`${folder}: holds ${others.slice(0, 3).join(', ')}${others.length > 3 ? ' and more' : ''}, which no run wrote: move it elsewhere, or delete the folder yourself`);
}

async function confirm(folders: readonly string[], what: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UserError(`${what}: give --yes to delete without being asked`);
  if (folders.length > 1) console.log(folders.join('\n'));
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`delete ${what}? [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name)).then(({ size }) => size, () => 0)));
  return sizes.reduce((a, b) => a + b, 0);
}
