import { z } from 'zod';
import { messageOf, UserError } from '../core/errors.ts';
import { writeFileAtomic } from '../core/files.ts';
import { checkShape } from './schema.ts';
import { readLines } from './textlines.ts';

/** A story that a model wrote. */
export interface StoryOutput {
  readonly id: string;
  /** The photos, in order. */
  readonly imageIds: readonly string[];
  /** One a photo, tokens apart. */
  readonly sentences: readonly string[];
  /** What the decoder gave each sentence. */
  readonly scores?: readonly number[];
  /** Album the photos come from; the VIST challenge asks for it. */
  readonly albumId?: string;
}

/** Ids are strings; numbers in some files are taken for strings. */
export const idSchema = z.union([z.string().min(1, { error: 'expected a string with something in it' }), z.number().int()], { error: 'expected a string' }).transform(String);

const outputSchema = z
  .object({
    id: idSchema,
    image_ids: z.array(idSchema),
    sentences: z.array(z.string()).min(1, { error: 'expected at least one sentence' }),
    scores: z.array(z.number()).nullish(),
    album_id: idSchema.nullish(),
  })
  .refine(({ image_ids, sentences }) => image_ids.length === 0 || image_ids.length === sentences.length, { path: ['sentences'], error: 'expected one sentence for each of image_ids' })
  .refine(({ scores, sentences }) => scores == null || scores.length === sentences.length, { path: ['scores'], error: 'expected one score for each of sentences' });

/** JSON lines: `{"id", "image_ids", "sentences", "scores", "album_id"}`, the last two where they are known. */
export function formatStoryLines(stories: readonly StoryOutput[]): string {
  return stories.map(formatStoryLine).join('');
}

/** One story as a line with its line feed, for files that grow while a model writes. */
export function formatStoryLine({ id, imageIds, sentences, scores, albumId }: StoryOutput): string {
  return `${JSON.stringify({ id, image_ids: imageIds, sentences, ...(scores && { scores }), ...(albumId !== undefined && { album_id: albumId }) })}\n`;
}

/**
 * Plain text, a story or a sentence a line, as the tools for metrics read it.
 * @throws UserError when a sentence holds a line break, which would shift all lines after it
 */
export function formatPlainText(stories: readonly StoryOutput[], unit: 'story' | 'sentence'): string {
  for (const { id, sentences } of stories) {
    const broken = sentences.findIndex((sentence) => /[\r\n]/.test(sentence));
    if (broken >= 0) throw new UserError(`story ${id}, sentence ${broken + 1} holds a line break; plain text has one ${unit} a line, so write JSON lines instead`);
  }
  const lines = unit === 'story' ? stories.map(({ sentences }) => sentences.join(' ')) : stories.flatMap(({ sentences }) => sentences);
  return lines.map((line) => `${line}\n`).join('');
}

/** Writes JSON lines, whole or not at all. */
export async function writeStoryOutputs(path: string, stories: readonly StoryOutput[]): Promise<void> {
  await writeFileAtomic(path, formatStoryLines(stories));
}

/**
 * Reads JSON lines.
 * @throws UserError with the line, and the field where one is wrong; also when a story comes twice
 */
export async function readStoryOutputs(path: string): Promise<StoryOutput[]> {
  const lines = await readLines(path, 'stories as JSON lines');
  const seen = new Map<string, number>();
  return lines.map((line, i) => {
    const story = parseStory(line, `${path}: line ${i + 1}`);
    const earlier = seen.get(story.id);
    if (earlier !== undefined) throw new UserError(`${path}: line ${i + 1}: story ${story.id} stands in line ${earlier} already; keep one`);
    seen.set(story.id, i + 1);
    return story;
  });
}

function parseStory(line: string, where: string): StoryOutput {
  if (line.trim() === '') throw new UserError(`${where} is blank; each line holds one story`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new UserError(`${where}: not valid JSON: ${messageOf(error).replace(/\s+/g, ' ')}`);
  }
  const { id, image_ids: imageIds, sentences, scores, album_id: albumId } = checkShape(outputSchema, value, where);
  return { id, imageIds, sentences, ...(scores && { scores }), ...(albumId != null && { albumId }) };
}
