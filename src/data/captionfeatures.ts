import { sha256 } from '../core/files.ts';
import { UserError } from '../core/errors.ts';
import { STOP_WORDS } from '../text/stopwords.ts';
import { splitWords } from '../text/tokenizer.ts';
import type { WordVectors } from '../text/wordvectors.ts';
import type { FeatureContent } from './features.ts';
import type { Caption } from './vist.ts';

/** The name such features carry as their CNN, so that no result made with them passes for one from photos. */
export const ORACLE_NAME = 'oracle caption features, no pixels';

/** How mean word vectors of captions are made. */
export interface CaptionFeatureOptions {
  /** Photos whose statistics standardise all: those of the training stories. Default: every photo. */
  trainingPhotos?: Iterable<string>;
  stopWords?: ReadonlySet<string>;
}

/** Mean word vectors in place of photos. */
export interface CaptionFeatures extends FeatureContent {
  /** Photos left out: no word of their captions has a vector. */
  without: string[];
}

/**
 * An image vector for photos that cannot be had but were described by people: the mean word vector of all words of a
 * photo's captions, stop words aside, each dimension standardised with the training photos' mean and deviation.
 * @returns content for `writeFeatures`, photos in order of first appearance
 */
export function captionFeatures(captions: readonly Caption[], vectors: WordVectors, options: CaptionFeatureOptions = {}): CaptionFeatures {
  const { stopWords = STOP_WORDS } = options;
  const D = vectors.dimension;
  const { sums, without } = meanVectors(captions, vectors, stopWords);
  const ids = [...sums.keys()];
  const embeddings = new Float32Array(ids.length * D);
  ids.forEach((id, row) => embeddings.set(sums.get(id)!, row * D));
  const training = options.trainingPhotos === undefined ? undefined : new Set(options.trainingPhotos);
  const rows = ids.flatMap((id, row) => (training === undefined || training.has(id) ? [row] : []));
  if (rows.length === 0) throw new UserError('caption features: none of the training photos has a caption with known words');
  const statistics = standardise(embeddings, D, rows);
  return {
    ids,
    embeddings,
    rowShape: [D],
    without,
    info: {
      cnn: ORACLE_NAME,
      layer: 'mean word vector of the captions',
      weightsSha256: sha256(new Uint8Array(vectors.data.buffer, vectors.data.byteOffset, vectors.data.byteLength)),
      preprocessing: {
        stopWords: sha256([...stopWords].sort().join('\n')),
        standardisedOver: rows.length,
        statistics: sha256(new Uint8Array(statistics.buffer)),
      },
    },
  };
}

function meanVectors(
  captions: readonly Caption[],
  vectors: WordVectors,
  stopWords: ReadonlySet<string>,
): { sums: Map<string, Float64Array>; without: string[] } {
  const found = new Map<string, { sum: Float64Array; count: number }>();
  for (const { photoId, text } of captions) {
    const entry = found.get(photoId) ?? { sum: new Float64Array(vectors.dimension), count: 0 };
    found.set(photoId, entry);
    for (const word of splitWords(text.toLowerCase())) {
      const vector = stopWords.has(word) ? undefined : vectors.lookup(word);
      if (vector === undefined) continue;
      entry.count++;
      for (let i = 0; i < vector.length; i++) entry.sum[i]! += vector[i]!;
    }
  }
  const sums = new Map<string, Float64Array>();
  const without: string[] = [];
  for (const [id, { sum, count }] of found) {
    if (count === 0) without.push(id);
    else sums.set(id, sum.map((value) => value / count));
  }
  return { sums, without };
}

/** Subtracts means and divides by deviations taken over `rows`; returns both, [2 D]. A constant dimension becomes 0. */
function standardise(embeddings: Float32Array, D: number, rows: readonly number[]): Float64Array {
  const statistics = new Float64Array(2 * D);
  for (let i = 0; i < D; i++) {
    let mean = 0;
    for (const row of rows) mean += embeddings[row * D + i]! / rows.length;
    let variance = 0;
    for (const row of rows) variance += (embeddings[row * D + i]! - mean) ** 2 / rows.length;
    const deviation = Math.sqrt(variance);
    statistics.set([mean], i);
    statistics.set([deviation], D + i);
    for (let at = i; at < embeddings.length; at += D) {
      embeddings[at] = deviation > 1e-12 ? (embeddings[at]! - mean) / deviation : 0;
    }
  }
  return statistics;
}
