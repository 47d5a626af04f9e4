import { UserError } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import { captionTemplates, describePhoto } from './captions.ts';
import type { CaptionTemplate } from './captions.ts';
import { SPLITS } from './sequence.ts';
import type { Sequence, Split } from './sequence.ts';
import { untokenise } from './telling.ts';
import type { Action, PhotoFacts } from './world.ts';

/** The most captions a photo may have: the plainest one can be said in so many ways. */
export const MAX_CAPTIONS = 20;

/** Said besides what the captions of VIST's structure say, so that a photo is described in more ways. */
const MORE: Record<Action, readonly CaptionTemplate[]> = {
  find: [
    (p) => `a picture of ${p.subject} and ${p.thing} .`,
    (p) => `${p.thing} on the ground in front of ${p.subject} .`,
    (p) => `${p.subject} has come across ${p.thing} ${p.at} .`,
  ],
  carry: [
    (p) => `a picture of ${p.subject} lifting ${p.thing} .`,
    (p) => `${p.thing} is held up by ${p.subject} .`,
    (p) => `${p.subject} shows off ${p.thing} ${p.at} .`,
  ],
  meet: [
    (p) => `a picture of ${p.subject} and ${p.friend} .`,
    (p) => `${p.friend} faces ${p.subject} ${p.at} .`,
    (p) => `${p.subject} meets ${p.friend} beside ${p.thing} .`,
  ],
};

/**
 * Different captions of one photo, as people who see it alone write them. Each draws its words anew; a sentence is
 * built in the same way twice only when all ways are used up.
 * @returns `count` captions, tokenised
 */
export function manyCaptions(random: Random, facts: PhotoFacts, count: number): string[] {
  const captions = new Set<string>();
  const templates = [...captionTemplates(facts), ...MORE[facts.action]];
  while (captions.size < count) {
    for (const template of random.shuffle(templates)) {
      if (captions.size < count) captions.add(template(describePhoto(random, facts)));
    }
  }
  return [...captions];
}

/** Captions in the structure of COCO's annotations; `split` stands beside each file as in no file of COCO. */
export interface CocoCaptions {
  info: { description: string; version: string };
  licenses: never[];
  images: { id: number; file_name: string; width: number; height: number; split: Split }[];
  annotations: { id: number; image_id: number; caption: string }[];
}

/** What `captions.json` needs to know of a Storybook. */
export interface CaptionFileOptions {
  readonly seed: number;
  /** A photo. */
  readonly captions: number;
  readonly width: number;
  readonly height: number;
}

/** Captions of all photos; `file_name` counts from the folder `photos`. */
export function cocoFile(splits: Record<Split, readonly Sequence[]>, { seed, captions, width, height }: CaptionFileOptions): CocoCaptions {
  const file: CocoCaptions = { info: { description: 'Storybook, generated: captions', version: '1' }, licenses: [], images: [], annotations: [] };
  for (const split of SPLITS) {
    for (const { photoIds, photos } of splits[split]) {
      photoIds.forEach((id, i) => {
        const image_id = Number(id);
        file.images.push({ id: image_id, file_name: `${split}/${id}.jpg`, width, height, split });
        const said = manyCaptions(new Random(`storybook:${seed}:captions:${id}`), photos[i]!, captions);
        for (const text of said) file.annotations.push({ id: file.annotations.length + 1, image_id, caption: untokenise(text, []) });
      });
    }
  }
  return file;
}

/** @throws UserError */
export function checkCaptionCount(captions: number): void {
  if (Number.isInteger(captions) && captions >= 1 && captions <= MAX_CAPTIONS) return;
  throw new UserError(`Storybook: ${captions} captions a photo; give a whole number from 1 to ${MAX_CAPTIONS}`);
}
