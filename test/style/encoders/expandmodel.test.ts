import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../../src/core/errors.ts';
import { encoderWords } from '../../../src/style/encoders/encoderwords.ts';
import { expandModel, readModelWords } from '../../../src/style/encoders/expandmodel.ts';
import { openSentenceEncoder } from '../../../src/style/encoders/open.ts';
import { requireEncoder } from '../../../src/style/stylevector.ts';
import { D, E, imageOf, KNOWN, tinyModel, WORDS, writeTinyModel, writeTinyVectors } from './tinymodel.ts';

const RUNTIME = { threads: 1 } as const;

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).not.toContain('\n');
  return (error as Error).message;
}

test('an expanded model reads new words as one that has learnt them', async () => {
  const { run, vectors, at } = await tinyModel();
  const said: string[] = [];
  const made = await expandModel(run, vectors, { onMemory: (statement) => said.push(statement) });
  expect(said).toEqual([expect.stringMatching(/^\d+ word vectors of 4 numbers: needs [\d.]+ kB, .* free$/)]);
  expect(made).toMatchObject({ folder: join(run, 'expansion'), own: KNOWN, added: WORDS.length - KNOWN, shared: KNOWN, inputs: D, outputs: E, ridge: 0, replaced: null });
  expect(made.heldOut!.r2).toBeGreaterThan(0.9999);
  const all = await openSentenceEncoder(await writeTinyModel(at('all'), WORDS), RUNTIME);
  const expanded = await openSentenceEncoder(run, RUNTIME);
  const sentences = ['animal0 thing39 animal38', 'thing39', 'animal2 thing1'];
  const [wanted, found] = [await all.encode(sentences), await expanded.encode(sentences)];
  found.forEach((value, i) => expect(value).toBeCloseTo(wanted[i]!, 4));
  // Without it, all new words are one.
  const plain = await openSentenceEncoder(await writeTinyModel(at('plain')), RUNTIME);
  const unknown = await plain.encode(['animal38', 'thing39']);
  expect(unknown.subarray(0, plain.size)).toEqual(unknown.subarray(plain.size));
  for (const encoder of [all, expanded, plain]) await encoder.dispose();
});

test('the expanded model is another encoder, and what was made before is told so', async () => {
  const { run, vectors } = await tinyModel();
  const id = async () => {
    const { name, fingerprint, size, dispose } = await openSentenceEncoder(run, RUNTIME).then(async (encoder) => (await encoder.dispose(), encoder));
    expect(dispose).toBeTypeOf('function');
    return { name, fingerprint, size };
  };
  const before = await id();
  await expandModel(run, vectors);
  const after = await id();
  expect(after.fingerprint).not.toBe(before.fingerprint);
  await expandModel(run, vectors);
  expect(await id()).toEqual(after);
  expect(() => requireEncoder(before, after, 'style romance', 'the storyteller s')).toThrow(
    /^style romance: belongs to the sentence encoder uni-skip \(6 numbers, \w{8}\), but the storyteller s to uni-skip \(6 numbers, \w{8}\): make both with the same; a model that was expanded \(fabula style expand\) or trained on in between counts as another$/);
  // Encoders of two kinds need no such guess.
  expect(() => requireEncoder({ ...before, name: 'bi-skip' }, after, 'a', 'b')).toThrow(/make both with the same$/);
});

test('expanding again replaces, also with word vectors of another width', async () => {
  const { run, vectors, at } = await tinyModel();
  const first = await expandModel(run, vectors, { limit: 30 });
  expect(first.added).toBe(5);
  const narrow = await writeTinyVectors(at('narrow.txt'), WORDS, 2);
  const second = await expandModel(run, narrow, { ridge: 0.5 });
  expect(second).toMatchObject({ added: 15, inputs: 2, ridge: 0.5, replaced: { words: 5, inputs: 4 } });
  expect((await readdir(run)).sort()).toEqual(['checkpoints', 'expansion']);
  const { expansion } = await readModelWords(run);
  expect([expansion!.fingerprint, expansion!.words.length]).toEqual([second.fingerprint, 15]);
  await expansion!.close();
  // A damaged one does not stand in the way.
  await truncate(join(run, 'expansion/expansion.safetensors'), 100);
  expect(await expandModel(run, vectors)).toMatchObject({ added: 15, replaced: null });
});

