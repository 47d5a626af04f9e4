import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { floats } from '../../src/core/hosttensor.ts';
import { openFeatures } from '../../src/data/features.ts';
import { EXPORTED_PARTS, exportStoryModel } from '../../src/decoding/exported.ts';
import { openExtractor, specFromInfo } from '../../src/features/extractor.ts';
import { tensorNames } from '../../src/features/onnxnames.ts';
import { openSession } from '../../src/runtime/session.ts';
import { loadCheckpoint } from '../../src/training/checkpoint.ts';
import type { TinyBook } from '../telling/tinybook.ts';
import { tinyBook } from '../telling/tinybook.ts';
import { copyRun } from '../training/tinyrun.ts';
import { expectRefusal, fabula } from './fabula.ts';

let book: TinyBook;
let folder: string;

beforeAll(async () => {
  book = await tinyBook();
  folder = await mkdtemp(join(tmpdir(), 'fabula-export-'));
}, 60_000);

afterAll(async () => {
  for (const made of [book.folder, folder]) await rm(made, { recursive: true, force: true });
});

const ALL = ['cnn.onnx', 'decoder.onnx', 'encoder.onnx', 'model.json', 'start.onnx', 'vocabulary.json'];
const json = async (...names: string[]) => JSON.parse(await readFile(join(...names), 'utf8')) as Record<string, any>;

/** A copy of the run whose checkpoints say something else. */
async function alteredRun(alter: (head: Record<string, any>) => void): Promise<string> {
  const run = await copyRun(book.run);
  const file = join(run, 'checkpoints', 'best', 'config.json');
  const head = await json(file);
  alter(head);
  await writeFile(file, JSON.stringify(head));
  return run;
}

test('a run becomes files that say what they hold, with the CNN it keeps', async () => {
  const output = join(folder, 'new', 'exported');
  const { code, stdout, stderr } = await fabula('export', book.run, '-o', output);
  expect([code, stderr]).toEqual([0, '']);
  for (const text of [`${output}: previous-sentence after`, 'in:  photo_state [rows, 12], previous [rows, 22]', 'MB', 'docs/export.md']) expect(stdout).toContain(text);
  expect(stdout).not.toContain('no cnn.onnx');
  expect((await readdir(output)).sort()).toEqual(ALL);
  expect(await readdir(join(folder, 'new'))).toEqual(['exported']);

  const { head, vocabulary, weights, state } = await loadCheckpoint(book.run);
  const about = await json(output, 'model.json');
  expect(about).toMatchObject({
    format: 'fabula export', model: head.model, sizes: { photos: 5, ...head.sizes }, ids: { NULL: 0, START: 1, END: 2, UNK: 3 },
    features: head.features, cnn: { file: 'cnn.onnx', layer: 'vector', pool: 'none' }, checkpoint: { step: state.step },
  });
  expect((await json(output, 'vocabulary.json'))['idx_to_words']).toEqual(vocabulary.words);
  const files = exportStoryModel(head.model, head.sizes, weights, { fabula: about['fabula'], model: head.model.name });
  for (const part of EXPORTED_PARTS) {
    expect(Buffer.compare(files[part].bytes, await readFile(join(output, `${part}.onnx`))), part).toBe(0);
    expect(about['files'][`${part}.onnx`]).toEqual({ inputs: files[part].inputs, outputs: files[part].outputs });
  }
  expect(Buffer.compare(await readFile(book.at('tiny.onnx')), await readFile(join(output, 'cnn.onnx')))).toBe(0);
});

test('the last checkpoint can be asked for, and what was written comes as JSON', async () => {
  const last = await loadCheckpoint(book.run, 'last');
  const output = join(folder, 'last');
  const { stdout } = await fabula('export', book.run, '-o', `${output}/`, '--which', 'last', '--json');
  const report = JSON.parse(stdout) as { files: { name: string; bytes: number }[]; note: unknown; checkpoint: unknown };
  expect(report).toMatchObject({ note: null, checkpoint: { step: last.state.step } });
  expect(report.files.map(({ name }) => name).sort()).toEqual(ALL);
  for (const { name, bytes } of report.files) expect((await readFile(join(output, name))).length).toBe(bytes);
});

