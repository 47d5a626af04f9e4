import { rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { ProtobufWriter } from '../../../src/runtime/protobuf.ts';
import { openOnnxEncoder } from '../../../src/style/encoders/onnxencoder.ts';
import type { OnnxEncoder, OnnxEncoderOptions } from '../../../src/style/encoders/onnxencoder.ts';
import { encoderFolder, tinyModel, tinyTokenizer, VECTORS } from './tinyencoder.ts';
import type { TinyModel } from './tinyencoder.ts';

const made: string[] = [];
const open: OnnxEncoder[] = [];
afterEach(async () => {
  for (const encoder of open.splice(0)) await encoder.dispose();
  for (const folder of made.splice(0)) await rm(folder, { recursive: true });
});

type Files = Readonly<Record<string, string | Uint8Array | object>>;

async function folderOf(files: Files): Promise<string> {
  const folder = await encoderFolder(files);
  made.push(folder);
  return folder;
}

async function tiny(files: Files = {}, options: OnnxEncoderOptions = {}, model: TinyModel = {}): Promise<OnnxEncoder> {
  const encoder = await openOnnxEncoder(await folderOf({ 'model.onnx': tinyModel(model), 'tokenizer.json': tinyTokenizer(), ...files }), { threads: 1, ...options });
  open.push(encoder);
  return encoder;
}

const refusal = (files: Files = {}, options: OnnxEncoderOptions = {}, model: TinyModel = {}): Promise<string> => tiny(files, options, model).then(
  () => 'opened',
  (error: Error) => {
    expect(error.name).toBe('UserError');
    expect(error.message).not.toContain('\n');
    return error.message;
  },
);

const DOG = VECTORS[5]!;
const CAT = VECTORS[6]!;
const RAN = VECTORS[7]!;
const CLS = VECTORS[2]!;
const SEP = VECTORS[3]!;
const UNK = VECTORS[1]!;
const mean = (...vectors: number[][]): number[] => [0, 1].map((i) => vectors.reduce((sum, vector) => sum + vector[i]!, 0) / vectors.length);

/** Rows of two. */
const rows = (vectors: Float32Array): number[][] => Array.from({ length: vectors.length / 2 }, (_, i) => [...vectors.subarray(2 * i, 2 * i + 2)]);

function expectRows(found: Float32Array, expected: readonly number[][]): void {
  expect(rows(found).length).toBe(expected.length);
  expected.flat().forEach((x, i) => expect(found[i]).toBeCloseTo(x, 5));
}

describe('vectors', () => {
  const SENTENCES = ['A dog', 'dog dog ran cat dog', '', 'Dogs ran!'];

  test.each([1, 2, 32])('a mean over the tokens of each sentence, whatever its company (batch %i)', async (batch) => {
    const encoder = await tiny({}, { batch });
    const seen: number[] = [];
    expectRows(await encoder.encode(SENTENCES, (done) => seen.push(done)), [
      mean(CLS, UNK, DOG, SEP), mean(CLS, DOG, DOG, RAN, CAT, DOG, SEP), mean(CLS, SEP), mean(CLS, DOG, VECTORS[8]!, RAN, UNK, SEP),
    ]);
    expect(seen.at(-1)).toBe(4);
    expect(seen.length).toBe(Math.ceil(4 / batch));
    expect((await encoder.encode([])).length).toBe(0);
  });

  test('the first token, or the largest numbers, where the pooling says so', async () => {
    expectRows(await (await tiny({}, { pooling: 'cls' })).encode(['dog ran', 'cat']), [CLS, CLS]);
    expectRows(await (await tiny({}, { pooling: 'max' })).encode(['dog', 'cat ran dog']), [[5, 4], [7, 4]]);
  });

  test('normalised', async () => {
    const encoder = await tiny({}, { normalise: true });
    const [x, y] = mean(CLS, DOG, SEP) as [number, number];
    expectRows(await encoder.encode(['dog']), [[x / Math.hypot(x, y), y / Math.hypot(x, y)]]);
  });

  test('a model that pools itself', async () => {
    const encoder = await tiny({}, {}, { outputs: { token_embeddings: 'tokens', sentence_embedding: 'sentence' } });
    expect(encoder).toMatchObject({ output: 'sentence_embedding', pooling: undefined, size: 2 });
    expectRows(await encoder.encode(['dog ran', 'cat']), [CLS, CLS]);
  });

  test('inputs of int32, fewer inputs, and sizes that are built in', async () => {
    const encoder = await tiny({}, {}, { dtype: 'int32', inputs: ['input_ids', 'attention_mask'], fixed: [2, 5] });
    expect(encoder.maxLength).toBe(5);
    // Five tokens: the fourth and fifth word are cut, the end token is not.
    expectRows(await encoder.encode(['dog', 'dog ran cat dog dog', 'cat']), [mean(CLS, DOG, SEP), mean(CLS, DOG, RAN, CAT, SEP), mean(CLS, CAT, SEP)]);
  });

  test('a sentence without a token gives zeros', async () => {
    const encoder = await tiny({ 'tokenizer.json': tinyTokenizer({ post_processor: null }) });
    expectRows(await encoder.encode(['dog', ' ', 'cat']), [DOG, [0, 0], CAT]);
  });
});

describe('what the files beside the model say', () => {
  const SETTINGS = {
    'modules.json': [
      { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
      { idx: 1, name: '1', path: 'pool', type: 'sentence_transformers.models.Pooling' },
      { idx: 2, name: '2', path: '2_Normalize', type: 'sentence_transformers.models.Normalize' },
    ],
    'pool/config.json': { word_embedding_dimension: 2, pooling_mode_cls_token: true, pooling_mode_mean_tokens: false },
    'sentence_bert_config.json': { max_seq_length: 4, do_lower_case: true },
    'config.json': { max_position_embeddings: 16 },
  };

  test('pooling, normalisation, length and lower case', async () => {
    const encoder = await tiny(SETTINGS);
    expect(encoder).toMatchObject({ pooling: 'cls', normalise: true, maxLength: 4, lowerCase: true });
    expect(encoder.tokens('DOG RAN CAT DOG').ids).toEqual([2, 5, 7, 3]);
  });

  test('what is given goes before', async () => {
    expect(await tiny(SETTINGS, { pooling: 'max', normalise: false, maxLength: 5, lowerCase: false })).toMatchObject({ pooling: 'max', normalise: false, maxLength: 5, lowerCase: false });
    expect(await refusal(SETTINGS, { maxLength: 17 })).toMatch(/model\.onnx: it takes at most 16 tokens a sentence, not 17$/);
  });

  test('newer files name their pooling; nothing at all means the mean', async () => {
    expect(await tiny({ '1_Pooling/config.json': { pooling_mode: 'max' } })).toMatchObject({ pooling: 'max', normalise: false });
    expect(await tiny()).toMatchObject({ pooling: 'mean', normalise: false, maxLength: 512, lowerCase: false });
    expect(await tiny({ 'config.json': { max_position_embeddings: -1 }, 'tokenizer_config.json': { model_max_length: 1e30 } })).toMatchObject({ maxLength: 512 });
    expect(await tiny({ 'config.json': { max_position_embeddings: 514 }, 'tokenizer_config.json': { model_max_length: 128 } })).toMatchObject({ maxLength: 128 });
  });

  test('a model in onnx/ has its tokenizer and settings above', async () => {
    const folder = await folderOf({ 'onnx/model.onnx': tinyModel(), 'tokenizer.json': tinyTokenizer(), ...SETTINGS });
    for (const path of [folder, join(folder, 'onnx', 'model.onnx')]) {
      const encoder = await openOnnxEncoder(path);
      open.push(encoder);
      expect(encoder).toMatchObject({ name: basename(folder), pooling: 'cls' });
    }
  });

  test('parts that are not in the model are not left out in silence', async () => {
    const dense = { 'modules.json': [...SETTINGS['modules.json'], { path: '3_Dense', type: 'sentence_transformers.models.Dense' }] };
    expect(await refusal({ ...SETTINGS, ...dense })).toMatch(/modules\.json: its part Dense is not in the ONNX model/);
    expect(await tiny(dense, {}, { outputs: { sentence_embedding: 'sentence' } })).toMatchObject({ normalise: true });
    expect(await refusal({ '1_Pooling/config.json': { pooling_mode_lasttoken: true } })).toMatch(/config\.json: pooling lasttoken is not done here, only mean, cls, max/);
    expect(await refusal({ '1_Pooling/config.json': { pooling_mode_cls_token: true, pooling_mode_mean_tokens: true } })).toMatch(/pooling cls \+ mean is not done/);
    expect(await refusal({ 'sentence_bert_config.json': { max_seq_length: 'long' } })).toMatch(/sentence_bert_config\.json: max_seq_length: .*"long"/);
  });
});

test('a fingerprint is that of the numbers, not of the place', async () => {
  const base = (await tiny()).fingerprint;
  expect((await tiny({}, { batch: 1 })).fingerprint).toBe(base);
  expect((await tiny({ 'README.md': 'x' })).fingerprint).toBe(base);
  const others = await Promise.all([
    tiny({}, { pooling: 'cls' }), tiny({}, { normalise: true }), tiny({}, { maxLength: 9 }), tiny({}, { lowerCase: true }),
    tiny({}, {}, { vectors: VECTORS.map(([x, y]) => [x! + 1, y!]) }), tiny({ 'tokenizer.json': tinyTokenizer({ normalizer: null }) }),
  ]);
  expect(new Set([base, ...others.map(({ fingerprint }) => fingerprint)]).size).toBe(7);
});

describe('mistakes', () => {
  test('files that are missing or too many', async () => {
    await expect(openOnnxEncoder('/no/such/folder')).rejects.toThrow('/no/such/folder: cannot read the sentence encoder: no such file or folder');
    await expect(openOnnxEncoder(await folderOf({ 'tokenizer.json': tinyTokenizer() }))).rejects.toThrow(/there is no ONNX model: expected model\.onnx/);
    await expect(openOnnxEncoder(await folderOf({ 'model.onnx': tinyModel() }))).rejects.toThrow(/there is no tokenizer\.json or vocab\.txt: put the one that came with model\.onnx beside it/);
    const two = await folderOf({ 'a.onnx': tinyModel(), 'b.onnx': tinyModel(), 'tokenizer.json': tinyTokenizer() });
    await expect(openOnnxEncoder(two)).rejects.toThrow(/2 ONNX models and none is called model\.onnx: name one, such as .*a\.onnx/);
    open.push(await openOnnxEncoder(join(two, 'b.onnx')));
    expect(open.at(-1)!.name).toBe('b');
  });

  test('a model cut short, or none', async () => {
    expect(await refusal({ 'model.onnx': tinyModel().subarray(0, 300) })).toMatch(/model\.onnx: not an ONNX model, or not whole: the model ends early/);
    expect(await refusal({ 'model.onnx': 'version https://git-lfs.github.com/spec/v1' })).toMatch(/model\.onnx: not an ONNX model/);
    const apart = new ProtobufWriter().message(7, (graph) => graph.message(5, (tensor) => tensor.message(13, (entry) => entry.text(1, 'location').text(2, 'model.onnx_data')))).finish();
    expect(await refusal({ 'model.onnx': apart })).toMatch(/model\.onnx_data: no such file: model\.onnx keeps its weights there; copy it too/);
  });

  test('inputs and outputs of something else', async () => {
    expect(await refusal({}, {}, { inputs: ['photos'] })).toMatch(/model\.onnx: it takes photos; a text encoder takes input_ids/);
    expect(await refusal({}, {}, { outputs: { a: 'tokens', b: 'sentence' } })).toMatch(/choose one of a \(float32\), b \(float32\)/);
    expect(await tiny({}, { output: 'b' }, { outputs: { a: 'tokens', b: 'sentence' } })).toMatchObject({ output: 'b', pooling: undefined });
    expect(await tiny({}, {}, { outputs: { a: 'tokens', b: 'ids' } })).toMatchObject({ output: 'a', pooling: 'mean' });
    expect(await refusal({}, { output: 'last_hiddenstate' })).toMatch(/no output "last_hiddenstate" \(did you mean last_hidden_state\?\): choose last_hidden_state/);
    expect(await refusal({}, { output: 'b' }, { outputs: { a: 'tokens', b: 'ids' } })).toMatch(/its output b is int64: export it with float32 outputs/);
    expect(await refusal({}, { pooling: 'cls' }, { outputs: { sentence_embedding: 'sentence' } })).toMatch(/one vector a sentence, pooled already: leave out pooling cls/);
  });

  test('a tokenizer with more pieces than the model', async () => {
    expect(await refusal({}, {}, { vectors: VECTORS.slice(0, 2) })).toMatch(/model\.onnx: the model does not run on tokens \[1, \d+\]: .*/);
  });

  test('lengths and batches that cannot be', async () => {
    expect(await refusal({}, { maxLength: 2 })).toMatch(/at most 2 tokens a sentence leave no room for words: at least 3 are needed/);
    expect(await refusal({}, { batch: 0 })).toMatch(/a batch of 0 sentences: give a whole number/);
    const folder = await folderOf({ 'model.onnx': tinyModel(), 'tokenizer.json': tinyTokenizer() });
    await writeFile(join(folder, 'tokenizer_config.json'), '{"model_max_length": ');
    await expect(openOnnxEncoder(folder)).rejects.toThrow(/tokenizer_config\.json: the settings of a tokenizer is not valid JSON/);
  });
});
