import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

/** What a child process sends when it is done: one of these, once. */
export type Answer = { readonly value: unknown } | { readonly error: string };

/** How a trial ended. */
export type Outcome<T = unknown> =
  | { readonly works: true; readonly value: T }
  | { readonly works: false; readonly reason: string };

/** Characters kept of what a child writes on standard error: the end of it says why it crashed. */
const LAST_WORDS = 16384;

/**
 * Runs a script in a process of its own, because what it tries may abort or hang: native libraries and drivers do. The
 * script sends one `Answer`. Never throws.
 * @param seconds after which the process is killed
 */
export function trial<T>(script: string, words: readonly string[], seconds: number): Promise<Outcome<T>> {
  return new Promise((resolve) => {
    // The parent's own flags, such as those of a debugger, are not for the child.
    const child = fork(script, words, { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-LAST_WORDS)));
    const end = (outcome: Outcome<T>): void => {
      clearTimeout(timer);
      release(child);
      resolve(outcome);
    };
    const fail = (reason: string): void => end({ works: false, reason });
    const timer = setTimeout(() => fail(`it did not answer within ${seconds} s`), 1000 * seconds);
    child.on('message', (answer: Answer) => ('error' in answer ? fail(oneLine(answer.error)) : end({ works: true, value: answer.value as T })));
    child.on('error', (error) => fail(oneLine(error.message)));
    // Only when its standard error has been read to the end.
    child.on('close', (code, signal) => fail(endReason(code, signal, said)));
  });
}

/** Kills the child, and forgets it should it be stuck in a driver where nothing can kill it. */
function release(child: ChildProcess): void {
  child.removeAllListeners().on('error', () => {});
  child.kill('SIGKILL');
  child.stderr?.destroy();
  if (child.connected) child.disconnect();
  child.unref();
}

function endReason(code: number | null, signal: NodeJS.Signals | null, said: string): string {
  const how = signal ? `it crashed (${signal})` : `it ended without an answer (exit code ${code})`;
  // Without the stacks that Node adds below.
  const [message = ''] = said.split(/^-+ (?:Native|JavaScript) stack trace/m);
  const words = message.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !/^(at |Node\.js v|\^+$)/.test(line)).at(-1);
  return words === undefined ? how : `${how}: ${oneLine(words)}`;
}

function oneLine(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
