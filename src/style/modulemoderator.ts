import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, UserError } from '../core/errors.ts';
import { exists } from '../core/files.ts';
import type { Moderator, Review } from './moderation.ts';

/**
 * A moderator from a user's ES module, which exports `review(text)`: it returns, or promises, `true` (flagged), `false`
 * or `{ flagged, reasons }`. The time limit counts what it waits for; code that never waits cannot be interrupted.
 * @throws UserError when the module cannot be loaded or has no such function; `review` also when the module's fails, is late or returns something else
 */
export async function openModuleModerator(path: string, { seconds = 10 }: { seconds?: number } = {}): Promise<Moderator> {
  const name = basename(path);
  if (!(await exists(path))) throw new UserError(`${path}: cannot read the moderator: no such file`);
  const loaded = (await import(pathToFileURL(resolve(path)).href).catch((error: unknown) => {
    throw new UserError(`${path}: the moderator cannot be loaded: ${oneLine(messageOf(error))}`);
  })) as { readonly review?: unknown };
  const { review } = loaded;
  if (typeof review !== 'function') throw new UserError(`${path}: the moderator exports no function review: write export async function review(text) { return { flagged: false, reasons: [] }; }`);
  return {
    name,
    review: async (text) => {
      const answer = await withinTime(Promise.resolve().then((): unknown => review(text)), seconds, path).catch((error: unknown) => {
        throw error instanceof UserError ? error : new UserError(`${path}: the moderator failed: ${oneLine(messageOf(error))}`);
      });
      return asReview(answer, `${path}: review returned`);
    },
  };
}

/** Whether a moderator's answer has the shape of one, and which. @param where begins the error */
export function asReview(answer: unknown, where: string): Review {
  if (typeof answer === 'boolean') return { flagged: answer, reasons: [] };
  const { flagged, reasons } = (answer ?? {}) as { flagged?: unknown; reasons?: unknown };
  const named = reasons ?? [];
  if (typeof flagged !== 'boolean' || !Array.isArray(named) || !named.every((reason) => typeof reason === 'string')) {
    throw new UserError(`${where} ${(JSON.stringify(answer) ?? 'nothing').slice(0, 60)}: true, false or {"flagged": true, "reasons": ["..."]} is needed`);
  }
  return { flagged, reasons: named };
}

/** The first line of what others print. */
export function oneLine(text: string): string {
  return text.trim().replace(/\s*\n[\s\S]*$/, '').slice(0, 200);
}

async function withinTime<T>(work: Promise<T>, seconds: number, path: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UserError(`${path}: the moderator took longer than ${seconds} s for one text: raise its time limit, or make it faster`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
