import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../core/errors.ts';
import { registerEagerKernels } from './kernels/custom.ts';

export const BACKENDS = ['onnx', 'cpu', 'tensorflow'] as const;
export type Backend = (typeof BACKENDS)[number];

const TENSORFLOW_PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

/** Makes a backend that computes at once the current one of tfjs. @throws UserError when it is not installed. */
export async function useEagerBackend(backend: 'cpu' | 'tensorflow'): Promise<void> {
  if (backend === 'cpu') await import('@tensorflow/tfjs-backend-cpu');
  else await loadTensorflow();
  await tf.setBackend(backend);
  registerEagerKernels(backend);
}

/** The installed binding, looked for from the user's folder first and then from Fabula's own. */
async function loadTensorflow(): Promise<void> {
  const places = [join(process.cwd(), 'package.json'), import.meta.url];
  const failures: string[] = [];
  for (const name of TENSORFLOW_PACKAGES) {
    for (const place of places) {
      const require = createRequire(place);
      const path = resolved(require, name);
      if (path === undefined) continue;
      try {
        require(path);
        return requireSameCore();
      } catch (error) {
        failures.push(`${name} is installed but does not load: ${String((error as Error).message).split('\n')[0]}`);
      }
    }
  }
  throw new UserError(failures[0] ?? '--backend tensorflow needs TensorFlow: npm install @tensorflow/tfjs-node (or @tensorflow/tfjs-node-gpu), or leave out --backend');
}

/** tfjs keeps its backends in one global registry, so a second copy of tfjs-core serves as long as it registered. */
function requireSameCore(): void {
  if (tf.findBackendFactory('tensorflow') === null) {
    throw new UserError('@tensorflow/tfjs-node registered no backend: its tfjs-core differs from 4.22; install @tensorflow/tfjs-node@4.22.0');
  }
}

function resolved(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}
