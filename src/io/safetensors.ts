import { readFile } from 'node:fs/promises';
import { UserError } from '../core/errors.ts';
import { systemReason, writeFileAtomic } from '../core/files.ts';

/** One named tensor of a safetensors file. */
export type SafeTensor =
  | { readonly dtype: 'F32'; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: 'I32'; readonly shape: readonly number[]; readonly data: Int32Array };

export interface SafetensorsFile {
  readonly tensors: Map<string, SafeTensor>;
  readonly metadata: Record<string, string>;
}

/** A tensor in the header of a safetensors file; offsets are bytes after the header. */
export interface SafetensorsEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Bytes of a number. */
const WEIGHT_BYTES: Readonly<Record<string, number>> = { F32: 4, I32: 4 };

type Tensors = ReadonlyMap<string, SafeTensor> | Readonly<Record<string, SafeTensor>>;

/**
 * The parts of a safetensors file, one after the other: header length (u64), JSON header, little-endian data
 * (https://huggingface.co/docs/safetensors). Tensors keep the order given and are not copied; the header is padded with
 * spaces so that the data starts at a multiple of 8.
 */
function safetensorsParts(tensors: Tensors, metadata: Readonly<Record<string, string>> = {}): Uint8Array[] {
  const entries = tensors instanceof Map ? [...tensors] : Object.entries(tensors as Record<string, SafeTensor>);
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  let offset = 0;
  for (const [name, { dtype, shape, data }] of entries) {
    if (product(shape) !== data.length) throw new Error(`tensor ${name}: shape [${shape}] for ${data.length} values`);
    header.push([name, { dtype, shape, data_offsets: [offset, offset + data.byteLength] }]);
    offset += data.byteLength;
  }
  return [headerBytes(Object.fromEntries(header)), ...entries.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
}

/** A header as it stands in the file, its length before it and spaces after it. */
export function headerBytes(header: Readonly<Record<string, unknown>>): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = new Uint8Array(8 + Math.ceil(json.length / 8) * 8);
  new DataView(start.buffer).setBigUint64(0, BigInt(start.length - 8), true);
  start.fill(0x20, 8).set(json, 8);
  return start;
}

/** The bytes of a safetensors file. */
export function encodeSafetensors(tensors: Tensors, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  return Buffer.concat(safetensorsParts(tensors, metadata));
}

/**
 * Reads safetensors bytes. Where the data is aligned to 4 bytes the tensors are views of `bytes`, otherwise copies.
 * @param path named in errors
 * @throws UserError when the file is truncated, its header is not what it should be, or a tensor is neither F32 nor I32
 */
export function decodeSafetensors(bytes: Uint8Array, path: string): SafetensorsFile {
  const [header, start] = readHeader(bytes, path);
  const metadata: Record<string, string> = {};
  const tensors = new Map<string, SafeTensor>();
  let end = 0;
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      for (const [key, text] of Object.entries(value as object)) metadata[key] = String(text);
      continue;
    }
    const entry = checkEntry(value, name, path, WEIGHT_BYTES);
    end = Math.max(end, entry.data_offsets[1]);
    if (start + end > bytes.length) {
      throw new UserError(`${path}: truncated in tensor ${name}: ${bytes.length} bytes, at least ${start + end} are needed; copy or make it again`);
    }
    tensors.set(name, viewTensor(bytes, start + entry.data_offsets[0], entry));
  }
  if (start + end !== bytes.length) {
    throw new UserError(`${path}: ${bytes.length - start - end} bytes more than the header describes; copy or make it again`);
  }
  return { tensors, metadata };
}

export async function writeSafetensors(path: string, tensors: Tensors, metadata: Readonly<Record<string, string>> = {}): Promise<void> {
  // Part by part: a checkpoint never needs a second copy of the weights in memory.
  await writeFileAtomic(path, safetensorsParts(tensors, metadata));
}

export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UserError(`${path}: cannot read weights: ${systemReason(error)}`);
  }
  return decodeSafetensors(bytes, path);
}

/** The header of a file and where its data begins. @param bytes the whole file, or at least its header */
export function readHeader(bytes: Uint8Array, path: string): [Record<string, unknown>, number] {
  const notOne = new UserError(`${path}: not a safetensors file`);
  if (bytes.length < 8) throw notOne;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (bytes.length > 8 && bytes[8] !== 0x7b) throw notOne;
  if (8 + length > bytes.length) {
    throw new UserError(`${path}: truncated in its header: ${bytes.length} bytes, at least ${8 + length} are needed; copy or make it again`);
  }
  try {
    const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    if (typeof header === 'object' && header !== null) return [header as Record<string, unknown>, 8 + length];
  } catch {
    throw notOne;
  }
  throw notOne;
}

/** An entry of a header. @param sizes bytes of a number of each dtype that can be read */
export function checkEntry(value: unknown, name: string, path: string, sizes: Readonly<Record<string, number>>): SafetensorsEntry {
  const entry = value as Partial<SafetensorsEntry> | null;
  const wrong = (what: string): UserError => new UserError(`${path}: tensor ${name}: ${what}`);
  const isCount = (x: unknown): boolean => Number.isSafeInteger(x) && (x as number) >= 0;
  const size = sizes[String(entry?.dtype)];
  if (entry === null || typeof entry !== 'object' || size === undefined) throw wrong(`dtype ${String(entry?.dtype)} is not supported; convert the file to F32`);
  if (!Array.isArray(entry.shape) || !entry.shape.every(isCount)) throw wrong('its shape is not a list of counts');
  const offsets = entry.data_offsets;
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) throw wrong('its data_offsets are not two counts');
  if (offsets[1] - offsets[0] !== size * product(entry.shape)) {
    throw wrong(`data_offsets ${offsets[0]} to ${offsets[1]} do not fit shape [${entry.shape.join(', ')}]`);
  }
  return entry as SafetensorsEntry;
}

function viewTensor(bytes: Uint8Array, start: number, { dtype, shape, data_offsets }: SafetensorsEntry): SafeTensor {
  const size = data_offsets[1] - data_offsets[0];
  const aligned = (bytes.byteOffset + start) % 4 === 0;
  const source = aligned ? bytes : bytes.slice(start, start + size);
  const offset = source.byteOffset + (aligned ? start : 0);
  return dtype === 'F32'
    ? { dtype, shape, data: new Float32Array(source.buffer, offset, size / 4) }
    : { dtype: 'I32', shape, data: new Int32Array(source.buffer, offset, size / 4) };
}

export function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
