import type { Random } from '../../core/random.ts';
import { isIndoors, OUTDOOR_WEATHERS, PLACES, SUBJECTS, THINGS } from './world.ts';
import type { Action, PhotoFacts, Place, Subject, Thing } from './world.ts';

/** Photos in a story. */
export const PHOTOS = 5;

/** The chance that a photo is taken where the one before it was. */
const STAY = 0.2;

/** The chance that somebody is met; finding and carrying share the rest. */
const MEET = 0.4;

/**
 * Draws the facts of a sequence of five photos. One main character goes through all of them; place, thing, weather
 * and companion are drawn afresh for each photo, so that no earlier photo tells what the next one shows.
 */
export function drawPlot(random: Random): PhotoFacts[] {
  const subject = random.pick(SUBJECTS);
  const photos: PhotoFacts[] = [];
  for (let i = 0; i < PHOTOS; i++) photos.push(drawPhoto(random, subject, photos.at(-1)));
  return photos;
}

function drawPhoto(random: Random, subject: Subject, previous: PhotoFacts | undefined): PhotoFacts {
  const place = drawPlace(random, previous?.place);
  const action: Action = random.uniform() < MEET ? 'meet' : random.pick(['find', 'carry']);
  const others = SUBJECTS.filter((other) => other !== subject && other !== previous?.companion);
  const things: readonly Thing[] = THINGS.filter((thing) => thing !== previous?.thing);
  return {
    subject,
    place,
    thing: random.pick(things),
    weather: isIndoors(place) ? 'indoors' : random.pick(OUTDOOR_WEATHERS),
    companion: action === 'meet' ? random.pick(others) : 'none',
    action,
  };
}

function drawPlace(random: Random, previous: Place | undefined): Place {
  if (previous && random.uniform() < STAY) return previous;
  return random.pick(PLACES.filter((place) => place !== previous));
}
