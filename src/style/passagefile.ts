import { z } from 'zod';
import { messageOf, UserError } from '../core/errors.ts';
import { checkShape } from '../data/schema.ts';
import { idSchema } from '../data/storyoutput.ts';
import { readLines } from '../data/textlines.ts';

/** What the storyteller wrote for one photo: a line of a passages file. */
export interface PassageRecord {
  /** Of the photo. With the style it is unique in a file. */
  readonly id: string;
  /** Path of the photo. */
  readonly image: string;
  readonly style: string;
  /** The captions found for it, nearest first. */
  readonly captions: readonly { readonly text: string; readonly score: number | null }[];
  /** Readable; null when none could be generated. */
  readonly passage: string | null;
  /** Total negative log-likelihood in nats; null when not known. */
  readonly nll: number | null;
  /** Tokens of the passage. */
  readonly words: number;
  /** Candidates that were not taken, and why. */
  readonly rejected: readonly { readonly text: string; readonly reasons: readonly string[] }[];
  /** Of the reader, in the gallery. */
  readonly choice?: 'kept' | 'rejected';
}

const recordSchema = z.looseObject({
  id: idSchema,
  image: z.string().min(1, { error: 'expected the path of a photo' }),
  style: z.string().nullish(),
  captions: z.array(z.looseObject({ text: z.string(), score: z.number().nullish() })).nullish(),
  passage: z.string().nullable(),
  nll: z.number().nullish(),
  words: z.number().int().min(0, { error: 'expected 0 or more' }).nullish(),
  rejected: z.array(z.looseObject({ text: z.string(), reasons: z.array(z.string()) })).nullish(),
  choice: z.enum(['kept', 'rejected'], { error: 'expected "kept" or "rejected"' }).nullish(),
});

/** One record as a line with its line feed, for files that grow. */
export function formatPassageLine({ id, image, style, captions, passage, nll, words, rejected, choice }: PassageRecord): string {
  return `${JSON.stringify({ id, image, style, captions, passage, nll, words, rejected, ...(choice && { choice }) })}\n`;
}

/** A record and the line it stands in, as it is. */
export interface PassageLine {
  readonly record: PassageRecord;
  readonly line: string;
}

/**
 * Reads a file of passages, or the choice that the gallery has exported.
 * @throws UserError with the line, and the field where one is wrong; also when a photo comes twice in one style
 */
export async function readPassages(path: string): Promise<PassageLine[]> {
  const seen = new Map<string, number>();
  return (await readLines(path, 'passages as JSON lines')).map((line, i) => {
    const record = parsePassage(line, `${path}: line ${i + 1}`);
    const key = JSON.stringify([record.id, record.style]);
    const earlier = seen.get(key);
    if (earlier !== undefined) throw new UserError(`${path}: line ${i + 1}: photo ${record.id}${record.style === '' ? '' : ` in style ${record.style}`} stands in line ${earlier} already; keep one`);
    seen.set(key, i + 1);
    return { record, line };
  });
}

function parsePassage(line: string, where: string): PassageRecord {
  if (line.trim() === '') throw new UserError(`${where} is blank; each line holds one photo's passage`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new UserError(`${where}: not valid JSON (is the file still being written?): ${messageOf(error).replace(/\s+/g, ' ')}`);
  }
  const { id, image, style, captions, passage, nll, words, rejected, choice } = checkShape(recordSchema, value, where);
  return {
    id, image, style: style ?? '', passage, nll: nll ?? null,
    captions: (captions ?? []).map(({ text, score }) => ({ text, score: score ?? null })),
    words: words ?? (passage?.split(/\s+/).filter((word) => word !== '').length ?? 0),
    rejected: (rejected ?? []).map(({ text, reasons }) => ({ text, reasons })),
    ...(choice != null && { choice }),
  };
}
