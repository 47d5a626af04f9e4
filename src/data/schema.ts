import type { z } from 'zod';
import { UserError } from '../core/errors.ts';

/**
 * Checks a parsed JSON value. @throws UserError with the path of the first field that is wrong, what was expected and
 * what is there: `train.json: annotations[12][0].photo_flickr_id: expected a string, found null`.
 */
export function checkShape<T>(schema: z.ZodType<T>, value: unknown, where: string, hint = ''): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('').replace(/^\./, '');
  const field = path === '' ? '' : `${path}: `;
  const expected = issue.code === 'invalid_type' ? `expected ${withArticle(issue.expected)}` : issue.message;
  throw new UserError(`${where}: ${field}${expected}, found ${describe(issue.path.reduce(step, value))}${hint && `; ${hint}`}`);
}

function step(value: unknown, key: PropertyKey): unknown {
  return (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
}

function withArticle(type: string): string {
  const name = type === 'array' ? 'list' : type;
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
