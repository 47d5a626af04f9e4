import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { checkConfig } from '../../../src/core/config.ts';
import { exists } from '../../../src/core/files.ts';
import { writeFeatures } from '../../../src/data/features.ts';
import { readSafetensors } from '../../../src/io/safetensors.ts';
import { openSentenceEncoder } from '../../../src/style/encoders/open.ts';
import { Vocabulary } from '../../../src/text/vocabulary.ts';
import { resumeTask, trainTask } from '../../../src/training/run.ts';
import type { OpenTraining } from '../../../src/training/task.ts';
import { copyRun, TINY_INFO, traces } from '../../training/tinyrun.ts';
import type { TinyTask, TinyTasks } from './tinytasks.ts';
import { changed, FEATURES, stopAfter, tinyTasks } from './tinytasks.ts';

// Many small programs are compiled, on whatever else the machine does.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let tiny: TinyTasks;

beforeAll(async () => {
  tiny = await tinyTasks();
});

const TASKS = ['skip-thoughts', 'image-sentence', 'passages'] as const;

function train({ kind, config }: TinyTask, more: object = {}): ReturnType<typeof trainTask> {
  return trainTask(kind, { config, runs: join(tiny.folder, 'runs'), ...more });
}

async function losses(run: string): Promise<{ train: number[]; validation: number[] }> {
  const [, ...rows] = (await readFile(join(run, 'history.csv'), 'utf8')).trim().split('\n');
  const numbers = rows.map((row) => row.split(',').map(Number));
  return { train: numbers.map(([, loss]) => loss!), validation: numbers.map(([, , loss]) => loss!) };
}

describe('each model learns, on what it trains on and on what it does not; stopped and resumed it is the run that was never stopped', () => {
  test.each<[typeof TASKS[number], number, number]>([['skip-thoughts', 0.55, 0.6], ['image-sentence', 0.4, 0.7], ['passages', 0.6, 0.8]])('%s', async (task, share, heldShare) => {
    const straight = await train(tiny.tasks[task]);
    const found = await losses(straight.folder);
    expect(straight.result).toMatchObject({ stopped: 'all epochs', epochs: 8 });
    expect(found.train).toHaveLength(8);
    expect(found.train.at(-1)! / found.train[0]!, 'training loss').toBeLessThan(share);
    expect(Math.min(...found.validation) / found.validation[0]!, 'validation loss').toBeLessThan(heldShare);
    const expected = await traces(straight.folder);
    const stepsAnEpoch = (expected['metrics'] as string[]).filter((line) => line.includes('gradient_norm')).length / 8;
    // Within the first epoch, and at the last step of the third: its validation is still to come.
    const begun = await train(tiny.tasks[task], stopAfter(2));
    expect((await resumeTask(tiny.tasks[task].kind, begun.folder, stopAfter(3 * stepsAnEpoch - 2))).result.stopped).toBe('interrupted');
    await resumeTask(tiny.tasks[task].kind, begun.folder);
    expect(await traces(begun.folder)).toEqual(expected);
  });
});

describe('what shows while it learns', () => {
  async function sampled(task: typeof TASKS[number]): Promise<{ lines: string[][]; kept: string }> {
    const { kind, config } = tiny.tasks[task];
    const lines: string[][] = [];
    const { folder } = await train({ kind, config: changed(config, { training: { epochs: 2 } }) }, {
      events: ({ task: open, folder: run }: OpenTraining) => ({ onEpoch: async ({ epoch }: { epoch: number }) => void lines.push([...(await open.samples!(run, epoch + 1))]) }),
    });
    return { lines, kept: await readFile(join(folder, 'samples.jsonl'), 'utf8').catch(() => '') };
  }

  test('sentences and their neighbours', async () => {
    const { lines, kept } = await sampled('skip-thoughts');
    expect(lines.map(({ length }) => length)).toEqual([2, 2]);
    for (const line of lines.flat()) expect(line).toMatch(/^\S.* {2}~ {2}\S/);
    for (const [query, neighbour] of lines.flat().map((line) => line.split('  ~  '))) expect(neighbour).not.toBe(query);
    expect(kept.trim().split('\n')).toHaveLength(2);
  });

  test('recall both ways', async () => {
    const { lines } = await sampled('image-sentence');
    expect(lines[0]).toEqual([
      expect.stringMatching(/^photo to captions: R@1 \d+\.\d {2}R@5 \d+\.\d {2}R@10 \d+\.\d {2}median rank \d+ of 14$/),
      expect.stringMatching(/^caption to photos: R@1 .* median rank \d+ of 7$/),
    ]);
  });

  test('passages and what is told from their vectors', async () => {
    const { lines, kept } = await sampled('passages');
    for (const line of lines.flat()) expect(line).toMatch(/^\S.* {2}=> {2}\S/);
    expect(kept).not.toContain('<UNK>');
  });
});

