import { availableParallelism } from 'node:os';
import type { RuntimeOptions } from '../../runtime/jit.ts';

/** What is tried, each in a process of its own, which loads only what it needs: a broken sharp must not look like a broken backend. */
export const PROBES = {
  onnx: () => train({ backend: 'onnx' }),
  cpu: () => train({ backend: 'cpu' }),
  tensorflow: async () => {
    await train({ backend: 'tensorflow' });
    return (await import('./smallmodel.ts')).loadedBinding();
  },
  webgpu: () => train({ device: 'webgpu' }),
  cuda: () => train({ device: 'cuda' }),
  photos: async () => (await import('./samples.ts')).readSamples(),
  speed: async () => {
    const { measureProducts, PRODUCT_SHAPES } = await import('./speed.ts');
    return measureProducts(PRODUCT_SHAPES, [...new Set([1, availableParallelism()])], 1);
  },
} satisfies Record<string, () => Promise<unknown>>;

export type ProbeName = keyof typeof PROBES;
export type ProbeResult<K extends ProbeName> = Awaited<ReturnType<(typeof PROBES)[K]>>;

async function train(options: Partial<RuntimeOptions>): Promise<void> {
  return (await import('./smallmodel.ts')).trainOnce(options);
}
