import { UserError } from '../core/errors.ts';
import type { Protocol } from './protocols.ts';

/** A story to be scored or to score against. */
export interface StoryText {
  readonly id: string;
  /** The photos in the order of the story; where only text is known, a name that stands for them. */
  readonly imageIds: readonly string[];
  /** Tokenized text of each photo. */
  readonly sentences: readonly string[];
  /** Album of the photos, where it is known. */
  readonly albumId?: string;
}

/** A text with what it is held against: the unit that metrics count. */
export interface Segment {
  /** `story 12`, `story 12, sentence 3`, or `album 72157600`. */
  readonly name: string;
  readonly hypothesis: string;
  readonly references: readonly string[];
}

/** How outputs and references were brought together. */
export interface PairingCounts {
  hypotheses: number;
  references: number;
  /** What was scored: stories or sentences. */
  segments: number;
  /** References over all segments. */
  referencesUsed: number;
  /** Stories left out because the same text stands for the same photo sequence already. */
  repeatedHypotheses: number;
  /** Stories left out because their album is scored with an earlier one. */
  otherHypotheses: number;
  /** Stories left out because nobody asked for their photo sequence: see `PairingOptions`. */
  unaskedHypotheses: number;
  /** References left out because their photo sequence does not count: see `PairingOptions.sequences`. */
  unaskedReferences: number;
  /** References that no hypothesis was there for. */
  unusedReferences: number;
  /** Segments without a word: they are scored, as the tools do. */
  emptyHypotheses: number;
  emptyReferences: number;
}

export interface PairingOptions {
  /** Score what there is when references lack a hypothesis, instead of refusing. Default false. */
  readonly partial?: boolean;
  /** Photo sequences that count, as the VIST challenge's template lists them. Stories of others are left out and counted. */
  readonly sequences?: readonly (readonly string[])[];
  /** Hypotheses without a reference are left out and counted, as the VIST challenge's program does, instead of refused. Default false. */
  readonly leaveUnasked?: boolean;
}

export interface PairedStories {
  readonly segments: Segment[];
  /** What each segment is about, the same for every system: names may differ where several stories have the same photos. */
  readonly keys: string[];
  readonly counts: PairingCounts;
}

type By = Protocol['references'];

/** What stories and references have in common, for errors. */
const NOUNS = { 'own story': 'stories', 'photo sequence': 'photo sequences', album: 'albums' } as const satisfies Record<By, string>;

/** Missing stories that an error names before it only counts. */
const NAMED = 3;

/**
 * Finds the references of every hypothesis as the protocol asks for. An album is scored once, with the first story
 * that the file has for it (as AREL does), against all human stories of the album.
 * @throws UserError naming the story when one is twice there, has no reference, has other photos or another number of
 * sentences than its reference, or when a reference has no hypothesis
 */
export function pairStories(
  hypotheses: readonly StoryText[],
  references: readonly StoryText[],
  protocol: Protocol,
  options: PairingOptions = {},
): PairedStories {
  const by = protocol.references;
  const asked = onlyAsked(hypotheses, references, by, options.sequences);
  const groups = groupReferences(asked.references, by);
  const { kept, repeated, others } = distinctHypotheses(by === 'album' ? withAlbums(asked.hypotheses, references) : asked.hypotheses, by);
  const counts: PairingCounts = {
    hypotheses: hypotheses.length, references: references.length, segments: 0, referencesUsed: 0,
    repeatedHypotheses: repeated, otherHypotheses: others,
    unaskedHypotheses: hypotheses.length - asked.hypotheses.length, unaskedReferences: references.length - asked.references.length,
    unusedReferences: 0, emptyHypotheses: 0, emptyReferences: 0,
  };
  const segments: Segment[] = [];
  const keys: string[] = [];
  for (const [key, story] of kept) {
    const group = groups.get(key);
    if (group === undefined) {
      if (options.leaveUnasked !== true) throw new UserError(missingReference(story, by, asked.references));
      counts.unaskedHypotheses++;
      continue;
    }
    const own = segmentsOf(story, group, protocol, key);
    segments.push(...own);
    keys.push(...own.map((_, i) => `${key}, ${i + 1}`));
  }
  counts.unusedReferences = requireHypotheses(groups, kept, by, options.partial === true);
  if (segments.length === 0) throw new UserError('hypotheses: none of the stories has a reference; give the references of the same split');
  return { segments, keys, counts: { ...counts, ...countTexts(segments) } };
}

/** The stories of the photo sequences that count. */
function onlyAsked(
  hypotheses: readonly StoryText[], references: readonly StoryText[], by: By, sequences: PairingOptions['sequences'],
): { hypotheses: readonly StoryText[]; references: readonly StoryText[] } {
  if (hypotheses.length === 0) throw new UserError('hypotheses: there is no story');
  if (references.length === 0) throw new UserError('references: there is no story');
  if (sequences === undefined) return { hypotheses, references };
  if (by !== 'photo sequence') throw new UserError(`a list of photo sequences that count needs a protocol that goes by photo sequence; this one goes by ${by}`);
  const names = new Set(sequences.map((photos) => photos.join(' ')));
  const counts = ({ imageIds }: StoryText): boolean => names.has(imageIds.join(' '));
  const left = references.filter(counts);
  if (left.length === 0) throw new UserError(`references: no story is about any of the ${names.size} photo sequences that count; give the references of the same split`);
  return { hypotheses: hypotheses.filter(counts), references: left };
}

