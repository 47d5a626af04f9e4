import { z } from 'zod';

/** How sentences are chosen from the model's word probabilities. */
export const decodingSchema = z.strictObject({
  strategy: z.enum(['greedy', 'beam', 'sample']).default('beam').describe('best word each time, best of several hypotheses, or drawn at random'),
  beam: z.int().min(1).max(100).default(3).describe('hypotheses kept by beam search'),
  length_penalty: z.number().min(0).max(3).default(0).describe('beam: cost is divided by length to this power; 0 is VIST-seq2seq\'s plain sum'),
  min_words: z.int().min(0).default(1).describe('words before a sentence may end'),
  max_words: z.int().min(1).nullable().default(null).describe('words after which it must; null = as in training'),
  block_ngram: z.int().min(0).default(0).describe('no sequence of so many words comes twice; 0 allows all'),
  block_scope: z.enum(['sentence', 'story']).default('story').describe('where block_ngram looks'),
  unknown: z.enum(['bar', 'allow']).default('bar').describe('whether <UNK> may be said'),
  temperature: z.number().positive().default(1).describe('sample: below 1 safer, above 1 wilder'),
  top_k: z.int().min(0).default(0).describe('sample: only among the k most probable words; 0 = all'),
  top_p: z.number().positive().max(1).default(1).describe('sample: only among the most probable words that together reach p'),
  seed: z.int().min(0).default(1).describe('sample: of the draws'),
});
/** How sentences are chosen, defaults filled in. */
export type DecodingOptions = z.infer<typeof decodingSchema>;
