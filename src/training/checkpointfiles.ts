import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { checkConfig } from '../core/config.ts';
import { UserError } from '../core/errors.ts';
import { exists, readJson, resolveAtomicFolder, writeFileAtomic, writeFolderAtomic } from '../core/files.ts';
import type { SafeTensor } from '../io/safetensors.ts';
import { readSafetensors, writeSafetensors } from '../io/safetensors.ts';
import type { OptimizerName } from '../optim/optimizer.ts';
import { OPTIMIZER_SLOTS } from '../optim/optimizer.ts';
import type { FloatTensors, ParameterArena } from '../runtime/arena.ts';
import { Vocabulary } from '../text/vocabulary.ts';

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

/** Before the first step. */
export const NOT_BEGUN: TrainingState = { step: 0, epoch: 0, batch: 0, epoch_loss: 0, epoch_words: 0, best_loss: null, best_epoch: null, history: [], seconds: 0 };

/** What a checkpoint folder is made of. */
export interface CheckpointContent {
  /** config.json: what must be known to use the weights. */
  readonly head: { readonly optimizer: OptimizerName };
  readonly vocabulary?: Vocabulary | undefined;
  readonly arena: ParameterArena;
  readonly state: TrainingState;
}

/** Writes a checkpoint folder, whole or not at all. */
export async function writeCheckpoint(folder: string, { head, vocabulary, arena, state }: CheckpointContent): Promise<void> {
  await writeFolderAtomic(folder, async (fresh) => {
    await writeSafetensors(join(fresh, 'weights.safetensors'), safe(arena.values));
    await writeSafetensors(join(fresh, 'optimizer.safetensors'), slotTensors(head.optimizer, arena));
    await writeFileAtomic(join(fresh, 'config.json'), `${JSON.stringify(head, null, 2)}\n`);
    await writeFileAtomic(join(fresh, 'state.json'), `${JSON.stringify(state, null, 2)}\n`);
    await vocabulary?.save(join(fresh, 'vocabulary.json'));
  });
}

/** The checkpoint meant by a path: itself, or the best (or `which`) one of a run folder. @throws UserError when there is none */
export async function findCheckpoint(path: string, which: 'best' | 'last' = 'best'): Promise<string> {
  const inside = await resolveAtomicFolder(join(path, 'checkpoints', which));
  for (const candidate of [inside, await resolveAtomicFolder(join(path, 'checkpoints', 'last')), await resolveAtomicFolder(path)]) {
    if (await exists(join(candidate, 'weights.safetensors'))) return candidate;
  }
  throw new UserError(`${path}: no checkpoint here: give a run folder or a folder with weights.safetensors`);
}

/** What a checkpoint's config.json says it was trained for; story models came before there were others, and say nothing. */
export function taskOf(head: unknown): string {
  const { task } = (head ?? {}) as { task?: unknown };
  return typeof task === 'string' ? task : 'story';
}

/** @throws UserError when a checkpoint is of something else */
export function requireTask(head: unknown, task: string, folder: string): void {
  const found = taskOf(head);
  if (found !== task) throw new UserError(`${folder}: a checkpoint of task ${found}, where one of ${task} is needed`);
}

/** @throws UserError when state.json is missing or damaged */
export async function readState(folder: string): Promise<TrainingState> {
  return checkConfig(trainingStateSchema, await readJson(join(folder, 'state.json'), 'the checkpoint\'s state'), join(folder, 'state.json'));
}

/** @throws UserError when it is not the vocabulary that the checkpoint was trained with */
export async function readCheckpointVocabulary(folder: string, size: number, fingerprint: string): Promise<Vocabulary> {
  const vocabulary = await Vocabulary.load(join(folder, 'vocabulary.json'));
  if (vocabulary.size !== size || vocabulary.fingerprint() !== fingerprint) {
    throw new UserError(`${join(folder, 'vocabulary.json')}: not the vocabulary this checkpoint was trained with (${vocabulary.size} words, ${size} expected)`);
  }
  return vocabulary;
}

/** The weights of a checkpoint, each of the shape wanted. @throws UserError naming the tensor that is not */
export async function readWeights(folder: string, wanted: Wanted): Promise<FloatTensors> {
  const file = join(folder, 'weights.safetensors');
  const { tensors } = await readSafetensors(file);
  return fitting(file, tensors, wanted);
}

/** Puts the optimiser's state of a checkpoint into an arena, where that has slots. */
export async function restoreSlots(folder: string, optimizer: OptimizerName, arena: ParameterArena): Promise<void> {
  if (arena.slots.length === 0) return;
  const file = join(folder, 'optimizer.safetensors');
  const { tensors } = await readSafetensors(file);
  const wanted = slotTensors(optimizer, arena);
  const found = fitting(file, tensors, wanted);
  for (const [name, tensor] of Object.entries(wanted)) tensor.data.set(found[name]!.data);
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

type Wanted = Readonly<Record<string, { readonly shape: readonly number[] }>>;

function slotTensors(optimizer: OptimizerName, arena: ParameterArena): Record<string, SafeTensor & { dtype: 'F32' }> {
  return Object.assign({}, ...arena.slots.map((slot, i) =>
    safe(Object.fromEntries(Object.entries(slot.tensors).map(([name, tensor]) => [`${OPTIMIZER_SLOTS[optimizer][i]}/${name}`, tensor])))));
}

function safe(tensors: FloatTensors): Record<string, SafeTensor & { dtype: 'F32' }> {
  return Object.fromEntries(Object.entries(tensors).map(([name, { shape, data }]) => [name, { dtype: 'F32' as const, shape, data }]));
}

/** The tensors a model needs, each of the right shape. @throws UserError */
function fitting(file: string, tensors: ReadonlyMap<string, SafeTensor>, wanted: Wanted): FloatTensors {
  return Object.fromEntries(Object.entries(wanted).map(([name, { shape }]) => {
    const tensor = tensors.get(name);
    if (tensor?.dtype !== 'F32') throw new UserError(`${file}: tensor ${name} is missing: the file belongs to another model`);
    if (tensor.shape.join() !== shape.join()) {
      throw new UserError(`${file}: tensor ${name} has shape [${tensor.shape.join(', ')}] where [${shape.join(', ')}] is needed: the file belongs to another model`);
    }
    return [name, { dtype: 'float32' as const, shape, data: tensor.data }];
  }));
}
