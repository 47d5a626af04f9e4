import type { Random } from '../core/random.ts';
import { NULL_ID } from './vocabulary.ts';
import type { Vocabulary } from './vocabulary.ts';
import type { WordVectors } from './wordvectors.ts';

export interface EmbeddingOptions {
  random: Random;
  /**
   * Standard deviation of the rows drawn for words without a vector: 1 (default, as VIST-seq2seq), another number, or
   * `matched`, that of the rows found (GloVe's is about 0.4), so that unknown words do not outweigh known ones.
   */
  missingScale?: number | 'matched';
}

export interface EmbeddingTable {
  /** [vocabulary, dimension]: vectors found, normal draws for the others, zeros for `<NULL>`. */
  data: Float32Array;
  dimension: number;
  /** Words without a vector, in order of id, specials included (but not `<NULL>`). */
  missing: string[];
  /** Share of the vocabulary's own words (specials apart) that have a vector. */
  coverage: number;
}

/** The first weights of an embedding layer. Draws depend on the seed and on a word's place among the missing only. */
export function embeddingTable(vocabulary: Vocabulary, vectors: WordVectors, options: EmbeddingOptions): EmbeddingTable {
  const { dimension } = vectors;
  const data = new Float32Array(vocabulary.size * dimension);
  const missing: number[] = [];
  let squares = 0;
  for (let id = NULL_ID + 1; id < vocabulary.size; id++) {
    const vector = id < 4 ? undefined : vectors.lookup(vocabulary.word(id));
    if (vector === undefined) missing.push(id);
    else data.set(vector, id * dimension);
    for (const value of vector ?? []) squares += value * value;
  }
  const found = vocabulary.size - 1 - missing.length;
  const matched = found > 0 ? Math.sqrt(squares / (found * dimension)) : 1;
  const scale = options.missingScale === 'matched' ? matched : (options.missingScale ?? 1);
  for (const id of missing) {
    for (let i = 0; i < dimension; i++) data[id * dimension + i] = scale * options.random.normal();
  }
  const own = vocabulary.size - 4;
  return { data, dimension, missing: missing.map((id) => vocabulary.word(id)), coverage: own > 0 ? found / own : 1 };
}
