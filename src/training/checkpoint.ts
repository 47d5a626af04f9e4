import { copyFile, readdir, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { checkConfig } from '../core/config.ts';
import { readJson, temporaryPath } from '../core/files.ts';
import type { FeatureInfo } from '../data/features.ts';
import { storyModelSchema } from '../models/options.ts';
import type { StoryModelOptions, StorySizes } from '../models/options.ts';
import { storyParameters } from '../models/registry.ts';
import { OPTIMIZER_SLOTS } from '../optim/optimizer.ts';
import type { OptimizerName } from '../optim/optimizer.ts';
import type { FloatTensors, ParameterArena } from '../runtime/arena.ts';
import type { Vocabulary } from '../text/vocabulary.ts';
import type { TrainingState } from './checkpointfiles.ts';
import { findCheckpoint, readCheckpointVocabulary, readState, readWeights, requireTask, restoreSlots, writeCheckpoint } from './checkpointfiles.ts';

/** What must be known to use the weights: kept in every checkpoint. */
const headSchema = z.strictObject({
  format: z.literal('fabula checkpoint'),
  version: z.literal(1),
  model: storyModelSchema,
  sizes: z.strictObject({ features: z.int(), vocabulary: z.int(), steps: z.int() }),
  features: z.strictObject({
    fingerprint: z.string(),
    info: z.custom<FeatureInfo>().nullable(),
  }),
  vocabulary_fingerprint: z.string(),
  optimizer: z.enum(Object.keys(OPTIMIZER_SLOTS) as [OptimizerName, ...OptimizerName[]]),
});
export type CheckpointHead = z.infer<typeof headSchema>;

/** A checkpoint folder as read: the model with its vocabulary and weights, and where its training stood. */
export interface Checkpoint {
  readonly folder: string;
  readonly head: CheckpointHead;
  readonly vocabulary: Vocabulary;
  readonly state: TrainingState;
  readonly weights: FloatTensors;
}

/** Writes a checkpoint folder, whole or not at all. */
export async function saveCheckpoint(folder: string, head: CheckpointHead, vocabulary: Vocabulary, arena: ParameterArena, state: TrainingState): Promise<void> {
  await writeCheckpoint(folder, { head, vocabulary, arena, state });
}

/**
 * Reads a checkpoint: its folder, or a run folder (then the best one, or `which`).
 * @throws UserError naming the file that is missing, cut or does not fit
 */
export async function loadCheckpoint(path: string, which: 'best' | 'last' = 'best'): Promise<Checkpoint> {
  const folder = await findCheckpoint(path, which);
  const file = join(folder, 'config.json');
  const found = await readJson(file, 'the checkpoint\'s configuration');
  requireTask(found, 'story', folder);
  const head = checkConfig(headSchema, found, file);
  const state = await readState(folder);
  const vocabulary = await readCheckpointVocabulary(folder, head.sizes.vocabulary, head.vocabulary_fingerprint);
  return { folder, head, vocabulary, state, weights: await readWeights(folder, storyParameters(head.model, head.sizes)) };
}

/** Puts a checkpoint's weights, and its optimiser state where there are slots, into an arena. */
export async function restore(checkpoint: Checkpoint, arena: ParameterArena): Promise<void> {
  for (const [name, tensor] of Object.entries(checkpoint.weights)) arena.values[name]!.data.set(tensor.data);
  await restoreSlots(checkpoint.folder, checkpoint.head.optimizer, arena);
}

export function sizesOf(features: number, vocabulary: Vocabulary, steps: number): StorySizes {
  return { features, vocabulary: vocabulary.size, steps };
}

export function headOf(model: StoryModelOptions, sizes: StorySizes, features: CheckpointHead['features'], vocabulary: Vocabulary, optimizer: OptimizerName): CheckpointHead {
  return { format: 'fabula checkpoint', version: 1, model, sizes, features, vocabulary_fingerprint: vocabulary.fingerprint(), optimizer };
}

/** Keeps the CNN beside the checkpoints of a run, so that photos can be told with nothing else at hand. */
export async function keepCnn(runFolder: string, cnnFile: string): Promise<void> {
  const kept = join(runFolder, `cnn-${basename(cnnFile)}`);
  const temporary = temporaryPath(join(runFolder, basename(cnnFile)));
  await copyFile(cnnFile, temporary);
  await rename(temporary, kept);
}

/** The CNN file kept with a checkpoint, in its folder or in its run's. */
export async function keptCnn(checkpointFolder: string): Promise<string | undefined> {
  const parent = dirname(resolve(checkpointFolder));
  for (const folder of basename(parent) === 'checkpoints' ? [checkpointFolder, dirname(parent)] : [checkpointFolder]) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const kept = entries.find((entry) => entry.isFile() && entry.name.startsWith('cnn-'));
    if (kept !== undefined) return join(folder, kept.name);
  }
  return undefined;
}
