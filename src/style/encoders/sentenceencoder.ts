/** Turns sentences into vectors. */
export interface SentenceEncoder {
  /** What it is, for tables and messages. */
  readonly name: string;
  /** Equal for encoders that give equal vectors: styles and decoders are checked against it. */
  readonly fingerprint: string;
  /** Numbers of a vector. */
  readonly size: number;
  /**
   * @param sentences plain, or tokens apart
   * @param onProgress told how many are done
   * @returns [sentences, size], row by row
   */
  encode(sentences: readonly string[], onProgress?: (done: number) => void): Promise<Float32Array>;
  /** Ends its programs. */
  dispose(): Promise<void>;
}
