import { join } from 'node:path';
import { openFeatureFiles } from '../data/featureset.ts';
import { readStories } from '../data/stories.ts';
import { checkModelOptions } from '../models/options.ts';
import type { Runtime } from '../runtime/jit.ts';
import { keepCnn, loadCheckpoint } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';
import { trainSchema } from './config.ts';
import { storyRecords } from './datarecords.ts';
import { checkCnn, checkData, checkSameModel } from './fitting.ts';
import { startingWords } from './startingwords.ts';
import type { TrainingData } from './storylearner.ts';
import { StoryLearner } from './storylearner.ts';
import type { OpenTask, TrainingKind } from './task.ts';

/** A story model with its stories and features. */
export interface StoryTask extends OpenTask {
  readonly learner: StoryLearner;
  readonly data: TrainingData;
}

/** The training of the three story models. */
export const storyTraining: TrainingKind<TrainConfig, StoryTask> = {
  task: 'story',
  schema: trainSchema,
  async open(config, runtime, checkpoint) {
    checkModelOptions(config.model);
    const [train, validation] = [await readStories(config.data.train), await readStories(config.data.validation)];
    const features = await openFeatureFiles([config.data.features].flat());
    try {
      return await openTask(config, { train, validation, features }, runtime, checkpoint);
    } catch (error) {
      features.close();
      throw error;
    }
  },
};

async function openTask(config: TrainConfig, data: TrainingData, runtime: Runtime, checkpoint: string | undefined): Promise<StoryTask> {
  checkData(config, data);
  if (checkpoint === undefined) await checkCnn(config.data.cnn, data.features);
  // A checkpoint lies in checkpoints/ of its run, whose configuration somebody may have edited.
  else checkSameModel(join(checkpoint, '..', '..', 'config.json'), { model: config.model, optimizer: config.optimizer.name }, (await loadCheckpoint(checkpoint)).head);
  const words = checkpoint === undefined ? await startingWords(config.model.embedding, data.train.vocabulary, config.seed) : undefined;
  const learner = new StoryLearner(config, data, runtime, words);
  return {
    learner, data,
    title: `${config.model.name}, ${data.train.length} stories`,
    records: () => storyRecords(config, data),
    keep: async (folder) => {
      if (config.data.cnn !== null) await keepCnn(folder, config.data.cnn);
    },
    close: async () => data.features.close(),
  };
}
