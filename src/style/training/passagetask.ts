import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import { floats } from '../../core/hosttensor.ts';
import type { HostTensor } from '../../core/hosttensor.ts';
import { progressBar } from '../../core/progress.ts';
import { Random } from '../../core/random.ts';
import { withRows } from '../../data/batchsizes.ts';
import { readPassages } from '../../data/books/corpus.ts';
import type { PackedTelling } from '../../data/sentencepacking.ts';
import { packTelling, standInTelling, tellingSizes } from '../../data/sentencepacking.ts';
import type { PassageBatch, PassageDecoderOptions, PassageSizes } from '../../models/passagedecoder.ts';
import { passageDecoderSchema, passageLoss, passageParameters } from '../../models/passagedecoder.ts';
import { optimizerSchema } from '../../optim/optimizer.ts';
import type { Runtime } from '../../runtime/jit.ts';
import { splitWords } from '../../text/tokenizer.ts';
import { countWords, Vocabulary } from '../../text/vocabulary.ts';
import { loopShape, runShape, runtimeSchema } from '../../training/config.ts';
import type { LossProgram } from '../../training/lossnetwork.ts';
import { NetworkLearner } from '../../training/networklearner.ts';
import { startingWords, vectorsRecord } from '../../training/startingwords.ts';
import type { OpenTask, TrainingKind } from '../../training/task.ts';
import { openSentenceEncoder } from '../encoders/open.ts';
import { passageSamples } from './passagesamples.ts';
import { listOf, vocabularyShape } from './schema.ts';

/** Everything that decides the training of a passage decoder. */
export const passageTrainingSchema = z.strictObject({
  task: z.literal('passages'),
  ...runShape,
  data: z.strictObject({
    passages: z.union([z.string(), z.array(z.string()).min(1)]).describe('corpora made by `fabula style books`, or text files of a passage a line; several make one decoder for all their styles'),
    encoder: z.string().describe('the sentence encoder: runs of skip-thoughts ("uni+bi" for both), an encoder folder, an .onnx file or word vectors'),
    ...vocabularyShape,
    vocabulary: z.string().nullable().default(null).describe('a vocabulary.json to use in place of one made from the passages'),
    max_words: z.int().min(1).default(100).describe('longer passages are left out'),
    held_out: z.number().positive().max(0.5).default(0.05).describe('share of the passages that is only measured on'),
  }),
  model: passageDecoderSchema.prefault({}),
  optimizer: optimizerSchema.prefault({ learning_rate: 1e-3, clip_value: null, clip_norm: 5 }),
  training: z.strictObject({
    ...loopShape,
    epochs: loopShape.epochs.default(20),
    batch: z.int().min(1).default(32).describe('passages in a batch'),
    samples: z.int().min(0).default(3).describe('validation passages told again after each epoch'),
  }).prefault({}),
  runtime: runtimeSchema.prefault({}),
});
/** The same, defaults filled in. */
export type PassageConfig = z.infer<typeof passageTrainingSchema>;

/** The training of a passage decoder. */
export const passageTraining: TrainingKind<PassageConfig> = { task: 'passages', schema: passageTrainingSchema, open: openPassages };

async function openPassages(config: PassageConfig, runtime: Runtime, checkpoint: string | undefined): Promise<OpenTask> {
  const { data, model, training, seed } = config;
  const { passages, longer } = await readTokens(listOf(data.passages), data.max_words);
  const vocabulary = data.vocabulary === null ? Vocabulary.fromCounts(countWords(passages), { size: data.words, minCount: data.min_count }) : await Vocabulary.load(data.vocabulary);
  const starting = checkpoint === undefined ? await startingWords(model.embedding, vocabulary, seed) : undefined;
  const { vectors, encoder } = await encodeAll(data.encoder, passages, config.runtime);
  const order = new Random(`${seed}/held out`).shuffle(passages.map((_, i) => i));
  const heldCount = Math.max(1, Math.round(passages.length * data.held_out));
  const [held, train] = [order.slice(0, heldCount).sort((a, b) => a - b), order.slice(heldCount).sort((a, b) => a - b)];
  if (train.length === 0) throw new UserError(`data.passages: ${passages.length} passages with ${data.held_out} of them held out leave none to train on`);
  const set: PassageSet = { passages, vectors, size: encoder.size, ids: passages.map((words) => Int32Array.from(vocabulary.encode(words))) };
  const sizes = { vector: encoder.size, vocabulary: vocabulary.size };
  const make = (numbers: readonly number[]) => (): PackedPassages => packPassages(set, numbers);
  const learner = new NetworkLearner<PassageBatch, PassageDecoderOptions>({
    runtime, vocabulary, seed,
    program: passageProgram(model, sizes, data.max_words),
    head: {
      format: 'fabula checkpoint', version: 1, task: 'passages', model, sizes: { ...sizes },
      vocabulary_fingerprint: vocabulary.fingerprint(), optimizer: config.optimizer.name,
      needs: { encoder, max_words: data.max_words },
    },
    epoch: (epoch) => lengthBatches(set, train, training.batch, new Random(`${seed}/epoch ${epoch}`)).map(make),
    validation: () => lengthBatches(set, held, training.batch).map(make),
    count: ({ passages: { targets } }) => targets.shape[0]!,
    start: async (values) => {
      if (starting) values['embedding']!.data.set(starting);
      if (model.vectors === 'standardise') standardise(set, train, values['vectors.mean']!.data, values['vectors.scale']!.data);
    },
  });
  return {
    learner,
    title: `passage decoder ${model.conditioning}, ${train.length.toLocaleString('en')} passages${longer > 0 ? ` (${longer.toLocaleString('en')} of more than ${data.max_words} words left out)` : ''}, ${vocabulary.size.toLocaleString('en')} words, vectors of ${encoder.name}`,
    records: async () => ({
      'data.passages': { passages: passages.length, words: passages.reduce((sum, { length }) => sum + length, 0), content: contentOf(passages) },
      'data.encoder': { content: encoder.fingerprint },
      'data.vocabulary': { words: vocabulary.size, content: vocabulary.fingerprint() },
      ...(await vectorsRecord(model.embedding)),
    }),
    keep: async () => {},
    samples: passageSamples(runtime, learner, set, held, training.samples, data.max_words, vocabulary),
    close: async () => {},
  };
}

