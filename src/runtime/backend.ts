import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { messageOf, UserError } from '../core/errors.ts';
import { registerEagerKernels } from './kernels/custom.ts';

const TENSORFLOW_PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];
const INSTALL = 'npm install @tensorflow/tfjs-node (or @tensorflow/tfjs-node-gpu)';

/** Makes a backend that computes at once the current one of tfjs. @throws UserError when it is not installed. */
export async function useEagerBackend(backend: 'cpu' | 'tensorflow'): Promise<void> {
  if (backend === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  else if (tf.findBackendFactory('tensorflow') === null) loadTensorflow();
  await tf.setBackend(backend);
  // The CPU backend greets Node users with a banner on its first call: they asked for it by name.
  if (backend === 'cpu') (tf.backend() as { firstUse?: boolean }).firstUse = false;
  registerEagerKernels(backend);
}

/**
 * Loads the installed binding, from the first place that has it: the folder named by the environment variable
 * `FABULA_TENSORFLOW` and no other when that is set, else the user's current folder, then Fabula's own. "Has it" means
 * that `node_modules` there or above holds the package.
 *
 * The binding brings a second copy of tfjs-core. tfjs keeps its engine and its registries of backends, kernels and
 * gradients in one global place, so both copies work on the same tensors.
 */
function loadTensorflow(): void {
  const given = process.env['FABULA_TENSORFLOW'];
  const places = given ? [join(given, 'package.json')] : [join(process.cwd(), 'package.json'), import.meta.url];
  // TensorFlow greets on standard error with the processor's instruction sets unless told otherwise.
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '1';
  const failures: string[] = [];
  for (const name of TENSORFLOW_PACKAGES) {
    for (const place of places) {
      const require = createRequire(place);
      const path = resolved(require, name);
      if (path === undefined) continue;
      try {
        loadQuietly(() => require(path));
        return checkLoaded(require);
      } catch (error) {
        failures.push(`${name} is installed but does not load: ${messageOf(error).split('\n')[0]!.trim()}; reinstall it or leave out --backend`);
      }
    }
  }
  throw new UserError(failures[0] ?? (given
    ? `FABULA_TENSORFLOW=${given}: no @tensorflow/tfjs-node there; in that folder run ${INSTALL}, or unset it`
    : `--backend tensorflow needs TensorFlow: ${INSTALL}, or leave out --backend`));
}

/** The binding counts as loaded when the registry shared by all copies of tfjs-core has its backend and Node still has what it calls. */
function checkLoaded(require: NodeJS.Require): void {
  if (tf.findBackendFactory('tensorflow') === null) throw new Error('its tfjs-core is not of version 4.22');
  if (typeof (require('node:util') as Record<string, unknown>)['isNullOrUndefined'] !== 'function') {
    throw new Error(`it does not run on Node ${process.versions.node} (use Node 20 or 22)`);
  }
}

/** tfjs remarks on the console that its second copy replaces the first one's platform, except in its production mode. */
function loadQuietly(load: () => void): void {
  const before = tf.env().getBool('PROD');
  tf.env().set('PROD', true);
  try {
    load();
  } finally {
    tf.env().set('PROD', before);
  }
}

function resolved(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}
