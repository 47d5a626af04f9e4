import { expect, test } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { judgeKind, judgeSentence, judgeStories } from '../../src/data/storybook/judge.ts';
import { drawPlot } from '../../src/data/storybook/plot.ts';
import { PLAIN } from '../../src/data/storybook/styles/plain.ts';
import { FEMALE_NAMES, MALE_NAMES, tellStory, untokenise } from '../../src/data/storybook/telling.ts';
import { PLACES, SUBJECTS, THINGS } from '../../src/data/storybook/world.ts';
import type { PhotoFacts } from '../../src/data/storybook/world.ts';

const NAMES: readonly string[] = [...FEMALE_NAMES, ...MALE_NAMES];

const FACTS: PhotoFacts = { subject: 'dog', place: 'beach', thing: 'kite', weather: 'rainy', companion: 'old man', action: 'meet' };

function told(seed: number, count: number) {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const photos = drawPlot(random);
    const first = tellStory(random, photos);
    return { photos, first, second: tellStory(random, photos, [first]) };
  });
}

test('every sentence has 4 to 20 tokens and holds the name and the goal of its story, nobody else\'s', () => {
  for (const { first, second } of told(1, 400)) {
    for (const telling of [first, second]) {
      for (const sentence of telling.sentences) {
        const tokens = sentence.split(' ');
        expect(tokens.length).toBeGreaterThanOrEqual(4);
        expect(tokens.length, sentence).toBeLessThanOrEqual(20);
        expect(tokens.filter((token) => NAMES.includes(token)), sentence).toEqual([telling.name]);
        const goals = PLAIN.goals.filter((goal) => tokens.includes(goal.noun));
        expect(goals.map((goal) => goal.noun), sentence).toEqual([telling.goal]);
        expect(sentence).not.toMatch(/[{}]|  | $|undefined/);
      }
    }
  }
});

test('two tellings of the same photos share neither name nor goal, but the gender of people', () => {
  for (const { photos, first, second } of told(2, 200)) {
    expect(second.name).not.toBe(first.name);
    expect(second.goal).not.toBe(first.goal);
    const { subject } = photos[0]!;
    if (subject === 'girl' || subject === 'old woman') expect(FEMALE_NAMES).toContain(first.name);
    if (subject === 'boy' || subject === 'old man') expect(MALE_NAMES).toContain(first.name);
  }
});

test('all wording is the human stories\' own: the judge finds every named content right', () => {
  const stories = told(3, 300).map(({ photos, first }) => ({ sentences: first.sentences, photos }));
  const verdict = judgeStories(stories);
  expect(verdict.sentences).toBe(1500);
  expect(verdict.naming.share).toBe(1);
  for (const kind of Object.values(verdict.kinds)) expect(kind.share).toBe(1);
  expect(verdict.naming.named).toBeGreaterThan(1100);
});

test('stories judged with other photos are mostly wrong: the photo is needed', () => {
  const stories = told(4, 300);
  const shifted = stories.map(({ first }, i) => ({ sentences: first.sentences, photos: stories[(i + 1) % stories.length]!.photos }));
  const { kinds } = judgeStories(shifted);
  expect(kinds.place.share).toBeLessThan(0.2);
  expect(kinds.thing.share).toBeLessThan(0.2);
  expect(kinds.subject.share).toBeLessThan(0.25);
});

test('what a photo shows cannot be read from the photo before', () => {
  const pairs = told(5, 1000).flatMap(({ photos }) => photos.slice(1).map((photo, i) => [photos[i]!, photo] as const));
  const kinds = { place: PLACES.length, thing: THINGS.length, weather: 6, companion: SUBJECTS.length } as const;
  for (const kind of ['place', 'thing', 'weather', 'companion'] as const) {
    const outdoors = kind === 'weather' ? pairs.filter(([, b]) => b.weather !== 'indoors') : pairs;
    const bits = mutualInformation(outdoors.map(([a, b]) => [a[kind], b[kind]]));
    expect(bits, kind).toBeLessThan(0.15 * Math.log(kinds[kind]));
  }
});

