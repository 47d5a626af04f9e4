import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import yargs from 'yargs';
import { command, evaluate } from '../../src/cli/evaluate.ts';
import type { Evaluation } from '../../src/cli/evaluate.ts';
import { UserError } from '../../src/core/errors.ts';
import { formatPlainText, formatStoryLines } from '../../src/data/storyoutput.ts';
import { buildStories, writeStories } from '../../src/data/stories.ts';
import { readVistStories } from '../../src/data/vist.ts';
import { formatVistChallenge } from '../../src/data/vistchallenge.ts';
import { Vocabulary } from '../../src/text/vocabulary.ts';
import { vistFile } from '../data/vistfixture.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-cli-evaluate-'));
const at = (name: string): string => join(folder, name);

/** Two stories; "zebra" is outside the vocabulary. */
const told = (story: string, i: number): string => (story === '1' ? `the dog ran ${i} .` : `a zebra went to the beach ${i} .`);
await writeFile(at('val.json'), JSON.stringify(vistFile(['1', '2'], told)));
const vocabulary = Vocabulary.fromCounts('the dog ran . a went to beach 0 1 2 3 4'.split(' ').map((word) => [word, 1] as const));
await vocabulary.save(at('vocabulary.json'));
await writeStories(at('val.h5'), buildStories(await readVistStories(at('val.json')), { vocabulary }).set);
const outputs = ['1', '2'].map((id) => ({
  id, imageIds: [0, 1, 2, 3, 4].map((i) => `p${id}${i}`), sentences: [0, 1, 2, 3, 4].map((i) => told(id, i).replace('zebra', '<UNK>').replace('ran', 'went')),
}));
await writeFile(at('out.jsonl'), formatStoryLines(outputs));
await writeFile(at('stories.txt'), formatPlainText(outputs, 'story'));
await writeFile(at('sentences.txt'), formatPlainText(outputs, 'sentence'));

async function run(...args: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await yargs(['evaluate', ...args]).command(command).strict().exitProcess(false)
      .fail((message, error) => { throw error ?? new Error(message); }).parseAsync();
    return log.mock.calls.join('\n');
  } finally {
    log.mockRestore();
  }
}

async function scored(...args: string[]): Promise<Evaluation> {
  return JSON.parse(await run(...args, '--json')) as Evaluation;
}

// BLEU lines here were printed by multi-bleu.perl for the same texts.
test('a table with the protocol on top', async () => {
  const text = await run(at('out.jsonl'), '--references', at('val.json'), '--protocol', 'single-reference');
  expect(text.split('\n')).toEqual([
    'Protocol single-reference: whole stories, one reference, BLEU as multi-bleu.perl',
    `  ${at('out.jsonl')} against ${at('val.json')}`,
    '  2 stories, 1.00 references each',
    '',
    '  BLEU-1  BLEU-2  BLEU-3  BLEU-4  brevity  ratio  words  reference',
    '   84.62   76.00   67.16   58.62    1.000  1.000     65         65',
    '',
    '  BLEU = 58.62, 84.6/68.3/52.5/39.0 (BP=1.000, ratio=1.000, hyp_len=65, ref_len=65)',
    '  distinct-1 0.2000, distinct-2 0.4000, 13 different words, 6.50 words a sentence',
    '  repeated sentences: 0.0 % within their story, 0.0 % anywhere',
  ]);
});

test('JSON lines, a story a line, a sentence a line: the same score', async () => {
  const json = await scored(at('out.jsonl'), '--references', at('val.json'));
  expect(json).toMatchObject({ protocol: 'single-reference', settings: { level: 'story' }, unit: 'sentence' });
  const stories = await scored(at('stories.txt'), '--references', at('val.json'));
  expect(stories.bleu).toEqual(json.bleu);
  expect(stories.unit).toBe('line');
  const sentences = await scored(at('sentences.txt'), '--references', at('val.h5'));
  expect(sentences.bleu).toEqual(json.bleu);
  expect(sentences.diversity).toEqual(json.diversity);
  await writeFile(at('human.txt'), formatPlainText([{ id: '1', imageIds: [], sentences: [0, 1, 2, 3, 4].map((i) => told('1', i)) }, { id: '2', imageIds: [], sentences: [0, 1, 2, 3, 4].map((i) => told('2', i)) }], 'story'));
  expect((await scored(at('stories.txt'), '--references', at('human.txt'))).bleu).toEqual(json.bleu);
  expect((await scored(at('out.jsonl'), '--references', at('human.txt'))).bleu).toEqual(json.bleu);
});

test('vist-seq2seq sees references as its models do, from JSON with the vocabulary or from the stories file', async () => {
  const fromFile = await evaluate({ hypotheses: at('out.jsonl'), references: [at('val.h5')], protocol: 'vist-seq2seq' });
  const fromJson = await evaluate({ hypotheses: at('out.jsonl'), references: [at('val.json')], protocol: 'vist-seq2seq', vocabulary: at('vocabulary.json') });
  expect(fromJson.bleu).toEqual(fromFile.bleu);
  // <UNK> is found in the reference; only "went" for "ran" is wrong.
  expect(fromFile.bleu.matches[0]).toBe(60);
  expect(fromFile.bleuLine).toBe('BLEU = 92.3/88.1/83.7/79.9 (BP=1.000, ratio=1.000, hyp_len=65, ref_len=65)');
  expect((await scored(at('out.jsonl'), '--references', at('val.json'))).bleu.matches[0]).toBe(55);
  await expect(evaluate({ hypotheses: at('out.jsonl'), references: [at('val.json')], protocol: 'vist-seq2seq' })).rejects.toThrow('give --vocabulary FILE');
});

