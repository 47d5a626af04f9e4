import { appendFile, mkdir, mkdtemp, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { UserError } from '../../src/core/errors.ts';
import { MeanWords } from '../../src/style/encoders/meanwords.ts';
import { expandModel } from '../../src/style/encoders/expandmodel.ts';
import { nearestEncoderWords, nearestSentences, readSentences } from '../../src/style/nearest.ts';
import { WordVectors } from '../../src/text/wordvectors.ts';
import { tinyModel } from './encoders/tinymodel.ts';

const VECTORS = { dog: [1, 0, 0], cat: [0.9, 0.1, 0], runs: [0, 1, 0], sleeps: [0, 0.8, 0.6], sea: [0, 0, 1] };
const encoder = new MeanWords(new WordVectors(Object.keys(VECTORS), 3, Float32Array.from(Object.values(VECTORS).flat())));
const folder = await mkdtemp(join(tmpdir(), 'fabula-nearest-'));
const at = (name: string): string => join(folder, name);
const SENTENCES = ['the dog runs', 'The cat runs', '', 'a cat sleeps', 'the dog runs', 'sea', 'nothing known'];
await writeFile(at('plain.txt'), `${SENTENCES.join('\n')}\n`);

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).not.toContain('\n');
  return (error as Error).message;
}

const cosine = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0) / Math.hypot(...a) / Math.hypot(...b);

test('by cosine, each sentence once, the query itself left out', async () => {
  const { sentences, results } = await nearestSentences(encoder, { sources: [at('plain.txt')], queries: ['The dog runs', 'sea'], k: 2 });
  expect(sentences).toBe(5);
  expect(results[0]!.neighbours.map(({ text }) => text)).toEqual(['The cat runs', 'a cat sleeps']);
  expect(results[0]!.neighbours[0]!.similarity).toBeCloseTo(cosine([1, 1, 0], [0.9, 1.1, 0]), 6);
  // Equal scores: in the order of the file.
  expect(results[1]!.neighbours.map(({ text, similarity }) => [text, Number(similarity.toFixed(3))])).toEqual([['a cat sleeps', Number(cosine([0, 0, 1], [0.9, 0.9, 0.6]).toFixed(3))], ['the dog runs', 0]]);
});

test('many chunks and an index give the same, the index without encoding again', async () => {
  const lines = Array.from({ length: 9000 }, (_, i) => [...(i + 1).toString(2)].map((bit, place) => ['dog', 'runs', 'sea', 'cat', 'sleeps'][(place * 2 + Number(bit)) % 5]).join(' '));
  await writeFile(at('many.txt'), `${lines.join('\n')}\n`);
  const steps: number[] = [];
  const job = { sources: [at('many.txt')], queries: ['dog sea', 'cat'], k: 25 };
  const scanned = await nearestSentences(encoder, { ...job, onProgress: (what, done, total) => void (what === 'encoding' && steps.push(done / total)) });
  expect(scanned.sentences).toBeGreaterThan(8192);
  expect(steps.at(-1)).toBe(1);
  expect(steps).toEqual([...steps].sort((a, b) => a - b));
  let encoded = 0;
  const counting = { ...encoder, name: encoder.name, fingerprint: encoder.fingerprint, size: encoder.size, dispose: async () => {}, encode: (texts: readonly string[]) => { encoded += texts.length; return encoder.encode(texts); } };
  expect(await nearestSentences(counting, { ...job, index: at('index') })).toEqual(scanned);
  expect(encoded).toBe(scanned.sentences + 2);
  encoded = 0;
  expect(await nearestSentences(counting, { ...job, sources: [], index: at('index') })).toEqual(scanned);
  expect(encoded).toBe(2);
  // Naming the sentences again is checked, not encoded.
  await nearestSentences(counting, { ...job, index: at('index') });
  expect(encoded).toBe(4);
  expect(await refusal(nearestSentences(encoder, { ...job, sources: [at('plain.txt')], index: at('index') }))).toMatch(/index: this index is of other sentences than those of --in \(it has \d+, there are 5\)/);
  const other = new MeanWords(new WordVectors(['dog', 'sea', 'cat'], 2, Float32Array.of(1, 0, 0, 1, 1, 1)));
  expect(await refusal(nearestSentences(other, { ...job, index: at('index') }))).toMatch(/index: its vectors are of another encoder/);
});

