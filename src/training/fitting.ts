import { UserError } from '../core/errors.ts';
import { exists, sha256File } from '../core/files.ts';
import type { FeatureTable } from '../data/features.ts';
import { requireFeatures } from '../data/features.ts';
import type { StorySet } from '../data/stories.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';
import type { TrainingData } from './storylearner.ts';

/** @throws UserError when stories, features and vocabulary do not fit together */
export function checkData(config: TrainConfig, data: TrainingData): void {
  const { train, validation, features } = data;
  for (const [name, set] of [['train', train], ['validation', validation]] as const) {
    if (set.length === 0) throw new UserError(`data.${name}: ${config.data[name]} holds no story`);
    if (set.photos !== 5) throw new UserError(`data.${name}: ${config.data[name]} has stories of ${set.photos} photos; the models tell five`);
    requireFeatures(set, features);
  }
  if (train.vocabulary.fingerprint() !== validation.vocabulary.fingerprint() || train.steps !== validation.steps) {
    throw new UserError(`data.validation: ${config.data.validation} was prepared with another vocabulary or sentence length than ${config.data.train}; prepare both together`);
  }
  if (features.rowShape.length !== 1) throw new UserError(`${features.path}: features keep places [${features.rowShape.join(', ')}]; the story models need one vector a photo: extract with --pool mean`);
}

/** @throws UserError when the CNN to be kept with a run is not there, or did not make the features */
export async function checkCnn(cnn: string | null, features: FeatureTable): Promise<void> {
  if (cnn === null) return;
  if (!(await exists(cnn))) throw new UserError(`data.cnn: ${cnn}: no such file`);
  if (features.info && (await sha256File(cnn)) !== features.info.weightsSha256) {
    throw new UserError(`data.cnn: ${cnn} is not the CNN that made ${features.path}`);
  }
}

/** @throws UserError when a checkpoint is used with stories or features it was not trained for */
export function checkFits(checkpoint: Checkpoint, stories: StorySet | undefined, features: Pick<FeatureTable, 'path' | 'size' | 'fingerprint'>): void {
  const { head, folder } = checkpoint;
  if (stories && stories.vocabulary.fingerprint() !== head.vocabulary_fingerprint) {
    throw new UserError(`${folder}: the stories have another vocabulary (${stories.vocabulary.size} words) than the checkpoint (${head.sizes.vocabulary}); prepare them with --vocabulary ${folder}/vocabulary.json`);
  }
  if (stories && stories.steps !== head.sizes.steps) {
    throw new UserError(`${folder}: the stories have sentences of ${stories.steps} ids, the checkpoint was trained on ${head.sizes.steps}; prepare them with --max-words ${head.sizes.steps - 2}`);
  }
  if (features.size !== head.sizes.features) {
    throw new UserError(`${features.path}: features of ${features.size} numbers, but the checkpoint ${folder} was trained on ${head.sizes.features}: another CNN or layer`);
  }
  if (features.fingerprint !== head.features.fingerprint) {
    throw new UserError(`${features.path}: features of another CNN, layer or preprocessing than those of the checkpoint ${folder} (${head.features.info?.cnn ?? 'unknown'}, ${head.features.info?.layer ?? 'unknown'}); extract them with the same`);
  }
}

/** @throws UserError when the run's configuration was edited into another model or update rule */
export function checkSameModel(file: string, now: Pick<Comparable, 'model' | 'optimizer'>, then: Pick<Comparable, 'model' | 'optimizer'>): void {
  if (now.optimizer !== then.optimizer) throw new UserError(`${file}: optimizer.name: ${now.optimizer}, but the checkpoint holds the state of ${then.optimizer}; start a new run for another optimiser`);
  const key = firstDifference(now.model as object, then.model as object);
  if (key !== undefined) throw new UserError(`${file}: model.${key}: another than the checkpoint was trained with; start a new run for another model`);
}

/** What must be the same to go on from a checkpoint: model, update rule, words, and what the model works with. */
interface Comparable {
  readonly model: unknown;
  readonly optimizer: string;
  readonly sizes: unknown;
  readonly vocabulary_fingerprint: string;
  readonly needs: unknown;
}

/** @throws UserError when the run's configuration or its data were changed into another model's; `file` names the configuration */
export function checkSameOptions(file: string, now: Comparable, then: Comparable): void {
  checkSameModel(file, now, then);
  if (now.vocabulary_fingerprint !== then.vocabulary_fingerprint) throw new UserError(`${file}: the data give other words than the checkpoint was trained with: they have changed since; start a new run`);
  const size = firstDifference({ sizes: now.sizes, needs: now.needs }, { sizes: then.sizes, needs: then.needs });
  if (size !== undefined) throw new UserError(`${file}: ${size}: another than the checkpoint was trained with: the data have changed since; start a new run`);
}

/** The path of the first key whose values differ. */
function firstDifference(a: object, b: object): string | undefined {
  for (const [key, value] of Object.entries(a)) {
    const other = (b as Record<string, unknown>)[key];
    if (typeof value !== 'object' || value === null) {
      if (value !== other) return key;
      continue;
    }
    const inner = firstDifference(value as object, (other ?? {}) as object);
    if (inner !== undefined) return `${key}.${inner}`;
  }
  return undefined;
}
