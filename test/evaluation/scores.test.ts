import { expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { DocumentFrequencies } from '../../src/evaluation/documentfrequencies.ts';
import { Meteor } from '../../src/evaluation/meteor/meteor.ts';
import { pairStories } from '../../src/evaluation/pairing.ts';
import type { StoryText } from '../../src/evaluation/pairing.ts';
import { PROTOCOLS, protocolName } from '../../src/evaluation/protocols.ts';
import type { ProtocolName } from '../../src/evaluation/protocols.ts';
import { scoreStories } from '../../src/evaluation/scores.ts';
import type { ScoreInput } from '../../src/evaluation/scores.ts';
import { readWordNetData } from '../../src/text/wordnetdata.ts';

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

test('the metrics there is enough for, or those asked for, by column', () => {
  const input = { hypotheses: HYPOTHESES, references: REFERENCES, protocol: 'single-reference' } as const;
  const all = scoreStories(input);
  expect(Object.keys(all.scores)).toEqual(['BLEU-1', 'BLEU-2', 'BLEU-3', 'BLEU-4', 'ROUGE-L', 'CIDEr-D']);
  expect(all.scores['BLEU-4']).toBe(all.bleu.bleu4);
  // Longest common subsequences of 6 in 8 and 9 words, 7 in 8 and 11, 9 in 9: the mean of F with beta 1.2 as rouge.py has it.
  const f = (common: number, own: number, other: number): number => (2.44 * (common / own) * (common / other)) / (common / other + 1.44 * (common / own));
  expect(all.scores['ROUGE-L']).toBeCloseTo((100 * (f(6, 8, 9) + f(7, 8, 11) + 1)) / 3, 10);
  const rouge = scoreStories({ ...input, metrics: ['rouge-l'] });
  expect(rouge.scores).toEqual({ 'ROUGE-L': all.scores['ROUGE-L'] });
  // BLEU's line is what most people look for: it is there all the same.
  expect(rouge.bleuLine).toBe(all.bleuLine);
  expect(() => scoreStories({ ...input, metrics: ['meteor'] })).toThrow(RangeError);
});

test('CIDEr with the frequencies of another corpus, of the same tokens', () => {
  const input = { hypotheses: HYPOTHESES, references: REFERENCES, protocol: 'single-reference', metrics: ['cider'] } as const;
  const counted = (tokenizer: string | null): DocumentFrequencies => {
    const frequencies = new DocumentFrequencies({ tokenizer });
    for (const { sentences } of REFERENCES) frequencies.add([sentences.join(' ').split(' ')]);
    return frequencies;
  };
  const { scores } = scoreStories(input);
  expect(scoreStories({ ...input, frequencies: counted('whitespace') }).scores).toEqual(scores);
  expect(scoreStories({ ...input, frequencies: counted(null) }).scores).toEqual(scores);
  expect(scoreStories({ ...input, frequencies: counted('whitespace').add([['unseen']]) }).scores).not.toEqual(scores);
  expect(() => scoreStories({ ...input, frequencies: counted('ptb whitespace') })).toThrow(new UserError('document frequencies are of ptb whitespace tokens and the protocol has whitespace; count them under this protocol'));
});

test('METEOR where its language is given, with the protocol\'s own settings', async () => {
  const meteor = await readWordNetData();
  const score = (protocol: ProtocolName): number => scoreStories({ hypotheses: HYPOTHESES, references: REFERENCES, protocol, metrics: ['meteor'], meteor, partial: true }).scores['METEOR-lite']!;
  const own = new Meteor(meteor, { task: 'hter', normalisation: 'norm' });
  const texts = (stories: readonly StoryText[]): string[] => stories.map(({ sentences }) => sentences.join(' '));
  const sums = new Float64Array(own.width);
  texts(HYPOTHESES).forEach((text, i) => own.statistics(text, [texts(REFERENCES)[i]!]).forEach((value, n) => (sums[n]! += value)));
  expect(score('single-reference')).toBeCloseTo(100 * own.report(sums).score, 10);
  expect(new Set((['single-reference', 'sentence', 'story-multi', 'vist-challenge', 'coco'] as const).map(score)).size).toBe(5);
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
  // As metrics see them: to coco punctuation is nothing.
  const points = scoreStories({ hypotheses: [story('3', 'r s', '...', '!')], references: REFERENCES.slice(2), protocol: 'coco' });
  expect(points.counts).toMatchObject({ segments: 1, emptyHypotheses: 1 });
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
  expect(() => protocolName('story-mult')).toThrow('protocol "story-mult": did you mean story-multi? there are vist-seq2seq, arel-album, vist-challenge, single-reference, story-multi, sentence, sacrebleu, coco');
  expect(() => protocolName('toString')).toThrow(UserError);
});
