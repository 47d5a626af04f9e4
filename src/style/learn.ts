import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkConfig } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import { exists } from '../core/files.ts';
import { writeCorpus } from '../data/books/corpus.ts';
import { readPreprocessing } from '../features/cnnspec.ts';
import { extractFeatures } from '../features/extract.ts';
import { openExtractor } from '../features/extractor.ts';
import { listPhotos } from '../features/photolist.ts';
import type { RuntimeOptions } from '../runtime/jit.ts';
import { holdingRun } from '../tracking/lock.ts';
import type { TrainOutcome } from '../training/run.ts';
import { resumeTask, trainTask } from '../training/run.ts';
import type { OpenTraining, RunConfig, TrainingKind } from '../training/task.ts';
import type { TrainingEvents } from '../training/trainer.ts';
import { addStyle } from './addstyle.ts';
import type { InputFiles } from './inputhash.ts';
import { hashOfFiles } from './inputhash.ts';
import type { StepInputs } from './learnsteps.ts';
import { trainingSettings } from './learnsettings.ts';
import { LearnSteps } from './learnsteps.ts';
import type { LearnConfig, LearnSettings } from './learnoptions.ts';
import { learnSchema } from './learnoptions.ts';
import { assembleStoryteller, styleFolder } from './storytellerfolder.ts';
import { imageSentenceTraining } from './training/imagesentencetask.ts';
import { passageTraining } from './training/passagetask.ts';
import { listOf } from './training/schema.ts';
import { captionSets } from './training/sentencedata.ts';
import { skipThoughtsTraining } from './training/skipthoughtstask.ts';

/** Where a storyteller is learned, and who is told. */
export interface LearnRequest {
  /** Keys left out have their defaults. */
  readonly config: LearnSettings;
  /** Folder of everything: corpora/, features.h5, runs/, storyteller/. What is done there already is not done again. */
  readonly out: string;
  readonly runtime?: Partial<Pick<RuntimeOptions, 'backend' | 'device' | 'threads'>>;
  /** Told when a step begins, and when it was done before. */
  readonly onStep?: (step: string, before: boolean) => void;
  /** Told what is done, and how far it is. */
  readonly onProgress?: (what: string, done: number, total: number) => void;
  /** Told of each training; what it returns is told of its steps. */
  readonly onTraining?: (open: OpenTraining) => TrainingEvents;
  /** Told of photos that cannot be read, which are gone on without. */
  readonly onSkip?: (reason: string) => void;
  readonly signal?: AbortSignal;
}

/** What was made. */
export interface Learned {
  readonly storyteller: string;
  /** Runs by step: `uni`, `bi`, `embedding`, `decoder`, `decoder-STYLE`. */
  readonly runs: Readonly<Record<string, string>>;
  readonly styles: readonly string[];
}

/**
 * Everything from books, captions and photos to a storyteller: corpora, features, sentence encoder, image-sentence
 * embedding, passage decoders, styles. Steps that are done stay, unless what they were made from has changed; a training
 * that was stopped goes on.
 * @throws UserError when inputs do not do, another process works in the folder, or the work was interrupted: the same
 * call goes on
 */
export async function learnStoryteller(request: LearnRequest): Promise<Learned> {
  const config = checkConfig(learnSchema, request.config, 'the configuration');
  await checkLearnConfig(config);
  await mkdir(request.out, { recursive: true });
  return holdingRun(request.out, async () => {
    const steps = await LearnSteps.open(join(request.out, 'learn.json'), request.onStep);
    const work = new Work(request, config, steps);
    const corpora = await work.corpora();
    const features = await work.features();
    const encoder = await work.encoder(corpora);
    const embedding = await work.embedding(features);
    const decoders = await work.decoders(corpora, encoder);
    return work.storyteller(corpora, encoder, embedding, decoders);
  });
}

