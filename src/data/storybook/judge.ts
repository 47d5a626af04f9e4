import type { PhotoFacts, Place, Subject, Thing, Weather } from './world.ts';

/**
 * Words that name a content, in any surface form. A word that could name two contents, or something no photo shows,
 * is left out: `grey` (cat or cloud), `sand` (beach or desert), `water`.
 */
const SUBJECT_WORDS: Record<Subject, readonly string[]> = {
  girl: ['girl', 'girls'],
  boy: ['boy', 'boys'],
  'old man': ['man', 'men'],
  'old woman': ['woman', 'women'],
  dog: ['dog', 'dogs', 'puppy', 'puppies'],
  cat: ['cat', 'cats', 'kitten', 'kittens'],
  rabbit: ['rabbit', 'rabbits', 'bunny', 'bunnies'],
  bear: ['bear', 'bears'],
  duck: ['duck', 'ducks'],
  fox: ['fox', 'foxes'],
  elephant: ['elephant', 'elephants'],
  penguin: ['penguin', 'penguins'],
};

const PLACE_WORDS: Record<Place, readonly string[]> = {
  beach: ['beach', 'seaside', 'sea'],
  forest: ['forest', 'woods'],
  city: ['city', 'town'],
  farm: ['farm', 'barn'],
  mountains: ['mountain', 'mountains'],
  lake: ['lake'],
  castle: ['castle'],
  desert: ['desert'],
  market: ['market'],
  kitchen: ['kitchen'],
};

const THING_WORDS: Record<Thing, readonly string[]> = {
  ball: ['ball'], kite: ['kite'], cake: ['cake'], boat: ['boat'], umbrella: ['umbrella'], balloon: ['balloon'],
  guitar: ['guitar'], book: ['book'], key: ['key'], crown: ['crown'], drum: ['drum'], flower: ['flower'],
};

const WEATHER_WORDS: Record<Weather, readonly string[]> = {
  sunny: ['sunny', 'sunshine', 'sun'],
  cloudy: ['cloudy', 'clouds'],
  rainy: ['rainy', 'rain'],
  snowy: ['snowy', 'snow'],
  night: ['night', 'starry', 'stars', 'moonlight', 'moon'],
  rainbow: ['rainbow'],
  indoors: [],
};

export const CONTENT_KINDS = ['subject', 'place', 'thing', 'weather'] as const;
/** A kind of content that photos show and sentences name. */
export type ContentKind = (typeof CONTENT_KINDS)[number];

type Entry = [word: string, content: { kind: ContentKind; value: string }];

const LEXICON = new Map([
  ...entries('subject', SUBJECT_WORDS),
  ...entries('place', PLACE_WORDS),
  ...entries('thing', THING_WORDS),
  ...entries('weather', WEATHER_WORDS),
]);

/** How many contents were named, and how many of those the photo shows. */
export interface Naming {
  readonly named: number;
  readonly right: number;
}

/**
 * Which subjects and places a sentence names, and how many of them agree with its photo; of subjects, the main
 * character and the companion are both right. A content named twice counts once. Names and pronouns are not judged.
 */
export function judgeSentence(sentence: string, facts: PhotoFacts): Naming {
  return add(judgeKind(sentence, facts, 'subject'), judgeKind(sentence, facts, 'place'));
}

/** The same for one kind of content. */
export function judgeKind(sentence: string, facts: PhotoFacts, kind: ContentKind): Naming {
  const named = new Set<string>();
  for (const word of sentence.toLowerCase().split(/[^a-z]+/)) {
    const entry = LEXICON.get(word);
    if (entry?.kind === kind) named.add(entry.value);
  }
  const right = [...named].filter((value) => shows(facts, kind, value)).length;
  return { named: named.size, right };
}

/** A story, with what its photos show. */
export interface JudgedStory {
  readonly sentences: readonly string[];
  /** The facts of each sentence's photo. */
  readonly photos: readonly PhotoFacts[];
}

/** Named and right in all sentences, with `share` = right / named (null when nothing is named). */
export interface KindVerdict extends Naming {
  readonly share: number | null;
}

/** How often stories name what their photos show. */
export interface StoriesVerdict {
  readonly kinds: Readonly<Record<ContentKind, KindVerdict>>;
  readonly sentences: number;
  /** Sentences that name a subject or a place, and those of them in which every one named is right. */
  readonly naming: KindVerdict;
}

/**
 * Totals over stories.
 * @throws RangeError when a story has not one photo's facts a sentence.
 */
export function judgeStories(stories: readonly JudgedStory[]): StoriesVerdict {
  const kinds: Record<ContentKind, Naming> = { subject: NONE, place: NONE, thing: NONE, weather: NONE };
  let naming = NONE;
  let sentences = 0;
  for (const story of stories) {
    if (story.sentences.length !== story.photos.length) {
      throw new RangeError(`judge: a story has ${story.sentences.length} sentences but ${story.photos.length} photos`);
    }
    story.sentences.forEach((sentence, i) => {
      const facts = story.photos[i]!;
      for (const kind of CONTENT_KINDS) kinds[kind] = add(kinds[kind], judgeKind(sentence, facts, kind));
      const { named, right } = judgeSentence(sentence, facts);
      if (named > 0) naming = add(naming, { named: 1, right: named === right ? 1 : 0 });
      sentences++;
    });
  }
  const { subject, place, thing, weather } = kinds;
  return {
    kinds: { subject: verdict(subject), place: verdict(place), thing: verdict(thing), weather: verdict(weather) },
    sentences,
    naming: verdict(naming),
  };
}

const NONE: Naming = { named: 0, right: 0 };

function add(a: Naming, b: Naming): Naming {
  return { named: a.named + b.named, right: a.right + b.right };
}

function verdict(naming: Naming): KindVerdict {
  return { ...naming, share: naming.named === 0 ? null : naming.right / naming.named };
}

function shows(facts: PhotoFacts, kind: ContentKind, value: string): boolean {
  return facts[kind] === value || (kind === 'subject' && facts.companion === value);
}

function entries(kind: ContentKind, words: Readonly<Record<string, readonly string[]>>): Entry[] {
  return Object.entries(words).flatMap(([value, forms]) => forms.map((form): Entry => [form, { kind, value }]));
}
