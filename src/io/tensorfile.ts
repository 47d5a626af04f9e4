import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { readSync } from 'node:fs';
import { UserError } from '../core/errors.ts';
import { systemReason } from '../core/files.ts';
import { checkEntry, headerBytes, product, readHeader } from './safetensors.ts';

/** Bytes of a number of the dtypes that are read and written here. */
const BYTES = { F32: 4, F64: 8, I8: 1 } as const;

export interface TensorShape {
  readonly dtype: keyof typeof BYTES;
  readonly shape: readonly number[];
}

/** A tensor and where its bytes lie in the file. */
export interface TensorPlace extends TensorShape {
  readonly start: number;
  readonly bytes: number;
}

/** Headers are small; a length beyond this is another kind of file. */
const HEADER_LIMIT = 2 ** 26;
/** A single read fails above 2 GiB. */
const READ_LIMIT = 2 ** 26;

/** A safetensors file of any length, read at places: nothing but the header is in memory. */
export class TensorFile {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #tensors: ReadonlyMap<string, TensorPlace>;

  private constructor(path: string, file: FileHandle, tensors: ReadonlyMap<string, TensorPlace>) {
    this.path = path;
    this.#file = file;
    this.#tensors = tensors;
  }

  /** @throws UserError when the file is missing, cut or longer than its header says, or not a safetensors file */
  static async open(path: string): Promise<TensorFile> {
    const file = await open(path).catch((error: unknown) => {
      throw new UserError(`${path}: cannot read vectors: ${systemReason(error)}`);
    });
    try {
      return new TensorFile(path, file, await places(file, path));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** @throws UserError when there is no such tensor, or it has another type or number of dimensions */
  tensor(name: string, dtype: TensorPlace['dtype'], dimensions: number): TensorPlace {
    const place = this.#tensors.get(name);
    if (place === undefined) throw new UserError(`${this.path}: it has no tensor ${name}; there are ${[...this.#tensors.keys()].join(', ') || 'none'}`);
    if (place.dtype !== dtype || place.shape.length !== dimensions) {
      throw new UserError(`${this.path}: tensor ${name} is ${place.dtype} [${place.shape.join(', ')}]; ${dtype} of ${dimensions} dimensions is needed`);
    }
    return place;
  }

  /** Fills `into` with the bytes from `position`. @throws UserError when the file ends before or cannot be read */
  async read(into: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < into.length;) {
      const { bytesRead } = await this.#file.read(into, done, Math.min(READ_LIMIT, into.length - done), position + done).catch((error: unknown) => this.#failed(error));
      if (bytesRead === 0) throw this.#cut(position + done);
      done += bytesRead;
    }
  }

  /** `read` at once: a thousand rows from the system's cache take a few milliseconds so, and ten times that one by one through promises. */
  readNow(into: Uint8Array, position: number): void {
    for (let done = 0; done < into.length;) {
      let count: number;
      try {
        count = readSync(this.#file.fd, into, done, Math.min(READ_LIMIT, into.length - done), position + done);
      } catch (error) {
        this.#failed(error);
      }
      if (count === 0) throw this.#cut(position + done);
      done += count;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #failed(error: unknown): never {
    throw new UserError(`${this.path}: cannot read vectors: ${systemReason(error)}`);
  }

  #cut(position: number): UserError {
    return new UserError(`${this.path}: it was cut to ${position} bytes while in use; make it again`);
  }
}

async function places(file: FileHandle, path: string): Promise<Map<string, TensorPlace>> {
  const stats = await file.stat();
  if (!stats.isFile()) throw new UserError(`${path}: it is a folder; a safetensors file is needed`);
  const length = new Uint8Array(Math.min(8, stats.size));
  await file.read(length, 0, length.length, 0);
  const header = length.length < 8 ? 0 : Number(new DataView(length.buffer).getBigUint64(0, true));
  if (header > HEADER_LIMIT) throw new UserError(`${path}: not a safetensors file`);
  const first = new Uint8Array(Math.min(stats.size, 8 + header));
  await file.read(first, 0, first.length, 0);
  const [entries, start] = readHeader(first, path);
  const tensors = new Map<string, TensorPlace>();
  let end = start;
  for (const [name, value] of Object.entries(entries)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: [from, to] } = checkEntry(value, name, path, BYTES);
    tensors.set(name, { dtype: dtype as TensorPlace['dtype'], shape, start: start + from, bytes: to - from });
    end = Math.max(end, start + to);
  }
  if (stats.size !== end) {
    throw new UserError(`${path}: ${stats.size < end ? 'truncated' : 'too long'}: ${stats.size} bytes, its header describes ${end}; copy or make it again`);
  }
  return tensors;
}

/** The header of a safetensors file whose tensors follow in the order given. */
export function tensorHeader(tensors: Readonly<Record<string, TensorShape>>, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const [name, { dtype, shape }] of Object.entries(tensors)) {
    const bytes = BYTES[dtype] * product(shape);
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  return headerBytes(header);
}