function keyOf({ id, imageIds, albumId }: StoryText, by: By, where: string): string {
  switch (by) {
    case 'own story':
      return id;
    case 'photo sequence':
      if (imageIds.length === 0) throw new UserError(`${where}: story ${id} names no photos, by which this protocol finds references; use one that goes by story`);
      return imageIds.join(' ');
    case 'album':
      if (albumId === undefined || albumId === '') {
        throw new UserError(`${where}: story ${id} names no album, by which this protocol finds references; give VIST's .json with its album ids, or .jsonl with album_id`);
      }
      return albumId;
  }
}

/** Hypotheses that name no album get the one of the references of their photos, or of the same story where no photos are named. */
function withAlbums(hypotheses: readonly StoryText[], references: readonly StoryText[]): readonly StoryText[] {
  const [byPhotos, byId] = [new Map<string, string>(), new Map<string, string>()];
  for (const { id, imageIds, albumId } of references) {
    if (albumId === undefined || albumId === '') continue;
    byId.set(id, albumId);
    if (imageIds.length > 0) byPhotos.set(imageIds.join(' '), albumId);
  }
  return hypotheses.map((story) => {
    if (story.albumId !== undefined && story.albumId !== '') return story;
    const albumId = story.imageIds.length > 0 ? byPhotos.get(story.imageIds.join(' ')) : byId.get(story.id);
    return albumId === undefined ? story : { ...story, albumId };
  });
}

function groupReferences(references: readonly StoryText[], by: By): Map<string, StoryText[]> {
  const groups = new Map<string, StoryText[]>();
  const ids = new Set<string>();
  for (const story of references) {
    if (ids.has(story.id)) throw new UserError(`references: story ${story.id} is there twice; keep one`);
    ids.add(story.id);
    const key = keyOf(story, by, 'references');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [story]);
    else group.push(story);
  }
  return groups;
}

/** The hypotheses by key. A photo sequence is scored once, so its stories must agree; of an album the first story counts. */
function distinctHypotheses(hypotheses: readonly StoryText[], by: By): { kept: Map<string, StoryText>; repeated: number; others: number } {
  const kept = new Map<string, StoryText>();
  const ids = new Set<string>();
  let [repeated, others] = [0, 0];
  for (const story of hypotheses) {
    if (ids.has(story.id)) throw new UserError(`hypotheses: story ${story.id} is there twice; keep one`);
    ids.add(story.id);
    const key = keyOf(story, by, 'hypotheses');
    const first = kept.get(key);
    if (first === undefined) {
      kept.set(key, story);
    } else if (by === 'album') {
      others++;
    } else if (textOf(first) === textOf(story)) {
      repeated++;
    } else {
      throw new UserError(`hypotheses: stories ${first.id} and ${story.id} tell the same photos differently; this protocol scores one story a photo sequence, so keep one`);
    }
  }
  return { kept, repeated, others };
}

/** Counts the references without a hypothesis. @throws UserError naming the first ones, unless a partial score is asked for */
function requireHypotheses(groups: ReadonlyMap<string, readonly StoryText[]>, kept: ReadonlyMap<string, StoryText>, by: By, partial: boolean): number {
  const missing = [...groups].filter(([key]) => !kept.has(key));
  if (missing.length > 0 && !partial) {
    const names = missing.slice(0, NAMED).map(([key]) => key).join(by === 'photo sequence' ? '; ' : ', ');
    const rest = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : '';
    throw new UserError(`references: ${missing.length} of ${groups.size} ${NOUNS[by]} have no hypothesis: ${names}${rest}; give them all, or ask for a partial score`);
  }
  return missing.reduce((sum, [, group]) => sum + group.length, 0);
}

function missingReference({ id, imageIds, albumId }: StoryText, by: By, references: readonly StoryText[]): string {
  const photos = imageIds.join(' ');
  if (by === 'own story' && photos !== '' && references.some((reference) => reference.imageIds.join(' ') === photos)) {
    return `hypotheses: story ${id} has no reference of the same id, only others of its photos; choose a protocol that goes by photo sequence`;
  }
  const of = { 'own story': '', 'photo sequence': ` with its photos ${photos}`, album: ` in its album ${albumId}` }[by];
  return `hypotheses: story ${id} has no reference${of}; give the references of the same split`;
}

function segmentsOf(story: StoryText, group: readonly StoryText[], { level, references: by }: Protocol, key: string): Segment[] {
  if (by !== 'album' || level === 'sentence') for (const reference of group) checkPhotos(story, reference);
  if (level === 'story') return [{ name: by === 'album' ? `album ${key}` : `story ${story.id}`, hypothesis: textOf(story), references: group.map(textOf) }];
  for (const reference of group) {
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

/** What segments are counted for: their texts as metrics see them, or before. */
export function countTexts(segments: readonly Segment[]): Pick<PairingCounts, 'segments' | 'referencesUsed' | 'emptyHypotheses' | 'emptyReferences'> {
  const references = segments.flatMap((segment) => segment.references);
  return {
    segments: segments.length, referencesUsed: references.length,
    emptyHypotheses: segments.filter(({ hypothesis }) => isEmpty(hypothesis)).length, emptyReferences: references.filter(isEmpty).length,
  };
}

function textOf({ sentences }: StoryText): string {
  return sentences.join(' ');
}

function isEmpty(text: string): boolean {
  return text.trim() === '';
}
