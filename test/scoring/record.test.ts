import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { compareRuns } from '../../src/report/comparison.ts';
import { readRuns } from '../../src/report/runreading.ts';
import { formatStoryLines } from '../../src/data/storyoutput.ts';
import { evaluate } from '../../src/scoring/evaluate.ts';
import { recordEvaluation } from '../../src/scoring/record.ts';
import type { RecordedEvaluation } from '../../src/scoring/record.ts';
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

async function record(metrics: ('bleu' | 'rouge-l')[] = ['bleu', 'rouge-l']): Promise<RecordedEvaluation> {
  const options = { hypotheses: [join(training, 'stories.jsonl'), files.at('out.jsonl')], names: ['own run', 'loose file'], references: [files.at('val.json')], metrics };
  const evaluation = await evaluate({ ...options, protocol: 'single-reference', comparison: { resamples: 50, trials: 50 } });
  return recordEvaluation(files.at('runs'), options, [evaluation], evaluationTable([evaluation]));
}

test('an evaluation has a run folder with its options, its table, and the scores of every system and text', async () => {
  const { folder: run, notes } = await record();
  expect(notes).toEqual([]);
  expect((await readdir(run)).sort()).toEqual([
    'config.json', 'environment.json', 'loose-file.single-reference.csv', 'own-run.single-reference.csv', 'run.json', 'scores', 'table.csv', 'table.html', 'table.txt',
  ]);
  expect(await readFile(join(run, 'table.txt'), 'utf8')).toContain('Protocol single-reference:');
  const { kind, status, scores, problems } = await readRun(run);
  expect([kind, status, problems, scores.map(({ file }) => file)]).toEqual(['evaluate', 'finished', [], ['loose-file.single-reference.json', 'own-run.single-reference.json']]);
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

/** Scores one file of stories by its own names. */
async function recordOf(hypotheses: string[], { references = 'val.json', names = hypotheses.map((_, i) => `system ${i}`) }: { references?: string; names?: string[] } = {}): Promise<RecordedEvaluation> {
  const options = { hypotheses, names, references: [files.at(references)], metrics: ['bleu' as const] };
  const evaluation = await evaluate({ ...options, protocol: 'single-reference', comparison: { resamples: 20, trials: 20 } });
  return recordEvaluation(files.at('runs'), options, [evaluation], evaluationTable([evaluation]));
}

async function emptyTraining(name: string): Promise<string> {
  await mkdir(join(files.at(name), 'checkpoints'), { recursive: true });
  await writeFile(join(files.at(name), 'config.json'), '{}');
  await copyFile(join(training, 'stories.jsonl'), join(files.at(name), 'stories.jsonl'));
  return files.at(name);
}

test('scores are known by what the references held: a moved file is the same, another one of its name is not', async () => {
  const folder = await emptyTraining('known');
  const stories = join(folder, 'stories.jsonl');
  await copyFile(files.at('val.json'), files.at('moved.json'));
  await recordOf([stories]);
  await recordOf([stories], { references: 'moved.json' });
  expect(await readdir(join(folder, 'scores'))).toEqual(['single-reference.json']);
  await writeFile(files.at('moved.json'), (await readFile(files.at('val.json'), 'utf8')).replaceAll('zebra', 'horse'));
  await recordOf([stories], { references: 'moved.json' });
  await recordOf([stories], { references: 'moved.json' });
  expect((await readdir(join(folder, 'scores'))).sort()).toEqual(['single-reference-2.json', 'single-reference.json']);
  // Stories that were told again, in another order too.
  const lines = (await readFile(stories, 'utf8')).trimEnd().split('\n');
  await writeFile(stories, `${lines.toReversed().join('\n').replaceAll('dog', 'cat')}\n`);
  await recordOf([stories]);
  const { scores } = await readRun(folder);
  expect(scores).toHaveLength(2);
  expect(scores.map(({ inputs }) => inputs!.references)).not.toEqual([scores[0]!.inputs!.references, scores[0]!.inputs!.references]);
  const comparison = compareRuns(await readRuns([folder]));
  expect(comparison.groups.map(({ title }) => title).slice(1)).toEqual(['single-reference (1)', 'single-reference (2)']);
});

test('systems whose names become one name of a file keep their scores and texts apart', async () => {
  const { folder } = await recordOf([join(training, 'stories.jsonl'), files.at('out.jsonl')], { names: ['a b', 'a/b'] });
  expect((await readdir(folder)).filter((name) => /^a.*csv$/.test(name)).sort()).toEqual(['a-b.single-reference-2.csv', 'a-b.single-reference.csv']);
  expect((await readRun(folder)).scores.map((record) => record['system'])).toEqual(['a b', 'a/b']);
});

test('a training that takes no scores is a note, and the evaluation is kept with what its files held', async () => {
  const folder = await emptyTraining('full');
  await writeFile(join(folder, 'scores'), 'not a folder');
  const { folder: run, notes } = await recordOf([join(folder, 'stories.jsonl')]);
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(/full: the scores of system 0 cannot be written here: .*; they are in .* only$/);
  const { status, environment, scores } = await readRun(run);
  expect([status, scores.length]).toEqual(['finished', 1]);
  expect(Object.keys(environment!['data'] as object)).toEqual(['hypotheses.0', 'references.0']);
});
