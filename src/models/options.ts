import { z } from 'zod';
import { UserError } from '../core/errors.ts';
import { scoreSchema } from '../nn/attention.ts';
import { cellSchema } from '../nn/cells.ts';
import { wordTableSchema } from './wordtable.ts';

const rate = z.number().min(0).max(0.95).default(0);

/** The options of the three story models. Each model reads the parts it has. */
export const storyModelSchema = z.strictObject({
  name: z.enum(['encoder-decoder', 'previous-sentence', 'attention']).default('previous-sentence').describe('which model'),
  cell: cellSchema.prefault({}),
  photos: z.strictObject({
    units: z.int().min(1).default(512).describe('width of the photo-sequence encoder'),
    layers: z.int().min(1).max(3).default(1).describe('its layers'),
    last: z.int().min(1).max(5).default(3).describe('how many photos, up to the one told, are read'),
    masking: z.boolean().default(true).describe('absent photos leave the state alone; false feeds zeros in all five slots'),
    normalise: z.enum(['standardise', 'l2', 'none']).default('standardise')
      .describe('of features: mean 0 and deviation 1 over the training photos, length 1, or as they are (VIST-seq2seq)'),
    reverse: z.boolean().default(false).describe('read the latest photo first'),
  }).prefault({}),
  previous: z.strictObject({
    encoder: z.enum(['rnn', 'cnn']).default('rnn').describe('how the previous sentence is read'),
    units: z.int().min(1).default(512).describe('width of the previous-sentence encoder'),
    mask: z.boolean().default(true).describe('stop at the end of the sentence; false reads its padding too, as VIST-seq2seq codes it'),
    filters: z.int().min(1).default(64).describe('cnn: filters'),
    kernel: z.int().min(1).default(3).describe('cnn: words a filter spans'),
    pool: z.int().min(1).default(2).describe('cnn: positions pooled into one'),
  }).prefault({}),
  decoder: z.strictObject({
    layers: z.int().min(1).max(3).default(1).describe('layers of the sentence decoder; those above the first start from zeros'),
  }).prefault({}),
  attention: z.strictObject({
    score: scoreSchema.default('general').describe('how a word of the previous sentence is matched; rank-one is VIST-seq2seq as coded'),
    feed: z.enum(['input', 'state', 'none']).default('input')
      .describe('where the attended state goes next: into the input (Luong), in place of the state (VIST-seq2seq as coded), nowhere'),
  }).prefault({}),
  embedding: wordTableSchema(300).prefault({}),
  dropout: z.strictObject({
    photos: rate.describe('on photo features'),
    words: rate.describe('on word vectors that enter the decoder'),
    previous: rate.describe('on word vectors of the previous sentence'),
    layers: rate.describe('between layers'),
    recurrent: rate.describe('on recurrent states, one mask a sequence'),
    output: rate.describe('before the softmax'),
  }).prefault({}),
});
/** Options of a story model, defaults filled in. */
export type StoryModelOptions = z.infer<typeof storyModelSchema>;

/** Sizes that come from the data. */
export interface StorySizes {
  /** Width of a photo's features. */
  readonly features: number;
  readonly vocabulary: number;
  /** Ids in a stored sentence, START and END included. */
  readonly steps: number;
}

/** Photos of a story. */
export const PHOTOS = 5;

/** Checks what a schema cannot: sizes that must agree. @throws UserError */
export function checkModelOptions(o: StoryModelOptions): void {
  if (o.name !== 'attention') return;
  if (o.previous.encoder === 'cnn') throw new UserError('model.previous.encoder: attention needs the states of an rnn, not a cnn');
  if (o.photos.units !== o.previous.units) {
    throw new UserError(`model.previous.units: attention compares states, so it must equal model.photos.units (${o.photos.units}), not ${o.previous.units}`);
  }
}
