import { UserError } from '../core/errors.ts';
import type { Protocol } from './protocols.ts';

/** A story to be scored or to score against. */
export interface StoryText {
  readonly id: string;
  /** The photos in the order of the story; where only text is known, a name that stands for them. */
  readonly imageIds: readonly string[];
  /** Tokenized text of each photo. */
  readonly sentences: readonly string[];
}

/** A text with what it is held against: the unit that metrics count. */
export interface Segment {
  /** `story 12`, or `story 12, sentence 3`. */
  readonly name: string;
  readonly hypothesis: string;
  readonly references: readonly string[];
}

export interface PairingCounts {
  hypotheses: number;
  references: number;
  /** What was scored: stories or sentences. */
  segments: number;
  /** References over all segments. */
  referencesUsed: number;
  /** Stories left out because the same text stands for the same photo sequence already. */
  repeatedHypotheses: number;
  /** References that no hypothesis was there for. */
  unusedReferences: number;
  /** Segments without a word: they are scored, as the tools do. */
  emptyHypotheses: number;
  emptyReferences: number;
}

export interface PairingOptions {
  /** Score what there is when references lack a hypothesis, instead of refusing. Default false. */
  readonly partial?: boolean;
}

/**
 * Finds the references of every hypothesis as the protocol asks for.
 * @throws UserError naming the story when one is twice there, has no reference, has other photos or another number of
 * sentences than its reference, or when a reference has no hypothesis
 */
export function pairStories(
  hypotheses: readonly StoryText[],
  references: readonly StoryText[],
  protocol: Protocol,
  options: PairingOptions = {},
): { segments: Segment[]; counts: PairingCounts } {
  const bySequence = protocol.references === 'photo sequence';
  const groups = groupReferences(references, bySequence);
  const { kept, repeated } = distinctHypotheses(hypotheses, bySequence);
  const counts: PairingCounts = {
    hypotheses: hypotheses.length, references: references.length, segments: 0, referencesUsed: 0,
    repeatedHypotheses: repeated, unusedReferences: 0, emptyHypotheses: 0, emptyReferences: 0,
  };
  const segments: Segment[] = [];
  for (const [key, story] of kept) {
    const group = groups.get(key);
    if (group === undefined) throw new UserError(missingReference(story, bySequence));
    segments.push(...(protocol.level === 'story' ? [storySegment(story, group)] : sentenceSegments(story, group)));
  }
  const unused = [...groups].filter(([key]) => !kept.has(key)).flatMap(([, group]) => group);
  if (unused.length > 0 && options.partial !== true) {
    throw new UserError(`references: story ${unused[0]!.id} has no hypothesis, ${unused.length} of ${references.length} lack one; give them all, or ask for a partial score`);
  }
  counts.unusedReferences = unused.length;
  counts.segments = segments.length;
  for (const { hypothesis, references: texts } of segments) {
    counts.referencesUsed += texts.length;
    if (isEmpty(hypothesis)) counts.emptyHypotheses++;
    counts.emptyReferences += texts.filter(isEmpty).length;
  }
  return { segments, counts };
}

/** What a story and its references have in common. */
function keyOf({ id, imageIds }: StoryText, bySequence: boolean, where: string): string {
  if (!bySequence) return id;
  if (imageIds.length === 0) throw new UserError(`${where}: story ${id} names no photos, by which this protocol finds references; use one that goes by story`);
  return imageIds.join(' ');
}

function groupReferences(references: readonly StoryText[], bySequence: boolean): Map<string, StoryText[]> {
  if (references.length === 0) throw new UserError('references: there is no story');
  const groups = new Map<string, StoryText[]>();
  const ids = new Set<string>();
  for (const story of references) {
    if (ids.has(story.id)) throw new UserError(`references: story ${story.id} is there twice; keep one`);
    ids.add(story.id);
    const key = keyOf(story, bySequence, 'references');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [story]);
    else group.push(story);
  }
  return groups;
}

/** The hypotheses by key. A photo sequence is scored once, so its stories must agree. */
function distinctHypotheses(hypotheses: readonly StoryText[], bySequence: boolean): { kept: Map<string, StoryText>; repeated: number } {
  if (hypotheses.length === 0) throw new UserError('hypotheses: there is no story');
  const kept = new Map<string, StoryText>();
  const ids = new Set<string>();
  let repeated = 0;
  for (const story of hypotheses) {
    if (ids.has(story.id)) throw new UserError(`hypotheses: story ${story.id} is there twice; keep one`);
    ids.add(story.id);
    const key = keyOf(story, bySequence, 'hypotheses');
    const first = kept.get(key);
    if (first === undefined) {
      kept.set(key, story);
    } else if (textOf(first) === textOf(story)) {
      repeated++;
    } else {
      throw new UserError(`hypotheses: stories ${first.id} and ${story.id} tell the same photos differently; this protocol scores one story a photo sequence, so keep one`);
    }
  }
  return { kept, repeated };
}

function missingReference({ id, imageIds }: StoryText, bySequence: boolean): string {
  const of = bySequence ? ` with its photos ${imageIds.join(' ')}` : '';
  return `hypotheses: story ${id} has no reference${of}; give the references of the same split`;
}

function storySegment(story: StoryText, group: readonly StoryText[]): Segment {
  for (const reference of group) checkPhotos(story, reference);
  return { name: `story ${story.id}`, hypothesis: textOf(story), references: group.map(textOf) };
}

function sentenceSegments(story: StoryText, group: readonly StoryText[]): Segment[] {
  for (const reference of group) {
    checkPhotos(story, reference);
    if (reference.sentences.length !== story.sentences.length) {
      throw new UserError(`hypotheses: story ${story.id} has ${story.sentences.length} sentences and its reference ${reference.sentences.length}; one sentence a photo is needed`);
    }
  }
  return story.sentences.map((hypothesis, i) => ({
    name: `story ${story.id}, sentence ${i + 1}`, hypothesis, references: group.map((reference) => reference.sentences[i]!),
  }));
}

function checkPhotos(story: StoryText, reference: StoryText): void {
  const [own, other] = [story.imageIds, reference.imageIds];
  if (own.length > 0 && other.length > 0 && own.join(' ') !== other.join(' ')) {
    throw new UserError(`hypotheses: story ${story.id} is told for photos ${own.join(' ')}, its reference for ${other.join(' ')}; give the references of the same split`);
  }
}

function textOf({ sentences }: StoryText): string {
  return sentences.join(' ');
}

function isEmpty(text: string): boolean {
  return text.trim() === '';
}
