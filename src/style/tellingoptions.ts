import { z } from 'zod';
import { decodingSchema } from '../decoding/options.ts';
import { postprocessSchema } from './postprocess.ts';

/** Decoding of passages: as sentences are decoded, with neural-storyteller's beam, Pix2Story's least length, and no three words twice. */
const passageDecodingSchema = decodingSchema.extend({
  beam: decodingSchema.shape.beam.default(50),
  min_words: decodingSchema.shape.min_words.default(15),
  block_ngram: decodingSchema.shape.block_ngram.default(3),
});

/** How a passage is told of a photo. */
export const styleTellingSchema = z.strictObject({
  captions: z.int().min(1).default(100).describe('nearest captions that go into the mean (k)'),
  strength: z.number().min(0).default(1).describe('how far the vector is shifted: 1 as published, 0 not at all'),
  decoding: passageDecodingSchema.prefault({}),
  text: postprocessSchema.prefault({}),
});
/** How a passage is told, defaults filled in. */
export type StyleTellingOptions = z.infer<typeof styleTellingSchema>;
/** The same as written: keys left out have their defaults. */
export type StyleTellingSettings = z.input<typeof styleTellingSchema>;
