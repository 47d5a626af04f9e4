import { readFile } from 'node:fs/promises';

/** The functions of `assembly/update.ts`: addresses in bytes, lengths in floats. */
export interface UpdateKernels {
  sumOfSquares(x: number, n: number): number;
  scale(x: number, n: number, factor: number): void;
  adam(p: number, g: number, m: number, v: number, n: number, rate: number, beta1: number, beta2: number, epsilon: number, clip: number): void;
  rmsprop(p: number, g: number, s: number, n: number, rate: number, decay: number, epsilon: number, clip: number): void;
  adagrad(p: number, g: number, s: number, n: number, rate: number, epsilon: number, clip: number): void;
  adadelta(p: number, g: number, s: number, u: number, n: number, rate: number, decay: number, epsilon: number, clip: number): void;
  sgd(p: number, g: number, m: number, n: number, rate: number, momentum: number, clip: number): void;
}

let bytes: Promise<Uint8Array> | undefined;

/** Instantiates the update functions over an arena's memory. */
export async function loadUpdateKernels(memory: WebAssembly.Memory): Promise<UpdateKernels> {
  bytes ??= readFile(new URL('./update.wasm', import.meta.url));
  const source = await bytes;
  const { instance } = (await WebAssembly.instantiate(source as never, { env: { memory } })) as unknown as WebAssembly.WebAssemblyInstantiatedSource;
  return instance.exports as unknown as UpdateKernels;
}
