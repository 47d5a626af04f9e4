import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { z } from 'zod';
import { UserError } from '../core/errors.ts';
import { readPassages } from '../data/books/corpus.ts';
import { readCaptions } from '../data/captions/captionset.ts';
import { splitWords, tokenize } from '../text/tokenizer.ts';
import type { SentenceEncoder } from './encoders/sentenceencoder.ts';
import type { EncoderId, Origin, Style } from './stylevector.ts';
import { meanVector } from './stylevector.ts';
import { captionSets } from './training/sentencedata.ts';

/** Which passages count. neural-storyteller took those of its romances that are longer than 100, and all lines of songs. */
export const lengthFilterSchema = z.strictObject({
  longer_than: z.int().min(0).default(100).describe('characters; only longer passages count'),
  min_words: z.int().min(0).default(0).describe('only passages of at least so many words count'),
  max_words: z.int().min(1).default(1000).describe('only passages of at most so many words count'),
});
/** The same, defaults filled in. */
export type LengthFilter = z.infer<typeof lengthFilterSchema>;

/** What a style is built from. */
export interface StyleSources {
  readonly name: string;
  /** Corpora, or text files of a passage a line. */
  readonly passages: readonly string[];
  readonly filter?: Partial<LengthFilter>;
  /** Told with the number of texts encoded so far. */
  readonly onProgress?: (done: number) => void;
}

export interface MeanWithOrigin {
  readonly mean: Float32Array;
  readonly origin: Origin;
}

export function encoderId({ name, fingerprint, size }: EncoderId): EncoderId {
  return { name, fingerprint, size };
}

/**
 * A style from passages, and the mean of captions.
 * @throws UserError when no passage passes the filter
 */
export async function buildStyle(encoder: SentenceEncoder, { name, passages, filter, onProgress }: StyleSources, captions: MeanWithOrigin): Promise<Style> {
  const { mean, origin } = await passageMean(encoder, passages, lengthFilterSchema.parse(filter ?? {}), onProgress);
  return { name, encoder: encoderId(encoder), passages: origin, captions: captions.origin, blend: null, decoder: null, captionMean: captions.mean, passageMean: mean };
}

/** b: the mean vector of passages. */
async function passageMean(encoder: SentenceEncoder, paths: readonly string[], filter: LengthFilter, onProgress?: (done: number) => void): Promise<MeanWithOrigin> {
  const hash = createHash('sha256');
  let [seen, kept] = [0, 0];
  async function* chosen(): AsyncGenerator<string, void, undefined> {
    for (const path of paths) {
      for await (const passage of readPassages(path)) {
        seen++;
        if (!passes(passage, filter)) continue;
        kept++;
        hash.update(`${passage}\n`);
        yield passage;
      }
    }
    if (kept === 0) throw new UserError(`${paths.join(', ')}: none of ${seen} passages is longer than ${filter.longer_than} characters with ${filter.min_words} to ${filter.max_words} words: give others, or a weaker length filter`);
  }
  const { mean, count } = await meanVector(encoder, chosen(), onProgress);
  return { mean, origin: { sources: paths.map((path) => basename(path)), count, left_out: seen - kept, content: hash.digest('hex'), filter } };
}

function passes(passage: string, { longer_than, min_words, max_words }: LengthFilter): boolean {
  const words = splitWords(passage).length;
  return passage.length > longer_than && words >= min_words && words <= max_words;
}

/** All captions of some sets, tokens apart; in each set files joined by "+" belong together. */
export async function captionTexts(paths: readonly string[]): Promise<string[]> {
  const texts: string[] = [];
  for (const set of captionSets(paths)) {
    const { photos } = await readCaptions(set);
    for (const { captions } of photos) for (const caption of captions) texts.push(tokenize(caption).join(' '));
  }
  return texts.filter((text) => text !== '');
}

/** c: the mean vector of captions. */
export async function captionMean(encoder: SentenceEncoder, paths: readonly string[], texts: readonly string[], onProgress?: (done: number) => void): Promise<MeanWithOrigin> {
  const { mean, count } = await meanVector(encoder, texts, onProgress);
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text}\n`);
  return { mean, origin: { sources: paths.map((path) => basename(path)), count, left_out: 0, content: hash.digest('hex'), filter: {} } };
}
