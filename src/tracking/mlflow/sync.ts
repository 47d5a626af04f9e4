import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { UserError } from '../../core/errors.ts';
import { exists } from '../../core/files.ts';
import { holdingRun, runHolder } from '../lock.ts';
import { isRunFolder } from '../runrecord.ts';
import type { DrawCharts } from './artifacts.ts';
import { MlflowClient, MlflowError } from './client.ts';
import { isSweep } from './description.ts';
import type { Counts } from './sender.ts';
import { RunSender } from './sender.ts';
import type { MlflowSettings } from './settings.ts';
import { mlflowSettings, serverSettings } from './settings.ts';
import { readState } from './state.ts';

export interface SyncRequest {
  /** Run folder or sweep folder. */
  readonly folder: string;
  /** Told what is odd, a line each. */
  readonly tell?: (line: string) => void;
  readonly progress?: (sent: Counts) => void;
  readonly draw?: DrawCharts;
  readonly environment?: NodeJS.ProcessEnv;
  /** Milliseconds before each new attempt after a failure that may pass. */
  readonly waits?: readonly number[];
}

export interface SyncedRun {
  readonly folder: string;
  /** Id of the MLflow run; null where the run is still being written, by a process that this one leaves alone. */
  readonly run_id: string | null;
  readonly sent: Counts;
}

const WAITS = [500, 1000, 2000];

/**
 * Sends what a server lacks of a run: to the server of MLFLOW_TRACKING_URI, or where the run was sent before.
 * @throws UserError when no server is known or the folder cannot be read; MlflowError when the server fails
 */
export async function syncRun({ folder, environment = process.env, waits = WAITS, ...options }: SyncRequest): Promise<SyncedRun> {
  if ((await runHolder(folder)) !== undefined) return { folder, run_id: null, sent: { params: 0, tags: 0, metrics: 0, artifacts: 0 } };
  return holdingRun(folder, async () => {
    const sender = new RunSender(folder, new MlflowClient(await settingsFor(folder, environment)), options);
    for (const wait of [...waits, null]) {
      try {
        await sender.send(true);
        await sender.upload(true);
        break;
      } catch (error) {
        if (wait === null || !(error instanceof MlflowError) || !error.temporary) throw error;
        await setTimeout(wait);
      }
    }
    return { folder, run_id: sender.runId ?? null, sent: sender.sent };
  });
}

async function settingsFor(folder: string, environment: NodeJS.ProcessEnv): Promise<MlflowSettings> {
  const given = mlflowSettings(environment);
  if (given !== undefined) {
    // It names one run, not each of those that are sent.
    const { runId: _, ...settings } = given;
    return settings;
  }
  const state = await readState(folder);
  if (state === undefined) throw new UserError(`${folder}: it was never sent to MLflow: set MLFLOW_TRACKING_URI to the server it should go to, such as http://localhost:5000`);
  return serverSettings(state.uri, environment);
}

/** Runs below a path, and whether each was meant for MLflow before. */
export interface FoundFolder {
  readonly folder: string;
  readonly known: boolean;
}

/**
 * The run folders that a path means, by the rule of `listRuns`: itself, those in it, and those in `runs/` of folders in
 * it; besides sweeps, each before its trials, which are nested in it.
 * @throws UserError when there is none
 */
export async function findRunFolders(path: string): Promise<FoundFolder[]> {
  if (!(await exists(path))) throw new UserError(`${path}: no such folder; give run folders, or a folder of them`);
  const found = (await meantBy(path)) ?? (await Promise.all((await foldersIn(path)).map(async (folder) => (await meantBy(folder)) ?? runsBelow(folder)))).flat();
  if (found.length === 0) throw new UserError(`${path}: no run is here, nor in the folders in it; give run folders, or a folder of them`);
  return Promise.all(found.map(async (folder) => ({ folder, known: await exists(join(folder, 'mlflow.json')) })));
}

/** A run, or a sweep and its trials; undefined for another folder. */
async function meantBy(path: string): Promise<string[] | undefined> {
  if (await isSweep(path)) return [path, ...(await runsBelow(path))];
  return (await isRunFolder(path)) ? [path] : undefined;
}

/** The runs in runs/ of a folder. */
async function runsBelow(path: string): Promise<string[]> {
  const folders = await foldersIn(join(path, 'runs'));
  const runs = await Promise.all(folders.map(isRunFolder));
  return folders.filter((_, i) => runs[i]);
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map(({ name }) => join(path, name)).sort();
}
