import { expect, test } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import { judgeKind, judgeSentence, judgeStories } from '../../../src/data/storybook/judge.ts';
import { drawPlot } from '../../../src/data/storybook/plot.ts';
import { STYLE_NAMES, STYLES } from '../../../src/data/storybook/styles.ts';
import { MAX_TOKENS, STORYBOOK_NAMES, tellStory, untokenise } from '../../../src/data/storybook/telling.ts';
import { ACTIONS, isIndoors, OUTDOOR_WEATHERS, PLACES, SUBJECTS, THINGS } from '../../../src/data/storybook/world.ts';
import type { PhotoFacts } from '../../../src/data/storybook/world.ts';

const FACTS: PhotoFacts = { subject: 'dog', place: 'beach', thing: 'kite', weather: 'rainy', companion: 'none', action: 'find' };

function told(style: keyof typeof STYLES, count: number) {
  const random = new Random(`styles:${style}`);
  return Array.from({ length: count }, () => {
    const photos = drawPlot(random);
    return { photos, ...tellStory(random, photos, [], STYLES[style]) };
  });
}

test.each(STYLE_NAMES)('%s: a sentence has 4 to 20 tokens, the name and the goal of its story, and no slot left', (style) => {
  for (const { name, goal, sentences } of told(style, 500)) {
    for (const sentence of sentences) {
      const tokens = sentence.split(' ');
      expect(tokens.length, sentence).toBeGreaterThanOrEqual(4);
      expect(tokens.length, sentence).toBeLessThanOrEqual(MAX_TOKENS);
      expect(tokens.filter((token) => STORYBOOK_NAMES.includes(token)), sentence).toEqual([name]);
      expect(STYLES[style].goals.map(({ noun }) => noun).filter((noun) => tokens.includes(noun)), sentence).toEqual([goal]);
      expect(sentence).toMatch(/^[a-z][a-z ,;:]* [.!?]$/);
    }
  }
});

test.each(STYLE_NAMES)('%s: everything named is in the photo', (style) => {
  const { kinds, naming } = judgeStories(told(style, 400));
  for (const kind of Object.values(kinds)) expect(kind.share).toBe(1);
  expect(naming.named / 2000).toBeGreaterThan(0.55);
});

test.each(STYLE_NAMES)('%s: every phrase names its content and no other', (style) => {
  const { subjects, things, at, to, sky, day } = STYLES[style];
  for (const subject of SUBJECTS) {
    for (const phrase of subjects[subject]) expect(judgeKind(phrase, { ...FACTS, subject }, 'subject'), phrase).toEqual({ named: 1, right: 1 });
  }
  for (const place of PLACES) {
    for (const phrase of [...at[place], ...to[place]]) expect(judgeSentence(phrase, { ...FACTS, place }), phrase).toEqual({ named: 1, right: 1 });
  }
  for (const thing of THINGS) {
    for (const phrase of things[thing]) expect(judgeKind(phrase, { ...FACTS, thing }, 'thing'), phrase).toEqual({ named: 1, right: 1 });
  }
  for (const weather of OUTDOOR_WEATHERS) {
    for (const phrase of [...sky[weather], ...day[weather]]) expect(judgeKind(phrase, { ...FACTS, weather }, 'weather'), phrase).toEqual({ named: 1, right: 1 });
  }
});

test.each(STYLE_NAMES)('%s: there are words for any photo, in every part of a story', (style) => {
  const random = new Random(1);
  for (const subject of SUBJECTS) {
    for (const action of ACTIONS) {
      for (const place of PLACES) {
        const weather = isIndoors(place) ? 'indoors' : random.pick(OUTDOOR_WEATHERS);
        const photo: PhotoFacts = { subject, place, weather, action, thing: random.pick(THINGS), companion: action === 'meet' ? 'old woman' : 'none' };
        expect(tellStory(random, [photo, photo, photo], [], STYLES[style]).sentences).toHaveLength(3);
      }
    }
  }
});

test.each(STYLE_NAMES)('%s: every template is used', (style) => {
  const { openings, middles, closings } = STYLES[style];
  const sentences = told(style, 4000).flatMap((story) => story.sentences);
  for (const template of [openings, middles, closings].flatMap((part) => Object.values(part).flat())) {
    const pattern = new RegExp(`^${template.replace(/[.?]/g, '\\$&').replace(/\{[a-z ]+\}/g, '.+')}$`);
    expect(sentences.some((sentence) => pattern.test(sentence)), template).toBe(true);
  }
});

test('a bag of words tells styles apart, sentence by sentence, also without goals and contents', () => {
  const own = new Set(STYLE_NAMES.flatMap((style) => STYLES[style].goals.flatMap(({ noun, plan, done }) => `${noun} ${plan} ${done}`.split(' '))));
  const words = (sentence: string): string[] => sentence.split(' ').filter((word) => /^[a-z]/.test(word) && !own.has(word) && !STORYBOOK_NAMES.includes(word));
  const counts = STYLE_NAMES.map(() => new Map<string, number>());
  const sentences = STYLE_NAMES.map((style) => told(style, 400).flatMap((story) => story.sentences.map(words)));
  sentences.forEach((list, s) => list.slice(0, 1000).flat().forEach((word) => counts[s]!.set(word, (counts[s]!.get(word) ?? 0) + 1)));
  const vocabulary = new Set(counts.flatMap((count) => [...count.keys()])).size;
  const totals = counts.map((count) => [...count.values()].reduce((a, b) => a + b, 0));
  const score = (sentence: string[], s: number): number => sentence.reduce((sum, word) => sum + Math.log(((counts[s]!.get(word) ?? 0) + 1) / (totals[s]! + vocabulary)), 0);
  const held = sentences.flatMap((list, s) => list.slice(1000).map((sentence) => ({ sentence, s })));
  const right = held.filter(({ sentence, s }) => STYLE_NAMES.every((_, other) => other === s || score(sentence, other) < score(sentence, s)));
  expect(right.length / held.length).toBeGreaterThan(0.97);
});

test('the written form has no space before any mark', () => {
  expect(untokenise('final entry : cadet tom met one fox ; all well .', STORYBOOK_NAMES)).toBe('Final entry: cadet Tom met one fox; all well.');
  expect(untokenise('hail , cried a fox to tom , and what of the feast ?', STORYBOOK_NAMES)).toBe('Hail, cried a fox to Tom, and what of the feast?');
});
