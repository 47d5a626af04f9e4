import { z } from 'zod';
import { corpusSchema } from '../data/books/corpusreport.ts';
import { lengthFilterSchema } from './buildstyle.ts';

const paths = z.union([z.string(), z.array(z.string()).min(1)]);
const settings = z.record(z.string(), z.unknown()).default({});

/** Everything from books, captions and photos to a storyteller. Paths are taken from the current folder. */
export const learnSchema = z.strictObject({
  photos: paths.nullable().default(null).describe('folders of the photos that the captions are of'),
  features: z.string().nullable().default(null).describe('their features (.h5), where they are extracted already'),
  cnn: z.strictObject({
    file: z.string().nullable().default(null).describe('the .onnx file of the CNN; kept in the storyteller'),
    layer: z.string().default('pooled').describe('output that holds the features'),
    preprocess: z.string().default('imagenet').describe('how photos are prepared: a name or a .yaml file, as fabula extract takes it'),
    pool: z.enum(['none', 'mean']).default('none').describe('mean averages a layer that keeps places'),
  }).prefault({}),
  captions: paths.describe('captions of the photos'),
  more_captions: paths.nullable().default(null).describe('captions without photos: they are retrieved too, and the encoder learns from them; parallel files joined by "+"'),
  books: z.record(z.string(), paths).describe('style: its text files or folders'),
  corpus: corpusSchema.prefault({}).describe('how passages are made of books'),
  filter: lengthFilterSchema.prefault({}).describe('which passages count for a style\'s mean'),
  encoder: z.strictObject({
    use: z.string().nullable().default(null).describe('a sentence encoder to use in place of training one'),
    uni: z.boolean().default(true).describe('train uni-skip vectors'),
    bi: z.boolean().default(true).describe('train bi-skip vectors; with uni they make combine-skip'),
    settings: settings.describe('keys of a skip-thoughts training'),
  }).prefault({}),
  embedding: z.strictObject({ settings: settings.describe('keys of an image-sentence training') }).prefault({}),
  decoder: z.strictObject({
    shared: z.boolean().default(true).describe('one decoder for all styles'),
    own: z.boolean().default(false).describe('a decoder of its own for each style (the published way)'),
    settings: settings.describe('keys of a passages training'),
  }).prefault({}),
});
/** The same, defaults filled in. */
export type LearnConfig = z.infer<typeof learnSchema>;
/** The same as written: keys left out have their defaults. */
export type LearnSettings = z.input<typeof learnSchema>;
