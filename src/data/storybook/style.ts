import type { Action, Place, Subject, Thing, Weather } from './world.ts';

/** What a story is about besides its photos; no photo shows it. */
export interface Goal {
  /** After "the": `party`. */
  readonly noun: string;
  /** After "wanted to": `plan a party`. */
  readonly plan: string;
  /** A clause that ends the story: `the party could begin`. */
  readonly done: string;
}

/** Templates by what happens in the photo. */
export type Templates = Readonly<Record<Action, readonly string[]>>;

/**
 * A way of telling, as tables. All text is tokenised and lower-case. Where a list has several phrases the first is
 * the usual one.
 *
 * Slots of a template: {name}, {who} (the name, at times with an epithet), {he} and {his} (or she, her), {a kind} (the main
 * character), {friend} (the companion), {thing}, {at}, {to} (the place), {sky}, {day} (the weather; outdoors only),
 * {then} (a connective), {goal}, {plan}, {done}.
 */
export interface TellingStyle {
  readonly name: string;
  readonly subjects: Readonly<Record<Subject, readonly string[]>>;
  /** The main character's name with an epithet, in place of `{name}`. */
  readonly epithets: Readonly<Record<Subject, string>>;
  readonly things: Readonly<Record<Thing, readonly string[]>>;
  readonly at: Readonly<Record<Place, readonly string[]>>;
  readonly to: Readonly<Record<Place, readonly string[]>>;
  readonly sky: Readonly<Record<Exclude<Weather, 'indoors'>, readonly string[]>>;
  readonly day: Readonly<Record<Exclude<Weather, 'indoors'>, readonly string[]>>;
  readonly then: readonly string[];
  readonly goals: readonly Goal[];
  readonly openings: Templates;
  readonly middles: Templates;
  readonly closings: Templates;
}
