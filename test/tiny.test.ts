import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { openFeatures } from '../src/data/features.ts';
import { readStories } from '../src/data/stories.ts';
import { readStoryOutputs } from '../src/data/storyoutput.ts';
import { loadCheckpoint } from '../src/training/checkpoint.ts';
import { fabula } from './cli/fabula.ts';
import type { TinyBook } from './telling/tinybook.ts';
import { tinyBook } from './telling/tinybook.ts';

// The whole program in seconds: every command in turn, on data made here, with the VIST settings made small.

let book: TinyBook;

beforeAll(async () => {
  book = await tinyBook();
}, 60_000);

test('every command ends well and says so', () => {
  for (const [name, { code, stderr }] of Object.entries(book.done)) expect([name, code, stderr]).toEqual([name, 0, '']);
  expect(book.done.storybook.stdout).toBe(book.at('book'));
  const report = JSON.parse(book.done.prepare.stdout) as { splits: Record<string, { kept: number; coverage: number }> };
  expect([report.splits['train']!.kept, report.splits['train']!.coverage, report.splits['val']!.kept]).toEqual([12, 1, 4]);
  expect(JSON.parse(book.done.extract.stdout)).toMatchObject({ skipped: [], info: { cnn: 'onnx', layer: 'vector' } });
  const lines = book.done.train.stdout.split('\n');
  expect(lines[0]).toMatch(/: previous-sentence, 12 stories, [\d,]+ parameters$/);
  expect(lines.filter((line) => line.startsWith('epoch '))).toHaveLength(6);
  expect(lines.at(-1)).toContain(book.run);
});

test('data and run folder hold what the formats promise, and the model learned', async () => {
  const stories = await readStories(book.at('data', 'train.h5'));
  const features = await openFeatures(book.at('features.h5'));
  expect([stories.length, stories.photos, stories.steps, features.size]).toEqual([12, 5, 22, 4]);
  expect(stories.imageIds.flat().every((id) => features.has(id))).toBe(true);
  expect((await readdir(book.run)).sort()).toEqual(['checkpoints', 'cnn-tiny.onnx', 'config.json', 'environment.json', 'history.csv', 'metrics.jsonl', 'result.json', 'run.json', 'samples.jsonl', 'timeline.jsonl']);
  expect((await readdir(join(book.run, 'checkpoints', 'best'))).sort()).toEqual(
    ['config.json', 'optimizer.safetensors', 'state.json', 'vocabulary.json', 'weights.safetensors']);
  const { head, vocabulary, state } = await loadCheckpoint(book.run);
  expect([head.features.fingerprint, vocabulary.words]).toEqual([features.fingerprint, stories.vocabulary.words]);
  const history = state.history.map((row) => row.loss);
  expect(history.at(-1)).toBeLessThan(history[0]! - 0.5);
  expect(history[0]).toBeLessThan(Math.log(vocabulary.size) + 0.5);
});

test('generate tells each sequence of a split, evaluate scores it', async () => {
  const output = book.at('told.jsonl');
  const words = [book.at('data', 'val.h5'), '-c', book.run, '--features', book.at('features.h5'), '--threads', '1'];
  expect(await fabula('generate', ...words, '-o', output, '--min-words', '2')).toEqual({ code: 0, stdout: `${output}: 4 stories`, stderr: '' });
  const [told, stories] = [await readStoryOutputs(output), await readStories(book.at('data', 'val.h5'))];
  expect(told.map(({ id, imageIds }) => [id, imageIds])).toEqual(stories.ids.map((id, i) => [id, stories.imageIds[i]]));
  // Val tells each sequence twice: the same photos, the same story.
  expect(told[1]!.sentences).toEqual(told[0]!.sentences);
  for (const sentence of told.flatMap(({ sentences }) => sentences)) {
    const tokens = sentence.split(' ');
    expect(tokens.length).toBeGreaterThanOrEqual(2);
    expect(tokens.every((token) => stories.vocabulary.id(token) > 3)).toBe(true);
  }
  const scored = await fabula('evaluate', output, '--references', book.at('data', 'val.h5'), '--protocol', 'vist-seq2seq', '--runs', book.at('evaluations'), '--json');
  const evaluation = JSON.parse(scored.stdout) as { systems: [{ counts: { segments: number }; scores: Record<string, number> }] };
  const [{ counts, scores }] = evaluation.systems;
  expect([scored.code, counts.segments, scores['BLEU-1']! > 0]).toEqual([0, 4, true]);
  const plain = book.at('told.txt');
  await fabula('generate', ...words, '-o', plain, '--min-words', '2', '--format', 'sentences', '--limit', '2');
  expect((await readFile(plain, 'utf8')).split('\n')).toEqual([...told.slice(0, 2).flatMap(({ sentences }) => sentences), '']);
});

test('tell prints five sentences for five photo files, with nothing but the run folder', async () => {
  const stories = await readStories(book.at('data', 'val.h5'));
  const photos = stories.imageIds[0]!.map((id) => book.at('book', 'photos', 'val', `${id}.jpg`));
  const { code, stdout, stderr } = await fabula('tell', ...photos, '--checkpoint', book.run, '--threads', '1');
  expect([code, stderr, stdout.split('\n').length]).toEqual([0, '', 5]);
  const told = JSON.parse((await fabula('tell', ...photos, '-c', book.run, '--json')).stdout) as { photos: string[]; sentences: string[]; scores: number[] };
  expect([told.photos, told.sentences]).toEqual([photos, stdout.split('\n')]);
  expect(told.scores.every((score) => score < 0)).toBe(true);
});
