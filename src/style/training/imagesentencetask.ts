import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import { floats } from '../../core/hosttensor.ts';
import { Random } from '../../core/random.ts';
import { withRows } from '../../data/batchsizes.ts';
import { openFeatureFiles } from '../../data/featureset.ts';
import type { FeatureTable } from '../../data/features.ts';
import { featureStatistics } from '../../data/features.ts';
import type { PackedReading } from '../../data/sentencepacking.ts';
import { packReading, readingSizes, standInReading } from '../../data/sentencepacking.ts';
import type { ImageSentenceBatch, ImageSentenceOptions, ImageSentenceSizes } from '../../models/imagesentence.ts';
import { checkImageSentenceOptions, imageSentenceLoss, imageSentenceParameters, imageSentenceSchema } from '../../models/imagesentence.ts';
import { optimizerSchema } from '../../optim/optimizer.ts';
import type { Runtime } from '../../runtime/jit.ts';
import { countWords, END_ID, Vocabulary } from '../../text/vocabulary.ts';
import { keepCnn } from '../../training/checkpoint.ts';
import { loopShape, runShape, runtimeSchema } from '../../training/config.ts';
import { checkCnn } from '../../training/fitting.ts';
import type { LossProgram } from '../../training/lossnetwork.ts';
import { NetworkLearner } from '../../training/networklearner.ts';
import { startingWords, vectorsRecord } from '../../training/startingwords.ts';
import type { OpenTask, TrainingKind } from '../../training/task.ts';
import type { PhotoCaptions } from './captiondata.ts';
import { captionRecords, photoCaptions, splitPhotos } from './captiondata.ts';
import { recallSamples } from './recallsamples.ts';
import { listOf, vocabularyShape } from './schema.ts';

/** Everything that decides the training of an image-sentence embedding. */
export const imageSentenceTrainingSchema = z.strictObject({
  task: z.literal('image-sentence'),
  ...runShape,
  data: z.strictObject({
    captions: z.union([z.string(), z.array(z.string()).min(1)]).describe('captions of photos: COCO, Flickr8k, Karpathy, CSV, ...'),
    features: z.union([z.string(), z.array(z.string()).min(1)]).describe('features of the photos (.h5), one file or several'),
    cnn: z.string().nullable().default(null).describe('the CNN file that made the features; kept in the run folder, for telling of photo files'),
    train: z.string().nullable().default(null).describe('split to train on, as the captions name it; null = all that are not held out'),
    validation: z.string().nullable().default(null).describe('split to validate on; null holds photos out'),
    held_out: z.number().positive().max(0.9).default(0.1).describe('share of the photos held out where no split is named'),
    ...vocabularyShape,
    max_words: z.int().min(1).default(100).describe('captions are cut after so many words'),
  }),
  model: imageSentenceSchema.prefault({}),
  optimizer: optimizerSchema.prefault({ learning_rate: 2e-4, clip_value: null, clip_norm: 2 }),
  training: z.strictObject({
    ...loopShape,
    epochs: loopShape.epochs.default(15),
    batch: z.int().min(2).default(128).describe('pairs in a batch; no photo is in it twice'),
    samples: z.boolean().default(true).describe('recall on the validation photos after each epoch'),
  }).prefault({}),
  runtime: runtimeSchema.prefault({}),
});
/** The same, defaults filled in. */
export type ImageSentenceConfig = z.infer<typeof imageSentenceTrainingSchema>;

/** The training of an image-sentence embedding. */
export const imageSentenceTraining: TrainingKind<ImageSentenceConfig> = {
  task: 'image-sentence',
  schema: imageSentenceTrainingSchema,
  async open(config, runtime, checkpoint) {
    checkImageSentenceOptions(config.model);
    const features = await openFeatureFiles([...listOf(config.data.features)]);
    try {
      if (checkpoint === undefined) await checkCnn(config.data.cnn, features);
      return await openImageSentence(config, runtime, features, checkpoint === undefined);
    } catch (error) {
      features.close();
      throw error;
    }
  },
};

