import type { Sequence, Split } from './sequence.ts';
import { FEMALE_NAMES, MALE_NAMES, untokenise } from './telling.ts';

/** One sentence of a story, field for field as in VIST's story-in-sequence files. */
export interface StoryAnnotation {
  original_text: string;
  text: string;
  album_id: string;
  photo_flickr_id: string;
  setting: string;
  worker_id: string;
  story_id: string;
  tier: 'story-in-sequence';
  worker_arranged_photo_order: number;
  storylet_id: string;
}

/** One caption, field for field as in VIST's description-in-isolation files. */
export interface DescriptionAnnotation {
  original_text: string;
  text: string;
  photo_flickr_id: string;
  album_id: string;
  tier: 'descriptions-in-isolation';
  photo_order_in_story: null;
  worker_id: string;
}

/** VIST's file: each annotation is a list of one. */
export interface OfficialFile<Annotation> {
  info: { description: string; version: string };
  type: 'vist';
  albums: { id: string; title: string; description: string }[];
  images: { id: string; album_id: string }[];
  annotations: [Annotation][];
}

/** How VIST names the telling of a sequence chosen by the worker and of one chosen by an earlier worker. */
const SETTINGS = ['first-2-pick-and-tell', 'last-3-tell-remaining'] as const;

/** Where a split's story ids begin: no id is in two splits. */
const FIRST_STORY: Record<Split, number> = { train: 1_000_000, val: 2_000_000, test: 3_000_000 };

const NAMES: readonly string[] = [...FEMALE_NAMES, ...MALE_NAMES];

export function storiesFile(split: Split, sequences: readonly Sequence[]): OfficialFile<StoryAnnotation> {
  const annotations: [StoryAnnotation][] = [];
  let story = FIRST_STORY[split];
  for (const { albumId, photoIds, tellings } of sequences) {
    tellings.forEach((telling, k) => {
      telling.sentences.forEach((text, i) => annotations.push([{
        original_text: untokenise(text, NAMES),
        text,
        album_id: albumId,
        photo_flickr_id: photoIds[i]!,
        setting: SETTINGS[k] ?? SETTINGS[1],
        worker_id: `teller-${k + 1}`,
        story_id: String(story),
        tier: 'story-in-sequence',
        worker_arranged_photo_order: i,
        storylet_id: String(5 * story + i),
      }]));
      story++;
    });
  }
  return { ...frame(split, sequences), annotations };
}

export function descriptionsFile(split: Split, sequences: readonly Sequence[]): OfficialFile<DescriptionAnnotation> {
  const annotations = sequences.flatMap(({ albumId, photoIds, captions }) =>
    photoIds.flatMap((id, i) => captions[i]!.map((text, k): [DescriptionAnnotation] => [{
      original_text: untokenise(text, NAMES),
      text,
      photo_flickr_id: id,
      album_id: albumId,
      tier: 'descriptions-in-isolation',
      photo_order_in_story: null,
      worker_id: `describer-${k + 1}`,
    }])));
  return { ...frame(split, sequences), annotations };
}

function frame(split: Split, sequences: readonly Sequence[]): Omit<OfficialFile<never>, 'annotations'> {
  return {
    info: { description: `Storybook, generated: ${split}`, version: '1' },
    type: 'vist',
    albums: sequences.map(({ albumId, photos }) => ({ id: albumId, title: `a day with the ${photos[0]!.subject}`, description: '' })),
    images: sequences.flatMap(({ albumId, photoIds }) => photoIds.map((id) => ({ id, album_id: albumId }))),
  };
}
