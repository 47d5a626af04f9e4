import { z } from 'zod';

/** Keys that decide the vocabulary of a text model. */
export const vocabularyShape = {
  words: z.int().min(1).default(20_000).describe('most frequent words in the vocabulary'),
  min_count: z.int().min(1).default(1).describe('words seen fewer times are unknown'),
};

/** Where contiguous sentences come from. */
export const sentencesShape = {
  sentences: z.union([z.string(), z.array(z.string())]).default([]).describe('corpora made by `fabula style books`'),
  captions: z.union([z.string(), z.array(z.string())]).default([]).describe('caption files; the captions of one photo stand for neighbouring sentences; join parallel files by "+"'),
};

/** A path or several. */
export function listOf(paths: string | readonly string[]): readonly string[] {
  return typeof paths === 'string' ? [paths] : paths;
}
