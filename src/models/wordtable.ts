import { z } from 'zod';

/** Options of a model's table of word vectors. @param size of a vector by default @param note on the size */
export function wordTableSchema(size: number, note = '') {
  return z.strictObject({
    size: z.int().min(1).default(size).describe(`width of word vectors${note}`),
    trainable: z.boolean().default(true).describe('false freezes them'),
    vectors: z.string().nullable().default(null).describe('word vectors to start from: GloVe text, word2vec binary, or .f32 beside its word list'),
  });
}
