import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../core/errors.ts';
import { exists, readJson } from '../core/files.ts';
import type { FeatureTable } from '../data/features.ts';
import type { StorySet } from '../data/stories.ts';
import type { DataRecord, EnvironmentDetails } from '../tracking/environment.ts';
import { dataDifferences, describeEnvironment, environmentDifferences } from '../tracking/environment.ts';
import type { RunFolder } from '../tracking/runfolder.ts';
import type { TrainConfig } from './config.ts';
import type { TrainingData } from './storylearner.ts';
import { vectorsRecord } from './startingwords.ts';
import type { OpenTask, RunConfig } from './task.ts';

/** What a training reads and computes with, for its environment.json. */
export async function environmentDetails(config: Pick<RunConfig, 'runtime'>, task: Pick<OpenTask, 'records'>): Promise<Required<EnvironmentDetails>> {
  return { threads: config.runtime.threads > 0 ? config.runtime.threads : availableParallelism(), data: await task.records() };
}

/** Everything read for a story model that decides the numbers, by its key in the configuration. */
export async function storyRecords(config: TrainConfig, data: TrainingData): Promise<Record<string, DataRecord>> {
  const { train, validation, features } = data;
  return {
    'data.train': storiesRecord(train),
    'data.validation': storiesRecord(validation),
    'data.features': featuresRecord(features),
    ...(await vectorsRecord(config.model.embedding)),
  };
}

function storiesRecord({ length, photos, steps, ids, imageIds, sentences, vocabulary }: StorySet): DataRecord {
  const hash = createHash('sha256').update(JSON.stringify([steps, vocabulary.fingerprint(), ids, imageIds]));
  return { stories: length, photos, content: hash.update(new Uint8Array(sentences.buffer, sentences.byteOffset, sentences.byteLength)).digest('hex') };
}

/** Photos whose features are hashed: of VIST's 2.6 GB so many are read in a blink. */
const SAMPLED_PHOTOS = 256;

/** Of the file, whichever of its photos the stories need. */
function featuresRecord(features: FeatureTable): DataRecord {
  const all = features.ids;
  const count = Math.min(all.length, SAMPLED_PHOTOS);
  const sampled = Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]!);
  const rows = features.rows(sampled);
  const hash = createHash('sha256').update(JSON.stringify([features.rowShape, sampled])).update(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
  return { photos: features.ids.length, fingerprint: features.fingerprint, content: hash.digest('hex') };
}

/**
 * What has changed since a run was made that may change its numbers, a line each: files with another content, other
 * versions, another number of threads.
 * @throws UserError when its environment.json cannot be read
 */
export async function changesSince(run: string, details: Required<EnvironmentDetails>): Promise<string[]> {
  const path = join(run, 'environment.json');
  if (!(await exists(path))) return ['environment.json is missing: what the run was made with is not known'];
  const was = await readJson(path, 'the environment of the run');
  if (typeof was !== 'object' || was === null) throw new UserError(`${path}: expected a group of keys; delete it to go on without`);
  const { data } = was as { data?: Record<string, DataRecord> };
  return [
    ...(data === undefined ? ['the run does not say what its data were: whether they have changed is not known'] : dataDifferences(data, details.data)),
    ...environmentDifferences(was as Record<string, unknown>, await describeEnvironment(details)),
  ];
}

/** Notes in a run's environment.json that it went on in another one. */
export async function noteChanges(folder: RunFolder, step: number, changes: readonly string[]): Promise<void> {
  if (changes.length === 0 || !(await exists(folder.file('environment.json')))) return;
  const environment = (await readJson(folder.file('environment.json'), 'the environment of the run')) as { resumed?: unknown[] };
  const sitting = { step, started: new Date().toISOString(), changes };
  await folder.writeJson('environment.json', { ...environment, resumed: [...(environment.resumed ?? []), sitting] });
}