describe('a run whose data or model were changed is not gone on with', () => {
  async function stoppedRun(task: typeof TASKS[number], parts: Record<string, unknown> = {}): Promise<{ run: string; task: TinyTask }> {
    const { kind, config } = tiny.tasks[task];
    const own = { kind, config: changed(config, parts) };
    return { run: (await train(own, stopAfter(2))).folder, task: own };
  }

  async function edit(run: string, change: (config: Record<string, Record<string, unknown>>) => void): Promise<string> {
    const copy = await copyRun(run);
    const config = JSON.parse(await readFile(join(copy, 'config.json'), 'utf8')) as Record<string, Record<string, unknown>>;
    change(config);
    await writeFile(join(copy, 'config.json'), JSON.stringify(config));
    return copy;
  }

  test.each<[typeof TASKS[number], string, unknown]>([
    ['skip-thoughts', 'objective', 'as-coded'], ['image-sentence', 'margin', 0.4], ['passages', 'deep_output', true],
  ])('%s: another model or update rule', async (task, key, value) => {
    const { run } = await stoppedRun(task);
    const { kind } = tiny.tasks[task];
    const other = await edit(run, ({ model }) => (model![key] = value));
    await expect(resumeTask(kind, other)).rejects.toThrow(`${join(other, 'config.json')}: model.${key}: another than the checkpoint was trained with; start a new run for another model`);
    const update = await edit(run, ({ optimizer }) => (optimizer!['name'] = 'sgd'));
    await expect(resumeTask(kind, update)).rejects.toThrow(/optimizer\.name: sgd, but the checkpoint holds the state of adam; start a new run for another optimiser$/);
  });

  test('other words', async () => {
    for (const [task, file] of [['skip-thoughts', 'book.txt'], ['passages', 'passages.txt']] as const) {
      const path = join(tiny.folder, `other-${file}`);
      await writeFile(path, await readFile(join(tiny.folder, file)));
      const { run, task: { kind } } = await stoppedRun(task, { data: { [task === 'passages' ? 'passages' : 'sentences']: path } });
      await appendFile(path, '\na new word .\nmore new words\nthe end .\n');
      await expect(resumeTask(kind, run)).rejects.toThrow(`${join(run, 'config.json')}: the data give other words than the checkpoint was trained with: they have changed since; start a new run`);
    }
  });

  test('the same words otherwise: it goes on and notes it', async () => {
    const path = join(tiny.folder, 'again.txt');
    const text = await readFile(join(tiny.folder, 'passages.txt'), 'utf8');
    await writeFile(path, text);
    const { run, task: { kind } } = await stoppedRun('passages', { data: { passages: path }, training: { epochs: 2 } });
    await writeFile(path, text.trim().split('\n').reverse().join('\n'));
    let changes: readonly string[] = [];
    await resumeTask(kind, run, { events: (open) => ((changes = open.changes), {}) });
    expect(changes).toEqual([expect.stringMatching(/^data\.passages/)]);
    expect(await readFile(join(run, 'environment.json'), 'utf8')).toContain(changes[0]!.slice(0, 20));
  });

  test('photos of another CNN', async () => {
    const path = join(tiny.folder, 'other.h5');
    const ids = Array.from({ length: 36 }, (_, i) => `photo${i}`);
    const embeddings = new Float32Array(36 * FEATURES).map((_, i) => Math.sin(i));
    await writeFeatures(path, { ids, embeddings, info: TINY_INFO });
    const { run, task: { kind } } = await stoppedRun('image-sentence', { data: { features: path } });
    await writeFeatures(path, { ids, embeddings, info: { ...TINY_INFO, cnn: 'another' } });
    await expect(resumeTask(kind, run)).rejects.toThrow(/config\.json: needs\.photos\.fingerprint: another than the checkpoint was trained with: the data have changed since; start a new run$/);
  });

  test('vectors of another encoder', async () => {
    const path = join(tiny.folder, 'other-vectors.txt');
    const text = await readFile(join(tiny.folder, 'vectors.txt'), 'utf8');
    await writeFile(path, text);
    const { run, task: { kind } } = await stoppedRun('passages', { data: { encoder: path } });
    await writeFile(path, text.replace(/^dog \S+/m, 'dog 0.5'));
    await expect(resumeTask(kind, run)).rejects.toThrow(/config\.json: needs\.encoder\.fingerprint: another than the checkpoint was trained with: the data have changed since; start a new run$/);
  });
});

