import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import { Random } from '../../core/random.ts';
import type { PackedReading, PackedTelling } from '../../data/sentencepacking.ts';
import { packReading, packTelling, readingSizes, standInReading, standInTelling, tellingSizes } from '../../data/sentencepacking.ts';
import type { SkipThoughtsBatch, SkipThoughtsOptions } from '../../models/skipthoughts.ts';
import { checkSkipThoughtsOptions, skipThoughtsLoss, skipThoughtsParameters, skipThoughtsSchema } from '../../models/skipthoughts.ts';
import { optimizerSchema } from '../../optim/optimizer.ts';
import type { Runtime } from '../../runtime/jit.ts';
import { END_ID, Vocabulary } from '../../text/vocabulary.ts';
import { loopShape, runShape, runtimeSchema } from '../../training/config.ts';
import type { LossProgram } from '../../training/lossnetwork.ts';
import { NetworkLearner } from '../../training/networklearner.ts';
import { startingWords, vectorsRecord } from '../../training/startingwords.ts';
import type { OpenTask, TrainingKind } from '../../training/task.ts';
import { nearestSamples } from './samples.ts';
import { listOf, sentencesShape, vocabularyShape } from './schema.ts';
import type { EncodedSentences } from './sentencedata.ts';
import { encodeSentences, holdOut, sentenceOf, sentenceRecord, sentenceVocabulary, triples } from './sentencedata.ts';

/** Everything that decides the training of skip-thought vectors. */
export const skipThoughtsTrainingSchema = z.strictObject({
  task: z.literal('skip-thoughts'),
  ...runShape,
  data: z.strictObject({
    ...sentencesShape,
    ...vocabularyShape,
    vocabulary: z.string().nullable().default(null).describe('a vocabulary.json to use in place of one made from the sentences'),
    max_words: z.int().min(1).default(29).describe('triples with a longer sentence are left out'),
    held_out: z.number().positive().max(0.5).default(0.02).describe('share of the triples that is only measured on'),
  }),
  model: skipThoughtsSchema.prefault({}),
  optimizer: optimizerSchema.prefault({ learning_rate: 1e-3, clip_value: null, clip_norm: 5 }),
  training: z.strictObject({
    ...loopShape,
    epochs: loopShape.epochs.default(5),
    batch: z.int().min(1).default(64).describe('triples in a batch; their middle sentences are equally long'),
    samples: z.int().min(0).default(3).describe('sentences whose nearest neighbour is shown after each epoch'),
  }).prefault({}),
  runtime: runtimeSchema.prefault({}),
});
/** The same, defaults filled in. */
export type SkipThoughtsConfig = z.infer<typeof skipThoughtsTrainingSchema>;

/** A batch of triples, packed. */
interface PackedTriples {
  readonly sentences: PackedReading;
  readonly next: PackedTelling;
  readonly previous: PackedTelling;
}

/** The training of uni-skip and bi-skip vectors. */
export const skipThoughtsTraining: TrainingKind<SkipThoughtsConfig> = {
  task: 'skip-thoughts',
  schema: skipThoughtsTrainingSchema,
  open: openSkipThoughts,
};

