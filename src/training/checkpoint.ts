import { copyFile, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { checkConfig } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import { exists, readJson, resolveAtomicFolder, temporaryPath, writeFileAtomic, writeFolderAtomic } from '../core/files.ts';
import type { FeatureInfo } from '../data/features.ts';
import type { SafeTensor } from '../io/safetensors.ts';
import { readSafetensors, writeSafetensors } from '../io/safetensors.ts';
import { storyModelSchema } from '../models/options.ts';
import type { StoryModelOptions, StorySizes } from '../models/options.ts';
import { storyParameters } from '../models/registry.ts';
import { OPTIMIZER_SLOTS } from '../optim/optimizer.ts';
import type { OptimizerName } from '../optim/optimizer.ts';
import type { FloatTensors, ParameterArena } from '../runtime/arena.ts';
import { Vocabulary } from '../text/vocabulary.ts';

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

/** Where training stands. Everything that decides what comes next, so that a resumed run continues exactly. */
export const trainingStateSchema = z.strictObject({
  /** Updates made. */
  step: z.int().min(0),
  /** Epoch under way, from 0, and batches of it that are done. */
  epoch: z.int().min(0),
  batch: z.int().min(0),
  /** Summed loss and words of the epoch so far. */
  epoch_loss: z.number(),
  epoch_words: z.number(),
  best_loss: z.number().nullable(),
  best_epoch: z.int().nullable(),
  history: z.array(z.strictObject({ epoch: z.int(), loss: z.number(), val_loss: z.number() })),
  seconds: z.number(),
});
export type TrainingState = z.infer<typeof trainingStateSchema>;

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
  await writeFolderAtomic(folder, async (fresh) => {
    await writeSafetensors(join(fresh, 'weights.safetensors'), safe(arena.values));
    await writeSafetensors(join(fresh, 'optimizer.safetensors'), slotTensors(head.optimizer, arena));
    await writeFileAtomic(join(fresh, 'config.json'), `${JSON.stringify(head, null, 2)}\n`);
    await writeFileAtomic(join(fresh, 'state.json'), `${JSON.stringify(state, null, 2)}\n`);
    await vocabulary.save(join(fresh, 'vocabulary.json'));
  });
}

/**
 * Reads a checkpoint: its folder, or a run folder (then the best one, or `which`).
 * @throws UserError naming the file that is missing, cut or does not fit
 */
export async function loadCheckpoint(path: string, which: 'best' | 'last' = 'best'): Promise<Checkpoint> {
  const folder = await findCheckpoint(path, which);
  const head = checkConfig(headSchema, await readJson(join(folder, 'config.json'), 'the checkpoint\'s configuration'), join(folder, 'config.json'));
  const state = checkConfig(trainingStateSchema, await readJson(join(folder, 'state.json'), 'the checkpoint\'s state'), join(folder, 'state.json'));
  const vocabulary = await Vocabulary.load(join(folder, 'vocabulary.json'));
  if (vocabulary.size !== head.sizes.vocabulary || vocabulary.fingerprint() !== head.vocabulary_fingerprint) {
    throw new UserError(`${join(folder, 'vocabulary.json')}: not the vocabulary this checkpoint was trained with (${vocabulary.size} words, ${head.sizes.vocabulary} expected)`);
  }
  const file = join(folder, 'weights.safetensors');
  const { tensors } = await readSafetensors(file);
  return { folder, head, vocabulary, state, weights: fitting(file, tensors, storyParameters(head.model, head.sizes)) };
}

/**
 * What a run goes on from: its last checkpoint, or the best where a stop fell between the two; undefined when it was
 * stopped before the first.
 */
export async function checkpointToResume(runFolder: string): Promise<Checkpoint | undefined> {
  for (const which of ['last', 'best']) {
    const folder = await resolveAtomicFolder(join(runFolder, 'checkpoints', which));
    if (await exists(folder)) return loadCheckpoint(folder);
  }
  return undefined;
}

/** Puts checkpoints right that a killed run was just writing: half a new one goes, an old one takes its name back. */
export async function tidyCheckpoints(runFolder: string): Promise<void> {
  const folder = join(runFolder, 'checkpoints');
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const replaced = name.endsWith('.old') && (await exists(path.slice(0, -'.old'.length)));
    if (replaced || name.endsWith('.tmp')) await rm(path, { recursive: true, force: true });
    else if (name.endsWith('.old')) await rename(path, path.slice(0, -'.old'.length));
  }
}

async function findCheckpoint(path: string, which: 'best' | 'last'): Promise<string> {
  const inside = await resolveAtomicFolder(join(path, 'checkpoints', which));
  for (const candidate of [inside, await resolveAtomicFolder(join(path, 'checkpoints', 'last')), await resolveAtomicFolder(path)]) {
    if (await exists(join(candidate, 'weights.safetensors'))) return candidate;
  }
  throw new UserError(`${path}: no checkpoint here: give a run folder or a folder with weights.safetensors`);
}

/** Puts a checkpoint's weights, and its optimiser state where there are slots, into an arena. */
export async function restore(checkpoint: Checkpoint, arena: ParameterArena): Promise<void> {
  for (const [name, tensor] of Object.entries(checkpoint.weights)) arena.values[name]!.data.set(tensor.data);
  if (arena.slots.length === 0) return;
  const file = join(checkpoint.folder, 'optimizer.safetensors');
  const { tensors } = await readSafetensors(file);
  const wanted = slotTensors(checkpoint.head.optimizer, arena);
  const found = fitting(file, tensors, wanted);
  for (const [name, tensor] of Object.entries(wanted)) tensor.data.set(found[name]!.data);
}

function slotTensors(optimizer: OptimizerName, arena: ParameterArena): Record<string, SafeTensor & { dtype: 'F32' }> {
  return Object.assign({}, ...arena.slots.map((slot, i) =>
    safe(Object.fromEntries(Object.entries(slot.tensors).map(([name, tensor]) => [`${OPTIMIZER_SLOTS[optimizer][i]}/${name}`, tensor])))));
}

function safe(tensors: FloatTensors): Record<string, SafeTensor & { dtype: 'F32' }> {
  return Object.fromEntries(Object.entries(tensors).map(([name, { shape, data }]) => [name, { dtype: 'F32' as const, shape, data }]));
}

/** The tensors a model needs, each of the right shape. @throws UserError */
function fitting(file: string, tensors: ReadonlyMap<string, SafeTensor>, wanted: Readonly<Record<string, { readonly shape: readonly number[] }>>): FloatTensors {
  return Object.fromEntries(Object.entries(wanted).map(([name, { shape }]) => {
    const tensor = tensors.get(name);
    if (tensor?.dtype !== 'F32') throw new UserError(`${file}: tensor ${name} is missing: the file belongs to another model`);
    if (tensor.shape.join() !== shape.join()) {
      throw new UserError(`${file}: tensor ${name} has shape [${tensor.shape.join(', ')}] where [${shape.join(', ')}] is needed: the file belongs to another model`);
    }
    return [name, { dtype: 'float32' as const, shape, data: tensor.data }];
  }));
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
