import { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import { readJson } from '../../core/files.ts';
import { ACTIONS, PLACES, SUBJECTS, THINGS, WEATHERS } from './world.ts';
import type { PhotoFacts } from './world.ts';

const FACTS = z.strictObject({
  subject: z.enum(SUBJECTS),
  place: z.enum(PLACES),
  thing: z.enum(THINGS),
  weather: z.enum(WEATHERS),
  companion: z.enum([...SUBJECTS, 'none']),
  action: z.enum(ACTIONS),
});

/**
 * Reads a Storybook's `facts.json`: what each photo shows, by photo id.
 * @throws UserError naming the file and the field that is missing or holds something else.
 */
export async function readFacts(path: string): Promise<Map<string, PhotoFacts>> {
  const parsed = z.record(z.string(), FACTS).safeParse(await readJson(path, 'the facts of a Storybook'));
  if (parsed.success) return new Map(Object.entries(parsed.data));
  const issue = parsed.error.issues[0]!;
  const field = issue.path.length > 0 ? issue.path.join('.') : 'the top level';
  throw new UserError(`${path}: not the facts of a Storybook: ${field}: ${issue.message}; generate the Storybook again`);
}