async function openSkipThoughts(config: SkipThoughtsConfig, runtime: Runtime, checkpoint: string | undefined): Promise<OpenTask> {
  const { data, model, training, seed } = config;
  checkSkipThoughtsOptions(model);
  const sources = { sentences: listOf(data.sentences), captions: listOf(data.captions) };
  if (sources.sentences.length + sources.captions.length === 0) throw new UserError('data.sentences: name a corpus, or caption files as data.captions');
  const vocabulary = data.vocabulary === null ? await sentenceVocabulary(sources, data.words, data.min_count) : await Vocabulary.load(data.vocabulary);
  const starting = checkpoint === undefined ? await startingWords(model.embedding, vocabulary, seed) : undefined;
  const sentences = await encodeSentences(sources, vocabulary);
  const all = triples(sentences, data.max_words);
  if (all.length < 2) throw new UserError(`data.sentences: no three neighbouring sentences of at most ${data.max_words} words: skip-thoughts need contiguous text`);
  const { train, held } = holdOut(all, data.held_out, new Random(`${seed}/held out`));
  const [order, heldOrder] = [train.map(({ middle }) => middle), held.map(({ middle }) => middle)];
  const make = (middles: readonly number[]) => (): PackedTriples => packTriples(sentences, middles, model);
  const learner = new NetworkLearner<SkipThoughtsBatch, SkipThoughtsOptions>({
    runtime, vocabulary, seed,
    program: skipThoughtsProgram(model, vocabulary.size, data.max_words),
    head: {
      format: 'fabula checkpoint', version: 1, task: 'skip-thoughts', model, sizes: { vocabulary: vocabulary.size },
      vocabulary_fingerprint: vocabulary.fingerprint(), optimizer: config.optimizer.name, needs: {},
    },
    epoch: (epoch) => equalLengthBatches(sentences, order, training.batch, new Random(`${seed}/epoch ${epoch}`)).map(make),
    validation: () => equalLengthBatches(sentences, heldOrder, training.batch).map(make),
    count: ({ next, previous }) => next.targets.shape[0]! + previous.targets.shape[0]!,
    start: async (values) => {
      if (starting) values['embedding']!.data.set(starting);
    },
  });
  const words = `${vocabulary.size.toLocaleString('en')} words`;
  return {
    learner,
    title: `${model.direction}-skip ${model.objective}, ${train.length.toLocaleString('en')} triples, ${words}`,
    records: async () => ({ 'data.sentences': sentenceRecord(sentences), ...(await vectorsRecord(model.embedding)) }),
    keep: async () => {},
    samples: nearestSamples(runtime, learner, sentences, heldOrder, training.samples),
    close: async () => {},
  };
}

/** Loss of skip-thoughts over batches of triples. @param maxWords of a sentence */
export function skipThoughtsProgram(model: SkipThoughtsOptions, vocabulary: number, maxWords: number): LossProgram<SkipThoughtsBatch> {
  const steps = maxWords + 1;
  return {
    parameters: skipThoughtsParameters(model, vocabulary),
    loss: (p, batch, training) => skipThoughtsLoss(p, model, batch, training),
    count: ({ next, previous }) => tf.add(tf.sum(next.weights), tf.sum(previous.weights)) as tf.Scalar,
    sizes: (batch) => {
      const { sentences, next, previous } = batch as PackedTriples;
      return [sentences.last.shape[0]!, ...readingSizes(sentences, steps), ...tellingSizes(next, steps), ...tellingSizes(previous, steps)];
    },
    standIn: (batch, draw) => {
      const { sentences, next, previous } = batch as PackedTriples;
      const count = draw();
      return {
        sentences: standInReading(sentences, count, steps, draw), next: standInTelling(next, count, steps, draw),
        previous: standInTelling(previous, count, steps, draw),
      } as never;
    },
  };
}

/** @param middles places of the sentences that are read */
export function packTriples(sentences: EncodedSentences, middles: readonly number[], model: SkipThoughtsOptions): PackedTriples {
  const at = (shift: number): Int32Array[] => middles.map((middle) => sentenceOf(sentences, middle + shift));
  return {
    sentences: packReading(at(0).map((ids) => [...ids, END_ID]), model.direction === 'bi'),
    next: packTelling(at(1)), previous: packTelling(at(-1)),
  };
}

/** Sentences in batches of equal length, shuffled where a source of chance is given. */
export function equalLengthBatches({ offsets }: Pick<EncodedSentences, 'offsets'>, sentences: readonly number[], size: number, random?: Random): number[][] {
  const byLength = new Map<number, number[]>();
  for (const sentence of random ? random.shuffle([...sentences]) : sentences) {
    const length = offsets[sentence + 1]! - offsets[sentence]!;
    const group = byLength.get(length);
    if (group) group.push(sentence);
    else byLength.set(length, [sentence]);
  }
  const batches = [...byLength.entries()].sort(([a], [b]) => a - b).flatMap(([, group]) =>
    Array.from({ length: Math.ceil(group.length / size) }, (_, i) => group.slice(i * size, (i + 1) * size)));
  return random ? random.shuffle(batches) : batches;
}
