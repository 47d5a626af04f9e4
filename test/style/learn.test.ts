import { appendFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeStorybookBooks } from '../../src/data/storybook/books.ts';
import { writeStorybook } from '../../src/data/storybook/storybook.ts';
import { listPhotos } from '../../src/features/photolist.ts';
import type { Learned, LearnRequest } from '../../src/style/learn.ts';
import { learnStoryteller } from '../../src/style/learn.ts';
import type { LearnSettings } from '../../src/style/learnoptions.ts';
import { StyleStoryteller } from '../../src/style/storyteller.ts';
import { lockRun } from '../../src/tracking/lock.ts';
import { tinyCnn, TINY_PREPROCESSING } from '../features/tinyonnx.ts';
import { RUNTIME } from './tinystoryteller.ts';

let folder: string;
let config: LearnSettings;
let out: string;
const at = (...names: string[]): string => join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fabula-learn-'));
  out = at('learned');
  await writeStorybook(at('book'), { seed: 4, stories: { train: 4, val: 0, test: 0 }, width: 48, height: 36, captions: 3 });
  await writeFile(at('tiny.onnx'), tinyCnn());
  await writeStorybookBooks(folder, { seed: 4, styles: ['fairytale', 'logbook'], passages: 20 });
  const quick = { optimizer: { learning_rate: 0.01 }, training: { epochs: 1, patience: null } };
  const small = { units: 8, embedding: { size: 8 } };
  config = {
    photos: at('book/photos'), cnn: { file: at('tiny.onnx'), layer: 'vector', preprocess: at('tiny.yaml') }, captions: at('book/captions.json'),
    books: { fairytale: at('books/fairytale.txt'), logbook: at('books/logbook.txt') },
    corpus: { longer_than: 20, max_words: 16 }, filter: { longer_than: 20 },
    encoder: { bi: false, settings: { ...quick, data: { max_words: 12 }, model: small, training: { ...quick.training, samples: 0 } } },
    embedding: { settings: { ...quick, data: { max_words: 16 }, model: { ...small, encoder: 'bow', photos: { normalise: 'standardise' } }, training: { ...quick.training, batch: 16, samples: false } } },
    decoder: { settings: { ...quick, data: { max_words: 16 }, model: small, training: { ...quick.training, samples: 0 } } },
  };
  await writeFile(at('tiny.yaml'), JSON.stringify(TINY_PREPROCESSING));
}, 30_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Learns, and says which steps were done now. */
async function learn(changes: Partial<LearnSettings> = {}, request: Partial<LearnRequest> = {}): Promise<{ learned: Learned; done: string[] }> {
  const done: string[] = [];
  const learned = await learnStoryteller({ config: { ...config, ...changes }, out, runtime: RUNTIME, onStep: (step, before) => void (before || done.push(step)), ...request });
  return { learned, done };
}

test('everything is learned in one call; what is done stays, also with other threads; what has changed is done anew', async () => {
  const first = await learn();
  expect(first.done).toEqual(['books of fairytale', 'books of logbook', 'features', 'uni', 'embedding', 'decoder', 'storyteller']);
  expect(first.learned.styles).toEqual(['fairytale', 'logbook']);
  expect(await learn({}, { runtime: { ...RUNTIME, threads: 2 } })).toEqual({ learned: first.learned, done: [] });

  await appendFile(at('books/logbook.txt'), '\n\nThe ship went on to the north for many days and nobody saw land again.\n');
  const edited = await learn();
  expect(edited.done).toEqual(['books of logbook', 'uni', 'decoder', 'storyteller']);
  expect(edited.learned.runs['embedding']).toBe(first.learned.runs['embedding']);
  expect((await learn({ filter: { longer_than: 30 } })).done).toEqual(['storyteller']);

  // A storyteller is whole by itself, wherever it is.
  await rename(join(out, 'storyteller'), at('moved'));
  await rename(out, at('gone'));
  const teller = await StyleStoryteller.open(at('moved'), { runtime: RUNTIME });
  const [photo] = await listPhotos([at('book/photos')]);
  const [told] = await teller.tell(await teller.photoVectors([photo!.path]), [photo!.path], 'logbook', { captions: 3, decoding: { beam: 2 } });
  await teller.dispose();
  expect(told).toMatchObject({ text: expect.any(String) });
  await rename(at('gone'), out);
  expect((await learn({ filter: { longer_than: 30 } })).done).toEqual(['storyteller']);
}, 180_000);

test('interrupted, it goes on with the run that was begun', async () => {
  const place = at('interrupted');
  const controller = new AbortController();
  let begun: string | undefined;
  const onTraining: LearnRequest['onTraining'] = ({ folder: { path } }) => {
    begun = path;
    return { onStep: () => controller.abort() };
  };
  await expect(learn({}, { out: place, signal: controller.signal, onTraining })).rejects.toThrow(/interrupted and saved/);
  expect(JSON.parse(await readFile(join(place, 'learn.json'), 'utf8')).uni).toMatchObject({ done: false, result: begun!.slice(place.length + 1) });
  await expect(learn({}, { out: place, signal: AbortSignal.abort() })).rejects.toThrow(/interrupted before books of fairytale/);
  const { learned, done } = await learn({}, { out: place });
  expect([learned.runs['uni'], done]).toEqual([begun, ['uni', 'embedding', 'decoder', 'storyteller']]);
}, 180_000);

test('mistakes are told before the hours of training', async () => {
  const fails = (changes: Partial<LearnSettings>, says: string): Promise<void> => expect(learn(changes, { out: at('never') })).rejects.toThrow(says);
  await fails({ books: { 'science fiction': at('books/logbook.txt') } }, 'science fiction: a style\'s name has letters');
  await fails({ decoder: { settings: { trainning: {} } } }, 'decoder.settings: trainning');
  await fails({ embedding: { settings: { model: { units: 0 } } } }, 'embedding.settings: model.units');
  await fails({ captions: at('none.json') }, `captions: ${at('none.json')}: no such file`);
  await fails({ filter: { min_words: 9, max_words: 3 } }, 'filter.min_words: 9, but filter.max_words is 3');
});

test('two at once in one folder: the second is refused', async () => {
  const lock = await lockRun(folder);
  await expect(learn({}, { out: folder })).rejects.toThrow(/wait for it, or stop it first/);
  await lock.release();
});
