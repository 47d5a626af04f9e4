import { readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { JointSpace } from '../../../src/style/encoders/jointspace.ts';
import { openSentenceEncoder } from '../../../src/style/encoders/open.ts';
import { imageSentenceSchema } from '../../../src/models/imagesentence.ts';
import { passageDecoderSchema } from '../../../src/models/passagedecoder.ts';
import { skipThoughtsSchema } from '../../../src/models/skipthoughts.ts';
import { readSafetensors } from '../../../src/io/safetensors.ts';
import { loadCheckpoint } from '../../../src/training/checkpoint.ts';
import { readTaskCheckpoint } from '../../../src/training/networklearner.ts';
import { inspectRun, rescueRun } from '../../../src/training/rescue.ts';
import { resume, resumeTask, train, trainTask } from '../../../src/training/run.ts';
import { copyRun, tinyRun, traces } from '../../training/tinyrun.ts';
import type { TinyTasks } from './tinytasks.ts';
import { changed, stopAfter, tinyTasks } from './tinytasks.ts';

// Many small programs are compiled, on whatever else the machine does.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let tiny: TinyTasks;
/** A finished run of every task, two epochs long. */
const runs: Record<string, string> = {};
/** Skip-thoughts stopped within their second epoch. */
let stopped: string;

beforeAll(async () => {
  tiny = await tinyTasks();
  const short = (task: keyof TinyTasks['tasks']): object => ({ config: changed(tiny.tasks[task].config, { training: { epochs: 2 } }), runs: join(tiny.folder, 'runs') });
  for (const [task, { kind }] of Object.entries(tiny.tasks)) runs[task] = (await trainTask(kind, short(task as keyof TinyTasks['tasks']) as never)).folder;
  const stop = { ...short('skip-thoughts'), ...stopAfter(8) };
  stopped = (await trainTask(tiny.tasks['skip-thoughts'].kind, stop as never)).folder;
  const story = await tinyRun({ epochs: 1 });
  runs['story'] = (await train({ config: story.config, runs: join(story.folder, 'runs') })).folder;
});

const READERS: Record<string, (path: string) => Promise<unknown>> = {
  story: loadCheckpoint,
  'skip-thoughts': (path) => readTaskCheckpoint(path, 'skip-thoughts', skipThoughtsSchema),
  'image-sentence': (path) => readTaskCheckpoint(path, 'image-sentence', imageSentenceSchema),
  passages: (path) => readTaskCheckpoint(path, 'passages', passageDecoderSchema),
};

test('each task\'s checkpoint is read by its own reader, and refused by those of the others and of fabula tell', async () => {
  for (const [task, run] of Object.entries(runs)) {
    for (const [wanted, read] of Object.entries(READERS)) {
      if (wanted === task) await expect(read(run)).resolves.toMatchObject({ folder: join(run, 'checkpoints/best') });
      else await expect(read(run)).rejects.toThrow(new RegExp(`^${join(run, 'checkpoints/best')}: a checkpoint of task ${task}, where one of ${wanted} is needed$`));
    }
  }
});

test('encoders and the joint space refuse runs of other tasks', async () => {
  await expect(openSentenceEncoder(runs['passages']!)).rejects.toThrow(/a checkpoint of task passages, where one of skip-thoughts is needed$/);
  await expect(openSentenceEncoder(`${runs['skip-thoughts']}+${runs['image-sentence']}`)).rejects.toThrow(/a checkpoint of task image-sentence, where one of skip-thoughts is needed$/);
  await expect(JointSpace.open(runs['skip-thoughts']!)).rejects.toThrow(/a checkpoint of task skip-thoughts, where one of image-sentence is needed$/);
});

test('a run is gone on with by its own task only', async () => {
  await expect(resume(stopped)).rejects.toThrow(/config\.json: /);
  await expect(resumeTask(tiny.tasks.passages.kind, stopped)).rejects.toThrow(/config\.json: /);
});

test('a checkpoint says what it needs to be used', async () => {
  const head = async (task: string): Promise<unknown> => JSON.parse(await readFile(join(runs[task]!, 'checkpoints/best/config.json'), 'utf8'));
  expect(await head('passages')).toMatchObject({ task: 'passages', sizes: { vector: 6 }, needs: { encoder: { name: 'mean of word vectors', size: 6 }, max_words: 5 } });
  expect(await head('image-sentence')).toMatchObject({ task: 'image-sentence', sizes: { features: 6 }, needs: { photos: { info: { cnn: 'onnx' } }, max_words: 5 } });
  expect(await head('skip-thoughts')).toMatchObject({ task: 'skip-thoughts', model: { direction: 'bi', units: 8 } });
});

test('weights that are cut or of another model: one line', async () => {
  const copy = await copyRun(runs['skip-thoughts']!);
  await truncate(join(copy, 'checkpoints/best/weights.safetensors'), 900);
  await expect(openSentenceEncoder(copy)).rejects.toThrow(/^.*checkpoints\/best\/weights\.safetensors: truncated[^\n]*$/);
  const other = await copyRun(runs['skip-thoughts']!);
  await rm(join(other, 'checkpoints/best/vocabulary.json'));
  await expect(openSentenceEncoder(other)).rejects.toThrow(/^.*vocabulary\.json[^\n]*$/);
});

test('vectors of a trained model are those of its weights, whole sentences together or one by one', async () => {
  const encoder = await openSentenceEncoder(`${runs['skip-thoughts']}+${runs['skip-thoughts']}`);
  const sentences = ['the dog ran .', 'a boat !', 'so many words that were never seen before', 'the king sang .'];
  const together = await encoder.encode(sentences);
  expect(together).toHaveLength(4 * 16);
  for (const [i, sentence] of sentences.entries()) {
    const alone = await encoder.encode([sentence]);
    alone.forEach((x, j) => expect(x).toBeCloseTo(together[i * 16 + j]!, 5));
    // Each half has length 1.
    for (const half of [alone.slice(0, 8), alone.slice(8)]) expect(Math.hypot(...half)).toBeCloseTo(1, 5);
  }
  await encoder.dispose();
});

test('rescue: the last checkpoint of skip-thoughts cut, the best whole: it goes on from there and comes to the same', async () => {
  const copy = await copyRun(stopped);
  await truncate(join(copy, 'checkpoints/last/weights.safetensors'), 1500);
  const { done, left } = await rescueRun(copy);
  expect(left).toEqual([]);
  expect(done).toEqual([expect.objectContaining({ file: 'checkpoints/last', remedy: 'put aside: fabula train --resume goes on from the best, after epoch 1' })]);
  expect(await inspectRun(copy)).toEqual([]);
  await resumeTask(tiny.tasks['skip-thoughts'].kind, copy);
  expect(await traces(copy)).toEqual(await traces(runs['skip-thoughts']!));
  expect([...(await readSafetensors(join(copy, 'checkpoints/best/weights.safetensors'))).tensors.keys()]).toContain('encoder.backward.recurrent');
});

test('rescue: both checkpoints cut: it begins again and comes to the same', async () => {
  const copy = await copyRun(stopped);
  for (const which of ['best', 'last']) await truncate(join(copy, 'checkpoints', which, 'optimizer.safetensors'), 100);
  const { done } = await rescueRun(copy);
  expect(done.map(({ file, remedy }) => `${file}: ${remedy}`)).toEqual([
    'checkpoints/last: put aside: fabula train --resume begins again from the first step', 'checkpoints/best: put aside: its weights are lost',
  ]);
  await resumeTask(tiny.tasks['skip-thoughts'].kind, copy);
  expect(await traces(copy)).toEqual(await traces(runs['skip-thoughts']!));
});

test('rescue: a finished run of each task whose result is missing', async () => {
  for (const task of Object.keys(tiny.tasks)) {
    const copy = await copyRun(runs[task]!);
    await rm(join(copy, 'result.json'));
    const { done } = await rescueRun(copy);
    expect(done).toEqual([expect.objectContaining({ file: 'result.json', what: 'missing' })]);
    expect(await traces(copy)).toEqual(await traces(runs[task]!));
  }
});
