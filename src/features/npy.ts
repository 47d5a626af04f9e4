import { webcrypto } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { UserError, messageOf } from '../core/errors.ts';
import { systemReason } from '../core/files.ts';
import { NumpyArray, NumpyGlobals, isPlainDtype } from './numpyobjects.ts';
import { latin1, unpickle } from './pickle.ts';
import type { PickleValue } from './pickle.ts';

export { NumpyArray } from './numpyobjects.ts';

/** Weights of a CNN: layer name to its arrays, weights before biases. */
export type LayerWeights = ReadonlyMap<string, readonly NumpyArray[]>;

export interface WeightsFile {
  readonly layers: LayerWeights;
  /** Of the file, hexadecimal. */
  readonly sha256: Promise<string>;
}

/**
 * Reads a `.npy` file (NumPy format 1.0 to 3.0): a plain array, or an array of objects, which NumPy pickles.
 * The pickle may hold lists, dictionaries and arrays only; anything else is refused before it is built.
 * @throws UserError naming the file
 */
export async function readNpy(path: string): Promise<NumpyArray> {
  return arrayIn(path, await bytesOf(path));
}

async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new UserError(`${path}: cannot read the NumPy file: ${systemReason(error)}`);
  }
}

function arrayIn(path: string, bytes: Uint8Array): NumpyArray {
  try {
    return parseNpy(bytes);
  } catch (error) {
    throw new UserError(`${path}: not a NumPy file that can be read: ${messageOf(error)}`);
  }
}

/**
 * Reads weights in the form that caffe-tensorflow writes (`bvlc_alexnet.npy`, `vgg19.npy`): one pickled dictionary
 * {layer: [weights, biases]}, or {layer: {weights, biases}}.
 * @throws UserError naming the file, and the layer that is of another form
 */
export async function readLayerWeights(path: string): Promise<WeightsFile> {
  const bytes = await bytesOf(path);
  // In a thread of its own, beside what is made of the weights: they have hundreds of megabytes.
  const sha256 = webcrypto.subtle.digest('SHA-256', bytes).then((digest) => Buffer.from(digest).toString('hex'));
  sha256.catch(() => {});
  return { layers: layersIn(path, arrayIn(path, bytes)), sha256 };
}

function layersIn(path: string, array: NumpyArray): LayerWeights {
  const content = array.objects?.[0];
  if (!(content instanceof Map)) {
    throw new UserError(`${path}: expected a dictionary {layer: [weights, biases]}, as in bvlc_alexnet.npy`);
  }
  const layers = new Map<string, readonly NumpyArray[]>();
  for (const [name, value] of content) {
    const label = textOf(name);
    const arrays = value instanceof Map ? namedArrays(value) : value;
    if (label === undefined || !Array.isArray(arrays) || !arrays.every((array) => array instanceof NumpyArray)) {
      throw new UserError(`${path}: layer ${label ?? '?'}: expected [weights, biases]`);
    }
    layers.set(label, arrays);
  }
  return layers;
}

/** @throws Error saying what is wrong with the bytes */
export function parseNpy(bytes: Uint8Array): NumpyArray {
  if (bytes.length < 12 || latin1(bytes.subarray(0, 6)) !== '\x93NUMPY') throw new Error('it does not begin as one');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [start, length] = bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (start + length > bytes.length) throw new Error('it ends within its header');
  const { descr, fortran, shape } = parseHeader(latin1(bytes.subarray(start, start + length)));
  const body = bytes.subarray(start + length);
  if (descr !== '|O') return NumpyArray.fromBytes(body, descr, shape, fortran);
  const value = unpickle(body, new NumpyGlobals());
  if (!(value instanceof NumpyArray)) throw new Error('its pickle holds no array');
  return value;
}

/** The header is a Python dictionary: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`. */
function parseHeader(header: string): { descr: string; fortran: boolean; shape: number[] } {
  const descr = /'descr'\s*:\s*'([^']+)'/.exec(header)?.[1];
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(header)?.[1];
  const shape = /'shape'\s*:\s*\(([\d,\sL]*)\)/.exec(header)?.[1];
  if (fortran === undefined || shape === undefined) throw new Error('its header is damaged');
  if (descr === undefined || (descr !== '|O' && !isPlainDtype(descr))) {
    throw new Error(`its type ${descr ?? 'with fields'} is not supported`);
  }
  return { descr, fortran: fortran === 'True', shape: (shape.match(/\d+/g) ?? []).map(Number) };
}

function namedArrays(layer: Map<PickleValue, PickleValue>): PickleValue[] {
  const named = new Map([...layer].map(([key, value]) => [textOf(key), value]));
  return ['weights', 'biases'].flatMap((key) => named.get(key) ?? []);
}

function textOf(value: PickleValue): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array ? latin1(value) : undefined;
}