test('phrases can be left unread and are never added', async () => {
  const { run, vectors, at } = await tinyModel();
  const text = await readFile(vectors, 'utf8');
  await writeFile(at('phrases.txt'), `new_word 1 2 3 4\n${text}`);
  const sizes: number[] = [];
  for (const phrases of [true, false]) {
    expect((await expandModel(run, at('phrases.txt'), { phrases })).added).toBe(15);
    const source = JSON.parse(await readFile(join(run, 'expansion/source.json'), 'utf8')) as { words: number };
    sizes.push(source.words);
  }
  expect(sizes).toEqual([41, 40]);
});

test('what cannot be done is said in one line, and nothing is written', async () => {
  const { run, vectors, at } = await tinyModel();
  expect(await refusal(expandModel(run, await writeTinyVectors(at('few.txt'), WORDS.slice(22))))).toMatch(/^vocabulary expansion: 3 words are both .*; 5 are needed for vectors of 4 numbers: give a ridge/);
  expect(await refusal(expandModel(run, await writeTinyVectors(at('old.txt'), WORDS.slice(0, 20))))).toMatch(/old\.txt: none of its 20 words is new to /);
  expect(await refusal(expandModel(run, at('gone.txt')))).toMatch(/gone\.txt: cannot read word vectors: no such file/);
  expect(await refusal(expandModel(run, vectors, { ridge: NaN }))).toMatch(/a ridge of NaN/);
  const other = await writeTinyModel(at('other'), WORDS, { task: 'image-sentence' });
  expect(await refusal(expandModel(other, vectors))).toMatch(/a checkpoint of task image-sentence, where one of skip-thoughts is needed/);
  expect(await refusal(expandModel(at('nowhere'), vectors))).toMatch(/no checkpoint here/);
  expect(await readdir(run)).toEqual(['checkpoints']);
});

test('a model trained on since must be expanded again', async () => {
  const { run, vectors } = await tinyModel();
  await expandModel(run, vectors);
  await writeTinyModel(join(run, 'checkpoints/best'), undefined, { seed: 2 });
  expect(await refusal(readModelWords(run))).toMatch(/expansion: it was made for other weights than those in .*; expand the vocabulary again$/);
  await expandModel(run, vectors);
  await (await readModelWords(run)).expansion!.close();
});

test('words of an encoder: its own without specials, then the new ones', async () => {
  const { run, vectors, folder, at } = await tinyModel();
  expect((await encoderWords(run)).words).toEqual(WORDS.slice(0, KNOWN));
  await expandModel(run, vectors);
  const { words, data } = await encoderWords(run);
  expect(words).toEqual(WORDS);
  words.forEach((word, i) => imageOf(word).forEach((value, e) => expect(data[i * E + e]).toBeCloseTo(value, 4)));
  expect((await encoderWords(vectors)).words).toEqual(WORDS);
  await writeFile(at('a.onnx'), '');
  expect(await refusal(encoderWords(at('a.onnx')))).toMatch(/a\.onnx: an ONNX encoder has vectors of sentences, none of words/);
  expect(await refusal(encoderWords(`${run}+${run}`))).toMatch(/name one of them$/);
  expect(await refusal(encoderWords(at('nothing')))).toMatch(/no such file or folder/);
  const parts = (...names: string[]): Promise<void> => writeFile(join(folder, 'encoder.json'), JSON.stringify({ format: 'fabula sentence encoder', parts: names }));
  await parts('run', 'vectors.txt');
  expect(await refusal(encoderWords(folder))).toMatch(/name one of them, such as .*run$/);
  await parts('vectors.txt');
  expect((await encoderWords(folder)).words).toEqual(WORDS);
});
