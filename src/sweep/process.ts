import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { messageOf } from '../core/errors.ts';

/** How a child process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last line it printed, of errors if there were any. */
  readonly lastLine: string;
}

export interface LaunchOptions {
  /** File that everything it prints is added to. */
  readonly log: string;
  readonly env: Readonly<Record<string, string>>;
  /** Aborted, the child is asked to save and stop (SIGTERM). */
  readonly stop?: AbortSignal | undefined;
  /** Aborted, it is ended at once (SIGKILL). */
  readonly kill?: AbortSignal | undefined;
  /**
   * Whether Ctrl-C on the terminal is kept from it: a second signal would end it before it has saved. Under Slurm it
   * stays in the group of its task, which Slurm signals as a whole.
   */
  readonly apart: boolean;
}

/** Runs a command of Fabula in a process of its own. @param words the command line after `fabula` */
export type Launch = (words: readonly string[], options: LaunchOptions) => Promise<Ended>;

/** Bytes read of the end of a log. */
const TAIL = 4000;

/** @param program file of the command line to run with this Node */
export function launcher(program: string): Launch {
  return async (words, { log, env, stop, kill, apart }) => {
    const file = await open(log, 'a+');
    try {
      const { size } = await file.stat();
      const child = spawn(process.execPath, [program, ...words], { detached: apart, env: { ...process.env, ...env }, stdio: ['ignore', file.fd, file.fd] });
      const ask = (): boolean => child.kill('SIGTERM');
      const end = (): boolean => child.kill('SIGKILL');
      stop?.addEventListener('abort', ask, { once: true });
      kill?.addEventListener('abort', end, { once: true });
      if (stop?.aborted) ask();
      const ended = await endOf(child);
      stop?.removeEventListener('abort', ask);
      kill?.removeEventListener('abort', end);
      return { ...ended, lastLine: ended.lastLine || (await lastLine(file, size)) };
    } finally {
      await file.close();
    }
  };
}

/** A process that cannot be started has ended too. */
function endOf(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, lastLine: messageOf(error) }));
    child.once('close', (code, signal) => resolve({ code, signal, lastLine: '' }));
  });
}

/** The last line after a place in the file: one that Fabula says an error in, if there is any. */
async function lastLine(file: FileHandle, after: number): Promise<string> {
  const { size } = await file.stat();
  const from = Math.max(after, size - TAIL);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
  const lines = buffer.toString('utf8', 0, bytesRead).split('\n').filter((line) => line.trim() !== '');
  return lines.findLast((line) => line.startsWith('fabula: ')) ?? lines.at(-1) ?? '';
}
