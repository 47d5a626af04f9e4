import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import yargs from 'yargs';
import { command } from '../../src/cli/retrieval.ts';
import type { RetrievalReport } from '../../src/cli/retrieval.ts';
import { UserError } from '../../src/core/errors.ts';
import { writeFeatures } from '../../src/data/features.ts';

const folder = await mkdtemp(join(tmpdir(), 'fabula-cli-retrieval-'));
const at = (name: string): string => join(folder, name);

function npy(descr: '<f4' | '<f8', shape: readonly number[], values: readonly number[]): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const header = text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11) + '\n';
  const numbers = descr === '<f4' ? Float32Array.from(values) : Float64Array.from(values);
  return Buffer.concat([Buffer.from(`\x93NUMPY\x01\x00`, 'latin1'), Buffer.from(Uint16Array.of(header.length).buffer), Buffer.from(header), Buffer.from(numbers.buffer)]);
}

/** Three images, two sentences each; the fourth sentence is nearer to the first image. */
const IMAGES = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
const SENTENCES = [[9, 1, 0], [8, 0, 1], [0, 7, 1], [5, 3, 0], [0, 0, 2], [1, 1, 3]];
await writeFile(at('images.npy'), npy('<f4', [3, 3], IMAGES.flat()));
await writeFile(at('repeated.npy'), npy('<f4', [6, 3], IMAGES.flatMap((row) => [...row, ...row])));
await writeFile(at('sentences.npy'), npy('<f4', [6, 3], SENTENCES.flat()));
await writeFile(at('doubles.npy'), npy('<f8', [6, 3], SENTENCES.flat()));
const info = { cnn: 'test', layer: 'joint', weightsSha256: '0', preprocessing: null };
await writeFeatures(at('images.h5'), { ids: ['a', 'b', 'c'], embeddings: Float32Array.from(IMAGES.flat()), info });
await writeFeatures(at('spatial.h5'), { ids: ['a'], embeddings: Float32Array.of(1, 2, 3), rowShape: [3, 1], info });

async function run(...args: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await yargs(['retrieval', ...args]).command(command).strict().exitProcess(false)
      .fail((message, error) => { throw error ?? new Error(message); }).parseAsync();
    return log.mock.calls.join('\n');
  } finally {
    log.mockRestore();
  }
}

async function scored(...args: string[]): Promise<RetrievalReport> {
  return JSON.parse(await run(...args, '--json')) as RetrievalReport;
}

test('a table with what was compared on top', async () => {
  expect((await run(at('images.npy'), at('sentences.npy'), '--per-image', '2')).split('\n')).toEqual([
    '3 images, 6 sentences (2 an image), cosine similarity',
    '                        R@1    R@5   R@10  median rank  mean rank    MRR',
    '  image to sentence   100.0  100.0  100.0            1        1.0  1.000',
    '  sentence to image    83.3  100.0  100.0            1        1.2  0.917',
  ]);
});

test('float64, a feature table, repeated images and named pairs give the same', async () => {
  const expected = await scored(at('images.npy'), at('sentences.npy'), '--per-image', '2');
  expect(expected).toMatchObject({ images: 3, sentences: 6, perImage: 2, similarity: 'cosine', tied: { imageToSentence: 0, sentenceToImage: 0 }, sentenceToImage: { queries: 6, recall1: 500 / 6, medianRank: 1, meanRank: 7 / 6 } });
  expect(await scored(at('images.npy'), at('doubles.npy'), '--per-image', '2')).toEqual(expected);
  expect(await scored(at('images.h5'), at('doubles.npy'), '--per-image', '2')).toEqual(expected);
  expect(await scored(at('repeated.npy'), at('sentences.npy'), '--per-image', '2')).toEqual(expected);
  await writeFile(at('rows.txt'), '0\n0\n1\n1\n2\n2\n');
  await writeFile(at('ids.txt'), '\ufeffa\r\na\r\nb\r\nb\r\nc\r\nc');
  expect(await scored(at('images.npy'), at('sentences.npy'), '--pairs', at('rows.txt'))).toEqual({ ...expected, perImage: null });
  expect(await scored(at('images.h5'), at('sentences.npy'), '--pairs', at('ids.txt'))).toEqual({ ...expected, perImage: null });
});