describe('data that cannot be trained on are one line, and no run', () => {
  const cases: [string, typeof TASKS[number], Record<string, unknown>, RegExp][] = [
    ['no sentences named', 'skip-thoughts', { data: { sentences: [] } }, /^data\.sentences: name a corpus, or caption files as data\.captions$/],
    ['no three sentences together', 'skip-thoughts', { data: { max_words: 1 } }, /^data\.sentences: no three neighbouring sentences of at most 1 words: skip-thoughts need contiguous text$/],
    ['units that cannot be halved', 'skip-thoughts', { model: { units: 7 } }, /^model\.units: 7 cannot be halved/],
    ['word vectors of the wrong width', 'skip-thoughts', { model: { embedding: { size: 5, vectors: 'VECTORS' } } }, /^model\.embedding\.size: .*vectors\.txt has vectors of 6 numbers; set model\.embedding\.size=6$/],
    ['passages that are all too long', 'passages', { data: { max_words: 1 } }, /^data\.passages: .*passages\.txt: 0 passages of at most 1 words: more are needed to learn from$/],
    ['a split that is not there', 'image-sentence', { data: { train: 'train' } }, /^data\.train: 0 photos are of split train; the captions have none; two at least are needed: name splits/],
    ['a CNN that is not there', 'image-sentence', { data: { cnn: '/nowhere/cnn.onnx' } }, /^data\.cnn: \/nowhere\/cnn\.onnx: no such file$/],
  ];

  test.each(cases)('%s', async (_, task, parts, message) => {
    const { kind, config } = tiny.tasks[task];
    const own = JSON.parse(JSON.stringify(changed(config, parts)).replace('VECTORS', join(tiny.folder, 'vectors.txt'))) as TinyTask['config'];
    const error = await train({ kind, config: own }, { runs: join(tiny.folder, 'none') }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).name).toBe('UserError');
    expect((error as Error).message).toMatch(message);
    expect(await exists(join(tiny.folder, 'none'))).toBe(false);
  });

  test('an empty passage file', async () => {
    await writeFile(join(tiny.folder, 'empty.txt'), '');
    const { kind, config } = tiny.tasks.passages;
    await expect(train({ kind, config: changed(config, { data: { passages: join(tiny.folder, 'empty.txt') } }) })).rejects.toThrow(/^.*empty\.txt: there is no passage in it; write one a line, or make a corpus with fabula style books$/);
  });

  test('a configuration of another task', () => {
    const { kind } = tiny.tasks.passages;
    expect(() => checkConfig(kind.schema, tiny.tasks['skip-thoughts'].config, 'the configuration')).toThrow(/^the configuration: /);
  });
});

test('words start from their vectors, and vectors are standardised by those of the training passages', async () => {
  const { kind, config } = tiny.tasks.passages;
  const vectors = join(tiny.folder, 'vectors.txt');
  const { folder } = await train({ kind, config: changed(config, { model: { embedding: { size: 6, trainable: false, vectors } }, training: { epochs: 1 } }) });
  const { tensors } = await readSafetensors(join(folder, 'checkpoints/last/weights.safetensors'));
  const vocabulary = await Vocabulary.load(join(folder, 'checkpoints/last/vocabulary.json'));
  for (const line of (await readFile(vectors, 'utf8')).trim().split('\n')) {
    const [word, ...numbers] = line.split(' ');
    if (!vocabulary.has(word!)) continue;
    const id = vocabulary.id(word!);
    expect([...tensors.get('embedding')!.data.slice(id * 6, (id + 1) * 6)]).toEqual([...Float32Array.from(numbers, Number)]);
  }
  // 22 of the 24 passages: means and deviations are near those of all.
  const encoder = await openSentenceEncoder(vectors);
  const all = await encoder.encode((await readFile(join(tiny.folder, 'passages.txt'), 'utf8')).trim().split('\n'));
  for (let i = 0; i < 6; i++) {
    const column = Array.from({ length: 24 }, (_, row) => all[row * 6 + i]!);
    const mean = column.reduce((sum, x) => sum + x, 0) / 24;
    const deviation = Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 24);
    expect(Math.abs(Number(tensors.get('vectors.mean')!.data[i]) - mean)).toBeLessThan(0.25 * deviation);
    expect(Number(tensors.get('vectors.scale')!.data[i]) * deviation).toBeCloseTo(1, 0);
  }
});
