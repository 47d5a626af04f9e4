import { extname } from 'node:path';
import { UserError } from '../core/errors.ts';
import { splitWords } from '../text/tokenizer.ts';
import { SPECIALS, UNKNOWN_ID, Vocabulary } from '../text/vocabulary.ts';
import { readStoryOutputs } from './storyoutput.ts';
import type { StorySet } from './stories.ts';
import { readLines } from './textlines.ts';
import { readVistStories } from './vist.ts';
import type { Story } from './vist.ts';
import { readVistChallenge } from './vistchallenge.ts';

/** A story as text: what scores are made from. */
export interface TextStory {
  readonly id: string;
  readonly imageIds: readonly string[];
  readonly sentences: readonly string[];
  /** Album of the photos, where the file names it: VIST's .json, .jsonl with album_id, the challenge's .json. */
  readonly albumId?: string;
}

/** A file of stories, or of lines that only their order ties to stories. */
export type TextFile =
  | {
      readonly path: string;
      readonly kind: 'stories';
      readonly stories: readonly TextStory[];
      /** The file does not tell sentences apart: each story is one text, as in the VIST challenge's JSON. */
      readonly whole?: true;
    }
  | { readonly path: string; readonly kind: 'lines'; readonly lines: readonly string[] };

export interface ReferenceOptions {
  /** `indexed`: cut at 20 words, and `<UNK>` for words outside the vocabulary; plain text is taken as it is. */
  readonly text: 'whole' | 'indexed';
  /** A vocabulary.json: for `indexed` JSON, and for VIST-seq2seq's own files, which hold none. */
  readonly vocabulary?: string;
}

/** Words of a sentence that VIST-seq2seq keeps; stories files have cut theirs already. */
const INDEXED_WORDS = 20;

/**
 * Reads what a model wrote: Fabula's JSON lines, the VIST challenge's JSON, or text with a story or a sentence a line.
 * Stories of the challenge have no ids of their own: theirs are their photos.
 */
export async function readHypotheses(path: string): Promise<TextFile> {
  const kind = extname(path).toLowerCase();
  if (kind === '.jsonl') return { path, kind: 'stories', stories: await readStoryOutputs(path) };
  if (kind === '.txt') return { path, kind: 'lines', lines: await readLines(path, 'stories') };
  if (kind === '.json') {
    const { stories } = await readVistChallenge(path);
    return { path, kind: 'stories', whole: true, stories: stories.map(({ albumId, imageIds, text }) => ({ id: imageIds.join('-'), imageIds, sentences: [text], albumId })) };
  }
  throw new UserError(`${path}: hypotheses are .jsonl, as fabula generate writes them, the VIST challenge's .json, or .txt with a story or a sentence a line`);
}

/** Reads human stories: VIST's story-in-sequence .json, stories .h5, JSON lines .jsonl, or .txt. */
export async function readReferences(path: string, { text, vocabulary: given }: ReferenceOptions): Promise<TextFile> {
  const kind = extname(path).toLowerCase();
  const vocabulary = given === undefined ? undefined : await Vocabulary.load(given);
  if (kind === '.h5' || kind === '.hdf5') {
    // Only now: the HDF5 library takes a tenth of a second to load, and text needs none.
    const { readStories } = await import('./stories.ts');
    const set = await readStories(path, vocabulary === undefined ? {} : { vocabulary });
    return { path, kind: 'stories', stories: textStories(set, text) };
  }
  if (kind === '.txt') return { path, kind: 'lines', lines: await readLines(path, 'stories') };
  if (kind !== '.json' && kind !== '.jsonl') {
    throw new UserError(`${path}: references are VIST's .json, stories .h5, .jsonl, or .txt with a story or a sentence a line`);
  }
  const stories = kind === '.jsonl' ? await readStoryOutputs(path) : (await readVistStories(path)).map(vistText);
  if (text === 'whole') return { path, kind: 'stories', stories };
  if (vocabulary === undefined) {
    throw new UserError(`${path}: this protocol scores against references as the model sees them, with <UNK>; give --vocabulary FILE, or the stories .h5 made from it`);
  }
  const index = (sentence: string): string => indexed(sentence, vocabulary);
  return { path, kind: 'stories', stories: stories.map((story) => ({ ...story, sentences: story.sentences.map(index) })) };
}

function vistText({ id, albumId, sentences }: Story): TextStory {
  return { id, imageIds: sentences.map(({ photoId }) => photoId), sentences: sentences.map(({ text }) => text), ...(albumId !== null && { albumId }) };
}

