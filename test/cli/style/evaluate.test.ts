import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import yargs from 'yargs';
import type { EncoderReport } from '../../../src/cli/style/evaluate.ts';
import { command } from '../../../src/cli/style/evaluate.ts';
import { UserError } from '../../../src/core/errors.ts';
import { MeanWords } from '../../../src/style/encoders/meanwords.ts';
import { WordVectors } from '../../../src/text/wordvectors.ts';

const opened = vi.hoisted(() => ({ calls: [] as unknown[][], disposed: 0 }));
vi.mock('../../../src/style/encoders/open.ts', () => ({
  openSentenceEncoder: (...args: unknown[]) => {
    opened.calls.push(args);
    const words = ['dog', 'cat', 'runs', 'sleeps'];
    const encoder = new MeanWords(new WordVectors(words, 4, Float32Array.from({ length: 16 }, (_, i) => Number(i % 5 === 0))));
    encoder.dispose = () => Promise.resolve(void opened.disposed++);
    return Promise.resolve(encoder);
  },
}));

const folder = await mkdtemp(join(tmpdir(), 'fabula-cli-style-evaluate-'));
const at = (name: string): string => join(folder, name);
await writeFile(at('pos.txt'), `${Array(12).fill('the dog runs').join('\n')}\n`);
await writeFile(at('neg.txt'), `${Array(12).fill('a cat sleeps').join('\n')}\n`);
await writeFile(at('captions.json'), JSON.stringify([{ id: 1, captions: ['a dog runs', 'the dog runs'] }, { id: 2, captions: ['a cat', 'the cat sleeps'] }]));
const rated = ['dog', 'cat', 'runs', 'sleeps'].flatMap((a) => ['dog', 'cat', 'runs', 'sleeps'].map((b) => `${a === b ? 5 : 1}\t${a}\t${b}`));
await writeFile(at('rated.tsv'), [...rated, ...rated, ...rated, ...rated, ...rated].join('\n'));
await writeFile(at('msrp.txt'), ['Quality\t#1 ID\t#2 ID\t#1 String\t#2 String', ...rated.map((line) => line.replace(/^5/, '1\t0\t0').replace(/^1\t(?!0)/, '0\t0\t0\t'))].join('\n'));

async function run(...args: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await yargs(['evaluate', '--encoder', 'books', ...args]).command(command).strict().exitProcess(false)
      .fail((message, error) => { throw error ?? new Error(message); }).parseAsync();
    return log.mock.calls.join('\n');
  } finally {
    log.mockRestore();
  }
}

test('several tasks are printed under the encoder\'s name, which is closed at the end', async () => {
  const before = opened.disposed;
  const text = await run('--classification', at('pos.txt'), at('neg.txt'), '--groups', at('captions.json'), '--relatedness', at('rated.tsv'), '--folds', '3', '--threads', '1');
  expect(text).toMatch(/^mean of word vectors, vectors of 4\nrelatedness: 36 pairs for training, 4 development, 40 test \(drawn by the seed\); C \d+\n/);
  expect(text).toMatch(/\n {2}Pearson +[01]\.\d{4} +[01]\.\d{4}\n/);
  expect(text).toMatch(/\nclassification\n {2}accuracy +100\.0 % {3}3 folds of 24, 2 classes; 95 % interval 86\.2 % to 100\.0 %\n {2}constant +50\.0 %/);
  expect(text).toMatch(/\ngroups: 4 captions of 2 photos\n {2}AUC +1\.0000 {3}all pairs\n/);
  expect(opened.calls.at(-1)).toEqual(['books', { backend: 'onnx', device: 'cpu', threads: 1 }]);
  expect(opened.disposed).toBe(before + 1);
});

test('--json has everything', async () => {
  const report = JSON.parse(await run('--pairs', at('msrp.txt'), '--folds', '3', '--inner-folds', '2', '--overlap', '--json')) as EncoderReport;
  expect(report.encoder).toMatchObject({ name: 'mean of word vectors', size: 4 });
  expect(report.pairs).toMatchObject({ protocol: 'cross-validation', total: 16, positive: '1', labels: ['0', '1'], majority: 0.75 });
  expect(report.pairs!.scores.f1).toBeGreaterThan(0);
  expect(Object.keys(report)).toEqual(['encoder', 'pairs']);
});

test('a test set is used', async () => {
  const report = JSON.parse(await run('--classification', at('pos.txt'), at('neg.txt'), '--test', at('pos.txt'), at('neg.txt'), '--nb', '--folds', '2', '--json')) as EncoderReport;
  expect(report.classification).toMatchObject({ protocol: 'test set', total: 24, accuracy: 1 });
});

test.each([
  [[], /nothing to evaluate: give one or more of --relatedness/],
  [['--groups', 'x.json', '--nb'], /--nb belongs to --classification/],
  [['--pairs', 'x.txt', '--dev', 'y.txt'], /--dev belongs to --relatedness/],
  [['--groups', 'x.json', '--test', 'y.json'], /--test belongs to one of .*; none are given/],
  [['--pairs', 'x.txt', '--test', 'a.txt', 'b.txt'], /--pairs has one test file; 2 are given/],
  [['--pairs', 'x.txt', '--folds', '1'], /--folds 1: give a whole number, 2 or more/],
  [['--groups', 'x.json', '--photos', '1.5'], /--photos 1\.5/],
  [['--pairs', 'none.txt'], /none\.txt: cannot read sentence pairs: no such file/],
])('%j is refused in one line', async (args, says) => {
  await expect(run(...args)).rejects.toThrow(says);
  await expect(run(...args)).rejects.toThrow(UserError);
});
