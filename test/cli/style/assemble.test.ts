import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { beforeAll, expect, test, vi } from 'vitest';
import { exists } from '../../../src/core/files.ts';
import { namesIn, tinyDecoder, tinyParts } from '../../style/tinystoryteller.ts';
import type { TinyParts } from '../../style/tinystoryteller.ts';
import { expectRefusal, fabula } from '../fabula.ts';

// Sessions are opened in every test, which takes long where other tests keep the cores busy.
vi.setConfig({ testTimeout: 30_000 });

let parts: TinyParts;

beforeAll(async () => {
  parts = await tinyParts();
  await writeFile(parts.at('text.txt'), 'Some text\nthat is no encoder\n');
  await writeFile(parts.at('empty.json'), '[]');
  await writeFile(parts.at('glove.txt'), 'dog 1 2 3\ncat 3 2 1\nthe 0 1 0\n');
  // Loads what commands need.
  await fabula('style', 'list', '-s', parts.folder);
}, 120_000);

/** A command line of `fabula style assemble`; an empty text leaves a flag out. */
function words(changes: Record<string, string> = {}, out = 'new'): string[] {
  const { encoder, embedding, captions, decoder } = parts;
  const flags = Object.entries({ encoder, embedding, captions, decoder, ...changes }).filter(([, value]) => value !== '');
  return ['style', 'assemble', parts.at(out), ...flags.flatMap(([name, value]) => [`--${name}`, value]), '--threads', '1'];
}

test('a storyteller is put together, and says what it is made of', async () => {
  expect(await fabula(...words())).toEqual({ code: 0, stdout: `${parts.at('new')}: 125 captions, combine-skip (16 numbers)`, stderr: '' });
  expect((await readdir(parts.at('new'))).sort()).toEqual(['caption-mean', 'captions', 'decoder', 'embedding', 'encoder', 'storyteller.json', 'styles']);
  // All that telling needs lies in it: encoder, CNN, and no optimiser's state.
  const inside = (await readdir(parts.at('new'), { recursive: true })).sort();
  expect(inside.filter((name) => name.startsWith('embedding/'))).toEqual(['cnn-tiny.onnx', 'config.json', 'state.json', 'vocabulary.json', 'weights.safetensors'].map((name) => `embedding/${name}`));
  expect(inside.filter((name) => name.includes('optimizer') || name.includes('.tmp'))).toEqual([]);
  const { code, stdout } = await fabula(...words(), '--json');
  expect([code, JSON.parse(stdout)]).toEqual([0, {
    folder: parts.at('new'), format: 'fabula storyteller', version: 1, encoder: { name: 'combine-skip', size: 16, fingerprint: expect.any(String) },
    embedding: { fingerprint: expect.any(String), size: 8 }, captions: { sources: ['captions.json'], count: 125, content: expect.any(String) },
  }]);
  expect(await fabula('style', 'list', '-s', parts.at('new'))).toEqual({
    code: 0, stdout: `${parts.at('new')}: 125 captions (captions.json), combine-skip (16 numbers)\n  no styles yet: fabula style build makes one`, stderr: '' });
});

test('assembled again, a storyteller keeps the styles that were built into it, unless they are of another encoder', async () => {
  expect((await fabula(...words())).code).toBe(0);
  expect((await fabula('style', 'build', 'mine', '--passages', parts.passages.fairytale, '--longer-than', '20', '-s', parts.at('new'))).code).toBe(0);
  expect((await fabula(...words())).code).toBe(0);
  expect((await fabula('style', 'list', '-s', parts.at('new'))).stdout).toContain('mine:');
  const other = await fabula('style', 'assemble', parts.at('new'), '--encoder', parts.uni, '--embedding', parts.embedding, '--captions', parts.captions);
  expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/^fabula: .*styles.mine \(which would be lost\): belongs to the sentence encoder/)]);
  expect((await fabula('style', 'list', '-s', parts.at('new'))).stdout).toContain('mine:');
});

