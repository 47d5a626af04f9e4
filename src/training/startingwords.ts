import { UserError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import { embeddingTable } from '../text/embedding.ts';
import type { Vocabulary } from '../text/vocabulary.ts';
import { readWordVectors, wordVectorsFile } from '../text/wordvectors.ts';
import type { DataRecord } from '../tracking/environment.ts';
import { fingerprintFile } from '../tracking/fingerprint.ts';

/**
 * The word vectors that a model's table starts from, [words, size], where its options name some.
 * @param key of the options in the configuration, for errors
 * @throws UserError when they have another width
 */
export async function startingWords(embedding: { readonly size: number; readonly vectors: string | null }, vocabulary: Vocabulary, seed: number, key = 'model.embedding'): Promise<Float32Array | undefined> {
  const path = embedding.vectors;
  if (path === null) return undefined;
  const vectors = await readWordVectors(path, { only: vocabulary.words });
  if (vectors.dimension !== embedding.size) {
    throw new UserError(`${key}.size: ${path} has vectors of ${vectors.dimension} numbers; set ${key}.size=${vectors.dimension}`);
  }
  return embeddingTable(vocabulary, vectors, { random: new Random(`${seed}/word vectors`), missingScale: 'matched' }).data;
}

/** For environment.json: the word vectors that a model starts from, where it does. */
export async function vectorsRecord({ vectors }: { readonly vectors: string | null }): Promise<Record<string, DataRecord>> {
  return vectors === null ? {} : { 'model.embedding.vectors': await fingerprintFile(await wordVectorsFile(vectors)) };
}
