import { z } from 'zod';
import { UserError } from '../core/errors.ts';
import { readJson } from '../core/files.ts';
import { checkShape } from './schema.ts';

/** One sentence of a story and the photo it was told for. */
export interface StorySentence {
  /** As VIST publishes it for models: tokens apart, lower case, names replaced by tags. */
  readonly text: string;
  readonly originalText: string;
  readonly photoId: string;
  /** `worker_arranged_photo_order`, from 0. */
  readonly order: number;
}

/** A human story, sentences in the order of the photos as its writer arranged them. */
export interface Story {
  readonly id: string;
  readonly albumId: string | null;
  readonly sentences: readonly StorySentence[];
}

/** A sentence that describes one photo by itself. */
export interface Caption {
  readonly photoId: string;
  readonly text: string;
}

/** Ids are strings in the official files and numbers in some copies of them. */
const id = z.union([z.string().min(1, { error: 'expected a string with something in it' }), z.number().int()], { error: 'expected a string' }).transform(String);
const order = z
  .union([z.number(), z.string().regex(/^\d+$/, { error: 'expected an integer' })], { error: 'expected an integer' })
  .transform(Number)
  .refine((value) => Number.isInteger(value) && value >= 0, { error: 'expected an integer from 0' });

const sentenceSchema = z.object({
  story_id: id,
  album_id: id.nullish(),
  photo_flickr_id: id,
  worker_arranged_photo_order: order,
  text: z.string(),
  original_text: z.string().nullish(),
});

const captionSchema = z.object({ photo_flickr_id: id, text: z.string() });

/** Each annotation is a list, of one object in the official files. */
const storyFile = z.object({ annotations: z.array(z.array(sentenceSchema)) });
const captionFile = z.object({ annotations: z.array(z.array(captionSchema)) });

/**
 * Stories from VIST's story-in-sequence JSON. Sentences belong together by `story_id`, wherever in the file they stand,
 * and are sorted by `worker_arranged_photo_order`; stories keep the order in which they begin. Nothing is dropped
 * here: `buildStories` counts incomplete ones.
 * @throws UserError with the path of a field that is not what VIST says
 */
export async function readVistStories(path: string): Promise<Story[]> {
  const value = await readJson(path, 'VIST stories');
  const { annotations } = checkShape(storyFile, value, path, 'expected VIST story-in-sequence JSON');
  if (annotations.length === 0) throw new UserError(`${path}: annotations: the list is empty; there are no stories to read`);
  const stories = new Map<string, { id: string; albumId: string | null; sentences: StorySentence[] }>();
  for (const annotation of annotations.flat()) {
    let story = stories.get(annotation.story_id);
    if (story === undefined) {
      story = { id: annotation.story_id, albumId: annotation.album_id ?? null, sentences: [] };
      stories.set(story.id, story);
    }
    story.sentences.push({
      text: annotation.text,
      originalText: annotation.original_text ?? annotation.text,
      photoId: annotation.photo_flickr_id,
      order: annotation.worker_arranged_photo_order,
    });
  }
  for (const story of stories.values()) story.sentences.sort((a, b) => a.order - b.order);
  return [...stories.values()];
}

/** Captions from VIST's description-in-isolation JSON, in file order. */
export async function readVistCaptions(path: string): Promise<Caption[]> {
  const value = await readJson(path, 'VIST descriptions');
  const { annotations } = checkShape(captionFile, value, path, 'expected VIST description-in-isolation JSON');
  return annotations.flat().map((annotation) => ({ photoId: annotation.photo_flickr_id, text: annotation.text }));
}