/** Passages with their vectors. */
export interface PassageSet {
  /** Tokens of each. */
  readonly passages: readonly (readonly string[])[];
  readonly ids: readonly Int32Array[];
  /** [passages, size] */
  readonly vectors: Float32Array;
  readonly size: number;
}

/** @throws UserError when there is none of that length */
async function readTokens(paths: readonly string[], maxWords: number): Promise<{ passages: string[][]; longer: number }> {
  const passages: string[][] = [];
  let longer = 0;
  for (const path of paths) {
    for await (const passage of readPassages(path)) {
      const words = splitWords(passage);
      if (words.length > maxWords) longer++;
      else if (words.length > 0) passages.push(words);
    }
  }
  if (passages.length < 2) throw new UserError(`data.passages: ${paths.join(', ')}: ${passages.length} passages of at most ${maxWords} words: more are needed to learn from`);
  return { passages, longer };
}

async function encodeAll(path: string, passages: readonly (readonly string[])[], runtime: PassageConfig['runtime']): Promise<{ vectors: Float32Array; encoder: { name: string; fingerprint: string; size: number } }> {
  const encoder = await openSentenceEncoder(path, runtime);
  try {
    const { name, fingerprint, size } = encoder;
    const bar = progressBar('encoding passages', passages.length);
    const vectors = await encoder.encode(passages.map((words) => words.join(' ')), (done) => bar.update(done));
    bar.finish();
    return { vectors, encoder: { name, fingerprint, size } };
  } finally {
    await encoder.dispose();
  }
}

/** Loss of a passage decoder. @param maxWords of a passage */
export function passageProgram(model: PassageDecoderOptions, sizes: PassageSizes, maxWords: number): LossProgram<PassageBatch> {
  const steps = maxWords + 1;
  return {
    parameters: passageParameters(model, sizes),
    loss: (p, batch, training) => passageLoss(p, model, batch, training),
    count: ({ passages }) => tf.sum(passages.weights) as tf.Scalar,
    sizes: (batch) => [batch.vectors.shape[0]!, ...tellingSizes((batch as PackedPassages).passages, steps)],
    standIn: (batch, draw) => {
      const count = draw();
      return { vectors: withRows(batch.vectors, count), passages: standInTelling((batch as PackedPassages).passages, count, steps, draw) } as never;
    },
  };
}

interface PackedPassages {
  readonly vectors: HostTensor;
  readonly passages: PackedTelling;
}

export function packPassages({ ids, vectors, size }: PassageSet, numbers: readonly number[]): PackedPassages {
  const rows = new Float32Array(numbers.length * size);
  numbers.forEach((number, row) => rows.set(vectors.subarray(number * size, (number + 1) * size), row * size));
  return { vectors: floats(rows, [numbers.length, size]), passages: packTelling(numbers.map((number) => ids[number]!)) };
}

/** Batches that are sorted by length within windows: near enough to random, and fewer steps. */
const WINDOW = 20;

function lengthBatches({ ids }: PassageSet, numbers: readonly number[], size: number, random?: Random): number[][] {
  const shuffled = random ? random.shuffle([...numbers]) : [...numbers];
  const batches: number[][] = [];
  for (let from = 0; from < shuffled.length; from += WINDOW * size) {
    const sorted = shuffled.slice(from, from + WINDOW * size).sort((a, b) => ids[a]!.length - ids[b]!.length || a - b);
    for (let at = 0; at < sorted.length; at += size) batches.push(sorted.slice(at, at + size));
  }
  return random ? random.shuffle(batches) : batches;
}

/** Mean and 1 / deviation of the vectors; 1 where a number never changes. */
function standardise({ vectors, size }: PassageSet, numbers: readonly number[], mean: Float32Array, scale: Float32Array): void {
  const [sums, squares] = [new Float64Array(size), new Float64Array(size)];
  for (const number of numbers) for (let i = 0; i < size; i++) sums[i]! += vectors[number * size + i]!;
  for (let i = 0; i < size; i++) sums[i]! /= numbers.length;
  for (const number of numbers) for (let i = 0; i < size; i++) squares[i]! += (vectors[number * size + i]! - sums[i]!) ** 2;
  for (let i = 0; i < size; i++) {
    const deviation = Math.sqrt(squares[i]! / numbers.length);
    mean[i] = sums[i]!;
    scale[i] = deviation > 1e-8 ? 1 / deviation : 1;
  }
}

function contentOf(passages: readonly (readonly string[])[]): string {
  const hash = createHash('sha256');
  for (const words of passages) hash.update(`${words.join(' ')}\n`);
  return hash.digest('hex');
}
