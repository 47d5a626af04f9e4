import type { Random } from '../../core/random.ts';
import type { Goal, TellingStyle, Templates } from './style.ts';
import { PLAIN } from './styles/plain.ts';
import type { PhotoFacts, Subject } from './world.ts';

export const FEMALE_NAMES = [
  'luna', 'mia', 'ella', 'nora', 'molly', 'emma', 'zoe', 'anna', 'clara', 'stella', 'tess', 'maya',
] as const;
export const MALE_NAMES = [
  'max', 'leo', 'tom', 'ben', 'oscar', 'finn', 'hugo', 'sam', 'jack', 'theo', 'milo', 'felix',
] as const;
/** All names of characters, in lower case as stories write them. */
export const STORYBOOK_NAMES: readonly string[] = [...FEMALE_NAMES, ...MALE_NAMES];

/** The most tokens a sentence may have: longer ones are cut by the preparation of VIST-seq2seq. */
export const MAX_TOKENS = 20;

/** The chance of a list's first phrase; the others share the rest. */
const USUAL = 0.65;

/** The chance that the name comes with an epithet after the first sentence. */
const EPITHET = 0.2;

/** A story as told once. Name and goal are chosen in the telling: no photo shows them. */
export interface Telling {
  readonly name: string;
  /** The goal's noun. */
  readonly goal: string;
  /** One sentence a photo: lower-case tokens with single spaces between them. */
  readonly sentences: readonly string[];
}

/**
 * Tells the story of a sequence. The name and the goal are drawn without a look at the photos (but for the gender of
 * people) and return in every sentence, so that the sentence before is the only place to read them from.
 * @param earlier tellings of the same photos, whose name and goal are not used again.
 */
export function tellStory(random: Random, photos: readonly PhotoFacts[], earlier: readonly Telling[] = [], style: TellingStyle = PLAIN): Telling {
  const female = isFemale(random, photos[0]!.subject);
  const names = (female ? FEMALE_NAMES : MALE_NAMES).filter((name) => earlier.every((other) => other.name !== name));
  const goals = style.goals.filter((goal) => earlier.every((other) => other.goal !== goal.noun));
  const name = random.pick<string>(names);
  const goal = random.pick(goals);
  const used = new Set<string>();
  const sentences = photos.map((facts, i) => {
    const slots = (): Slots => fillSlots(random, style, facts, { name, goal, female });
    return tellPhoto(random, templatesFor(style, i, photos.length)[facts.action], slots, used);
  });
  return { name, goal: goal.noun, sentences };
}

function isFemale(random: Random, subject: Subject): boolean {
  if (subject === 'girl' || subject === 'old woman') return true;
  if (subject === 'boy' || subject === 'old man') return false;
  return random.uniform() < 0.5;
}

function templatesFor(style: TellingStyle, i: number, photos: number): Templates {
  if (i === 0) return style.openings;
  return i === photos - 1 ? style.closings : style.middles;
}

/** A sentence from the first template, in random order, that fits the photo, the length and was not used in the story. */
function tellPhoto(random: Random, templates: readonly string[], slots: () => Slots, used: Set<string>): string {
  const order = random.shuffle(templates);
  for (const template of [...order.filter((one) => !used.has(one)), ...order]) {
    const sentence = fill(template, slots());
    if (sentence === undefined || sentence.split(' ').length > MAX_TOKENS) continue;
    used.add(template);
    return sentence;
  }
  throw new Error(`telling: no template fits within ${MAX_TOKENS} tokens; add a short one: ${templates.join(' | ')}`);
}

type Slots = Readonly<Record<string, string | undefined>>;

/** The sentence, or undefined where the photo has nothing for one of the slots. */
function fill(template: string, slots: Slots): string | undefined {
  let complete = true;
  const sentence = template.replace(/\{([a-z ]+)\}/g, (_, slot: string) => {
    const phrase = slots[slot];
    if (phrase === undefined) complete = false;
    return phrase ?? '';
  });
  return complete ? sentence : undefined;
}

function fillSlots(random: Random, style: TellingStyle, facts: PhotoFacts, told: { name: string; goal: Goal; female: boolean }): Slots {
  const { name, goal, female } = told;
  const { subject, companion, weather } = facts;
  const epithet = random.uniform() < EPITHET ? style.epithets[subject] : '{name}';
  return {
    name,
    who: epithet.replace('{name}', name),
    he: female ? 'she' : 'he',
    his: female ? 'her' : 'his',
    'a kind': phrase(random, style.subjects[subject]),
    friend: companion === 'none' ? undefined : phrase(random, style.subjects[companion]),
    thing: phrase(random, style.things[facts.thing]),
    at: phrase(random, style.at[facts.place]),
    to: phrase(random, style.to[facts.place]),
    sky: weather === 'indoors' ? undefined : phrase(random, style.sky[weather]),
    day: weather === 'indoors' ? undefined : phrase(random, style.day[weather]),
    then: phrase(random, style.then),
    goal: goal.noun,
    plan: goal.plan,
    done: goal.done,
  };
}

/** Mostly the first phrase: variety, at a price in predictability that stays small. */
export function phrase(random: Random, phrases: readonly string[]): string {
  if (phrases.length === 1 || random.uniform() < USUAL) return phrases[0]!;
  return random.pick(phrases.slice(1));
}

/** As written by hand: `tom met a fox .` becomes `Tom met a fox.` */
export function untokenise(sentence: string, names: readonly string[]): string {
  const words = sentence.split(' ').map((word) => (names.includes(word) ? capitalise(word) : word));
  return capitalise(words.join(' ').replace(/ ([.,;:!?])/g, '$1'));
}

function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
