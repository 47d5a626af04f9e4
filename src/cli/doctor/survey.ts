import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { progressBar } from '../../core/progress.ts';
import type { Library } from './libraries.ts';
import { listLibraries } from './libraries.ts';
import type { Machine } from './machine.ts';
import { describeMachine } from './machine.ts';
import type { ProbeName, ProbeResult } from './probes.ts';
import type { Refusal } from './refusal.ts';
import { refusal } from './refusal.ts';
import type { PhotoFormat } from './samples.ts';
import type { Binding } from './smallmodel.ts';
import type { ProductSpeed } from './speed.ts';
import { trial } from './trial.ts';

/** Variables that Fabula reads. */
export const ENVIRONMENT = {
  FABULA_TENSORFLOW: 'folder whose node_modules hold @tensorflow/tfjs-node',
  FABULA_METEOR_DATA: 'METEOR 1.5 distribution that fabula evaluate uses',
  FABULA_PARENT_RUN: 'sweep that a training belongs to; set by fabula sweep',
  FABULA_DEBUG: 'any value: errors come with their stack',
  TF_CPP_MIN_LOG_LEVEL: 'what TensorFlow says on standard error; 1 when not set',
  MLFLOW_TRACKING_URI: 'MLflow server that runs are mirrored to',
  MLFLOW_EXPERIMENT_NAME: 'experiment of the runs there',
  MLFLOW_EXPERIMENT_ID: 'the same by its id',
  MLFLOW_RUN_ID: 'run there that a training continues',
  MLFLOW_TRACKING_USERNAME: 'user of the MLflow server',
  MLFLOW_TRACKING_PASSWORD: 'password of that user',
  MLFLOW_TRACKING_TOKEN: 'token instead of user and password',
  SLURM_JOB_ID: 'set by Slurm: job that a trial of a sweep runs in',
} as const satisfies Record<string, string>;

export interface Variable {
  readonly name: string;
  readonly value: string | null;
  readonly meaning: string;
}

/** Something that was tried. */
export type Finding<T = unknown> = { readonly works: true; readonly value: T } | ({ readonly works: false } & Refusal);

/** Everything that was found out, as found: `report.ts` judges it. */
export interface Survey {
  readonly fabula: string;
  readonly node: { readonly version: string; readonly needed: string };
  readonly machine: Machine;
  readonly libraries: readonly Library[];
  readonly backends: { readonly onnx: Finding; readonly cpu: Finding; readonly tensorflow: Finding<Binding> };
  readonly devices: { readonly cpu: Finding; readonly webgpu: Finding; readonly cuda: Finding };
  readonly photos: Finding<Readonly<Record<PhotoFormat, boolean>>>;
  /** null when it was left out. */
  readonly speed: Finding<readonly ProductSpeed[]> | null;
  readonly environment: readonly Variable[];
}

export interface SurveyOptions {
  /** Folder that runs go to. */
  readonly runs: string;
  /** Without the measurement of speed. */
  readonly quick: boolean;
  /** Seconds that what Fabula can do without may take to answer. */
  readonly wait: number;
}

/** What cannot be done without gets long enough for the slowest disk. */
const PATIENCE = 30;

/** Tries all there is, side by side, then measures speed alone. */
export async function survey({ runs, quick, wait }: SurveyOptions): Promise<Survey> {
  const total = quick ? 6 : 7;
  const bar = progressBar('trying', total);
  let done = 0;
  const attempt = async <K extends ProbeName>(name: K, seconds: number): Promise<Finding<ProbeResult<K>>> => {
    const outcome = await trial<ProbeResult<K>>(CHILD, [name], seconds);
    bar.update(++done, name);
    return outcome.works ? outcome : { works: false, ...refusal(outcome.reason) };
  };
  const [onnx, cpu, photos, tensorflow, webgpu, cuda] = await Promise.all([
    attempt('onnx', PATIENCE), attempt('cpu', PATIENCE), attempt('photos', PATIENCE),
    attempt('tensorflow', wait), attempt('webgpu', wait), attempt('cuda', wait),
  ]);
  const speed = quick || !onnx.works ? null : await attempt('speed', PATIENCE);
  bar.finish();
  const { version, engines } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string; engines: { node: string } };
  return {
    fabula: version,
    node: { version: process.versions.node, needed: engines.node },
    machine: await describeMachine(runs),
    libraries: await listLibraries(),
    backends: { onnx, cpu, tensorflow },
    devices: { cpu: onnx, webgpu, cuda },
    photos,
    speed,
    environment: Object.entries(ENVIRONMENT).map(([name, meaning]) => ({ name, value: shown(name, process.env[name]), meaning })),
  };
}

/** What may be printed: people paste it into issues. */
function shown(name: string, value: string | undefined): string | null {
  if (value === undefined || value === '') return null;
  if (/PASSWORD|TOKEN/.test(name)) return '(set)';
  return value.replace(/\/\/[^/@\s]*@/, '//...@');
}

/** Beside this file, under the same ending: .js when built. */
const CHILD = fileURLToPath(new URL(`./child${extname(import.meta.url)}`, import.meta.url));
