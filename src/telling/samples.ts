import { decodingSchema } from '../decoding/options.ts';
import { Teller } from '../decoding/teller.ts';
import { previousForm } from '../training/network.ts';
import type { TrainConfig } from '../training/config.ts';
import type { StoryTask } from '../training/storytask.ts';
import type { OpenTraining } from '../training/task.ts';

/** A validation story as the model under training tells it: words apart, as in other outputs. */
export interface SampleStory {
  readonly id: string;
  readonly image_ids: readonly string[];
  readonly sentences: readonly string[];
}

/**
 * What tells the first photo sequences of the validation stories (training.samples of them) as the model stands, greedily, and
 * keeps them in samples.jsonl of the run. Call it after an epoch.
 * @returns a function of the epoch, from 1
 */
export function sampleTeller({ config, task, folder, runtime }: OpenTraining<TrainConfig, StoryTask>): (epoch: number) => Promise<SampleStory[]> {
  const { learner, data } = task;
  const { validation } = data;
  const chosen = distinctSequences(validation.imageIds, config.training.samples);
  if (chosen.length === 0) return () => Promise.resolve([]);
  const { options, sizes, arena } = learner.network;
  const teller = new Teller({ runtime, options, sizes, parameters: arena.values, previous: previousForm(options) });
  const decoding = decodingSchema.parse({ strategy: 'greedy' });
  return async (epoch) => {
    const photos = data.features.rows(chosen.flatMap((story) => validation.imageIds[story]!));
    const told = await teller.tell(photos, chosen.length, decoding);
    const stories = told.map(({ sentences }, i) => ({
      id: validation.ids[chosen[i]!]!, image_ids: validation.imageIds[chosen[i]!]!,
      sentences: sentences.map(({ ids }) => validation.vocabulary.decode(ids).join(' ')),
    }));
    await folder.samples({ epoch, stories });
    return stories;
  };
}

/** The first stories about so many photo sequences: of several human stories of one, a model's is the same. */
function distinctSequences(imageIds: readonly (readonly string[])[], count: number): number[] {
  const first = new Map<string, number>();
  for (let story = 0; story < imageIds.length && first.size < count; story++) {
    const photos = imageIds[story]!.join(' ');
    if (!first.has(photos)) first.set(photos, story);
  }
  return [...first.values()];
}
