import { UserError } from '../core/errors.ts';
import { splitWords } from '../text/tokenizer.ts';
import { END_ID, NULL_ID, START_ID } from '../text/vocabulary.ts';
import type { Vocabulary } from '../text/vocabulary.ts';
import type { Caption, Story } from './vist.ts';

/** Stories ready for training. N stories of P photos; S ids a sentence: START, the words, END, then NULL. */
export interface StorySet {
  /** N. */
  readonly length: number;
  /** P, five in VIST. */
  readonly photos: number;
  /** S, 22 in VIST-seq2seq: at most 20 words. */
  readonly steps: number;
  /** [N] */
  readonly ids: readonly string[];
  /** [N][P] */
  readonly imageIds: readonly (readonly string[])[];
  /** [N, P, S] word ids. */
  readonly sentences: Int32Array;
  /** [N][P] whole sentences, tokens apart: the references for scores. */
  readonly texts: readonly (readonly string[])[];
  /** [N][P] one caption of each photo, where asked for. */
  readonly descriptions?: readonly (readonly string[])[];
  readonly vocabulary: Vocabulary;
}

/** Why a story was left out. */
export type DropReason = 'incomplete' | 'duplicate order' | 'missing feature' | 'missing description';

/** How human stories become word ids. */
export interface StoryOptions {
  vocabulary: Vocabulary;
  /** Words a sentence keeps; the rest is cut. Default 20. */
  maxWords?: number;
  /** Photos a story must have, default 5. */
  photos?: number;
  /** Drop stories with a photo this table does not have. */
  features?: {
    /** Whether it has a row for a photo. */
    has(photoId: string): boolean;
  };
  /** Keep the first caption of each photo as its description. */
  captions?: readonly Caption[];
  /** Drop stories with a photo that has no caption. Otherwise its description is empty. */
  requireDescriptions?: boolean;
}

/** What became of the stories. */
export interface StoryReport {
  read: number;
  kept: number;
  dropped: Record<DropReason, number>;
  /** Up to five dropped stories of each reason: story id and, where one is to blame, photo id. */
  examples: Partial<Record<DropReason, string[]>>;
  /** Sentences longer than `maxWords`, which were cut. */
  cut: number;
  /** Sentences without a word. */
  empty: number;
}

/**
 * VIST-seq2seq's preparation: tokens split at spaces, ids, cut, START and END, padding. What it got wrong is put right
 * here: photo ids and descriptions follow the writer's order together with the sentences, and a story's sentences are
 * found by `story_id` instead of five by five in the file.
 */
export function buildStories(stories: readonly Story[], options: StoryOptions): { set: StorySet; report: StoryReport } {
  const { vocabulary, maxWords = 20, photos = 5 } = options;
  if (options.requireDescriptions === true && options.captions === undefined) {
    throw new UserError('stories without descriptions can only be dropped when descriptions are given');
  }
  const captions = options.captions === undefined ? undefined : firstCaptions(options.captions);
  const report: StoryReport = {
    read: stories.length, kept: 0, cut: 0, empty: 0, examples: {},
    dropped: { incomplete: 0, 'duplicate order': 0, 'missing feature': 0, 'missing description': 0 },
  };
  const kept = stories.filter((story) => {
    const fault = findFault(story, photos, options, captions);
    if (fault === undefined) return true;
    report.dropped[fault.reason]++;
    const examples = (report.examples[fault.reason] ??= []);
    if (examples.length < 5) examples.push(fault.example);
    return false;
  });
  report.kept = kept.length;
  const steps = maxWords + 2;
  const sentences = new Int32Array(kept.length * photos * steps);
  kept.flatMap((story) => story.sentences).forEach(({ text }, i) => {
    const words = splitWords(text);
    if (words.length > maxWords) report.cut++;
    if (words.length === 0) report.empty++;
    encodeSentence(words, vocabulary, sentences.subarray(i * steps, (i + 1) * steps));
  });
  const set: StorySet = {
    length: kept.length, photos, steps, sentences, vocabulary,
    ids: kept.map((story) => story.id),
    imageIds: kept.map((story) => story.sentences.map((sentence) => sentence.photoId)),
    texts: kept.map((story) => story.sentences.map((sentence) => splitWords(sentence.text).join(' '))),
  };
  if (captions === undefined) return { set, report };
  return { set: { ...set, descriptions: set.imageIds.map((ids) => ids.map((id) => captions.get(id) ?? '')) }, report };
}

/** Fills `out` [steps] with START, at most steps - 2 words, END and NULL. */
export function encodeSentence(words: readonly string[], vocabulary: Vocabulary, out: Int32Array): void {
  const count = Math.min(words.length, out.length - 2);
  out.fill(NULL_ID);
  out[0] = START_ID;
  for (let i = 0; i < count; i++) out[i + 1] = vocabulary.id(words[i]!);
  out[count + 1] = END_ID;
}

/** The stories at these places, in this order. */
export function selectStories(set: StorySet, places: readonly number[]): StorySet {
  const width = set.photos * set.steps;
  const sentences = new Int32Array(places.length * width);
  places.forEach((place, i) => sentences.set(set.sentences.subarray(place * width, (place + 1) * width), i * width));
  const pick = <T>(items: readonly T[]): T[] => places.map((place) => items[place]!);
  const chosen = { ...set, length: places.length, ids: pick(set.ids), imageIds: pick(set.imageIds), texts: pick(set.texts), sentences };
  return set.descriptions === undefined ? chosen : { ...chosen, descriptions: pick(set.descriptions) };
}

function firstCaptions(captions: readonly Caption[]): Map<string, string> {
  const first = new Map<string, string>();
  for (const { photoId, text } of captions) if (!first.has(photoId)) first.set(photoId, text);
  return first;
}

function findFault(
  { id, sentences }: Story,
  photos: number,
  options: StoryOptions,
  captions: ReadonlyMap<string, string> | undefined,
): { reason: DropReason; example: string } | undefined {
  const orders = sentences.map((sentence) => sentence.order);
  if (new Set(orders).size < orders.length) return { reason: 'duplicate order', example: `story ${id}: photo orders ${orders.join(' ')}` };
  if (orders.length !== photos || orders[photos - 1]! - orders[0]! !== photos - 1) {
    return { reason: 'incomplete', example: `story ${id}: photo orders ${orders.join(' ')}` };
  }
  const unseen = sentences.find((sentence) => options.features?.has(sentence.photoId) === false);
  if (unseen !== undefined) return { reason: 'missing feature', example: `story ${id}: photo ${unseen.photoId}` };
  const untold = sentences.find((sentence) => captions?.has(sentence.photoId) === false);
  if (options.requireDescriptions === true && untold !== undefined) {
    return { reason: 'missing description', example: `story ${id}: photo ${untold.photoId}` };
  }
  return undefined;
}

export { readStories, writeStories } from './storyfile.ts';
