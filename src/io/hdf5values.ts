import { UserError } from '../core/errors.ts';

/** HDF5's type classes (H5Tpublic.h). */
export const HDF5_CLASS = { integer: 0, float: 1, string: 3 } as const;

/** What h5wasm hands over for a number dataset: a typed array, or one number for a dataset without dimensions. */
export type RawValues = ArrayLike<number | bigint>;

interface TypeInfo {
  readonly type: number;
  readonly cset?: number;
  readonly vlen: boolean;
}

/** `float`, `integer`, `string` or `other`. */
export function readableKind(info: TypeInfo): string {
  const found = Object.entries(HDF5_CLASS).find(([, value]) => value === info.type);
  return found?.[0] ?? 'other';
}

/** Copies numbers of any type into float32 from place `at`. */
export function toFloat32(raw: RawValues, out: Float32Array, at: number): void {
  if (raw instanceof Float32Array) {
    out.set(raw, at);
    return;
  }
  for (let i = 0; i < raw.length; i++) out[at + i] = Number(raw[i]);
}

/** Copies numbers of any type into int32 from place `at`. @throws UserError when one does not fit, naming `where`. */
export function toInt32(raw: RawValues, out: Int32Array, at: number, where: string): void {
  if (raw instanceof Int32Array) {
    out.set(raw, at);
    return;
  }
  for (let i = 0; i < raw.length; i++) {
    const value = Number(raw[i]);
    if ((value | 0) !== value) throw new UserError(`${where}: value ${value} at place ${at + i} is not a 32-bit integer`);
    out[at + i] = value;
  }
}

/**
 * Texts as h5wasm returns them, as a flat list. Python 2's h5py marked byte strings as ASCII whatever they held;
 * where such a text is valid UTF-8 it is read as UTF-8.
 */
export function decodeStrings(value: unknown, info: TypeInfo): string[] {
  const list = ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<unknown>) : Array.isArray(value) ? value : [value];
  const marked = info.type === HDF5_CLASS.string && info.cset !== 1 && info.vlen;
  return list.map((item) => (marked ? utf8FromBytes(String(item)) : String(item)));
}

function utf8FromBytes(text: string): string {
  if (!/[\x80-\xff]/.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}