test('corpora, captions and plain text are told apart', async () => {
  await mkdir(at('corpus'));
  await writeFile(at('corpus/sentences.txt'), 'one two .\n\nthree .\n');
  await writeFile(at('captions.json'), JSON.stringify([{ id: 1, captions: ['A  dog\nruns', 'a dog runs'] }]));
  await writeFile(at('tokens.txt'), 'a.jpg#0\tA red fox .\na.jpg#1\tA fox .\n');
  await writeFile(at('caps.csv'), 'image,caption\na.jpg,a table\n');
  await writeFile(at('en.txt'), 'first photo\nsecond photo\n');
  await writeFile(at('more.txt'), 'photo one\nphoto two\n');
  await writeFile(at('packed'), gzipSync('a packed line\n'));
  expect(await readSentences(['corpus', 'captions.json', 'tokens.txt', 'caps.csv', 'packed'].map(at))).toEqual(['one two .', 'three .', 'A dog runs', 'A red fox .', 'A fox .', 'a table', 'a packed line']);
  expect(await readSentences([`${at('en.txt')}+${at('more.txt')}`])).toEqual(['first photo', 'photo one', 'second photo', 'photo two']);
});

test('what has no answer is said in one line', async () => {
  const ask = (sources: string[], queries: string[], index?: string): Promise<string> => refusal(nearestSentences(encoder, { sources, queries, k: 1, index }));
  expect(await ask([at('plain.txt')], ['dog', 'xyz abc'])).toMatch(/^nearest: "xyz abc": its vector is zero, as mean of word vectors knows none of its words/);
  expect(await ask([at('plain.txt')], [' '])).toMatch(/there is no word in it/);
  expect(await ask([at('gone.txt')], ['dog'])).toMatch(/gone\.txt: no such file or folder/);
  expect(await ask([], ['dog'])).toMatch(/^say among which sentences to look/);
  expect(await ask([], ['dog'], at('no-index'))).toMatch(/no-index: there is no index yet: say among which/);
  await writeFile(at('empty.txt'), '\n\n');
  expect(await ask([at('empty.txt')], ['dog'])).toMatch(/empty\.txt: there is no sentence in it/);
  await writeFile(at('rows.jsonl'), '{"a":1}\n');
  expect(await ask([at('rows.jsonl')], ['dog'])).toMatch(/rows\.jsonl: not a file of captions that is known/);
  // An index is not written over somebody's folder.
  await mkdir(at('mine'));
  await appendFile(at('mine/notes.txt'), 'x');
  expect(await ask([at('plain.txt')], ['dog'], at('mine'))).toMatch(/mine: it holds notes\.txt/);
  expect((await stat(at('mine/notes.txt'))).size).toBe(1);
});

test('nearest words, those of an expansion included', async () => {
  const { run, vectors } = await tinyModel();
  const before = await nearestEncoderWords(run, ['animal0'], 30);
  expect(before.words).toBe(25);
  expect(before.results[0]!.neighbours).toHaveLength(24);
  expect(await refusal(nearestEncoderWords(run, ['animal38'], 3))).toMatch(/"animal38" is not among the 25 words; did you mean animal/);
  await expandModel(run, vectors);
  const { words, results } = await nearestEncoderWords(run, ['animal38', 'thing1'], 5);
  expect(words).toBe(40);
  // Animals lie together, and so do things.
  expect(results.map(({ query, neighbours }) => [query, neighbours.every(({ word }) => word.startsWith(query.slice(0, 5)))])).toEqual([['animal38', true], ['thing1', true]]);
  expect((await nearestEncoderWords(vectors, ['thing39'], 1)).results[0]!.neighbours[0]!.word).toMatch(/^thing/);
});
