import { expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { pairStories } from '../../src/evaluation/pairing.ts';
import type { StoryText } from '../../src/evaluation/pairing.ts';
import { PROTOCOLS, protocolName } from '../../src/evaluation/protocols.ts';
import { scoreStories } from '../../src/evaluation/scores.ts';
import type { ScoreInput } from '../../src/evaluation/scores.ts';

const story = (id: string, photos: string, ...sentences: string[]): StoryText => ({ id, imageIds: photos.split(' '), sentences });

const REFERENCES = [
  story('1', 'p q', 'the dog ran .', 'we all went home .'),
  story('2', 'p q', 'a dog ran on the beach .', 'then we left .'),
  story('3', 'r s', 'the sky was red .', 'it was late .'),
];
const HYPOTHESES = [
  story('1', 'p q', 'the dog ran .', 'then we left .'),
  story('2', 'p q', 'the dog ran .', 'then we left .'),
  story('3', 'r s', 'the sky was red .', 'it was late .'),
];

test('a story is held against its own reference, whatever the order', () => {
  const { segments } = pairStories(HYPOTHESES, REFERENCES.toReversed(), PROTOCOLS['single-reference']);
  expect(segments[0]).toEqual({ name: 'story 1', hypothesis: 'the dog ran . then we left .', references: ['the dog ran . we all went home .'] });
  const scores = scoreStories({ hypotheses: HYPOTHESES, references: REFERENCES, protocol: 'single-reference' });
  expect(scores.protocol).toBe('single-reference');
  expect(scores.bleu).toMatchObject({ hypothesisWords: 25, referenceWords: 29, matches: [23, 16, 12, 9] });
// Printed by multi-bleu.perl for the same lines.
  expect(scores.bleuLine).toBe('BLEU = 59.50, 92.0/72.7/63.2/56.2 (BP=0.852, ratio=0.862, hyp_len=25, ref_len=29)');
  expect(scores.counts).toMatchObject({ hypotheses: 3, references: 3, segments: 3, referencesUsed: 3, repeatedHypotheses: 0 });
});

test('all human stories of a photo sequence; equal hypotheses for it count once', () => {
  const scores = scoreStories({ hypotheses: HYPOTHESES, references: REFERENCES, protocol: 'story-multi' });
  expect(scores.counts).toMatchObject({ hypotheses: 3, segments: 2, referencesUsed: 3, repeatedHypotheses: 1 });
  expect(scores.bleuLine).toBe('BLEU = 87.90, 100.0/100.0/92.3/81.8 (BP=0.943, ratio=0.944, hyp_len=17, ref_len=18)');
});

test('sentence level takes the sentence of the same photo', () => {
  const { segments } = pairStories(HYPOTHESES, REFERENCES, PROTOCOLS.sentence);
  expect(segments).toHaveLength(6);
  expect(segments[3]).toEqual({ name: 'story 2, sentence 2', hypothesis: 'then we left .', references: ['then we left .'] });
});

test('protocols differ as they say', () => {
  const short = [story('3', 'r s', 'the sky was', 'red .')];
  const score = (protocol: ScoreInput['protocol']): number => scoreStories({ hypotheses: short, references: REFERENCES.slice(2), protocol }).bleu.bleu1;
  expect(score('vist-seq2seq')).toBe(100);
  expect(score('single-reference')).toBeCloseTo(100 * Math.exp(1 - 9 / 5), 10);
  expect(scoreStories({ hypotheses: short, references: REFERENCES.slice(2), protocol: 'vist-seq2seq' }).bleuLine).toMatch(/^BLEU = 100\.0\/100\.0\/100\.0\/100\.0 \(BP=1\.000/);
});

test('segments without a word are scored and counted', () => {
  const { counts } = scoreStories({ hypotheses: [story('3', 'r s', '', ' ')], references: REFERENCES.slice(2), protocol: 'sentence' });
  expect(counts).toMatchObject({ emptyHypotheses: 2, emptyReferences: 0 });
});

test.each<[string, ScoreInput, string]>([
  ['twice', { hypotheses: [...HYPOTHESES, HYPOTHESES[0]!], references: REFERENCES, protocol: 'single-reference' }, 'hypotheses: story 1 is there twice'],
  ['reference twice', { hypotheses: HYPOTHESES, references: [...REFERENCES, REFERENCES[2]!], protocol: 'story-multi' }, 'references: story 3 is there twice'],
  ['no reference', { hypotheses: [...HYPOTHESES, story('9', 'x y', 'a', 'b')], references: REFERENCES, protocol: 'single-reference' }, 'hypotheses: story 9 has no reference; give'],
  ['no reference of these photos', { hypotheses: [story('1', 'q p', 'a', 'b')], references: REFERENCES, protocol: 'story-multi' }, 'story 1 has no reference with its photos q p'],
  ['no hypothesis', { hypotheses: HYPOTHESES.slice(1), references: REFERENCES, protocol: 'single-reference' }, 'references: 1 of 3 stories have no hypothesis: 1; give them all, or ask for a partial score'],
  ['other photos', { hypotheses: [story('3', 's r', 'a', 'b')], references: REFERENCES.slice(2), protocol: 'vist-seq2seq' }, 'story 3 is told for photos s r, its reference for r s'],
  ['told differently', { hypotheses: [HYPOTHESES[0]!, story('2', 'p q', 'no', 'more')], references: REFERENCES, protocol: 'story-multi' }, 'stories 1 and 2 tell the same photos differently'],
  ['sentences missing', { hypotheses: [story('3', 'r s', 'one')], references: REFERENCES.slice(2), protocol: 'sentence' }, 'story 3 has 1 sentences and its reference 2'],
  ['no photos', { hypotheses: [{ id: '1', imageIds: [], sentences: ['a'] }], references: REFERENCES, protocol: 'story-multi' }, 'story 1 names no photos'],
  ['nothing', { hypotheses: [], references: REFERENCES, protocol: 'sentence' }, 'hypotheses: there is no story'],
  ['no references', { hypotheses: HYPOTHESES, references: [], protocol: 'sentence' }, 'references: there is no story'],
])('refused: %s', (_, input, message) => {
  expect(() => scoreStories(input)).toThrow(UserError);
  expect(() => scoreStories(input)).toThrow(message);
});

test('a partial score is asked for by name', () => {
  const { counts } = scoreStories({ hypotheses: HYPOTHESES.slice(1), references: REFERENCES, protocol: 'single-reference', partial: true });
  expect(counts).toMatchObject({ segments: 2, unusedReferences: 1 });
});

test('an unknown protocol', () => {
  expect(protocolName('sentence')).toBe('sentence');
  expect(() => protocolName('story-mult')).toThrow('protocol "story-mult": did you mean story-multi? there are vist-seq2seq, single-reference');
  expect(() => protocolName('toString')).toThrow(UserError);
});
