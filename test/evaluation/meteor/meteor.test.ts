import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readMeteorData } from '../../../src/text/meteordata.ts';
import { Meteor, meteorWords } from '../../../src/evaluation/meteor/meteor.ts';
import type { MeteorNormalisation } from '../../../src/evaluation/meteor/meteor.ts';
import type { MeteorLanguage } from '../../../src/evaluation/meteor/lexicon.ts';
import { STATISTICS } from '../../../src/evaluation/meteor/statistics.ts';
import type { MeteorTaskName } from '../../../src/evaluation/meteor/tasks.ts';
import { SEGMENTS, writeDistribution } from './distribution.ts';

let folder: string;
let language: MeteorLanguage;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-meteor-'));
  language = await readMeteorData(await writeDistribution(folder));
});
afterAll(() => rm(folder, { recursive: true }));

// Printed by meteor-1.5.jar (md5 of its paraphrase table aside, the one in pycocoevalcap 1.2) on the same files.
const JAR: readonly [MeteorTaskName, MeteorNormalisation, 1 | 2, number[], number][] = [
  ['hter', 'norm', 2, [0.7839603359200512, 0.827450980392157, 0.5122328977770094, 0.7352319879475335, 0.7585622544997883, 1, 0.7215067957368213, 0.17105263157894737, 0, 0, 1, 0.9422734924899369], 0.7685582278018598],
  ['hter', 'none', 2, [0.7443559175041498, 0.827450980392157, 0.42239263803680993, 0.3855756782914356, 0.7585622544997883, 0.8871607385851278, 0.3792546152080259, 0.17105263157894737, 0, 0, 1, 0.4172649110915972], 0.596240391405379],
  ['rank', 'norm', 1, [0.30103940114590294, 0.7272727272727273, 0.3732967967971449, 0.3324169891372752, 0.35533015363012604, 0.22838460157692453, 0.4296276197372546, 0.08000000000000002, 0, 0, 1, 0.5848560827555201], 0.3542013316811482],
  ['adq', 'lower', 1, [0.27372381634075665, 0.7925925925925926, 0.517339504253038, 0.4143652445667528, 0.6427316948403372, 0.19676329387925046, 0.7042904226118901, 0.11000000000000001, 0, 0, 1, 0.34561745261149185], 0.46860778719337937],
  ['util', 'norm', 2, [0.3949928443162788, 0.5654908007315921, 0.21848772476944708, 0.408597910089515, 0.40262336802325854, 1, 0.43741913484960504, 0.14477211796246647, 0, 0, 1, 0.540518507181456], 0.3800964934076768],
  ['li', 'norm-nopunct', 1, [0.29227506398467223, 0.625, 0.5170924026846667, 0.5, 0.5550240003388806, 0.36287906864462843, 1, 0.06000000000000001, 0, 0, 1, 1], 0.6055893686942668],
  ['tune', 'norm', 1, [0.4, 0.7, 0.42735042735042744, 0.4700854700854701, 0.610909090909091, 0.33000000000000007, 0.6521739130434783, 0.1, 0, 0, 1, 0.8888888888888891], 0.5540353366440324],
  ['universal', 'norm', 2, [0.7371083503351255, 0.4727046706729174, 0.46241817530809476, 0.5937720633132832, 0.6924045024878478, 1, 0.7533796913268682, 0.24137931034482754, 0, 0, 1, 0.9676776715603435], 0.7237206269927123],
];

test.each(JAR)('task %s, %s, %i references: as the jar', (task, normalisation, references, segments, system) => {
  const meteor = new Meteor(language, { task, normalisation });
  const sums = new Float64Array(STATISTICS);
  const scores = SEGMENTS.map(([hypothesis, ...texts]) => {
    const statistics = meteor.statistics(hypothesis, texts.slice(0, references));
    statistics.forEach((value, i) => (sums[i]! += value));
    return meteor.report(statistics).score;
  });
  scores.forEach((score, i) => expect(score, `segment ${i + 1}`).toBeCloseTo(segments[i]!, 12));
  expect(meteor.report(sums).score).toBeCloseTo(system, 12);
});

