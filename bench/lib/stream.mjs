// The batch stream that all programs share (peers/make_batches.py writes it), as Fabula's stories and features.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { Vocabulary } from '../../dist/text/vocabulary.js';

const PHOTOS = 5;

/** Arrays of STEM.json and STEM.bin by name: `{ shape, data }`, over one buffer. */
export function readArrays(stem) {
  const { arrays: entries, meta } = JSON.parse(readFileSync(`${stem}.json`, 'utf8'));
  const { buffer, byteOffset } = readFileSync(`${stem}.bin`);
  const arrays = Object.fromEntries(Object.entries(entries).map(([name, { dtype, shape, offset_bytes, length_bytes }]) => {
    const data = new (dtype === 'int32' ? Int32Array : Float32Array)(buffer, byteOffset + offset_bytes, length_bytes / 4);
    return [name, { shape, data }];
  }));
  return { arrays, meta };
}

/** Calls `use(name, shape, data)` for one array after the other: none stays in memory. */
export function eachArray(stem, use) {
  const { arrays: entries } = JSON.parse(readFileSync(`${stem}.json`, 'utf8'));
  const file = openSync(`${stem}.bin`);
  try {
    for (const [name, { dtype, shape, offset_bytes, length_bytes }] of Object.entries(entries)) {
      const data = new (dtype === 'int32' ? Int32Array : Float32Array)(length_bytes / 4);
      if (readSync(file, data, 0, length_bytes, offset_bytes) !== length_bytes) throw new Error(`${stem}.bin: ends within ${name}`);
      use(name, shape, data);
    }
  } finally {
    closeSync(file);
  }
}

/** Stories, a feature table over the rows in memory, and the story numbers of batch i. */
export function openStream(stem) {
  const { arrays: { features, sentences, batch_story_index: order, lengths }, meta } = readArrays(stem);
  const [count] = sentences.shape;
  const size = meta.image_dim;
  const perBatch = meta.stories_per_batch;
  const imageIds = Array.from({ length: count }, (_, s) => Array.from({ length: PHOTOS }, (_, j) => `${s}.${j}`));
  const rows = new Map(imageIds.flat().map((id, i) => [id, features.data.subarray(i * size, (i + 1) * size)]));
  const vocabulary = vocabularyOf(meta.vocab);
  const stories = { length: count, photos: PHOTOS, steps: meta.steps, ids: imageIds.map((_, s) => String(s)), imageIds, sentences: sentences.data, texts: imageIds, vocabulary };
  return {
    stories, meta, perBatch,
    features: tableOf(rows, size),
    /** float32 [stories * 5, size] and words + END of each sentence [stories * 5]. */
    photos: features.data, lengths: lengths.data,
    sizes: { features: size, vocabulary: meta.vocab, steps: meta.steps },
    batch: (i) => [...order.data.subarray((i % order.shape[0]) * perBatch, (i % order.shape[0] + 1) * perBatch)],
  };
}

export function vocabularyOf(words) {
  return new Vocabulary(['<NULL>', '<START>', '<END>', '<UNK>', ...Array.from({ length: words - 4 }, (_, i) => `w${i}`)]);
}

/** A feature table over rows that are already in memory. */
export function tableOf(rows, size) {
  return {
    path: 'memory', ids: [...rows.keys()], rowShape: [size], size, fingerprint: 'memory', info: undefined,
    has: (id) => rows.has(id),
    row: (id) => rows.get(id),
    rows(ids, out = new Float32Array(ids.length * size)) {
      ids.forEach((id, i) => out.set(rows.get(id), i * size));
      return out;
    },
    close() {},
  };
}
