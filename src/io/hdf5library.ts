import * as h5wasm from 'h5wasm/node';

export * as h5wasm from 'h5wasm/node';

/** Bytes moved through WebAssembly memory at once: it ends at 2 GB and never shrinks; larger blocks are slower. */
export const BLOCK_BYTES = 4 * 2 ** 20;

let module: Promise<unknown> | undefined;
/** Loads HDF5; its own error handler, which prints a stack on standard error, is replaced by exceptions. */
export function ready(): Promise<unknown> {
  module ??= h5wasm.ready.then((loaded) => loaded.activate_throwing_error_handler());
  return module;
}
