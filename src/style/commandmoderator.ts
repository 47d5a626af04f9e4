import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { UserError } from '../core/errors.ts';
import type { Moderator } from './moderation.ts';
import { asReview, oneLine } from './modulemoderator.ts';

/** Bytes of a moderator's answer; more is no answer. */
const LONGEST = 2 ** 20;

/**
 * A moderator that is a command line, run once a text by the system's shell. The text comes on standard input. What it
 * prints is JSON: `true`, `false` or `{"flagged": true, "reasons": ["..."]}`; when it prints nothing, exit code 0 lets
 * the text pass and 1 flags it.
 * `review` throws UserError when the command cannot be run, is late, prints something else or ends with another code.
 */
export function openCommandModerator(command: string, { seconds = 10 }: { seconds?: number } = {}): Moderator {
  if (command.trim() === '') throw new UserError('the moderator command is empty: give a command line that reads the text on standard input');
  const where = `moderator ${JSON.stringify(command)}`;
  return {
    name: command.trim().split(/\s+/)[0]!,
    review: async (text) => {
      const { code, stdout, stderr } = await run(command, text, seconds, where);
      if (code !== 0 && code !== 1) {
        throw new UserError(`${where} ended with ${code === null ? 'a signal' : `code ${code}`}${stderr.trim() === '' ? '' : ` (${oneLine(stderr)})`}: 0 lets a text pass, 1 flags it`);
      }
      if (stdout.trim() === '') return { flagged: code === 1, reasons: [] };
      return asReview(parse(stdout, where), `${where} printed`);
    },
  };
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, text: string, seconds: number, where: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // A group of its own: what the shell has started ends with it.
    const child = spawn(command, { shell: true, detached: process.platform !== 'win32', stdio: 'pipe', windowsHide: true });
    const [out, err]: [string[], string[]] = [[], []];
    let length = 0;
    const fail = (reason: string): void => {
      clearTimeout(timer);
      end(child);
      reject(new UserError(`${where} ${reason}`));
    };
    const timer = setTimeout(() => fail(`took longer than ${seconds} s for one text: raise its time limit, or make it faster`), seconds * 1000);
    for (const [stream, parts] of [[child.stdout, out], [child.stderr, err]] as const) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        length += part.length;
        if (length > LONGEST) fail('prints without end: print true, false or {"flagged": true, "reasons": ["..."]}');
        else parts.push(part);
      });
    }
    child.on('error', (error) => fail(`cannot be run: ${oneLine(error.message)}`));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout: out.join(''), stderr: err.join('') });
    });
    // It may decide without reading everything.
    child.stdin.on('error', () => {});
    child.stdin.end(text);
  });
}

function end(child: ChildProcess): void {
  try {
    if (process.platform === 'win32' || child.pid === undefined) child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UserError(`${where} printed ${JSON.stringify(oneLine(text).slice(0, 60))}, which is not JSON: print true, false or {"flagged": true, "reasons": ["..."]}, or nothing and end with 0 or 1`);
  }
}
