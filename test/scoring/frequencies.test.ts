import { readFile, rm } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { evaluate } from '../../src/scoring/evaluate.ts';
import type { EvaluateOptions, Evaluation } from '../../src/scoring/evaluate.ts';
import { storyFiles } from './storyfiles.ts';
import type { StoryFiles } from './storyfiles.ts';

let files: StoryFiles;
beforeAll(async () => {
  files = await storyFiles();
  await files.write('h.txt', 'a dog ran on the beach .\nthey all left the park .\nwe sat down .\n');
  await files.write('r0.txt', 'the dog ran on the beach .\nthey all left .\nwe sat down and ate .\n');
  await files.write('r1.txt', 'a hound ran .\nthey left the park .\nwe had lunch .\n');
});
afterAll(() => rm(files.folder, { recursive: true }));

function scored(options: Partial<EvaluateOptions> = {}): Promise<Evaluation> {
  return evaluate({
    protocol: 'story-multi', metrics: ['cider'], comparison: { resamples: 20, trials: 20 },
    hypotheses: [files.at('h.txt')], references: [files.at('r0.txt'), files.at('r1.txt')], ...options,
  });
}

test.each(['frequencies.jsonl', 'frequencies.jsonl.gz'])('%s: written and read back they give the same CIDEr, of whichever references', async (name) => {
  const own = await scored({ writeFrequencies: files.at(name) });
  expect(own.frequencies).toBe('the references');
  expect(own.systems[0]!.scores['CIDEr-D']).toBeGreaterThan(50);
  const bytes = await readFile(files.at(name));
  const [header] = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().split('\n', 1);
  expect(JSON.parse(header!)).toMatchObject({ segments: 3, tokenizer: 'whitespace', orders: 4 });
  const again = await scored({ frequencies: files.at(name) });
  expect(again.frequencies).toBe(files.at(name));
  expect(again.systems[0]!.scores).toEqual(own.systems[0]!.scores);
  expect(again.systems[0]!.segmentScores).toEqual(own.systems[0]!.segmentScores);
  // Against one file of references the words weigh what they weigh in both: another score than with its own frequencies.
  const references = [files.at('r0.txt')];
  const other = await scored({ references, frequencies: files.at(name) });
  expect(other.systems[0]!.scores).not.toEqual((await scored({ references })).systems[0]!.scores);
});

test('tokens of another protocol are refused, with both names', async () => {
  await scored({ protocol: 'coco', writeFrequencies: files.at('ptb.jsonl') });
  const refused = scored({ frequencies: files.at('ptb.jsonl') });
  await expect(refused).rejects.toThrow(UserError);
  await expect(refused).rejects.toThrow(/ptb\.jsonl: counted on ptb whitespace tokens, and this protocol has whitespace; count them under this protocol/);
  // A protocol of the same tokens takes them.
  await scored({ writeFrequencies: files.at('plain.jsonl') });
  await expect(scored({ protocol: 'vist-challenge', frequencies: files.at('plain.jsonl') })).resolves.toMatchObject({ frequencies: files.at('plain.jsonl') });
});

test.each<[string, () => Partial<EvaluateOptions>, RegExp]>([
  ['missing', () => ({ frequencies: files.at('none.jsonl') }), /none\.jsonl: cannot read document frequencies: no such file/],
  ['another file', () => ({ frequencies: files.at('h.txt') }), /h\.txt: document frequencies are not valid JSON/],
  ['without CIDEr', () => ({ frequencies: files.at('x.jsonl'), metrics: ['bleu'] }), /x\.jsonl: document frequencies would not be used: cider is not among the metrics/],
  ['written without CIDEr', () => ({ writeFrequencies: files.at('x.jsonl'), metrics: ['bleu'] }), /x\.jsonl: document frequencies would not be used/],
  ['read and written', () => ({ frequencies: files.at('x.jsonl'), writeFrequencies: files.at('y.jsonl') }), /read or written, not both/],
])('refused: %s', async (_, options, message) => {
  const error = await scored(options()).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain('\n');
});