/** What would else be found after hours of training. */
async function checkLearnConfig(config: LearnConfig): Promise<void> {
  const { photos, features, cnn, books, captions, more_captions, encoder, decoder, filter } = config;
  if (Object.keys(books).length === 0) throw new UserError('books: name at least one style with its books');
  for (const style of Object.keys(books)) styleFolder('', style);
  if (features === null && photos === null) throw new UserError('photos: name the folders of the photos, or their features');
  if (features === null && cnn.file === null) throw new UserError('cnn.file: name the CNN that photos go through, or give features');
  if (encoder.use === null && !encoder.uni && !encoder.bi) throw new UserError('encoder: train uni, bi or both, or name one to use');
  if (!decoder.shared && !decoder.own) throw new UserError('decoder: train a shared one, or own ones, or both');
  if (filter.min_words > filter.max_words) throw new UserError(`filter.min_words: ${filter.min_words}, but filter.max_words is ${filter.max_words}`);
  const all = captionSets([...listOf(captions), ...listOf(more_captions ?? [])]).flat();
  for (const [key, paths] of [['captions', all], ['features', features === null ? [] : [features]], ['cnn.file', cnn.file === null ? [] : [cnn.file]]] as const) {
    for (const path of paths) if (!(await exists(path))) throw new UserError(`${key}: ${path}: no such file`);
  }
  trainingSettings(config);
}

/** The decoder of all styles, and those of their own. */
interface Decoders {
  readonly shared: string | undefined;
  readonly own: Readonly<Record<string, string>>;
}

class Work {
  readonly #request: LearnRequest;
  readonly #config: LearnConfig;
  readonly #steps: LearnSteps;
  readonly #runs: Record<string, string> = {};

  constructor(request: LearnRequest, config: LearnConfig, steps: LearnSteps) {
    this.#request = request;
    this.#config = config;
    this.#steps = steps;
  }

