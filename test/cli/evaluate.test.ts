import { readdir, readFile, rm } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { formatStoryLines } from '../../src/data/storyoutput.ts';
import { parseCsv } from '../../src/io/csv.ts';
import type { Evaluation } from '../../src/scoring/evaluate.ts';
import { writeDistribution } from '../evaluation/meteor/distribution.ts';
import { OUTPUTS, storyFiles, told } from '../scoring/storyfiles.ts';
import type { StoryFiles } from '../scoring/storyfiles.ts';
import { fabula } from './fabula.ts';

let files: StoryFiles;
const at = (name: string): string => files.at(name);
beforeAll(async () => {
  files = await storyFiles();
  await files.write('near.jsonl', formatStoryLines(OUTPUTS.map((story) => ({ ...story, sentences: story.sentences.map((_, i) => told(story.id, i).replace('dog', 'hound')) }))));
});
afterAll(() => rm(files.folder, { recursive: true }));
// What the machine has must not matter.
beforeEach(() => vi.stubEnv('FABULA_METEOR_DATA', undefined));

/** What the command prints; nothing on standard error. */
async function run(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await fabula('evaluate', ...words, '--no-save');
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

type Printed = Omit<Evaluation, 'segments'> & { segments: number };

async function printed(...words: string[]): Promise<Printed> {
  return JSON.parse(await run(...words, '--json')) as Printed;
}

const BLEU = ['--metrics', 'bleu'];
const FEW = ['--resamples', '50', '--trials', '50'];

// The BLEU line was printed by multi-bleu.perl for the same texts; the intervals' ends are the scores of either story alone.
test('one system: the table with its protocol on top, then the tool\'s line and what the texts say', async () => {
  const text = await run(at('out.jsonl'), '--references', at('val.json'), ...BLEU, ...FEW);
  expect(text.split('\n')).toEqual([
    'Protocol single-reference:',
    '  whole stories, one reference, BLEU as multi-bleu.perl, METEOR hter -norm',
    `  references: ${at('val.json')}`,
    '  scored: 2 texts, 1.00 references each',
    `  out: ${at('out.jsonl')}`,
    '',
    'System     BLEU-1 ↑      BLEU-2 ↑      BLEU-3 ↑      BLEU-4 ↑   words a story   vocabulary',
    'out           84.62         76.00         67.16         58.62            32.5           13',
    '        80.00-87.50   68.31-80.66   54.55-74.35   41.45-67.78',
    '',
    'System  distinct-1   distinct-2   RoViST-NR ↑',
    'out         0.2000       0.4000         0.663',
    '',
    'low-high: 95 % interval of the score (percentile bootstrap, 50 resamples, seed 12345)',
    '',
    'out:',
    '  BLEU = 58.62, 84.6/68.3/52.5/39.0 (BP=1.000, ratio=1.000, hyp_len=65, ref_len=65)',
    '  2 stories of 32.5 words (deviation 7.5, 25 to 40), 6.50 words a sentence',
    '  13 different words; distinct-1 0.2000, distinct-2 0.4000; within a story 0.330, 0.514; fewer than 1,000 words',
    '  repeated sentences: 0.0 % within their story, 0.0 % anywhere; repeated trigrams: 44.4 % between stories, 40.0 % within',
    '  RoViST-NR 0.6625: overlap between sentences 0.6750, within them 0.0000',
  ]);
});

test('several systems: one table, named by their files or as asked; details only when asked for', async () => {
  const words = [at('near.jsonl'), at('out.jsonl'), at('stories.txt'), '--references', at('val.json'), ...BLEU, ...FEW];
  const text = await run(...words, '--names', 'ours, theirs,plain', '--baseline', 'theirs');
  const rows = text.split('\n').filter((line) => /^(ours|theirs|plain) +\d/.test(line));
  expect(rows.map((row) => row.split(/ +/).slice(0, 2).join(' '))).toEqual(['ours 92.31', 'theirs 84.62', 'plain 84.62', 'ours 0.2154', 'theirs 0.2000', 'plain 0.2000']);
  expect(text).toContain('\n  baseline');
  expect(text).toContain(`  theirs: ${at('out.jsonl')}\n`);
  expect(text.replace(/\s+/g, ' ')).toContain('p: of the difference from theirs, one test by itself (paired approximate randomisation, 50 trials, seed 12345)');
  expect(text).toContain('nothing is marked: in no column is one system significantly better than every other');
  expect(text).not.toContain('BLEU = ');
  const details = await run(...words, '--details');
  expect(details.match(/^ {2}BLEU = .*$/gm)).toHaveLength(3);
  expect(details).toMatch(/\n\nout:\n {2}BLEU = 58\.62, .*\n[^]*\n\nstories:\n {2}BLEU = 58\.62, /);
  expect(await run(...words.slice(1, 2), ...words.slice(3), '--no-details')).not.toContain('BLEU = ');
});

test('--json: everything but the scores of segments, under the protocol\'s name', async () => {
  const json = await printed(at('near.jsonl'), at('out.jsonl'), '--references', at('val.json'), '--metrics', 'cider,BLEU', ...FEW, '--alpha', '0.1');
  expect(json).toMatchObject({
    protocol: 'single-reference', settings: { level: 'story', references: 'own story', meteor: { task: 'hter' } },
    references: [at('val.json')], meteor: null, frequencies: 'the references', segments: 2,
    columns: ['BLEU-1', 'BLEU-2', 'BLEU-3', 'BLEU-4', 'CIDEr-D'],
    significance: { test: 'paired-ar', alpha: 0.1, confidence: 0.95, resamples: 50, trials: 50, seed: 12345, baseline: null },
  });
  expect(json.systems.map(({ name, file }) => [name, file])).toEqual([['near', at('near.jsonl')], ['out', at('out.jsonl')]]);
  const [, out] = json.systems;
  expect(out).toMatchObject({ unit: 'sentence', novelty: null, meteor: null, bleu: { hypothesisWords: 65, matches: [55, 43, 32, 23] }, diversity: { stories: 2, vocabulary: 13 } });
  expect(out!.bleuLine).toBe('BLEU = 58.62, 84.6/68.3/52.5/39.0 (BP=1.000, ratio=1.000, hyp_len=65, ref_len=65)');
  expect(Object.keys(out!.scores)).toEqual(json.columns);
  expect(json.comparison.map(({ column }) => column)).toEqual(json.columns);
  expect(out).not.toHaveProperty('segmentScores');
});

test('a seed repeats the draws, another changes them', async () => {
  const words = [at('near.jsonl'), at('out.jsonl'), '--references', at('val.json'), '--protocol', 'sentence', ...BLEU, ...FEW, '--baseline', 'out'];
  const [one, same, other] = [await printed(...words), await printed(...words), await printed(...words, '--seed', '3')];
  expect(same).toEqual(one);
  expect(other.comparison).not.toEqual(one.comparison);
  expect(other.systems).toEqual(one.systems);
  const bootstrap = await printed(...words, '--test', 'paired-bs');
  expect(bootstrap.comparison[0]!.systems).toEqual(one.comparison[0]!.systems);
  expect(bootstrap.comparison[0]!.pairs[0]!.p).not.toBe(one.comparison[0]!.pairs[0]!.p);
});

test('METEOR-lite by default, METEOR with its data, named or from the environment', async () => {
  const meteorData = await writeDistribution(at('meteor'));
  const words = [at('out.jsonl'), '--references', at('val.json'), ...FEW];
  const lite = await printed(...words);
  expect(lite.columns).toEqual(['BLEU-1', 'BLEU-2', 'BLEU-3', 'BLEU-4', 'METEOR-lite', 'ROUGE-L', 'CIDEr-D']);
  const named = await printed(...words, '--metrics', 'meteor', '--meteor-data', meteorData);
  expect(named.columns).toEqual(['METEOR']);
  expect(named.meteor!.data).toBe('METEOR 1.5 data');
  vi.stubEnv('FABULA_METEOR_DATA', meteorData);
  expect(await printed(...words, '--metrics', 'meteor')).toEqual(named);
  // Not asked for, it is not read, nor is it a mistake; but what the user names must be used.
  vi.stubEnv('FABULA_METEOR_DATA', at('nowhere'));
  expect((await printed(...words, ...BLEU)).meteor).toBeNull();
  const refused = await fabula('evaluate', ...words, ...BLEU, '--meteor-data', meteorData);
  expect([refused.code, refused.stderr]).toEqual([2, `fabula: --meteor-data ${meteorData} would not be used: meteor is not among the metrics\n`]);
  vi.stubEnv('FABULA_METEOR_DATA', '');
  expect((await printed(...words, '--metrics', 'meteor')).columns).toEqual(['METEOR-lite']);
});

test('two protocols stand in one table only when asked for, each row under its own', async () => {
  const words = [at('out.jsonl'), '--references', at('val.json'), ...BLEU, ...FEW, '--protocol', 'single-reference', '--protocol', 'sentence'];
  const refused = await fabula('evaluate', ...words);
  expect([refused.code, refused.stdout]).toEqual([2, '']);
  expect(refused.stderr).toBe('fabula: protocols single-reference and sentence: their scores do not compare; choose one, or give --mixed to have them in one table\n');
  const text = await run(...words, '--mixed', '--per-story', at('mixed'));
  expect(text).toMatch(/^Protocol single-reference:\n {2}whole[^]*\nProtocol sentence:\n {2}each sentence/);
  expect(text).toContain('  scored, single-reference: 2 texts, 1.00 references each\n');
  expect(text).toContain('  scored, sentence: 10 texts, 1.00 references each\n');
  expect(text).toMatch(/\nout +84\.62 .*\n {2}single-reference .*\nout +84\.62 .*\n {2}sentence /);
  expect((await readdir(at('mixed'))).sort()).toEqual(['out.sentence.csv', 'out.single-reference.csv']);
  const both = JSON.parse(await run(...words, '--mixed', '--json')) as Printed[];
  expect(both.map(({ protocol, segments }) => [protocol, segments])).toEqual([['single-reference', 2], ['sentence', 10]]);
  // One protocol named twice is one.
  expect(await printed(...words.slice(0, -1), 'single-reference')).toMatchObject({ protocol: 'single-reference' });
});

test('--csv, --html and --per-story: the numbers of the JSON, each with its protocol', async () => {
  const words = [at('near.jsonl'), at('out.jsonl'), '--references', at('val.json'), '--metrics', 'bleu,rouge-l', ...FEW];
  await run(...words, '--csv', at('made/table.csv'), '--html', at('made/table.html'), '--per-story', at('made/stories'), '--training', at('val.json'), '--baseline', 'near');
  const json = await printed(...words);
  const table = parseCsv(await readFile(at('made/table.csv'), 'utf8'), 'table.csv');
  expect(table.map(({ system, file, protocol }) => [system, file, protocol])).toEqual([['near', at('near.jsonl'), 'single-reference'], ['out', at('out.jsonl'), 'single-reference']]);
  expect(Number(table[1]!['BLEU-4'])).toBe(json.systems[1]!.scores['BLEU-4']);
  expect(Number(table[1]!['ROUGE-L low'])).toBe(json.comparison[4]!.systems[1]!.low);
  expect([table[0]!['BLEU-4 p'], table[0]!['copied stories %'], table[0]!['vocabulary']]).toEqual(['', '50', '14']);
  expect(Number(table[1]!['BLEU-4 p'])).toBeGreaterThan(0);
  const html = await readFile(at('made/table.html'), 'utf8');
  expect(html).toContain('<dt>Protocol single-reference</dt><dd>whole stories, one reference, BLEU as multi-bleu.perl, METEOR hter -norm</dd>');
  expect(html).toContain(json.systems[1]!.scores['BLEU-4']!.toFixed(2));
  // Nothing is fetched: a page to keep and to send.
  expect(html).not.toMatch(/<link|@import|url\(|\bsrc=|href="http/);
  const segments = parseCsv(await readFile(at('made/stories/out.csv'), 'utf8'), 'out.csv');
  expect(segments.map(({ segment, protocol }) => [segment, protocol])).toEqual([['story 1', 'single-reference'], ['story 2', 'single-reference']]);
  expect((Number(segments[0]!['ROUGE-L']) + Number(segments[1]!['ROUGE-L'])) / 2).toBeCloseTo(json.systems[1]!.scores['ROUGE-L']!, 10);
  expect(await readdir(at('made/stories'))).toEqual(['near.csv', 'out.csv']);
});

test('document frequencies written, then read, under a name of their own', async () => {
  const words = [at('out.jsonl'), '--references', at('val.json'), '--metrics', 'cider', ...FEW];
  const own = await printed(...words, '--write-document-frequencies', at('frequencies.jsonl.gz'));
  const read = await printed(...words, '--document-frequencies', at('frequencies.jsonl.gz'));
  expect(read.systems).toEqual(own.systems);
  expect([own.frequencies, read.frequencies]).toEqual(['the references', at('frequencies.jsonl.gz')]);
  expect(await run(...words, '--document-frequencies', at('frequencies.jsonl.gz'))).toContain('CIDEr: document frequencies of ');
});

test('empty hypotheses are scored, as the tools do, and counted', async () => {
  await files.write('h.txt', '\nthe dog ran .\n');
  await files.write('r.txt', 'a dog ran .\nthe dog ran .\n');
  const words = [at('h.txt'), '--references', at('r.txt'), '--metrics', 'bleu,rouge-l', ...FEW];
  const { systems } = await printed(...words);
  expect(systems[0]!.counts).toMatchObject({ segments: 2, emptyHypotheses: 1, emptyReferences: 0 });
  expect(systems[0]!.scores['ROUGE-L']).toBeCloseTo(50, 10);
  expect(await run(...words)).toContain('scored: 2 texts, 1.00 references each; 1 hypotheses are empty');
});
