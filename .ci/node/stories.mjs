// Stories in memory, for the cases that are checked outside Node.

import { tableOf } from '../../bench/lib/stream.mjs';

/** Stories over sentences [N, 5, steps] and photos [N, 5, size]. */
export function storiesOf({ Vocabulary, words, sentences, photos, count, steps, size }) {
  const imageIds = Array.from({ length: count }, (_, s) => Array.from({ length: 5 }, (_, j) => `${s}.${j}`));
  const rows = new Map(imageIds.flat().map((id, i) => [id, photos.subarray(i * size, (i + 1) * size)]));
  const vocabulary = new Vocabulary(['<NULL>', '<START>', '<END>', '<UNK>', ...Array.from({ length: words - 4 }, (_, i) => `w${i}`)]);
  const stories = { length: count, photos: 5, steps, ids: imageIds.map((_, s) => String(s)), imageIds, sentences, texts: imageIds, vocabulary };
  return { stories, features: tableOf(rows, size) };
}
