import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { UserError } from '../../core/errors.ts';
import { systemReason } from '../../core/files.ts';

const CHUNK = 2 ** 20;

/** A file of word vectors, perhaps packed with gzip. */
export interface VectorFile {
  readonly path: string;
  /** Bytes on the disk. */
  readonly size: number;
  readonly packed: boolean;
}

/** @throws UserError when it cannot be read */
export async function openVectorFile(path: string): Promise<VectorFile> {
  const file = await open(path).catch((error: unknown) => {
    throw new UserError(`${path}: cannot read word vectors: ${systemReason(error)}`);
  });
  try {
    const { size } = await file.stat();
    const { buffer } = await file.read(new Uint8Array(2), 0, 2, 0);
    return { path, size, packed: buffer[0] === 0x1f && buffer[1] === 0x8b };
  } finally {
    await file.close();
  }
}

/**
 * The file's bytes, unpacked, in pieces of about a megabyte.
 * @param onRead told how many bytes on the disk have been used
 * @throws UserError when it cannot be read, or the packing is cut or damaged
 */
export async function* byteChunks({ path, packed }: VectorFile, onRead?: (bytes: number) => void): AsyncGenerator<Buffer> {
  const raw = createReadStream(path, { highWaterMark: CHUNK });
  const gunzip = packed ? createGunzip({ chunkSize: CHUNK }) : undefined;
  // Errors reach the loop below through the stream itself.
  const stream: Readable = gunzip === undefined ? raw : pipeline(raw, gunzip, () => {});
  try {
    for await (const chunk of stream) {
      onRead?.(gunzip?.bytesWritten ?? raw.bytesRead);
      yield chunk as Buffer;
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'Z_BUF_ERROR') throw new UserError(`${path}: cut short: its gzip data has no end; copy or download it again`);
    if (code.startsWith('Z_')) throw new UserError(`${path}: damaged gzip data; copy or download it again`);
    throw new UserError(`${path}: cannot read word vectors: ${systemReason(error)}`);
  } finally {
    stream.destroy();
    raw.destroy();
  }
}

/** The beginning of a file. */
export interface Head {
  readonly bytes: Buffer;
  /** Whether this is all of it. */
  readonly whole: boolean;
  /** Bytes on the disk that it came from. */
  readonly used: number;
}

/** @param length at least so many bytes where there are as many */
export async function readHead(file: VectorFile, length: number): Promise<Head> {
  const chunks: Buffer[] = [];
  let [count, used] = [0, 0];
  for await (const chunk of byteChunks(file, (bytes) => { used = bytes; })) {
    chunks.push(chunk);
    count += chunk.length;
    if (count >= length) return { bytes: Buffer.concat(chunks), whole: false, used };
  }
  return { bytes: Buffer.concat(chunks), whole: true, used };
}
