import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { checkConfig } from '../../core/config.ts';
import { exists, readJson, writeFileAtomic } from '../../core/files.ts';
import { STATUSES } from './client.ts';
import type { MlflowSettings } from './settings.ts';

export const STATE_FILE = 'mlflow.json';

const stateSchema = z.object({
  /** Says on the server which folder a run belongs to, also when its id was never heard: tag `fabula.run`. */
  key: z.string().min(1),
  /** What the folder was called when it was first sent. */
  name: z.string(),
  /** Tells a folder from its copy, on the same disk. */
  inode: z.number().nullable().default(null),
  /** Milliseconds since 1970. */
  begun: z.number(),
  uri: z.string(),
  experiment_name: z.string().nullable().default(null),
  experiment_id: z.string().nullable().default(null),
  run_id: z.string().nullable().default(null),
  /** Whether MLFLOW_RUN_ID named the run: then it is never made anew. */
  given: z.boolean().default(false),
  /** The last step of each metric that was sent. */
  metrics: z.record(z.string(), z.number()).default({}),
  /** SHA-256 of each artifact that was sent. */
  artifacts: z.record(z.string(), z.string()).default({}),
  status: z.enum(STATUSES).nullable().default(null),
});
/** mlflow.json of a run folder: what was sent where. */
export type MlflowState = z.infer<typeof stateSchema>;

/** Undefined where nothing of the folder was ever meant for a server. @throws UserError when the file is damaged */
export async function readState(folder: string): Promise<MlflowState | undefined> {
  const path = join(folder, STATE_FILE);
  if (!(await exists(path))) return undefined;
  return checkConfig(stateSchema, await readJson(path, 'what was sent to MLflow'), path);
}

export async function writeState(folder: string, state: MlflowState): Promise<void> {
  await writeFileAtomic(join(folder, STATE_FILE), `${JSON.stringify(state, null, 2)}\n`);
}

/** @param begun when the run was begun, in milliseconds since 1970 */
export async function newState(folder: string, settings: MlflowSettings, begun: number): Promise<MlflowState> {
  return stateSchema.parse({
    key: randomUUID(), name: basename(resolve(folder)), inode: await inodeOf(folder), begun, uri: settings.uri,
    experiment_name: settings.experimentName ?? null, experiment_id: settings.experimentName === undefined ? (settings.experimentId ?? null) : null,
    run_id: settings.runId ?? null, given: settings.runId !== undefined,
  });
}

/** The same folder on another server, or on one that has lost the run. */
export function startedAnew(state: MlflowState, settings: MlflowSettings): MlflowState {
  const { experimentName, experimentId } = settings;
  return {
    ...state, uri: settings.uri, run_id: null, given: false, metrics: {}, artifacts: {}, status: null,
    experiment_name: experimentName ?? state.experiment_name,
    // Ids of experiments are a server's own.
    experiment_id: experimentName === undefined ? (experimentId ?? (state.uri === settings.uri ? state.experiment_id : null)) : null,
  };
}

export async function inodeOf(folder: string): Promise<number> {
  return (await stat(folder)).ino;
}