test('neither name nor goal can be read from the photos', () => {
  const stories = told(6, 6000);
  const independent = (pairs: [string, string][]): number => mutualInformation(pairs) - biasOf(pairs);
  for (const kind of ['subject', 'place', 'thing', 'weather', 'action'] as const) {
    const goals = stories.map(({ photos, first }): [string, string] => [photos[2]![kind], first.goal]);
    expect(Math.abs(independent(goals)), `goal, ${kind}`).toBeLessThan(0.01);
    const animals = stories.filter(({ photos }) => !['girl', 'boy', 'old man', 'old woman'].includes(photos[0]!.subject));
    const names = animals.map(({ photos, first }): [string, string] => [photos[2]![kind], first.name]);
    expect(Math.abs(independent(names)), `name, ${kind}`).toBeLessThan(0.015);
  }
  expect(mutualInformation(stories.map(({ first }) => [first.name, first.goal])) - biasOf(stories.map(({ first }) => [first.name, first.goal]))).toBeLessThan(0.01);
});

/** Mutual information of pairs in nats, from counts. */
function mutualInformation(pairs: readonly (readonly [string, string])[]): number {
  const count = (values: readonly string[]): Map<string, number> => values.reduce((map, value) => map.set(value, (map.get(value) ?? 0) + 1), new Map<string, number>());
  const [left, right, both] = [count(pairs.map((p) => p[0])), count(pairs.map((p) => p[1])), count(pairs.map((p) => p.join('|')))];
  let sum = 0;
  for (const [key, n] of both) {
    const [a, b] = key.split('|') as [string, string];
    sum += (n / pairs.length) * Math.log((n * pairs.length) / (left.get(a)! * right.get(b)!));
  }
  return sum;
}

/** What counting alone adds to the mutual information of independent pairs (Miller 1955). */
function biasOf(pairs: readonly (readonly [string, string])[]): number {
  const distinct = (i: 0 | 1): number => new Set(pairs.map((pair) => pair[i])).size;
  return ((distinct(0) - 1) * (distinct(1) - 1)) / (2 * pairs.length);
}

test('the judge knows other forms, counts a content once, and takes the companion for right', () => {
  expect(judgeSentence('luna the puppy met an old man at the seaside .', FACTS)).toEqual({ named: 3, right: 3 });
  expect(judgeSentence('the dog , a good dog , met a kitten in the woods .', FACTS)).toEqual({ named: 3, right: 1 });
  expect(judgeSentence('she was happy about the party .', FACTS)).toEqual({ named: 0, right: 0 });
  expect(judgeSentence('Beach! Dog?', FACTS)).toEqual({ named: 2, right: 2 });
  expect(judgeKind('a ball under the rainbow', FACTS, 'thing')).toEqual({ named: 1, right: 0 });
  expect(judgeKind('under the rainbow', FACTS, 'weather')).toEqual({ named: 1, right: 0 });
  expect(judgeKind('in the rain', FACTS, 'weather')).toEqual({ named: 1, right: 1 });
});

test('stories are judged sentence by sentence; nothing named has no share', () => {
  const photos = [FACTS, FACTS, FACTS];
  const verdict = judgeStories([{ sentences: ['a dog in the city .', 'a dog on the beach .', 'then it rained .'], photos }]);
  expect(verdict.kinds.subject).toEqual({ named: 2, right: 2, share: 1 });
  expect(verdict.kinds.place).toEqual({ named: 2, right: 1, share: 0.5 });
  expect(verdict.naming).toEqual({ named: 2, right: 1, share: 0.5 });
  expect(verdict.kinds.thing.share).toBeNull();
  expect(() => judgeStories([{ sentences: ['a dog .'], photos }])).toThrow('1 sentences but 3 photos');
});

test('every phrase for a content names that content and no other', () => {
  for (const subject of SUBJECTS) {
    for (const phrase of PLAIN.subjects[subject]) {
      expect(judgeKind(phrase, { ...FACTS, subject, companion: 'none' }, 'subject'), phrase).toEqual({ named: 1, right: 1 });
    }
  }
  for (const place of PLACES) {
    for (const phrase of [...PLAIN.at[place], ...PLAIN.to[place]]) {
      expect(judgeSentence(phrase, { ...FACTS, place }), phrase).toEqual({ named: 1, right: 1 });
    }
  }
  for (const thing of THINGS) {
    for (const phrase of PLAIN.things[thing]) expect(judgeKind(phrase, { ...FACTS, thing }, 'thing'), phrase).toEqual({ named: 1, right: 1 });
  }
});

test('the written form has capitals and no space before a mark', () => {
  expect(untokenise('at the seaside , tom told a fox about the poem .', NAMES)).toBe('At the seaside, Tom told a fox about the poem.');
});