/** @param fresh whether the run begins */
async function openImageSentence(config: ImageSentenceConfig, runtime: Runtime, features: FeatureTable, fresh: boolean): Promise<OpenTask> {
  const { data, model, training, seed } = config;
  if (features.rowShape.length !== 1) throw new UserError(`${features.path}: features keep places [${features.rowShape.join(', ')}]; one vector a photo is needed: extract with --pool mean`);
  const photos = await photoCaptions(listOf(data.captions), features);
  const { train, validation } = splitPhotos(photos, data, seed);
  const vocabulary = Vocabulary.fromCounts(countWords([...train, ...validation].flatMap(({ captions }) => captions)), { size: data.words, minCount: data.min_count });
  const starting = fresh ? await startingWords(model.embedding, vocabulary, seed) : undefined;
  const sizes = { features: features.size, vocabulary: vocabulary.size };
  const make = (pairs: readonly Pair[]) => (): PackedPairs => packPairs(pairs, features, vocabulary, data.max_words);
  const learner = new NetworkLearner<ImageSentenceBatch, ImageSentenceOptions>({
    runtime, vocabulary, seed,
    program: imageSentenceProgram(model, sizes, data.max_words),
    head: {
      format: 'fabula checkpoint', version: 1, task: 'image-sentence', model, sizes: { ...sizes },
      vocabulary_fingerprint: vocabulary.fingerprint(), optimizer: config.optimizer.name,
      needs: { photos: { fingerprint: features.fingerprint, info: features.info ?? null }, max_words: data.max_words },
    },
    epoch: (epoch) => pairBatches(train, training.batch, new Random(`${seed}/epoch ${epoch}`)).map(make),
    validation: () => pairBatches(validation, training.batch).map(make),
    count: ({ photos: { shape } }) => shape[0]!,
    start: async (values) => {
      if (starting) values['embedding']!.data.set(starting);
      if (model.photos.normalise !== 'standardise') return;
      const { mean, scale } = featureStatistics(features, train.map(({ feature }) => feature));
      values['photos.mean']!.data.set(mean);
      values['photos.scale']!.data.set(scale);
    },
  });
  return {
    learner,
    // A ranking loss.
    likelihood: false,
    title: `image-sentence embedding (${model.encoder}), ${train.length.toLocaleString('en')} photos with ${train.reduce((sum, { captions }) => sum + captions.length, 0).toLocaleString('en')} captions`,
    records: async () => ({ ...captionRecords(photos, features), ...(await vectorsRecord(model.embedding)) }),
    keep: async (folder) => {
      if (data.cnn !== null) await keepCnn(folder, data.cnn);
    },
    ...(training.samples && { samples: recallSamples(runtime, learner, validation, features, vocabulary, data.max_words) }),
    close: async () => features.close(),
  };
}

/** Loss of the embedding over batches of pairs. @param maxWords of a caption */
export function imageSentenceProgram(model: ImageSentenceOptions, sizes: ImageSentenceSizes, maxWords: number): LossProgram<ImageSentenceBatch> {
  const steps = maxWords + 1;
  return {
    parameters: imageSentenceParameters(model, sizes),
    loss: (p, batch, training) => imageSentenceLoss(p, model, batch, training),
    count: ({ photos }) => tf.sum(tf.onesLike(tf.slice(photos, [0, 0], [photos.shape[0]!, 1]))) as tf.Scalar,
    sizes: (batch) => [batch.photos.shape[0]!, ...readingSizes((batch as PackedPairs).sentences, steps)],
    standIn: (batch, draw) => {
      const count = draw();
      return { photos: withRows(batch.photos, count), sentences: standInReading((batch as PackedPairs).sentences, count, steps, draw) } as never;
    },
  };
}

interface Pair {
  readonly feature: string;
  readonly caption: readonly string[];
}

interface PackedPairs {
  readonly photos: ReturnType<typeof floats>;
  readonly sentences: PackedReading;
}

/** @param maxWords captions are cut after so many; END is read after them */
export function packPairs(pairs: readonly Pair[], features: Pick<FeatureTable, 'rows' | 'size'>, vocabulary: Vocabulary, maxWords: number): PackedPairs {
  return {
    photos: floats(features.rows(pairs.map(({ feature }) => feature)), [pairs.length, features.size]),
    sentences: packReading(pairs.map(({ caption }) => [...vocabulary.encode(caption.slice(0, maxWords)), END_ID]), false),
  };
}

/**
 * All captions once, in batches in which no photo comes twice: of the captions of one photo none is a wrong one.
 * Batches of one pair, which have nothing to rank, are left out.
 */
export function pairBatches(photos: readonly PhotoCaptions[], size: number, random?: Random): Pair[][] {
  const shuffled = <T>(items: readonly T[]): T[] => (random ? random.shuffle([...items]) : [...items]);
  const captions = photos.map((photo) => shuffled(photo.captions));
  const rounds = Math.max(0, ...captions.map(({ length }) => length));
  const batches: Pair[][] = [];
  for (let round = 0; round < rounds; round++) {
    const pairs = shuffled(photos.flatMap(({ feature }, i) => (captions[i]![round] ? [{ feature, caption: captions[i]![round]! }] : [])));
    for (let from = 0; from < pairs.length; from += size) batches.push(pairs.slice(from, from + size));
  }
  return shuffled(batches.filter(({ length }) => length > 1));
}