test('the dot product is another score, and equal scores are told', async () => {
  await writeFile(at('two.npy'), npy('<f4', [2, 1], [1, 1]));
  const text = await run(at('two.npy'), at('two.npy'), '--per-image', '1', '--similarity', 'dot');
  expect(text).toContain('dot product');
  expect(text.split('\n').at(-1)).toBe('  4 of 4 queries have a wrong answer exactly as good as the right one; the later row goes first');
});

test('mistakes are one line with the place', async () => {
  await writeFile(at('flat.npy'), npy('<f4', [6], [1, 2, 3, 4, 5, 6]));
  await writeFile(at('nan.npy'), npy('<f4', [3, 3], [1, 0, 0, 0, NaN, 0, 0, 0, 1]));
  await writeFile(at('cut.npy'), npy('<f4', [3, 3], IMAGES.flat()).subarray(0, 140));
  await writeFile(at('short.txt'), '0\n1\n');
  await writeFile(at('wrong.txt'), '0\n0\n1\n1\n2\n3\n');
  await writeFile(at('half.txt'), '0\n0\n1\n1\n2\n1.5\n');
  const [images, sentences] = [at('images.npy'), at('sentences.npy')];
  const refused: [string[], string][] = [
    [[images, sentences], `${sentences} has 6 rows; the 3 images of ${images} with 5 sentences each ask for 15; set --per-image, or name each sentence's image with --pairs FILE`],
    // As many rows as sentences, but no image stands twice.
    [[sentences, sentences, '--per-image', '2'], `${sentences} has 6 rows; the 6 images of ${sentences} with 2 sentences each ask for 12; set --per-image, or name each sentence's image with --pairs FILE`],
    [[at('spatial.h5'), sentences], `${at('spatial.h5')}: each row has shape [3, 1]; one vector a row is needed`],
    [[images, sentences, '--per-image', '0'], '--per-image 0: give a whole number, 1 or more'],
    [[images, sentences, '--per-image', '2', '--pairs', at('rows.txt')], '--pairs and --per-image: give one of them'],
    [[images, sentences, '--pairs', at('short.txt')], `${at('short.txt')} has 2 lines for the 6 sentences of ${sentences}; write one a sentence`],
    [[images, sentences, '--pairs', at('wrong.txt')], `${at('wrong.txt')}: line 6: "3" is not a row of ${images}, which has 0 to 2`],
    [[images, sentences, '--pairs', at('half.txt')], `${at('half.txt')}: line 6: "1.5" is not a row of ${images}, which has 0 to 2`],
    [[at('images.h5'), sentences, '--pairs', at('rows.txt')], `${at('rows.txt')}: line 1: "0" is not an image of ${at('images.h5')}`],
    [[images, at('flat.npy')], `${at('flat.npy')}: its shape is [6]; vectors are [rows, width]`],
    [[at('nan.npy'), sentences, '--per-image', '2'], `${at('nan.npy')}: row 1 holds NaN at place 1; make the vectors again`],
    [[at('cut.npy'), sentences], `${at('cut.npy')}: not a NumPy file that can be read: it holds 12 of the 36 bytes of an array`],
    [[at('none.npy'), sentences], `${at('none.npy')}: cannot read the NumPy file: no such file or folder`],
    [[at('images.csv'), sentences], `${at('images.csv')}: vectors are read from .npy, or from a features file .h5`],
  ];
  for (const [args, message] of refused) {
    const failure = await run(...args).then(() => undefined, (error: unknown) => error);
    expect(failure, message).toBeInstanceOf(UserError);
    expect((failure as UserError).message).toBe(message);
  }
});
