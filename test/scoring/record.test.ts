import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { compareRuns } from '../../src/report/comparison.ts';
import { readRuns } from '../../src/report/runreading.ts';
import { formatStoryLines } from '../../src/data/storyoutput.ts';
import { evaluate } from '../../src/scoring/evaluate.ts';
import { recordEvaluation } from '../../src/scoring/record.ts';
import { evaluationTable } from '../../src/scoring/table.ts';
import { readRun } from '../../src/tracking/runrecord.ts';
import { OUTPUTS, storyFiles } from './storyfiles.ts';
import type { StoryFiles } from './storyfiles.ts';

let files: StoryFiles;
/** A training whose stories are scored. */
let training: string;

beforeAll(async () => {
  files = await storyFiles();
  training = files.at('trained');
  await mkdir(join(training, 'checkpoints'), { recursive: true });
  await writeFile(join(training, 'config.json'), '{"name": "trained", "model": {"name": "attention"}}');
  await writeFile(join(training, 'stories.jsonl'), formatStoryLines(OUTPUTS));
});

async function record(metrics: ('bleu' | 'rouge-l')[] = ['bleu', 'rouge-l']): Promise<string> {
  const options = { hypotheses: [join(training, 'stories.jsonl'), files.at('out.jsonl')], names: ['own run', 'loose file'], references: [files.at('val.json')], metrics };
  const evaluation = await evaluate({ ...options, protocol: 'single-reference', comparison: { resamples: 50, trials: 50 } });
  return recordEvaluation(files.at('runs'), options, [evaluation], evaluationTable([evaluation]));
}

test('an evaluation has a run folder with its options, its table, and the scores of every system and text', async () => {
  const run = await record();
  expect((await readdir(run)).sort()).toEqual([
    'config.json', 'environment.json', 'loose_file.single-reference.csv', 'own_run.single-reference.csv', 'run.json', 'scores', 'table.csv', 'table.html', 'table.txt',
  ]);
  expect(await readFile(join(run, 'table.txt'), 'utf8')).toContain('Protocol single-reference:');
  const { kind, status, scores, problems } = await readRun(run);
  expect([kind, status, problems, scores.map(({ file }) => file)]).toEqual(['evaluate', 'finished', [], ['loose_file.single-reference.json', 'own_run.single-reference.json']]);
  expect(scores[0]!.protocol).toBe('single-reference');
  expect(scores[0]!.scores['BLEU-1']!.value).toBeCloseTo(84.615, 3);
});

test('scores of stories in a training\'s folder go there too, and made again take their own place', async () => {
  await record();
  await record(['bleu']);
  expect(await readdir(join(training, 'scores'))).toEqual(['single-reference.json']);
  const { scores } = await readRun(training);
  expect(Object.keys(scores[0]!.scores)).toEqual(['BLEU-1', 'BLEU-2', 'BLEU-3', 'BLEU-4']);
  // What compare makes of them carries the protocol.
  const comparison = compareRuns(await readRuns([training]));
  expect(JSON.stringify(comparison)).toContain('single-reference');
});
