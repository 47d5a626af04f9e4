import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatPlainText, formatStoryLines } from '../../src/data/storyoutput.ts';
import { formatVistChallenge } from '../../src/data/vistchallenge.ts';
import { evaluate } from '../../src/scoring/evaluate.ts';
import type { EvaluateOptions, Evaluation, SystemEvaluation } from '../../src/scoring/evaluate.ts';
import { vistFile } from '../data/vistfixture.ts';
import { OUTPUTS, stories, storyFiles, told } from './storyfiles.ts';
import type { StoryFiles } from './storyfiles.ts';

let files: StoryFiles;
const at = (name: string): string => files.at(name);
beforeAll(async () => {
  files = await storyFiles();
});
afterAll(() => rm(files.folder, { recursive: true }));

/** Few draws: what they make is tested in evaluation/. */
const FEW = { resamples: 20, trials: 20 };

function scored(hypotheses: readonly string[], references: readonly string[], options: Partial<EvaluateOptions> = {}): Promise<Evaluation> {
  return evaluate({
    protocol: 'single-reference', metrics: ['bleu'], comparison: FEW, ...options,
    hypotheses: hypotheses.map(at), references: references.map(at),
  });
}

async function only(hypotheses: string, references: readonly string[], options: Partial<EvaluateOptions> = {}): Promise<SystemEvaluation> {
  const { systems } = await scored([hypotheses], references, options);
  expect(systems).toHaveLength(1);
  return systems[0]!;
}

// BLEU lines here were printed by multi-bleu.perl for the same texts.
test('JSON lines, a story a line, a sentence a line: the same score', async () => {
  const json = await only('out.jsonl', ['val.json']);
  expect(json.bleuLine).toBe('BLEU = 58.62, 84.6/68.3/52.5/39.0 (BP=1.000, ratio=1.000, hyp_len=65, ref_len=65)');
  expect(json.unit).toBe('sentence');
  const lines = await only('stories.txt', ['val.json']);
  expect([lines.bleu, lines.scores, lines.unit]).toEqual([json.bleu, json.scores, 'line']);
  const sentences = await only('sentences.txt', ['val.h5']);
  expect([sentences.bleu, sentences.diversity]).toEqual([json.bleu, json.diversity]);
  await files.write('human.txt', formatPlainText(stories(told), 'story'));
  expect((await only('stories.txt', ['human.txt'])).bleu).toEqual(json.bleu);
  expect((await only('out.jsonl', ['human.txt'])).bleu).toEqual(json.bleu);
});

test('vist-seq2seq sees references as its models do, from JSON with the vocabulary or from the stories file', async () => {
  const fromFile = await only('out.jsonl', ['val.h5'], { protocol: 'vist-seq2seq' });
  const fromJson = await only('out.jsonl', ['val.json'], { protocol: 'vist-seq2seq', vocabulary: at('vocabulary.json') });
  expect(fromJson.bleu).toEqual(fromFile.bleu);
  // <UNK> is found in the reference; only "went" for "ran" is wrong.
  expect(fromFile.bleu!.matches[0]).toBe(60);
  expect(fromFile.bleuLine).toBe('BLEU = 92.3/88.1/83.7/79.9 (BP=1.000, ratio=1.000, hyp_len=65, ref_len=65)');
  expect((await only('out.jsonl', ['val.json'])).bleu!.matches[0]).toBe(55);
  await expect(only('out.jsonl', ['val.json'], { protocol: 'vist-seq2seq' })).rejects.toThrow('give --vocabulary FILE');
});

test('several references: text files by line', async () => {
  await files.write('h.txt', 'the dog ran .\nwe left\n');
  await files.write('r0.txt', 'a dog ran .\nthey left\n');
  await files.write('r1.txt', 'the dog sat .\nwe all left');
  const { counts, bleu } = await only('h.txt', ['r0.txt', 'r1.txt'], { protocol: 'story-multi' });
  expect(counts).toMatchObject({ segments: 2, referencesUsed: 4 });
  expect(bleu!.matches).toEqual([6, 3, 1, 0]);
  expect((await only('h.txt', ['r0.txt'])).bleu!.matches).toEqual([4, 2, 1, 0]);
});

describe('the VIST challenge', () => {
  const submission = (outputs = OUTPUTS): string => formatVistChallenge(outputs.map((story) => ({ ...story, albumId: '7' })), { teamName: 'us', evaluationInfo: {} });

  test('its JSON scores as the same stories in JSON lines', async () => {
    await files.write('submission.json', submission());
    const [challenge, lines] = [await only('submission.json', ['val.json'], { protocol: 'story-multi' }), await only('out.jsonl', ['val.json'], { protocol: 'story-multi' })];
    expect([challenge.bleu, challenge.counts, challenge.unit]).toEqual([lines.bleu, lines.counts, 'line']);
    await expect(only('submission.json', ['val.json'])).rejects.toThrow('story p10-p11-p12-p13-p14 has no reference of the same id, only others of its photos; choose a protocol that goes by photo sequence');
  });

  test('a template says which sequences count; without one, those that have references', async () => {
    const unasked = { id: '9', imageIds: ['a', 'b', 'c', 'd', 'e'], sentences: ['a', 'b', 'c', 'd', 'e'] };
    await files.write('more.json', submission([...OUTPUTS, unasked]));
    const all = await only('more.json', ['val.json'], { protocol: 'vist-challenge' });
    expect(all.counts).toMatchObject({ segments: 2, unaskedHypotheses: 1, unaskedReferences: 0 });
    const template = await files.write('template.json', submission([{ ...OUTPUTS[1]!, sentences: [''] }]));
    const asked = await scored(['more.json'], ['val.json'], { protocol: 'vist-challenge', template });
    expect(asked.segments).toEqual(['story p20-p21-p22-p23-p24']);
    expect(asked.systems[0]!.counts).toMatchObject({ segments: 1, unaskedHypotheses: 2, unaskedReferences: 1 });
    await expect(only('more.json', ['val.json'], { template })).rejects.toThrow(/--template \S+template\.json lists photo sequences, and protocol single-reference goes by own story; leave it out/);
    await files.write('less.json', submission(OUTPUTS.slice(1)));
    await expect(only('less.json', ['val.json'], { protocol: 'vist-challenge' })).rejects.toThrow('references: 1 of 2 photo sequences have no hypothesis: p10 p11 p12 p13 p14');
  });
});

