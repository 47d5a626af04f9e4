import { z } from 'zod';
import { storyModelSchema } from '../models/options.ts';
import { optimizerSchema } from '../optim/optimizer.ts';
import { BACKENDS, DEVICES } from '../runtime/choices.ts';

export const runtimeSchema = z.strictObject({
  backend: z.enum(BACKENDS).default('onnx').describe('onnx compiles; tensorflow and cpu run on tfjs backends'),
  device: z.enum(DEVICES).default('cpu').describe('where compiled graphs run'),
  threads: z.int().min(0).default(0).describe('threads for one operator; 0 = all cores'),
});

/** Keys of every training, whatever is trained. */
export const runShape = {
  name: z.string().regex(/^[\w.-]+$/, 'letters, digits, ".", "_" and "-" only').default('run').describe('first part of the run folder\'s name'),
  seed: z.int().min(0).default(1).describe('of initial weights, order of the data and dropout'),
};

/** Keys of every training loop. */
export const loopShape = {
  epochs: z.int().min(1).default(50).describe('at most so many passes over the data'),
  patience: z.int().min(1).nullable().default(5).describe('stop after so many epochs without a lower validation loss; null never stops'),
  checkpoint_seconds: z.number().positive().default(300).describe('save within an epoch after so many seconds'),
};
/** What a training loop reads of a configuration. */
export type LoopOptions = { readonly [key in keyof typeof loopShape]: z.infer<(typeof loopShape)[key]> };

/** Everything that decides a training run of a story model. Paths are taken from the current folder. */
export const trainSchema = z.strictObject({
  task: z.literal('story').default('story').describe('what is trained'),
  ...runShape,
  data: z.strictObject({
    train: z.string().describe('stories to train on (.h5)'),
    validation: z.string().describe('stories to validate on (.h5)'),
    features: z.union([z.string(), z.array(z.string()).min(1)]).describe('features of their photos (.h5), one file or several'),
    cnn: z.string().nullable().default(null).describe('the CNN file that made the features; kept in the run folder, so that `fabula tell` needs no other file'),
    shuffle_photos: z.boolean().default(false).describe('give each story the photos of another: the control that shows what photos are worth'),
  }),
  model: storyModelSchema.prefault({}),
  optimizer: optimizerSchema.prefault({}),
  training: z.strictObject({
    ...loopShape,
    stories_per_batch: z.int().min(1).default(13).describe('whole stories in a batch; five sentences each'),
    samples: z.int().min(0).default(2).describe('validation stories told after each epoch'),
  }).prefault({}),
  runtime: runtimeSchema.prefault({}),
});
/** A whole configuration of a training, defaults filled in. */
export type TrainConfig = z.infer<typeof trainSchema>;
/** A configuration as written: keys left out have their defaults. */
export type TrainSettings = z.input<typeof trainSchema>;