  /** Corpora by style. */
  async corpora(): Promise<Record<string, string>> {
    const made: Record<string, string> = {};
    for (const [style, sources] of Object.entries(this.#config.books)) {
      const out = join(this.#request.out, 'corpora', style);
      made[style] = out;
      await this.#step(booksOf(style), { sources, corpus: this.#config.corpus }, { files: await hashOfFiles([{ paths: listOf(sources) }]) }, async () => {
        await writeCorpus({ sources: listOf(sources), out, options: this.#config.corpus, onProgress: (done, total) => this.#request.onProgress?.(`reading ${style}`, done, total) });
        return out;
      });
    }
    return made;
  }

  async features(): Promise<string> {
    const { features, photos, cnn } = this.#config;
    if (features !== null) return features;
    const out = join(this.#request.out, 'features.h5');
    const files = await hashOfFiles([{ paths: listOf(photos!), by: 'names' }, { paths: [cnn.file!, cnn.preprocess] }]);
    await this.#step('features', { photos, cnn }, { files }, async () => {
      const found = await listPhotos(listOf(photos!));
      const { device = 'cpu', threads = 0 } = this.#request.runtime ?? {};
      const extractor = await openExtractor({ kind: 'onnx', weights: cnn.file!, layer: cnn.layer, preprocessing: await readPreprocessing(cnn.preprocess), pool: cnn.pool }, { device, threads, batch: 32 });
      try {
        const { skipped } = await extractFeatures(found, extractor, { output: out, force: true, bad: 'skip' });
        for (const { reason } of skipped) this.#request.onSkip?.(reason);
      } finally {
        await extractor.dispose();
      }
      return out;
    });
    return out;
  }

  async encoder(corpora: Readonly<Record<string, string>>): Promise<string> {
    const { encoder, captions, more_captions } = this.#config;
    if (encoder.use !== null) return encoder.use;
    const data = { sentences: Object.values(corpora), captions: [...listOf(captions), ...listOf(more_captions ?? [])] };
    const parts: string[] = [];
    for (const direction of ['uni', 'bi'] as const) {
      if (encoder[direction]) parts.push(await this.#trained(direction, skipThoughtsTraining, data, encoder.settings, { after: booksOfAll(corpora), files: await this.#captionFiles() }, { direction }));
    }
    return parts.join('+');
  }

  async embedding(features: string): Promise<string> {
    const { captions, cnn, embedding } = this.#config;
    const files: InputFiles[] = [{ paths: listOf(captions) }, ...(this.#config.features === null ? [] : [{ paths: [features] }])];
    const inputs = { files: await hashOfFiles(files), after: this.#config.features === null ? ['features'] : [] };
    return this.#trained('embedding', imageSentenceTraining, { captions, features, cnn: cnn.file }, embedding.settings, inputs);
  }

  async decoders(corpora: Readonly<Record<string, string>>, encoder: string): Promise<Decoders> {
    const { shared, own, settings } = this.#config.decoder;
    const made: Record<string, string> = {};
    const all = shared ? await this.#trained('decoder', passageTraining, { passages: Object.values(corpora), encoder }, settings, { after: booksOfAll(corpora) }) : undefined;
    if (own) for (const [style, passages] of Object.entries(corpora)) made[style] = await this.#trained(`decoder-${style}`, passageTraining, { passages, encoder }, settings, { after: [booksOf(style)] });
    return { shared: all, own: made };
  }

  async storyteller(corpora: Readonly<Record<string, string>>, encoder: string, embedding: string, { shared, own }: Decoders): Promise<Learned> {
    const { captions, more_captions, filter, cnn } = this.#config;
    const { runtime = {}, onProgress } = this.#request;
    const folder = join(this.#request.out, 'storyteller');
    const all = [...listOf(captions), ...listOf(more_captions ?? [])];
    const progress = onProgress ? { onProgress } : {};
    const inputs = { after: booksOfAll(corpora), files: await this.#captionFiles() };
    await this.#step('storyteller', { encoder, embedding, shared, own, captions: all, filter, books: this.#config.books, corpus: this.#config.corpus }, inputs, async () => {
      await assembleStoryteller(folder, { encoder, embedding, captions: all, decoder: shared, cnn: cnn.file ?? undefined, rebuilt: Object.keys(corpora), runtime, ...progress });
      for (const [style, passages] of Object.entries(corpora)) {
        await addStyle(folder, { name: style, passages: [passages], captions: [], filter, decoder: own[style], runtime, ...progress });
      }
      return folder;
    });
    return { storyteller: folder, runs: this.#runs, styles: Object.keys(corpora) };
  }

  /** The run of a training: a new one, or the one begun before, which then goes on. */
  async #trained<C extends RunConfig>(step: string, kind: TrainingKind<C>, data: object, settings: Readonly<Record<string, unknown>>, inputs: StepInputs, model: object = {}): Promise<string> {
    const { runtime, onTraining, signal, out } = this.#request;
    const given = settings as { data?: object; model?: object; runtime?: object };
    const options = { name: step, ...settings, task: kind.task, data: { ...given.data, ...data }, model: { ...given.model, ...model }, runtime: { ...given.runtime } };
    // Where it is computed makes no other model: with other threads it goes on.
    const config = { ...options, runtime: { ...given.runtime, ...runtime } };
    const run = await this.#step(step, options, inputs, async (begun, note) => {
      let noted: Promise<void> | undefined;
      const events = (open: OpenTraining): TrainingEvents => {
        noted = note(open.folder.path);
        // It is told below.
        noted.catch(() => undefined);
        return onTraining?.(open) ?? {};
      };
      const common = { events: events as never, ...(signal && { signal }) };
      const outcome = begun !== undefined && (await canResume(begun)) ? await resumeTask(kind, begun, common) : await trainTask(kind, { config, runs: join(out, 'runs'), ...common });
      await noted;
      return finished(outcome);
    });
    return (this.#runs[step] = run!);
  }

  async #step(...[step, options, inputs, work]: Parameters<LearnSteps['once']>): Promise<string | undefined> {
    if (this.#request.signal?.aborted) throw new UserError(`${this.#request.out}: interrupted before ${step}: the same command goes on`);
    return this.#steps.once(step, options, inputs, work);
  }

  /** The hash of all captions. */
  #captionFiles(): Promise<string> {
    const { captions, more_captions } = this.#config;
    return hashOfFiles([{ paths: captionSets([...listOf(captions), ...listOf(more_captions ?? [])]).flat() }]);
  }
}

function booksOf(style: string): string {
  return `books of ${style}`;
}

function booksOfAll(corpora: Readonly<Record<string, string>>): string[] {
  return Object.keys(corpora).map(booksOf);
}

function finished({ folder, result }: TrainOutcome): string {
  if (result.stopped === 'interrupted') throw new UserError(`${folder}: interrupted and saved: the same command goes on`);
  return folder;
}

async function canResume(run: string): Promise<boolean> {
  return exists(join(run, 'config.json'));
}