describe('arel-album', () => {
  /** Story 1 and 3 are of album A, 2 of album B. */
  const albums: Record<string, string> = { 1: 'A', 2: 'B', 3: 'A' };
  const humans = (albumIds = albums): string => {
    const file = vistFile(['1', '2', '3'], (story, i) => (story === '3' ? `a naïve cat slept ${i} .` : told(story, i))) as { annotations: { story_id: string }[][] };
    return JSON.stringify({ ...file, annotations: file.annotations.map(([line]) => [{ ...line, album_id: albumIds[line!.story_id] }]) });
  };

  test('one story an album against all of its human stories, without characters outside ASCII', async () => {
    await files.write('albums.json', humans());
    await files.write('albums.jsonl', formatStoryLines([
      { id: 'x', imageIds: [], sentences: [0, 1, 2, 3, 4].map((i) => `a nave cat slept ${i} .`), albumId: 'A' },
      { id: 'y', imageIds: [], sentences: ['left out'], albumId: 'A' },
      { id: 'z', imageIds: [], sentences: [0, 1, 2, 3, 4].map((i) => told('2', i)), albumId: 'B' },
    ]));
    const { segments, systems } = await scored(['albums.jsonl'], ['albums.json'], { protocol: 'arel-album' });
    expect(segments).toEqual(['album A', 'album B']);
    expect(systems[0]!.counts).toMatchObject({ segments: 2, referencesUsed: 3, otherHypotheses: 1 });
    expect(systems[0]!.scores['BLEU-4']).toBe(100);
    // The photos tell the album of hypotheses that name none.
    expect((await only('out.jsonl', ['albums.json'], { protocol: 'arel-album' })).counts).toMatchObject({ segments: 2, referencesUsed: 3 });
  });

  test('references without album ids are refused', async () => {
    await expect(only('out.jsonl', ['val.json'], { protocol: 'arel-album' })).rejects.toThrow('references: story 1 names no album');
    await files.write('empty-albums.json', humans({ 1: 'A', 2: '', 3: 'A' }));
    await expect(only('out.jsonl', ['empty-albums.json'], { protocol: 'arel-album' })).rejects.toThrow('empty-albums.json: annotations[5][0].album_id');
  });
});

test('coco: tokens of the Penn Treebank in lower case without punctuation', async () => {
  await files.write('h.txt', 'The dog didn\'t run!\n...\n');
  await files.write('r.txt', 'the dog did n\'t run\nwe left\n');
  const { columns, systems } = await scored(['h.txt'], ['r.txt'], { protocol: 'coco', metrics: ['bleu', 'rouge-l', 'cider'] });
  expect(columns).toEqual(['BLEU-1', 'BLEU-2', 'BLEU-3', 'BLEU-4', 'ROUGE-L', 'CIDEr-D']);
  expect(systems[0]!.bleu).toMatchObject({ matches: [5, 4, 3, 2], totals: [5, 4, 3, 2], hypothesisWords: 5, referenceWords: 7 });
  expect(systems[0]!.scores['ROUGE-L']).toBeCloseTo(50, 12);
  // Nothing but punctuation is no word, and counted so.
  expect(systems[0]!.counts.emptyHypotheses).toBe(1);
});

test('copies of training stories are counted, of any file that references may be', async () => {
  const sentences = [0, 1, 2, 3, 4].map((i) => told('2', i));
  await files.write('copied.jsonl', formatStoryLines([{ ...OUTPUTS[0]!, sentences: ['the dog ran 0 .', 'new words', 'so it is', 'and 3', 'the end'] }, { ...OUTPUTS[1]!, sentences }]));
  const evaluation = await scored(['copied.jsonl', 'out.jsonl'], ['val.json'], { training: [at('val.json')] });
  expect(evaluation.systems[0]!.novelty).toMatchObject({ stories: 2, copiedStories: 1, copiedStoryShare: 0.5, sentences: 10, copiedSentences: 6, trainingStories: 2, trainingSentences: 10 });
  expect(evaluation.systems[1]!.novelty).toMatchObject({ copiedStories: 0, copiedSentences: 0 });
  const split = await only('copied.jsonl', ['val.json'], { training: [at('val.h5'), await files.write('training.txt', 'and 3\n')] });
  expect(split.novelty).toMatchObject({ copiedSentences: 7, trainingStories: 3 });
  expect((await only('copied.jsonl', ['val.json'])).novelty).toBeNull();
});
