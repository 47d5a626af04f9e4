import { z } from 'zod';
import { messageOf, UserError } from '../core/errors.ts';
import { checkShape } from './schema.ts';
import { idSchema } from './storyoutput.ts';
import type { StoryOutput } from './storyoutput.ts';
import { readLines } from './textlines.ts';

/** Photos of a sequence in the VIST challenge. */
export const CHALLENGE_PHOTOS = 5;

/** Photo sequences that an error names before it only counts. */
const NAMED = 3;

/** A story of a file of the VIST challenge. */
export interface ChallengeStory {
  readonly albumId: string;
  /** `photo_sequence`: five photos in order. */
  readonly imageIds: readonly string[];
  /** `story_text_normalized`: all sentences, tokens apart; empty in the challenge's template. */
  readonly text: string;
}

/** What a file of the VIST challenge says about itself. */
export interface ChallengeInfo {
  readonly teamName: string;
  /** `evaluation_info`: what the team says about its system, such as {additional_description: "..."}. */
  readonly evaluationInfo: Readonly<Record<string, unknown>>;
}

/** A submission to the VIST challenge (NAACL 2018), or the challenge's template, whose stories are empty. */
export interface VistChallenge extends ChallengeInfo {
  readonly stories: readonly ChallengeStory[];
}

const storySchema = z.object({
  album_id: idSchema,
  photo_sequence: z.array(idSchema).length(CHALLENGE_PHOTOS, { error: `expected ${CHALLENGE_PHOTOS} photo ids` }),
  story_text_normalized: z.string(),
});

/** The challenge's program looks at the stories alone; a file without the rest is read too. */
const fileSchema = z.object({
  team_name: z.string().nullish(),
  evaluation_info: z.record(z.string(), z.unknown()).nullish(),
  output_stories: z.array(storySchema).min(1, { error: 'expected at least one story' }),
});

/**
 * Reads a submission or the template. As strict as the challenge's program (windx0303/VIST-Challenge-NAACL-2018,
 * `EvalVISTSharedTask.java`) about missing attributes and repeated photo sequences; a sequence of other than five
 * photos, which it would report as another one's missing, is named here.
 * @throws UserError with the field that is wrong, or the photo sequence that comes twice
 */
export async function readVistChallenge(path: string): Promise<VistChallenge> {
  // By lines, because that reader names the line that is not UTF-8 instead of scoring replacement characters.
  const text = (await readLines(path, 'VIST challenge stories')).join('\n');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path}: VIST challenge stories are not valid JSON: ${messageOf(error).replace(/\s+/g, ' ')}`);
  }
  const file = checkShape(fileSchema, value, path, 'expected JSON of the VIST challenge: output_stories of album_id, photo_sequence, story_text_normalized');
  const stories = file.output_stories.map((story) => ({ albumId: story.album_id, imageIds: story.photo_sequence, text: story.story_text_normalized }));
  const seen = new Map<string, number>();
  stories.forEach((story, i) => {
    const earlier = seen.get(sequenceName(story));
    if (earlier !== undefined) {
      throw new UserError(`${path}: output_stories[${i}] tells the photos ${sequenceName(story)} as [${earlier}] does; the VIST challenge takes one story a photo sequence, so keep one`);
    }
    seen.set(sequenceName(story), i);
  });
  return { teamName: file.team_name ?? '', evaluationInfo: file.evaluation_info ?? {}, stories };
}

/**
 * The file of the VIST challenge: `team_name`, `evaluation_info`, `output_stories`, which `readVistChallenge` reads back.
 * @throws UserError when there is no story, a story has no album or not five photos, or a photo sequence comes twice,
 * which the challenge rejects
 */
export function formatVistChallenge(stories: readonly StoryOutput[], info: ChallengeInfo): string {
  if (stories.length === 0) throw new UserError('there is no story to write, and the VIST challenge asks for one a photo sequence');
  const sequences = new Map<string, string>();
  const outputs = stories.map((story) => {
    const { id, albumId, imageIds, sentences } = story;
    if (albumId === undefined || albumId === '') throw new UserError(`story ${id} has no album id, and the VIST challenge asks for one`);
    if (imageIds.length !== CHALLENGE_PHOTOS) throw new UserError(`story ${id} has ${imageIds.length} photos, and the VIST challenge asks for ${CHALLENGE_PHOTOS}`);
    if (imageIds.includes('')) throw new UserError(`story ${id} has a photo without an id: ${JSON.stringify(imageIds)}`);
    const earlier = sequences.get(sequenceName(story));
    if (earlier !== undefined) throw new UserError(`stories ${earlier} and ${id} have the same photos, and the VIST challenge takes one story a photo sequence; keep one`);
    sequences.set(sequenceName(story), id);
    return { album_id: albumId, photo_sequence: imageIds, story_text_normalized: sentences.join(' ') };
  });
  return `${JSON.stringify({ team_name: info.teamName, evaluation_info: info.evaluationInfo, output_stories: outputs }, null, 1)}\n`;
}

interface Sequenced {
  readonly imageIds: readonly string[];
}

/**
 * Holds stories against the photo sequences asked for: the template's, or those of the references. As in the
 * challenge's program a missing one is an error and others do no harm.
 * @param where the file of the stories, for the error
 * @returns the photo sequences told that nobody asked for, `p1 p2 p3 p4 p5` each
 * @throws UserError with the first missing sequences and their number
 */
export function checkAgainst(stories: readonly Sequenced[], asked: readonly Sequenced[], where: string): string[] {
  const told = new Set(stories.map(sequenceName));
  const wanted = new Set(asked.map(sequenceName));
  const missing = [...wanted].filter((name) => !told.has(name));
  if (missing.length > 0) {
    const rest = missing.length > NAMED ? `; and ${missing.length - NAMED} more` : '';
    throw new UserError(`${where}: ${missing.length} of the ${wanted.size} photo sequences asked for have no story: ${missing.slice(0, NAMED).join('; ')}${rest}; tell them too`);
  }
  return [...told].filter((name) => !wanted.has(name));
}

/** `p1 p2 p3 p4 p5`: the photo ids in order, which is how stories and references find each other. */
export function sequenceName({ imageIds }: Sequenced): string {
  return imageIds.join(' ');
}
