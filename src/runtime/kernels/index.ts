import { convolution } from './convolution.ts';
import { custom } from './custom.ts';
import { elementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import { product } from './product.ts';
import { reduction } from './reduction.ts';
import type { KernelTable } from './table.ts';

/** Every tfjs kernel that can be compiled. */
export const KERNELS: KernelTable = { ...elementwise, ...reduction, ...indexing, ...product, ...convolution, ...custom };