test('several references: text files by line, or all stories of the same photos', async () => {
  await writeFile(at('h.txt'), 'the dog ran .\nwe left\n');
  await writeFile(at('r0.txt'), 'a dog ran .\nthey left\n');
  await writeFile(at('r1.txt'), 'the dog sat .\nwe all left');
  const { counts, bleu } = await scored(at('h.txt'), '--references', at('r0.txt'), '--references', at('r1.txt'), '--protocol', 'story-multi');
  expect(counts).toMatchObject({ segments: 2, referencesUsed: 4 });
  expect(bleu.matches).toEqual([6, 3, 1, 0]);
  expect((await scored('--references', at('r0.txt'), at('h.txt'))).bleu.matches).toEqual([4, 2, 1, 0]);
});

test('the VIST challenge\'s JSON scores as the same stories in JSON lines', async () => {
  const submission = formatVistChallenge(outputs.map((story) => ({ ...story, albumId: '7' })), { teamName: 'us', evaluationInfo: {} });
  await writeFile(at('submission.json'), submission);
  const words = ['--references', at('val.json'), '--protocol', 'story-multi'];
  const [challenge, lines] = [await scored(at('submission.json'), ...words), await scored(at('out.jsonl'), ...words)];
  expect([challenge.bleu, challenge.counts, challenge.unit]).toEqual([lines.bleu, lines.counts, 'line']);
  await expect(run(at('submission.json'), '--references', at('val.json'))).rejects.toThrow('story p10-p11-p12-p13-p14 has no reference of the same id, only others of its photos; choose a protocol that goes by photo sequence');
});

test('empty hypotheses are scored, as the tools do, and counted', async () => {
  await writeFile(at('h.txt'), '\nthe dog ran .\n');
  await writeFile(at('r.txt'), 'a dog ran .\nthe dog ran .\n');
  expect((await scored(at('h.txt'), '--references', at('r.txt'))).counts).toMatchObject({ segments: 2, emptyHypotheses: 1, emptyReferences: 0 });
  expect(await run(at('h.txt'), '--references', at('r.txt'))).toContain('2 stories, 1.00 references each; 1 hypotheses are empty');
});

test.each<[string, Record<string, string | Uint8Array>, string[], RegExp]>([
  ['line counts', { 'h.txt': 'a\nb\n', 'r.txt': 'a\nb\nc\n' }, ['h.txt', '--references', 'r.txt'], /h\.txt has 2 lines and \S+r\.txt has 3; line n of one/],
  ['line counts against stories', { 'h.txt': 'a\nb\nc\n' }, ['h.txt', '--references', 'val.json'], /h\.txt has 3 lines; \S+val\.json asks for 2, one a story, or 10, one a sentence/],
  ['stories where sentences are scored', {}, ['stories.txt', '--references', 'val.json', '--protocol', 'sentence'], /stories\.txt has 2 lines; \S+ asks for 10, one a sentence/],
  ['empty file', { 'h.txt': '' }, ['h.txt', '--references', 'r.txt'], /h\.txt: the file is empty/],
  ['bad UTF-8', { 'h.txt': Buffer.from('fine\ncaf\xe9\n', 'latin1') }, ['h.txt', '--references', 'r.txt'], /h\.txt: line 2 is not valid UTF-8/],
  ['bad UTF-8 in JSON lines', { 'h.jsonl': Buffer.from('{"id":"1","image_ids":[],"sentences":["caf\xe9"]}\n', 'latin1') }, ['h.jsonl', '--references', 'r.txt'], /h\.jsonl: line 1 is not valid UTF-8/],
  ['empty references', { 'r.txt': '' }, ['stories.txt', '--references', 'r.txt'], /r\.txt: the file is empty/],
  ['a reference without hypothesis', { 'h.jsonl': formatStoryLines(outputs.slice(1)) }, ['h.jsonl', '--references', 'val.json'], /references: 1 of 2 stories have no hypothesis: 1; give them all, or ask for a partial score/],
  ['human stories as hypotheses', {}, ['val.json', '--references', 'val.json'], /val\.json: output_stories: expected a list, found nothing; expected JSON of the VIST challenge/],
  ['missing', {}, ['none.txt', '--references', 'r.txt'], /none\.txt: cannot read stories: no such file/],
  ['extension', {}, ['out.csv', '--references', 'r.txt'], /out\.csv: hypotheses are \.jsonl/],
  ['reference extension', {}, ['out.jsonl', '--references', 'r.csv'], /r\.csv: references are VIST's \.json/],
  ['not VIST', { 'odd.json': '{"annotations": [[{"story_id": "1"}]]}' }, ['out.jsonl', '--references', 'odd.json'], /odd\.json: annotations\[0\]\[0\]\.photo_flickr_id/],
  ['two texts as one reference', {}, ['stories.txt', '--references', 'r.txt', '--references', 'human.txt'], /protocol single-reference takes one reference a story/],
  ['text and stories', {}, ['stories.txt', '--references', 'r.txt', '--references', 'val.json', '--protocol', 'story-multi'], /plain text and \S+val\.json together/],
  ['vocabulary for nothing', {}, ['out.jsonl', '--references', 'val.json', '--vocabulary', 'vocabulary.json'], /--vocabulary \S+ would not be used/],
  ['protocol', {}, ['out.jsonl', '--references', 'val.json', '--protocol', 'vist-seq2sec'], /did you mean vist-seq2seq\?/],
])('one line for a mistake: %s', async (_, files, args, message) => {
  await writeFile(at('r.txt'), 'a\nb\n');
  for (const [name, content] of Object.entries(files)) await writeFile(at(name), content);
  const paths = args.map((arg) => (/\.\w+$/.test(arg) ? at(arg) : arg));
  const error = await run(...paths).catch((caught: unknown) => caught as Error);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain('\n');
});
