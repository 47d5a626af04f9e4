/** What can be seen in a Storybook photo: the lists that plots draw from, scenes show and sentences name. */

export const PEOPLE = ['girl', 'boy', 'old man', 'old woman'] as const;
export const ANIMALS = ['dog', 'cat', 'rabbit', 'bear', 'duck', 'fox', 'elephant', 'penguin'] as const;
export const SUBJECTS = [...PEOPLE, ...ANIMALS] as const;
export const INDOOR_PLACES = ['kitchen'] as const;
export const OUTDOOR_PLACES = ['beach', 'forest', 'city', 'farm', 'mountains', 'lake', 'castle', 'desert', 'market'] as const;
export const PLACES = [...OUTDOOR_PLACES, ...INDOOR_PLACES] as const;
export const THINGS = [
  'ball', 'kite', 'cake', 'boat', 'umbrella', 'balloon', 'guitar', 'book', 'key', 'crown', 'drum', 'flower',
] as const;
export const OUTDOOR_WEATHERS = ['sunny', 'cloudy', 'rainy', 'snowy', 'night', 'rainbow'] as const;
export const WEATHERS = [...OUTDOOR_WEATHERS, 'indoors'] as const;
/** find: the thing stands on the ground; carry: the subject holds it up; meet: a companion stands on its other side. */
export const ACTIONS = ['find', 'carry', 'meet'] as const;

export type Person = (typeof PEOPLE)[number];
export type Animal = (typeof ANIMALS)[number];
export type Subject = (typeof SUBJECTS)[number];
export type Place = (typeof PLACES)[number];
export type Thing = (typeof THINGS)[number];
export type Weather = (typeof WEATHERS)[number];
export type Action = (typeof ACTIONS)[number];

/** The truth about one photo, every field a category. */
export interface PhotoFacts {
  /** The main character: left in the photo, with a red scarf. */
  readonly subject: Subject;
  readonly place: Place;
  readonly thing: Thing;
  /** `indoors` where no sky is seen. */
  readonly weather: Weather;
  /** Who is met; `none` unless the action is `meet`. */
  readonly companion: Subject | 'none';
  readonly action: Action;
}

export function isIndoors(place: Place): boolean {
  return (INDOOR_PLACES as readonly string[]).includes(place);
}