/** The human stories of a stories file: whole sentences, or what is left of them in its word ids. */
export function textStories(set: StorySet, text: 'whole' | 'indexed'): TextStory[] {
  const { photos, steps, vocabulary } = set;
  return set.ids.map((id, story) => {
    const sentences = text === 'whole' ? set.texts[story]! : Array.from({ length: photos }, (_, i) => {
      const start = (story * photos + i) * steps;
      return vocabulary.decode(set.sentences.subarray(start, start + steps)).join(' ');
    });
    return { id, imageIds: set.imageIds[story]!, sentences };
  });
}

function indexed(sentence: string, vocabulary: Vocabulary): string {
  const words = splitWords(sentence).slice(0, INDEXED_WORDS);
  return words.map((word) => (vocabulary.has(word) ? word : SPECIALS[UNKNOWN_ID])).join(' ');
}

export interface MatchedTexts {
  readonly hypotheses: readonly TextStory[];
  readonly references: readonly TextStory[];
  /** What a sentence of a hypothesis is: a `line` is a whole story, or what stands in one line, which nothing cuts into sentences. */
  readonly unit: 'sentence' | 'line';
}

/**
 * Gives lines their stories: line n belongs to story n of the other side, or to its sentence n.
 * @param level what the protocol scores
 * @throws UserError with both numbers when the lines do not fit
 */
export function matchLines(hypotheses: TextFile, references: readonly TextFile[], level: 'story' | 'sentence'): MatchedTexts {
  if (hypotheses.kind === 'stories') {
    const fill = (file: TextFile, i: number): readonly TextStory[] =>
      file.kind === 'stories' ? file.stories : retold(fillLines(file, hypotheses.stories, hypotheses.path, level), file.path, i);
    return { hypotheses: hypotheses.stories, references: references.flatMap(fill), unit: hypotheses.whole === true ? 'line' : 'sentence' };
  }
  const texts = references.filter((file) => file.kind === 'lines');
  const files = references.filter((file) => file.kind === 'stories');
  if (texts.length > 0 && files.length > 0) {
    throw new UserError(`${texts[0]!.path}: plain text and ${files[0]!.path} together as references for plain text; give one kind`);
  }
  if (files.length > 0) {
    const stories = files.flatMap((file) => file.stories);
    const filled = fillLines(hypotheses, stories, files.map((file) => file.path).join(', '), level);
    const whole = filled.some((story, i) => story.sentences.length !== stories[i]!.sentences.length);
    return { hypotheses: filled, references: stories, unit: whole ? 'line' : 'sentence' };
  }
  for (const { path, lines } of texts) {
    if (lines.length !== hypotheses.lines.length) {
      throw new UserError(`${hypotheses.path} has ${hypotheses.lines.length} lines and ${path} has ${lines.length}; line n of one must be the same story as line n of the other`);
    }
  }
  return { hypotheses: lineStories(hypotheses.lines), references: texts.flatMap(({ path, lines }, i) => retold(lineStories(lines), path, i)), unit: 'line' };
}

/** Lines of which nothing but the number is known: it stands for the story and for its photos. */
function lineStories(lines: readonly string[]): TextStory[] {
  return lines.map((line, i) => ({ id: `line ${i + 1}`, imageIds: [`line ${i + 1}`], sentences: [line] }));
}

/** Further references of the same photos are other stories: they get ids of their own. */
function retold(stories: readonly TextStory[], path: string, file: number): readonly TextStory[] {
  return file === 0 ? stories : stories.map((story) => ({ ...story, id: `${story.id} of ${path}` }));
}

function fillLines(file: TextFile & { kind: 'lines' }, stories: readonly TextStory[], other: string, level: 'story' | 'sentence'): TextStory[] {
  const { path, lines } = file;
  const sentences = stories.reduce((sum, story) => sum + story.sentences.length, 0);
  if (lines.length === sentences) {
    let at = 0;
    return stories.map((story) => ({ ...story, sentences: lines.slice(at, (at += story.sentences.length)) }));
  }
  if (level === 'story' && lines.length === stories.length) {
    return stories.map((story, i) => ({ ...story, sentences: [lines[i]!] }));
  }
  const wanted = level === 'story' ? `${stories.length}, one a story, or ${sentences}, one a sentence` : `${sentences}, one a sentence`;
  throw new UserError(`${path} has ${lines.length} lines; ${other} asks for ${wanted}`);
}