test('a layer inside the CNN becomes an output of its file, with the features of training', async () => {
  const inner = tensorNames(await readFile(book.at('tiny.onnx'))).find((name) => !['map', 'vector'].includes(name))!;
  const run = await alteredRun(({ features }) => (features.info.layer = `${inner}, places kept`));
  const output = join(folder, 'inner');
  expect(await fabula('export', run, '-o', output)).toMatchObject({ code: 0 });
  expect((await json(output, 'model.json'))['cnn']).toEqual({ file: 'cnn.onnx', layer: inner, pool: 'spatial' });
  const info = { ...(await openFeatures(book.at('features.h5'))).info!, layer: `${inner}, places kept` };
  const extractor = await openExtractor(specFromInfo(info, book.at('tiny.onnx')), { device: 'cpu', threads: 1, batch: 1 });
  const photo = (await extractor.load(book.at('book', 'photos', 'val', (await readdir(book.at('book', 'photos', 'val')))[0]!))) as Float32Array;
  const session = await openSession(join(output, 'cnn.onnx'), { device: 'cpu', threads: 1 });
  const { [inner]: found } = await session.run({ photos: floats(photo, [1, 3, 16, 16]) });
  expect([...found!.data as Float32Array].map(Math.fround).sort()).toEqual([...await extractor.forward([photo])].sort());
  await extractor.dispose();
});

test('without an ONNX CNN the model is written all the same, and said why', async () => {
  const cases = [
    { run: await alteredRun(({ features }) => (features.info.cnn = 'alexnet')), says: 'its features come from alexnet, vector, which is not an ONNX file' },
    { run: await alteredRun(({ features }) => (features.info = null)), says: 'the checkpoint does not say which CNN made its features' },
    { run: join(book.run, 'checkpoints', 'best'), says: undefined },
  ];
  const bare = await copyRun(book.run);
  await rm(join(bare, 'cnn-tiny.onnx'));
  cases.push({ run: bare, says: 'none is kept with the run; give it with --cnn' });
  for (const [i, { run, says }] of cases.entries()) {
    const output = join(folder, `case${i}`);
    const { code, stdout } = await fabula('export', run, '-o', output);
    expect(code).toBe(0);
    if (says !== undefined) expect(stdout).toContain(`no cnn.onnx: ${says}`);
    expect((await readdir(output)).sort()).toEqual(ALL.filter((name) => says === undefined || name !== 'cnn.onnx'));
  }
  expect(await fabula('export', bare, '-o', join(folder, 'given'), '--cnn', book.at('tiny.onnx'))).toMatchObject({ code: 0 });
  expect(await readdir(join(folder, 'given'))).toContain('cnn.onnx');
  await expectRefusal(['export', cases[0]!.run, '-o', join(folder, 'none'), '--cnn', book.at('tiny.onnx')], ['--cnn', 'come from alexnet', 'leave --cnn out']);
});

test('nothing that is there is lost', async () => {
  const output = join(folder, 'kept');
  await fabula('export', book.run, '-o', output);
  await writeFile(join(output, 'decoder.onnx'), 'old');
  await expectRefusal(['export', book.run, '-o', output], [output, 'an export is there already', '--force']);
  expect(await readFile(join(output, 'decoder.onnx'), 'utf8')).toBe('old');
  expect(await fabula('export', book.run, '-o', output, '--force')).toMatchObject({ code: 0 });
  expect((await readFile(join(output, 'decoder.onnx'))).length).toBeGreaterThan(1000);

  await writeFile(join(output, 'notes.txt'), 'mine');
  await expectRefusal(['export', book.run, '-o', output, '--force'], ['notes.txt is in it', 'choose a new folder']);
  await expectRefusal(['export', book.run, '-o', book.run, '--force'], [/is in it/]);
  await expectRefusal(['export', book.run, '-o', join(output, 'notes.txt')], ['it is a file']);
  expect(await readFile(join(output, 'notes.txt'), 'utf8')).toBe('mine');

  const broken = await copyRun(book.run);
  await writeFile(join(broken, 'checkpoints', 'best', 'weights.safetensors'), 'cut');
  await expectRefusal(['export', broken, '-o', output.replace('kept', 'never')], ['weights.safetensors']);
  await mkdir(join(folder, 'empty'));
  await expectRefusal(['export', join(folder, 'empty'), '-o', join(folder, 'never')], ['no checkpoint here']);
  expect(await readdir(folder)).not.toContain('never');
});

test('a CNN that the model was not trained with is refused', async () => {
  const other = join(folder, 'other.onnx');
  await cp(book.at('tiny.onnx'), other);
  await writeFile(other, Buffer.concat([await readFile(other), Buffer.from([0x12, 0x01, 0x61])]));
  await expectRefusal(['export', book.run, '-o', join(folder, 'wrong'), '--cnn', other], [other, 'not the CNN the model was trained with']);
  await expectRefusal(['export', book.run, '-o', join(folder, 'wrong'), '--cnn', join(folder, 'absent.onnx')], ['absent.onnx: no such file']);
  await expectRefusal(['export', book.run], ['output']);
});
