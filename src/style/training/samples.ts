import type { SkipThoughtsBatch, SkipThoughtsOptions } from '../../models/skipthoughts.ts';
import type { Runtime } from '../../runtime/jit.ts';
import type { RunFolder } from '../../tracking/runfolder.ts';
import type { NetworkLearner } from '../../training/networklearner.ts';
import { normaliseRows } from '../encoders/pooling.ts';
import { skipThoughtsVectors, wordTable } from '../encoders/skipthoughtsencoder.ts';
import type { EncodedSentences } from './sentencedata.ts';
import { sentenceOf } from './sentencedata.ts';

/** Sentences among which neighbours are looked for. */
const POOL = 1000;

/**
 * What shows how an encoder does while it learns: for some sentences that it does not learn from, the nearest of the
 * others, by cosine.
 * @param held places of those sentences
 */
export function nearestSamples(
  runtime: Runtime, learner: NetworkLearner<SkipThoughtsBatch, SkipThoughtsOptions>, sentences: EncodedSentences, held: readonly number[], count: number,
): (folder: RunFolder, epoch: number) => Promise<string[]> {
  const pool = held.slice(0, POOL).map((sentence) => sentences.vocabulary.decode(sentenceOf(sentences, sentence)));
  const { model } = learner.head;
  const { embedding, ...parameters } = learner.arena.values;
  const program = skipThoughtsVectors(runtime, model, parameters, wordTable(embedding!.data, model.embedding.size, sentences.vocabulary), false);
  return async (folder, epoch) => {
    if (count === 0 || pool.length < 2) return [];
    const vectors = await program.vectors(pool);
    normaliseRows(vectors, model.units);
    const lines = Array.from({ length: Math.min(count, pool.length) }, (_, i) => {
      const query = Math.floor((i * pool.length) / count);
      return `${pool[query]!.join(' ')}  ~  ${pool[nearest(vectors, model.units, query, pool)]!.join(' ')}`;
    });
    await folder.samples({ epoch, stories: lines.map((line, i) => ({ id: String(i), image_ids: [], sentences: [line] })) });
    return lines;
  };
}

/** The row nearest to another that is not the same sentence. */
function nearest(vectors: Float32Array, size: number, query: number, sentences: readonly (readonly string[])[]): number {
  const same = sentences[query]!.join(' ');
  let [best, bestScore] = [query, -Infinity];
  for (let row = 0; row < sentences.length; row++) {
    if (sentences[row]!.join(' ') === same) continue;
    let score = 0;
    for (let i = 0; i < size; i++) score += vectors[query * size + i]! * vectors[row * size + i]!;
    if (score > bestScore) [best, bestScore] = [row, score];
  }
  return best;
}
