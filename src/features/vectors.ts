import { extname } from 'node:path';
import { UserError } from '../core/errors.ts';
import { openFeatures } from '../data/features.ts';
import { readNpy } from './npy.ts';

/** A table of vectors in memory, from a NumPy file or a features file. */
export interface VectorTable {
  /** Path of the file. */
  readonly name: string;
  /** [rows, width] */
  readonly data: Float32Array | Float64Array;
  readonly rows: number;
  readonly width: number;
  /** Ids of the rows; a .npy has none. */
  readonly ids: readonly string[] | undefined;
}

/**
 * Reads vectors: a `.npy` [rows, width], or a features file `.h5`, which names its rows.
 * @throws UserError naming the file
 */
export async function readVectors(path: string): Promise<VectorTable> {
  const kind = extname(path).toLowerCase();
  if (kind === '.npy') return npyVectors(path);
  if (kind === '.h5' || kind === '.hdf5') return featureVectors(path);
  throw new UserError(`${path}: vectors are read from .npy, or from a features file .h5`);
}

async function npyVectors(path: string): Promise<VectorTable> {
  const { shape, data, objects } = await readNpy(path);
  if (objects !== undefined) throw new UserError(`${path}: it holds Python objects; save an array of numbers [rows, width]`);
  const [rows, width] = shape;
  if (shape.length !== 2 || rows === undefined || width === undefined || width === 0) {
    throw new UserError(`${path}: its shape is [${shape.join(', ')}]; vectors are [rows, width]`);
  }
  return { name: path, data: data instanceof Float64Array ? data : Float32Array.from(data), rows, width, ids: undefined };
}

async function featureVectors(path: string): Promise<VectorTable> {
  const table = await openFeatures(path);
  try {
    const { ids, rowShape, size } = table;
    if (rowShape.length !== 1 || size === 0) throw new UserError(`${path}: each row has shape [${rowShape.join(', ')}]; one vector a row is needed`);
    return { name: path, data: table.rows(ids), rows: ids.length, width: size, ids };
  } finally {
    table.close();
  }
}

/**
 * The first row of every `times` rows, where each of them stands `times` over, as in the image files of
 * visual-semantic-embedding (a row a sentence).
 * @returns undefined when the rows are not repeated so
 */
export function foldRepeatedRows(table: VectorTable, times: number): VectorTable | undefined {
  const { data, width, ids } = table;
  if (table.rows % times !== 0) return undefined;
  const rows = table.rows / times;
  const folded = data.slice(0, rows * width);
  for (let row = 0; row < table.rows; row++) {
    const first = row - (row % times);
    for (let i = 0; i < width; i++) if (!Object.is(data[row * width + i], data[first * width + i])) return undefined;
    if (row === first) folded.set(data.subarray(row * width, (row + 1) * width), (row / times) * width);
  }
  return { ...table, data: folded, rows, ids: ids?.filter((_, row) => row % times === 0) };
}
