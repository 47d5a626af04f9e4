import { sha256 } from '../../core/files.ts';
import type { SentenceEncoder } from './sentenceencoder.ts';

/** Vectors of several encoders side by side: combine-skip is that of uni-skip and bi-skip. */
export class CombinedEncoder implements SentenceEncoder {
  readonly name: string;
  readonly fingerprint: string;
  readonly size: number;
  readonly #parts: readonly SentenceEncoder[];

  constructor(parts: readonly SentenceEncoder[]) {
    this.#parts = parts;
    const names = parts.map(({ name }) => name).join(' + ');
    this.name = names === 'uni-skip + bi-skip' ? 'combine-skip' : names;
    this.fingerprint = sha256(`combined ${parts.map(({ fingerprint }) => fingerprint).join(' ')}`);
    this.size = parts.reduce((sum, { size }) => sum + size, 0);
  }

  async encode(sentences: readonly string[], onProgress?: (done: number) => void): Promise<Float32Array> {
    const out = new Float32Array(sentences.length * this.size);
    let at = 0;
    for (const [number, part] of this.#parts.entries()) {
      const vectors = await part.encode(sentences, (done) => onProgress?.(Math.floor((number * sentences.length + done) / this.#parts.length)));
      for (let row = 0; row < sentences.length; row++) out.set(vectors.subarray(row * part.size, (row + 1) * part.size), row * this.size + at);
      at += part.size;
    }
    return out;
  }

  async dispose(): Promise<void> {
    for (const part of this.#parts) await part.dispose();
  }
}
