/**
 * Kernels beyond those of tfjs-core, by name. `nn/` calls them through `engine().runKernel`; `runtime/kernels/custom.ts`
 * implements them for every backend.
 */
export const CUSTOM_KERNELS = {
  /** {} with {shape, keep}: dropout mask, 0 or 1 / keep, drawn anew at each call from the seed of the call. */
  dropoutMask: 'FabulaDropoutMask',
  /** {x [n, v], at [n]}: x[i, at[i]] -> [n]. */
  takeAt: 'FabulaTakeAt',
  /** {x [n, v], at [n]}: x with 1 subtracted at [i, at[i]]. */
  subtractOneAt: 'FabulaSubtractOneAt',
  /** {x [n, v]}: log-softmax of the rows in one pass; tfjs-core's own op writes the matrix five times. */
  logSoftmax: 'FabulaLogSoftmax',
} as const;