test.each([
  ['a text file as the encoder', { encoder: 'text.txt' }, [/text\.txt: line 1: expected a word and its numbers/]],
  ['an encoder that is not there', { encoder: 'nothing' }, [/nothing: no such file or folder: a sentence encoder is a run of skip-thoughts/]],
  ['a folder with no encoder in it', { encoder: 'book' }, [/book: no sentence encoder in this folder: a sentence encoder is/]],
  ['captions of none', { captions: 'empty.json' }, [/empty\.json: there is no caption in it/]],
  ['captions that are not there', { captions: 'none.json' }, [/none\.json: cannot read captions: no such file/]],
  ['a CNN that is not there', { cnn: 'no.onnx' }, [/no\.onnx: no such file: give the CNN of the photos/]],
  ['another CNN than the embedding\'s', { cnn: 'text.txt' }, [/text\.txt: not the CNN that .* was trained with \(onnx, vector\)/]],
  ['word vectors that the decoder was not trained on', { encoder: 'glove.txt' }, [/both-.*: belongs to the sentence encoder combine-skip \(16 numbers, \w{8}\), but .*glove\.txt to mean of word vectors \(3 numbers, \w{8}\): make both with the same/]],
] as const)('%s is refused in one line, and nothing is written', async (_, changes, says) => {
  const paths = Object.fromEntries(Object.entries(changes).map(([name, value]) => [name, parts.at(value)]));
  await expectRefusal(words(paths, 'refused'), says);
  expect((await namesIn(parts.folder)).filter((name) => name.startsWith('refused'))).toEqual([]);
});

test('models of another task or another encoder are refused', async () => {
  await expectRefusal(words({ encoder: parts.uni }), [/both-.*: belongs to the sentence encoder combine-skip \(16 numbers/, /to uni-skip \(8 numbers/]);
  await expectRefusal(words({ encoder: parts.decoder }), [/a checkpoint of task passages, where one of skip-thoughts is needed/]);
  await expectRefusal(words({ embedding: parts.uni }), [/a checkpoint of task skip-thoughts, where one of image-sentence is needed/]);
  await expectRefusal(words({ decoder: parts.uni }), [/a checkpoint of task skip-thoughts, where one of passages is needed/]);
  await expectRefusal(words({ encoder: `${parts.uni}+${parts.at('nothing')}` }), [/nothing: no such file or folder/]);
  const other = await tinyDecoder({ folder: parts.folder, encoder: parts.uni }, 'other', [parts.passages.logbook]);
  await expectRefusal(words({ decoder: other }), [/other-.*: belongs to the sentence encoder uni-skip \(8 numbers/]);
});

test('somebody else\'s folder is left alone', async () => {
  await expectRefusal(words({}, 'book'), [/book: it holds captions\.json and is no storyteller: give the storyteller another folder/]);
  expect(await exists(parts.captions)).toBe(true);
});

test('word vectors do as an encoder, also those of which a folder must know the file', async () => {
  await mkdir(parts.at('words'));
  await copyFile(parts.at('glove.txt'), parts.at('words/my vectors.txt'));
  for (const encoder of [parts.at('glove.txt'), parts.at('words/my vectors.txt')]) {
    expect((await fabula(...words({ encoder, decoder: '' }, 'mean'))).stdout).toBe(`${parts.at('mean')}: 125 captions, mean of word vectors (3 numbers)`);
    await writeFile(parts.at('p.txt'), 'the dog and the cat\n');
    const built = await fabula('style', 'build', 'p', '--passages', parts.at('p.txt'), '--longer-than', '0', '-s', parts.at('mean'));
    expect([built.code, built.stdout, built.stderr]).toEqual([0, 'p: 1 passage, 125 captions', '']);
    await expectRefusal(['style', 'tell', parts.photos[0]!, '--style', 'p', '-s', parts.at('mean')], [/style p has no decoder of its own, and the storyteller none for all/]);
  }
});

test('word vectors of the wrong width are refused where a model is trained with them', async () => {
  const sets = ['task=passages', `data.passages=${parts.passages.logbook}`, `data.encoder=${parts.uni}`, `model.embedding.vectors=${parts.at('glove.txt')}`, 'runtime.threads=1'];
  await expectRefusal(['train', ...sets.flatMap((set) => ['--set', set]), '--runs', parts.at('none')], [`fabula: model.embedding.size: ${parts.at('glove.txt')} has vectors of 3 numbers; set model.embedding.size=3\n`]);
  expect(await exists(parts.at('none'))).toBe(false);
});
