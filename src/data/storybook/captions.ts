import type { Random } from '../../core/random.ts';
import { PLAIN } from './styles/plain.ts';
import { phrase } from './telling.ts';
import type { Action, PhotoFacts } from './world.ts';

/** Captions of a photo. */
export const CAPTIONS = 3;

/** Words for what a photo shows; empty where it does not. */
export type Phrases = Readonly<Record<'subject' | 'friend' | 'thing' | 'at' | 'sky', string>>;
export type CaptionTemplate = (p: Phrases) => string;

const BY_ACTION: Record<Action, readonly CaptionTemplate[]> = {
  find: [
    (p) => `${p.subject} next to ${p.thing} ${p.at} .`,
    (p) => `${p.subject} with a red scarf looks at ${p.thing} .`,
    (p) => `${p.thing} and ${p.subject} ${p.at} .`,
    (p) => `there is ${p.thing} ${p.at} , and ${p.subject} stands beside it .`,
  ],
  carry: [
    (p) => `${p.subject} holding up ${p.thing} ${p.at} .`,
    (p) => `${p.subject} with a red scarf carries ${p.thing} .`,
    (p) => `${p.subject} ${p.at} with both arms in the air .`,
    (p) => `${p.thing} over the head of ${p.subject} ${p.at} .`,
  ],
  meet: [
    (p) => `${p.subject} and ${p.friend} ${p.at} .`,
    (p) => `${p.subject} with a red scarf looks at ${p.friend} .`,
    (p) => `two friends ${p.at} with ${p.thing} between them .`,
    (p) => `${p.friend} and ${p.subject} with ${p.thing} .`,
  ],
};

const OF_THE_WEATHER: readonly CaptionTemplate[] = [
  (p) => `${p.subject} ${p.at} ${p.sky} .`,
  (p) => `${p.subject} stands ${p.sky} with ${p.thing} .`,
];

/** Three different captions of one photo, as somebody writes who sees it alone: no names, nothing of a story. */
export function captionPhoto(random: Random, facts: PhotoFacts): string[] {
  const phrases = describePhoto(random, facts);
  return random.shuffle(captionTemplates(facts)).slice(0, CAPTIONS).map((template) => template(phrases));
}

/** Draws words for what the photo shows. */
export function describePhoto(random: Random, { subject, companion, thing, place, weather }: PhotoFacts): Phrases {
  return {
    subject: phrase(random, PLAIN.subjects[subject]),
    friend: companion === 'none' ? '' : phrase(random, PLAIN.subjects[companion]),
    thing: phrase(random, PLAIN.things[thing]),
    at: phrase(random, PLAIN.at[place]),
    sky: weather === 'indoors' ? '' : phrase(random, PLAIN.sky[weather]),
  };
}

/** The sentences that fit the photo. */
export function captionTemplates({ action, weather }: PhotoFacts): readonly CaptionTemplate[] {
  return weather === 'indoors' ? BY_ACTION[action] : [...BY_ACTION[action], ...OF_THE_WEATHER];
}
