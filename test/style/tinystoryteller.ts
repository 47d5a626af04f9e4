import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeCorpus } from '../../src/data/books/corpus.ts';
import { corpusSchema } from '../../src/data/books/corpusreport.ts';
import { writeStorybookBooks } from '../../src/data/storybook/books.ts';
import { writeStorybook } from '../../src/data/storybook/storybook.ts';
import { extractFeatures } from '../../src/features/extract.ts';
import { openExtractor } from '../../src/features/extractor.ts';
import { listPhotos } from '../../src/features/photolist.ts';
import { addBlend, addStyle } from '../../src/style/addstyle.ts';
import { lengthFilterSchema } from '../../src/style/buildstyle.ts';
import { assembleStoryteller } from '../../src/style/storytellerfolder.ts';
import { imageSentenceTraining } from '../../src/style/training/imagesentencetask.ts';
import { passageTraining } from '../../src/style/training/passagetask.ts';
import { skipThoughtsTraining } from '../../src/style/training/skipthoughtstask.ts';
import { trainTask } from '../../src/training/run.ts';
import { tinyCnn, TINY_PREPROCESSING } from '../features/tinyonnx.ts';

/** One core: the test files run side by side. */
export const RUNTIME = { backend: 'onnx', device: 'cpu', threads: 1 } as const;
/** The styles of Storybook that the storyteller tells in. */
export const GENRES = ['fairytale', 'logbook'] as const;

/** The models of a storyteller, and what they were trained on: paths. */
export interface TinyParts {
  readonly folder: string;
  /** Photos of Storybook, 48 x 36 pixels, the same number every time. */
  readonly photos: readonly string[];
  readonly captions: string;
  readonly cnn: string;
  readonly features: string;
  /** A corpus of each genre. */
  readonly corpora: Readonly<Record<(typeof GENRES)[number], string>>;
  /** Text files with a passage a line: the sentences of those corpora, so that programs are short. */
  readonly passages: Readonly<Record<(typeof GENRES)[number], string>>;
  /** Runs. */
  readonly uni: string;
  readonly bi: string;
  /** Uni-skip and bi-skip side by side. */
  readonly encoder: string;
  readonly embedding: string;
  /** Of both genres. */
  readonly decoder: string;
  at(...names: string[]): string;
}

export interface TinyPartsOptions {
  /** Trained until a style's passages have its wording; else they are words in some order, which most tests do with. */
  readonly learned?: boolean;
}

/** Everything that a storyteller is put together from, trained in seconds: photos, captions, books, encoders, embedding, decoder. */
export async function tinyParts({ learned = false }: TinyPartsOptions = {}): Promise<TinyParts> {
  const folder = await mkdtemp(join(tmpdir(), 'fabula-storyteller-'));
  const at = (...names: string[]): string => join(folder, ...names);
  await writeStorybook(at('book'), { seed: 4, stories: { train: 6, val: 0, test: 0 }, width: 48, height: 36, captions: 5 });
  const photos = (await listPhotos([at('book/photos')])).map(({ path }) => path);
  await writeFile(at('tiny.onnx'), tinyCnn());
  const extractor = await openExtractor({ kind: 'onnx', weights: at('tiny.onnx'), layer: 'vector', preprocessing: { ...TINY_PREPROCESSING, mean: [127, 127, 127], std: [64, 64, 64] }, padding: 'valid', pool: 'none' }, { device: 'cpu', threads: 1, batch: 16 });
  await extractFeatures(await listPhotos(photos), extractor, { output: at('features.h5'), bad: 'fail', force: false });
  await extractor.dispose();
  await writeStorybookBooks(folder, { seed: 4, styles: [...GENRES], passages: 40 });
  const corpora = { fairytale: at('fairytale'), logbook: at('logbook') };
  for (const genre of GENRES) await writeCorpus({ sources: [at('books', `${genre}.txt`)], out: corpora[genre], options: corpusSchema.parse({ longer_than: 20 }) });
  const passages = { fairytale: at('fairytale/sentences.txt'), logbook: at('logbook/sentences.txt') };
  const captions = at('book/captions.json');
  const sentences = { sentences: Object.values(corpora), captions: [captions] };
  const skip = (direction: 'uni' | 'bi'): Promise<string> => train(skipThoughtsTraining, folder, {
    task: 'skip-thoughts', name: direction, data: { ...sentences, max_words: 12 }, model: { direction, units: 8, embedding: { size: 8 } }, training: { epochs: learned ? 4 : 1, samples: 0 } });
  const [uni, bi] = [await skip('uni'), await skip('bi')];
  const embedding = await train(imageSentenceTraining, folder, {
    task: 'image-sentence', name: 'joint', data: { captions, features: at('features.h5'), cnn: at('tiny.onnx'), max_words: 16 },
    model: { encoder: 'bow', units: 8, photos: { normalise: 'standardise' }, embedding: { size: 8 } }, training: { batch: 16, samples: false } });
  const parts = { folder, photos, captions, cnn: at('tiny.onnx'), features: at('features.h5'), corpora, passages, uni, bi, encoder: `${uni}+${bi}`, embedding, at };
  return { ...parts, decoder: await tinyDecoder(parts, 'both', Object.values(passages), learned ? 20 : 1) };
}

/** A passage decoder in a run of that name. */
export function tinyDecoder({ folder, encoder }: Pick<TinyParts, 'folder' | 'encoder'>, name: string, passages: readonly string[], epochs = 1): Promise<string> {
  return train(passageTraining, folder, {
    task: 'passages', name, data: { passages, encoder, max_words: 20 }, model: { units: 32, embedding: { size: 12 } }, training: { epochs, batch: 12, samples: 0 } });
}

async function train(kind: unknown, folder: string, { training, ...config }: { training: object; name: string; [key: string]: unknown }): Promise<string> {
  const { folder: run } = await trainTask(kind as typeof skipThoughtsTraining, {
    runs: join(folder, 'runs'),
    config: { optimizer: { learning_rate: 0.01 }, runtime: RUNTIME, ...config, training: { epochs: 1, patience: null, ...training } },
  });
  return run;
}

/** A storyteller with the styles of both genres, `own`, a fairytale with a decoder of its own, and `mixed`, a blend. */
export interface TinyStoryteller extends TinyParts {
  readonly storyteller: string;
  /** Of fairytales alone. */
  readonly ownDecoder: string;
}

export const FILTER = lengthFilterSchema.parse({ longer_than: 20 });

export async function tinyStoryteller(options: TinyPartsOptions = {}): Promise<TinyStoryteller> {
  const parts = await tinyParts(options);
  const storyteller = parts.at('storyteller');
  await assembleStoryteller(storyteller, { encoder: parts.encoder, embedding: parts.embedding, captions: [parts.captions], decoder: parts.decoder, runtime: RUNTIME });
  const style = { captions: [], filter: FILTER, runtime: RUNTIME };
  for (const name of GENRES) await addStyle(storyteller, { ...style, name, passages: [parts.passages[name]] });
  const ownDecoder = await tinyDecoder(parts, 'own', [parts.passages.fairytale]);
  await addStyle(storyteller, { ...style, name: 'own', passages: [parts.passages.fairytale], decoder: ownDecoder });
  await addBlend(storyteller, 'mixed', [{ style: 'fairytale', weight: 3 }, { style: 'logbook', weight: 1 }]);
  return { ...parts, storyteller, ownDecoder };
}

/** The files in a folder, for what must not have been written. */
export function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
