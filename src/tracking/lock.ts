import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { UserError } from '../core/errors.ts';
import { systemReason, temporaryPath } from '../core/files.ts';

export const LOCK_FILE = 'run.lock';

const holderSchema = z.object({
  pid: z.int(),
  host: z.string(),
  /** ISO time. */
  started: z.string(),
  /** On Linux: boot and start of the process, so that another process with its number is not taken for it. */
  process: z.string().optional(),
});
/** Who holds a run folder. */
export type LockHolder = z.infer<typeof holderSchema>;

/** Locks of this process, for systems on which another process with its number cannot be told apart. */
const held = new Set<string>();

/** A run folder held by this process. */
export interface RunLock {
  release(): Promise<void>;
}

/**
 * Holds a run folder until `release` or the end of the process, whatever ends it. The lock of a process that has ended
 * on this host is taken over.
 * @throws UserError naming who holds it
 */
export async function lockRun(folder: string): Promise<RunLock> {
  const path = resolve(folder, LOCK_FILE);
  const content = `${JSON.stringify(await describeSelf())}\n`;
  while (!(await place(path, content))) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new UserError(`${path}: cannot be read: ${systemReason(error)}`);
    });
    if (text === undefined) continue;
    if (await isHeld(path, text)) throw refusal(folder, parseHolder(text));
    await takeAway(path, text);
  }
  held.add(path);
  const removeNow = (): void => {
    if (readOrNothing(path) === content) rmSync(path, { force: true });
  };
  process.once('exit', removeNow);
  return {
    async release() {
      process.off('exit', removeNow);
      held.delete(path);
      if (readOrNothing(path) === content) await rm(path, { force: true });
    },
  };
}

/** Does some work while holding a run folder. @throws UserError naming who holds it */
export async function holdingRun<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const lock = await lockRun(folder);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** Who works on a run folder now; undefined when nobody does, also where an ended process has left its lock. */
export async function runHolder(folder: string): Promise<LockHolder | undefined> {
  const path = resolve(folder, LOCK_FILE);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text !== undefined && (await isHeld(path, text)) ? parseHolder(text) : undefined;
}

/** Written beside and linked, so that nobody ever reads half a lock. @returns whether it was free */
async function place(path: string, content: string): Promise<boolean> {
  const temporary = temporaryPath(path);
  try {
    await writeFile(temporary, content);
    await link(temporary, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // File systems without hard links.
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS') return placeDirectly(path, content);
    throw new UserError(`${path}: cannot be written, so that a second process would not be kept off: ${systemReason(error)}`);
  } finally {
    await rm(temporary, { force: true });
  }
}

function placeDirectly(path: string, content: string): Promise<boolean> {
  return writeFile(path, content, { flag: 'wx' }).then(() => true, (error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return false;
    throw new UserError(`${path}: cannot be written, so that a second process would not be kept off: ${systemReason(error)}`);
  });
}

/** Moves an ended process' lock away. Where another was quicker and it is a new one, it goes back. */
async function takeAway(path: string, stale: string): Promise<void> {
  const aside = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.old`;
  const moved = await rename(path, aside).then(() => true, () => false);
  if (!moved) return;
  if (readOrNothing(aside) !== stale) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

async function isHeld(path: string, text: string): Promise<boolean> {
  const holder = parseHolder(text);
  // No process of ours leaves such a file.
  if (holder === undefined) return false;
  if (holder.host !== hostname()) return true;
  if (!isAlive(holder.pid)) return false;
  const now = await processMark(holder.pid);
  if (holder.process !== undefined && now !== undefined) return holder.process === now;
  return holder.pid !== process.pid || held.has(path);
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function refusal(folder: string, holder: LockHolder | undefined): UserError {
  const who = `process ${holder?.pid} on ${holder?.host} works on this run since ${holder?.started}`;
  if (holder?.host === hostname()) return new UserError(`${folder}: ${who}; wait for it, or stop it first`);
  return new UserError(`${folder}: ${who}; whether it still does cannot be seen from ${hostname()}: if it has ended, delete ${join(folder, LOCK_FILE)}`);
}

async function describeSelf(): Promise<LockHolder> {
  const mark = await processMark(process.pid);
  return { pid: process.pid, host: hostname(), started: new Date().toISOString(), ...(mark !== undefined && { process: mark }) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Boot and clock tick at which a process began, `ended` for one that nobody has waited for; undefined where there is no /proc. */
async function processMark(pid: number): Promise<string | undefined> {
  try {
    const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in brackets, may hold spaces; after it the state comes first and the start as the twentieth.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return 'ended';
    return fields[19] === undefined ? undefined : `${boot}/${fields[19]}`;
  } catch {
    return undefined;
  }
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