test('the statistics are those of the jar\'s table', () => {
  const meteor = new Meteor(language, { task: 'hter', normalisation: 'norm' });
  const sums = new Float64Array(STATISTICS);
  for (const [hypothesis, ...references] of SEGMENTS) meteor.statistics(hypothesis, references).forEach((value, i) => (sums[i]! += value));
  const report = meteor.report(sums);
  expect(report).toMatchObject({ testLength: 92, referenceLength: 85, chunks: 18 });
  expect(report.matches).toEqual([
    { module: 'exact', testContent: 34, testFunction: 28, referenceContent: 34, referenceFunction: 28 },
    { module: 'stem', testContent: 0, testFunction: 0, referenceContent: 0, referenceFunction: 0 },
    { module: 'synonym', testContent: 2, testFunction: 0, referenceContent: 2, referenceFunction: 0 },
    { module: 'paraphrase', testContent: 8, testFunction: 4, referenceContent: 6, referenceFunction: 3 },
  ]);
  expect(report.precision).toBeCloseTo(0.7872068230277185, 12);
  expect(report.fragmentationPenalty).toBeCloseTo(0.04156639811492581, 12);
});

test('only a vocabulary\'s paraphrases give the same scores', async () => {
  const vocabulary = new Set(SEGMENTS.flat().flatMap((text) => meteorWords(text, 'norm', language)));
  const small = await readMeteorData(folder, { vocabulary: () => [...vocabulary].filter((word) => word !== 'themselves') });
  expect(small.paraphrases.size).toBeLessThan(language.paraphrases!.size);
  const all = await readMeteorData(folder, { vocabulary: () => vocabulary });
  const score = (data: MeteorLanguage): number[] => {
    const meteor = new Meteor(data, { task: 'hter', normalisation: 'norm' });
    return SEGMENTS.map(([hypothesis, ...references]) => meteor.report(meteor.statistics(hypothesis, references)).score);
  };
  expect(score(all)).toEqual(score(language));
  expect(score(small)).not.toEqual(score(language));
});

test('the mean of segments is the challenge\'s score', () => {
  const meteor = new Meteor(language, { task: 'hter', normalisation: 'none', aggregation: 'mean' });
  const sums = new Float64Array(meteor.width);
  for (const [hypothesis, ...references] of SEGMENTS) {
    const into = new Float64Array(meteor.width);
    meteor.measure({ hypothesis, references, tokens: { hypothesis: [], references: [] } }, into);
    into.forEach((value, i) => (sums[i]! += value));
  }
  const jar = JAR[1]![3];
  expect(meteor.score(sums)[0]).toBeCloseTo((100 * jar.reduce((sum, score) => sum + score, 0)) / jar.length, 10);
});

test('without paraphrases it has another name', () => {
  const { paraphrases: _, ...rest } = language;
  expect(new Meteor(rest, { task: 'hter', normalisation: 'norm' }).columns).toEqual(['METEOR-lite']);
  expect(new Meteor(language, { task: 'hter', normalisation: 'norm' }).columns).toEqual(['METEOR']);
  expect(() => new Meteor(language, { task: 'hter', normalisation: 'norm' }).statistics('a', [])).toThrow(RangeError);
});

describe('for any texts', () => {
  const words = ['the', 'a', 'dog', 'hound', 'run', 'ran', 'running', 'had', 'fun', 'many', 'lot', 'of', 'went', 'home', 'left', ',', '.', 'big', 'large', 'Mr.', "don't"];
  const text = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 12 }).map((list) => list.join(' '));
  const task = fc.constantFrom<MeteorTaskName>('hter', 'rank', 'adq', 'util', 'li', 'tune', 'universal');

  test('a text equal to its reference has the full score', () => {
    fc.assert(fc.property(text, task, (same, name) => {
      const meteor = new Meteor(language, { task: name, normalisation: 'norm' });
      expect(meteor.report(meteor.statistics(same, [same])).score).toBeCloseTo(1, 12);
    }), { seed: 1, numRuns: 100 });
  });

  test('one more reference never lowers a segment', () => {
    fc.assert(fc.property(text, fc.array(text, { minLength: 1, maxLength: 3 }), text, task, (hypothesis, references, more, name) => {
      const meteor = new Meteor(language, { task: name, normalisation: 'norm' });
      const score = (list: string[]): number => meteor.report(meteor.statistics(hypothesis, list)).score;
      expect(score([...references, more])).toBeGreaterThanOrEqual(score(references));
      expect(score([more, ...references])).toBeCloseTo(score([...references, more]), 12);
    }), { seed: 2, numRuns: 200 });
  });

  test('scores are shares', () => {
    fc.assert(fc.property(text, text, task, (hypothesis, reference, name) => {
      const meteor = new Meteor(language, { task: name, normalisation: 'none' });
      const { score } = meteor.report(meteor.statistics(hypothesis, [reference]));
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
    }), { seed: 3, numRuns: 200 });
  });
});
