import type { MlflowClient, MlflowExperiment, MlflowRun } from './client.ts';
import { MlflowError } from './client.ts';
import type { MlflowState } from './state.ts';
import { startedAnew } from './state.ts';

/** The tag that says which folder a run belongs to. */
export const KEY_TAG = 'fabula.run';

/** MLflow's own name for the experiment that is there from the start. */
const DEFAULT_EXPERIMENT = '0';

export interface FoundRun {
  readonly run: MlflowRun;
  readonly state: MlflowState;
}

/**
 * The run of a folder on a server: the one it was sent to before, one that was made there without our hearing of it, or
 * a new one.
 * @param tell told when it is not where it was
 */
export async function findRun(client: MlflowClient, before: MlflowState, tell: (line: string) => void): Promise<FoundRun> {
  const { uri } = client.settings;
  const known = before.run_id === null ? undefined : await client.run(before.run_id);
  if (known !== undefined) {
    checkOwner(known, before, uri);
    await claim(client, known, before.key);
    return found(known, { ...before, uri });
  }
  if (before.given) throw new MlflowError(`${uri} has no run ${before.run_id}, which MLFLOW_RUN_ID names; leave the variable out, and delete mlflow.json from the run folder`, 'RESOURCE_DOES_NOT_EXIST', false);
  const state = before.run_id === null && before.uri === uri ? before : startedAnew(before, client.settings);
  if (before.run_id !== null) tell(`${uri} has no run ${before.run_id}, which ${before.uri === uri ? 'it had before' : `was sent to ${before.uri}`}: it is sent anew`);
  const experiment = await findExperiment(client, state);
  const made = await client.runByTag(experiment, KEY_TAG, state.key);
  const run = made ?? (await client.createRun(experiment, state.name, state.begun, [{ key: KEY_TAG, value: state.key }]));
  return found(run, { ...state, uri });
}

function found(run: MlflowRun, state: MlflowState): FoundRun {
  return { run, state: { ...state, experiment_id: run.info.experiment_id, run_id: run.info.run_id } };
}

function checkOwner(run: MlflowRun, { key }: MlflowState, uri: string): void {
  const { run_id, lifecycle_stage } = run.info;
  if (lifecycle_stage === 'deleted') {
    throw new MlflowError(`the run ${run_id} was deleted on ${uri}: restore it there, or delete mlflow.json from the run folder to send it anew`, 'DELETED', false);
  }
  const owner = run.data.tags.find((tag) => tag.key === KEY_TAG)?.value;
  if (owner !== undefined && owner !== key) {
    throw new MlflowError(`the run ${run_id}, which MLFLOW_RUN_ID names, holds another run already; leave the variable out, and delete mlflow.json from the run folder`, 'OTHER_RUN', false);
  }
}

/** A run that MLFLOW_RUN_ID names does not know its folder yet. */
async function claim(client: MlflowClient, run: MlflowRun, key: string): Promise<void> {
  if (run.data.tags.some((tag) => tag.key === KEY_TAG)) return;
  const tags = [{ key: KEY_TAG, value: key }];
  await client.logBatch(run.info.run_id, { tags });
  run.data.tags.push(...tags);
}

/** @returns its id; an experiment that is asked for by name is made */
async function findExperiment(client: MlflowClient, { experiment_name: name, experiment_id }: MlflowState): Promise<string> {
  if (name === null) return experiment_id ?? DEFAULT_EXPERIMENT;
  const there = (await client.experimentByName(name)) ?? (await makeExperiment(client, name));
  if (there.lifecycle_stage !== 'deleted') return there.experiment_id;
  throw new MlflowError(`the experiment ${name} was deleted on ${client.settings.uri}: restore it there, or set MLFLOW_EXPERIMENT_NAME to another`, 'DELETED', false);
}

async function makeExperiment(client: MlflowClient, name: string): Promise<MlflowExperiment> {
  try {
    return { experiment_id: await client.createExperiment(name), name, lifecycle_stage: 'active' };
  } catch (error) {
    // Another run that began at the same time may have been quicker.
    const there = error instanceof MlflowError && error.code === 'RESOURCE_ALREADY_EXISTS' ? await client.experimentByName(name) : undefined;
    if (there === undefined) throw error;
    return there;
  }
}
